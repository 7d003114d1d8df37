//! Why nothing was fetched.

use http::Uri;
use http::uri::Scheme;

/// Why nothing was fetched. For the log: none of it is told to a client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The name leads only to addresses that are not of the public internet.
    #[error("no address of the host is a public one")]
    AddressRefused,
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// The host is not one of those listed.
    #[error("the host is not listed")]
    HostRefused,
    /// The port is neither the scheme's own nor listed.
    #[error("port {0} is not listed")]
    PortRefused(u16),
    /// The other side broke off, or does not speak HTTP.
    #[error("broken off: {0}")]
    Protocol(String),
    /// The answer sends us elsewhere; nobody follows.
    #[error("a redirect, which is not followed")]
    Redirect,
    /// The name cannot be resolved.
    #[error("the name cannot be resolved: {0}")]
    Resolve(String),
    /// Nothing in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer is longer than asked for.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit of the request.
        limit: usize,
    },
    /// The address cannot be used: not absolute, another scheme, with a user's name, or https
    /// without a connector.
    #[error("the address cannot be used: {0}")]
    Url(&'static str),
}

/// The address is not one that is asked over https. Over plain http anybody may listen, and answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not an https address")]
pub struct NotHttps(Uri);

/// The address, if it leads to a host over https.
pub(crate) fn https(uri: Uri) -> Result<Uri, NotHttps> {
    let is_https = uri.scheme() == Some(&Scheme::HTTPS);
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    if is_https && has_host { Ok(uri) } else { Err(NotHttps(uri)) }
}
