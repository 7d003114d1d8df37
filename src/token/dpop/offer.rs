//! `OfferDpopNonce`: a fresh nonce on every answer.

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use http::request::Parts;

use super::{DPOP_NONCE, DpopNonces};
use crate::context::Context;
use crate::gate::{Answer, Around, BoxFuture, Evidence, Halt, Refs, Verdict, around_layers};

/// Puts `DPoP-Nonce` on every answer, on refusals too: a client learns its first nonce from one.
///
/// # Passes when
///
/// Always.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`DpopNonce`]. It stands before the step that judges proofs.
///
/// # Does not check
///
/// A nonce: that is for [`DpopProofs::requiring`](super::DpopProofs::requiring), with the same
/// [`DpopNonces`].
///
/// # Rejections
///
/// None.
///
/// # Specification
///
/// RFC 9449, 8 and 9. An answer with a nonce is not to be stored (8.2): `Cache-Control` becomes
/// `no-store`.
#[derive(Clone, Debug)]
pub struct OfferDpopNonce(DpopNonces);

impl OfferDpopNonce {
    /// Offers these.
    pub fn of(nonces: DpopNonces) -> Self {
        Self(nonces)
    }
}

/// The nonce that the answer offers.
#[derive(Debug)]
pub struct DpopNonce(String);

impl DpopNonce {
    /// As the client is to send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Evidence for DpopNonce {}

impl Around for OfferDpopNonce {
    const NAME: &'static str = "OfferDpopNonce";
    type Needs = ();
    type Leaves = DpopNonce;

    fn check(&self, (): Refs<'_, ()>, _: &mut Parts, context: &Context) -> Verdict<DpopNonce> {
        Verdict::pass(DpopNonce(self.0.offer(context.now())))
    }

    fn answer<'a>(
        &'a self,
        nonce: &'a DpopNonce,
        answer: &'a mut Answer<'_>,
        _: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        // Base64url is always a header value.
        if let Ok(value) = HeaderValue::from_str(&nonce.0) {
            let headers = answer.headers_mut();
            headers.insert(DPOP_NONCE, value);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

around_layers!(OfferDpopNonce);
