//! Fetching over HTTP what the rules are told from outside: revocation lists, OCSP answers, key
//! sets, trusted lists.
//!
//! The crate opens no connection by itself: whoever wants to fetch plugs in a [`Fetch`]. Feature
//! `fetch` brings [`HttpFetch`], which expects that the addresses come from certificates of
//! strangers.

mod address;
#[cfg(feature = "fetch")]
mod client;
mod error;
mod request;
#[cfg(all(feature = "fetch", feature = "tokio-rustls"))]
mod rustls;
#[cfg(feature = "fetch")]
mod tls;

pub(crate) use self::error::https;
#[cfg(feature = "fetch")]
pub use self::{
    client::{HttpFetch, NotANetwork},
    tls::{Secure, Stream},
};
pub use self::{
    error::{FetchError, NotHttps},
    request::{FetchRequest, Fetched},
};
use std::sync::Arc;

use http::StatusCode;

use crate::body::BoxError;
use crate::gate::BoxFuture;

/// Fetches one document over HTTP.
///
/// # Security
///
/// The address of a revocation list or responder stands in a certificate, which whoever it was
/// issued to has applied for. An implementation must
///
/// - refuse addresses inside the bank's own networks, after the name was resolved, and connect to
///   the address that it looked at;
/// - follow no redirect, and send neither cookies nor credentials;
/// - stop reading at [`FetchRequest::limit`];
/// - come to an end by itself within seconds: requests wait for it.
///
/// What comes back is trusted no further than its signature.
pub trait Fetch: Send + Sync + 'static {
    /// Asks once. A redirect is an error; any other status is an answer.
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>>;
}

impl<T: Fetch + ?Sized> Fetch for Arc<T> {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        (**self).fetch(request)
    }
}

impl<F> Fetch for F
where
    F: Fn(FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> + Send + Sync + 'static,
{
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        self(request)
    }
}

/// A document: an answer with the status 200, no longer than asked for.
pub(crate) async fn document(over: &dyn Fetch, request: FetchRequest) -> Result<Fetched, BoxError> {
    let limit = request.limit();
    let answer = over.fetch(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("status {}", answer.status()).into());
    }
    // A fetcher of the application's own may have forgotten.
    if answer.body().len() > limit { Err("longer than allowed".into()) } else { Ok(answer) }
}

#[cfg(all(test, feature = "fetch"))]
mod tests;
