//! `MatchClient`: the certificate is one of the client that the token was issued to.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::client::{Client, ClientLookup, ClientRegistry, FoundClient};
use super::{Certificate, TrustedCertificate};
use crate::context::Context;
use crate::gate::{Audit, Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::token::{AccessToken, BoundToken};

/// Matches the certificate with the registered client.
///
/// # Passes when
///
/// The registry knows the `client_id` of the access token, and the certificate is known as that
/// client's by what was registered ([`CertificateMatch`](super::CertificateMatch)): subject name,
/// optionally with its issuer, a subject alternative name, thumbprint, key, or organisation
/// identifier.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`], [`AccessToken`] and [`BoundToken`]; leaves [`RegisteredClient`].
///
/// # Does not check
///
/// That signing certificate and transport certificate name the same organisation.
///
/// # Rejections
///
/// [`Reason::ClientUnknown`], [`Reason::ClientMismatch`]; [`Reason::ServiceUnavailable`] where the
/// registry does not answer.
///
/// # Specification
///
/// RFC 8705, 2.1.2; RFC 4517, 4.2.15; RFC 5280, 7.1.
#[derive(Clone)]
pub struct MatchClient(Arc<dyn ClientRegistry>);

impl MatchClient {
    /// Looks clients up here.
    pub fn registered_in(registry: impl ClientRegistry) -> Self {
        Self(Arc::new(registry))
    }
}

impl Rule for MatchClient {
    const NAME: &'static str = "MatchClient";
    type Needs = (TrustedCertificate, AccessToken, BoundToken);
    type Leaves = RegisteredClient;

    fn check(
        &self,
        (trusted, token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<RegisteredClient> {
        match self.0.find(token.client_id()) {
            ClientLookup::Now(found) => matching(found, trusted.certificate()).into(),
            ClientLookup::Later(search) => {
                let certificate = trusted.shared();
                Verdict::Later(Box::pin(async move {
                    matching(search.await, &certificate).map_err(Halt::from)
                }))
            }
        }
    }
}

fn matching(found: FoundClient, certificate: &Certificate) -> Result<RegisteredClient, Rejection> {
    let client = registered(found)?;
    match client.certificate().matches(certificate) {
        true => Ok(RegisteredClient(client)),
        false => Err(Rejection::new(Reason::ClientMismatch)),
    }
}

pub(crate) fn registered(found: FoundClient) -> Result<Arc<Client>, Rejection> {
    found
        .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
        .ok_or_else(|| Rejection::new(Reason::ClientUnknown))
}

/// The client that sent the request: registered, and holding its certificate.
pub struct RegisteredClient(Arc<Client>);

impl RegisteredClient {
    /// The greppable door for a drill without the check.
    pub(crate) fn assertion(client: Arc<Client>) -> Self {
        Self(client)
    }

    /// As it was registered.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// Its id at the authorization server.
    pub fn client_id(&self) -> &str {
        self.0.client_id()
    }
}

impl Evidence for RegisteredClient {
    fn audit(&self, line: &mut Audit) {
        if let Some(organisation) = self.0.organisation_id() {
            line.field("organisation_id", organisation.to_owned());
        }
    }
}

impl fmt::Debug for RegisteredClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisteredClient({:?})", self.client_id())
    }
}

impl fmt::Debug for MatchClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatchClient").finish_non_exhaustive()
    }
}

rule_layers!(MatchClient);
