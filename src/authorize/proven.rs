//! The evidence that a request may be answered by a redirection.

use std::fmt;
use std::sync::Arc;

use http::Uri;

use super::claims::RequestClaims;
use super::presented::Outside;
use super::pushed::Unspent;
use super::response_type::Delivery;
use crate::cert::Client;
use crate::gate::{Audit, Evidence};
use crate::reject::{Reason, Rejection};

/// An authorisation request whose client and redirection URI are proven: by the signature of its
/// object, or by the client's authentication where it was pushed.
///
/// From here on a refusal may be told to the client through the browser
/// ([`reject::AuthorizationEndpoint`](crate::reject::AuthorizationEndpoint)); before, a redirection
/// would send the user wherever a stranger wants (RFC 6749, 4.1.2.1).
pub struct ProvenRequest {
    pub(super) client: Arc<Client>,
    pub(super) claims: Box<RequestClaims>,
    pub(super) redirect_uri: String,
    pub(super) origin: Origin,
}

/// How a proven request came.
pub(super) enum Origin {
    ByValue(Outside),
    Pushed { signed: bool, unspent: Option<Unspent> },
}

impl ProvenRequest {
    /// The only way to make one: the redirection URI is judged here.
    pub(super) fn new(
        client: Arc<Client>,
        claims: Box<RequestClaims>,
        origin: Origin,
    ) -> Result<Self, Rejection> {
        let refused = |reason: Reason| Rejection::new(reason).place("redirect_uri");
        let uri = claims.redirect_uri.as_deref();
        let uri = uri.ok_or_else(|| refused(Reason::ParameterMissing))?;
        if !is_https(uri) {
            return Err(refused(Reason::ParameterInvalid).detail("not an https URI of a host"));
        }
        if !client.registration().is_some_and(|own| own.may_redirect_to(uri)) {
            return Err(refused(Reason::ParameterInvalid).detail("not registered"));
        }
        let redirect_uri = uri.to_owned();
        Ok(Self { client, claims, redirect_uri, origin })
    }

    /// Its client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where its answer goes.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    pub(super) fn delivery(&self) -> Delivery {
        let claims = &self.claims;
        Delivery::wanted(claims.response_type.as_deref(), claims.response_mode.as_deref())
    }

    pub(super) fn was_pushed(&self) -> bool {
        matches!(self.origin, Origin::Pushed { .. })
    }
}

/// Whether a URI can take an answer: https, with a host, without user and fragment, printable
/// (RFC 6749, 3.1.2; FAPI 1.0 Baseline, 5.2.2, 20).
pub(crate) fn is_https(uri: &str) -> bool {
    let printable = uri.bytes().all(|byte| byte.is_ascii_graphic());
    printable
        && uri.starts_with("https://")
        && !uri.contains(['#', '\\'])
        && uri.parse::<Uri>().is_ok_and(|uri| {
            let authority = uri.authority();
            authority.is_some_and(|host| !host.host().is_empty() && !host.as_str().contains('@'))
        })
}

impl Evidence for ProvenRequest {
    fn audit(&self, line: &mut Audit) {
        line.field("request", if self.was_pushed() { "pushed" } else { "by value" });
    }
}

impl fmt::Debug for ProvenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvenRequest")
            .field("client_id", &self.client.client_id())
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}
