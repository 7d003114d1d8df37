//! `MatchClient`: the certificate is one of the client that the token was issued to.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::client::{Client, ClientLookup, ClientRegistry, FoundClient};
use super::{Certificate, TrustedCertificate};
use crate::context::Context;
use crate::gate::{Audit, Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::jose::{KeysUnavailable, Lookup};
use crate::reject::{Reason, Rejection};
use crate::token::{AccessToken, BoundToken};

/// Matches the certificate with the registered client.
///
/// # Passes when
///
/// The registry knows the `client_id` of the access token, and the certificate is known as that
/// client's by what was registered ([`CertificateMatch`](super::CertificateMatch)): subject name,
/// optionally with its issuer, a subject alternative name, thumbprint, key, organisation identifier,
/// or the certificates in its JWK set.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`], [`AccessToken`] and [`BoundToken`]; leaves [`RegisteredClient`].
///
/// # Does not check
///
/// That signing certificate and transport certificate name the same organisation; nor, unless the
/// issuer is pinned, which of the trusted authorities gave the name.
///
/// # Rejections
///
/// [`Reason::ClientUnknown`], [`Reason::ClientMismatch`]; [`Reason::ServiceUnavailable`] where the
/// registry or the client's JWK set does not answer.
///
/// # Specification
///
/// RFC 8705, 2.1.2 and 2.2; RFC 4517, 4.2.15; RFC 5280, 7.1.
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
        context: &Context,
    ) -> Verdict<RegisteredClient> {
        let now = context.now();
        match self.0.find(token.client_id()) {
            ClientLookup::Now(found) => matching(found, trusted.certificate(), now),
            ClientLookup::Later(search) => {
                let certificate = trusted.shared();
                Verdict::Later(Box::pin(async move {
                    matching(search.await, &certificate, now).answer().await
                }))
            }
        }
    }
}

pub(super) fn matching(
    found: FoundClient,
    certificate: &Certificate,
    now: UnixTime,
) -> Verdict<RegisteredClient> {
    let client = match registered(found) {
        Ok(client) => client,
        Err(rejection) => return Verdict::reject(rejection),
    };
    match client.certificate().matches(certificate, now) {
        Lookup::Now(known) => matched(client, known).into(),
        Lookup::Later(search) => {
            Verdict::Later(Box::pin(
                async move { matched(client, search.await).map_err(Halt::from) },
            ))
        }
    }
}

fn matched(
    client: Arc<Client>,
    is_its_own: Result<bool, KeysUnavailable>,
) -> Result<RegisteredClient, Rejection> {
    match is_its_own {
        Ok(true) => Ok(RegisteredClient(client)),
        Ok(false) => Err(Rejection::new(Reason::ClientMismatch)),
        Err(error) => Err(Rejection::new(Reason::ServiceUnavailable).source(error)),
    }
}

pub(crate) fn registered(found: FoundClient) -> Result<Arc<Client>, Rejection> {
    found
        .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
        .ok_or_else(|| Rejection::new(Reason::ClientUnknown))
}

/// The client that sent the request: registered, and holding its certificate, or the key of its
/// token where [`FindClient`](super::FindClient) left this.
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

#[cfg(test)]
mod tests {
    use super::super::test_pki::{ISSUING, NOW, read};
    use super::super::{CertificateMatch, Clients, RegistryUnavailable};
    use super::*;
    use crate::gate::test_support::{at, judged, request};
    use crate::jose::{KeyLookup, KeySource};
    use crate::token::test_tokens::access_token;

    /// A registry that answers this to every question, at once or later.
    #[derive(Clone)]
    struct Says(fn() -> FoundClient, bool);

    impl ClientRegistry for Says {
        fn find(&self, client_id: &str) -> ClientLookup {
            assert_eq!(client_id, "tpp");
            match (self.0, self.1) {
                (says, true) => ClientLookup::Later(Box::pin(async move { says() })),
                (says, false) => ClientLookup::Now(says()),
            }
        }
    }

    fn known_by(identifier: &str) -> Client {
        let identifier = CertificateMatch::OrganizationIdentifier(identifier.to_owned());
        Client::new("tpp", identifier).in_directory("org-1", "software-1")
    }

    fn judged_by(registry: impl ClientRegistry) -> Result<RegisteredClient, Reason> {
        let trusted = TrustedCertificate::of(read(&ISSUING.issues(|_| {})));
        let token = access_token(|_| {});
        let needs = (&trusted, &token, &BoundToken::assertion());
        let verdict = MatchClient::registered_in(registry).check(needs, &mut request(), &at(NOW));
        judged(verdict).map_err(|rejection| rejection.reason())
    }

    fn reason(registry: impl ClientRegistry) -> Option<Reason> {
        judged_by(registry).err()
    }

    #[test]
    fn the_client_of_the_token_with_its_own_certificate_is_matched() {
        let clients = Clients::of([known_by("PSDGB-FCA-123456")]).unwrap();
        let registered = judged_by(Arc::new(clients)).unwrap();
        assert_eq!((registered.client_id(), registered.client().client_id()), ("tpp", "tpp"));
        let mut line = Audit::default();
        registered.audit(&mut line);
        assert_eq!(line.to_string(), "organisation_id=org-1");
    }

    #[test]
    fn the_certificate_of_another_client_is_a_mismatch() {
        let other = Client::new("other", known_by("PSDGB-FCA-123456").certificate().clone());
        let clients = Clients::of([known_by("PSDGB-FCA-654321"), other]).unwrap();
        assert_eq!(reason(clients), Some(Reason::ClientMismatch));
    }

    #[test]
    fn a_client_that_is_not_registered_is_unknown() {
        let other = Client::new("other", known_by("PSDGB-FCA-123456").certificate().clone());
        let clients = Clients::of([other]).unwrap();
        assert_eq!(reason(clients), Some(Reason::ClientUnknown));
        assert_eq!(reason(Clients::default()), Some(Reason::ClientUnknown));
    }

    #[test]
    fn a_registry_that_answers_later_says_the_same() {
        for later in [false, true] {
            let good = || Ok(Some(Arc::new(known_by("PSDGB-FCA-123456"))));
            let mismatch = || Ok(Some(Arc::new(known_by("PSDGB-FCA-654321"))));
            assert_eq!(reason(Says(good, later)), None);
            assert_eq!(reason(Says(mismatch, later)), Some(Reason::ClientMismatch));
            assert_eq!(reason(Says(|| Ok(None), later)), Some(Reason::ClientUnknown));
        }
    }

    /// The JWK set of a client, which answers this about every certificate, at once or later.
    struct Registered(Result<bool, KeysUnavailable>, bool);

    impl KeySource for Registered {
        fn find(&self, kid: &str, _: UnixTime) -> KeyLookup {
            panic!("{kid} is looked for")
        }

        fn has_certificate(&self, certificate: &Certificate, now: UnixTime) -> Lookup<bool> {
            assert_eq!(now.as_secs(), NOW);
            assert_eq!(certificate.organization_identifiers(), ["PSDGB-FCA-123456"]);
            let answer = self.0;
            match self.1 {
                true => Lookup::Later(Box::pin(async move { answer })),
                false => Lookup::Now(answer),
            }
        }
    }

    #[test]
    fn a_certificate_in_the_jwk_set_of_the_client_is_its_own() {
        let verdict = |answer, later| {
            let keys = Arc::new(Registered(answer, later));
            let client = Client::new("tpp", CertificateMatch::RegisteredCertificates(keys));
            reason(Clients::of([client]).unwrap())
        };
        for later in [false, true] {
            assert_eq!(verdict(Ok(true), later), None);
            assert_eq!(verdict(Ok(false), later), Some(Reason::ClientMismatch));
            let unavailable = Some(Reason::ServiceUnavailable);
            assert_eq!(verdict(Err(KeysUnavailable), later), unavailable);
        }
    }

    #[test]
    fn a_registry_that_does_not_answer_is_our_fault() {
        for later in [false, true] {
            let silent = Says(|| Err(RegistryUnavailable), later);
            assert_eq!(reason(silent), Some(Reason::ServiceUnavailable));
        }
    }
}
