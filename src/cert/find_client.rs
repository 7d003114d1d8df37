//! `FindClient`: the client that a token of a key was issued to.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::RegisteredClient;
use super::client::{Client, ClientLookup, ClientRegistry, FoundClient};
use super::match_client::registered;
use crate::client_auth::SenderConstraint;
use crate::context::Context;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection, Scheme};
use crate::token::{AccessToken, BoundToken};

/// Finds the registered client where no certificate is due: behind
/// [`VerifyDpop`](crate::token::dpop::VerifyDpop).
///
/// # Passes when
///
/// The access token came under the scheme `DPoP` and names no certificate, the registry knows its
/// `client_id`, and that client, if its registration says to what its tokens are bound, registered
/// DPoP.
///
/// # Needs and leaves
///
/// Needs [`AccessToken`] and [`BoundToken`]; leaves [`RegisteredClient`].
///
/// # Does not check
///
/// A certificate. A token that is bound to one is refused here, because its client is known by it
/// as well: that is [`MatchClient`](super::MatchClient).
///
/// # Rejections
///
/// [`Reason::ClientUnknown`]; [`Reason::ClientMismatch`] for a token, or a client, of certificates;
/// [`Reason::ServiceUnavailable`] where the registry does not answer.
///
/// # Specification
///
/// RFC 9449, 6: the key alone is the client's proof.
#[derive(Clone)]
pub struct FindClient(Arc<dyn ClientRegistry>);

impl FindClient {
    /// Looks clients up here.
    pub fn registered_in(registry: impl ClientRegistry) -> Self {
        Self(Arc::new(registry))
    }
}

impl Rule for FindClient {
    const NAME: &'static str = "FindClient";
    type Needs = (AccessToken, BoundToken);
    type Leaves = RegisteredClient;

    fn check(
        &self,
        (token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<RegisteredClient> {
        if token.names_certificate() || token.scheme() != Scheme::Dpop {
            return Verdict::reject(mismatch("a token that is not of a DPoP key alone"));
        }
        match self.0.find(token.client_id()) {
            ClientLookup::Now(found) => judge(found).into(),
            ClientLookup::Later(search) => {
                Verdict::Later(Box::pin(async move { judge(search.await).map_err(Halt::from) }))
            }
        }
    }
}

pub(super) fn judge(found: FoundClient) -> Result<RegisteredClient, Rejection> {
    let client = registered(found)?;
    match uses_dpop(&client) {
        true => Ok(RegisteredClient::assertion(client)),
        false => Err(mismatch("a client whose tokens are bound to certificates")),
    }
}

fn uses_dpop(client: &Client) -> bool {
    client.registration().is_none_or(|known| known.constraint() == SenderConstraint::Dpop)
}

fn mismatch(why: &'static str) -> Rejection {
    Rejection::new(Reason::ClientMismatch).detail(why)
}

impl fmt::Debug for FindClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FindClient").finish_non_exhaustive()
    }
}

rule_layers!(FindClient);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{CertificateMatch, Clients, RegistryUnavailable};
    use super::*;
    use crate::cert::test_pki::NOW;
    use crate::client_auth::{AuthenticationMethod, Registration};
    use crate::gate::test_support::{at, judged, request};
    use crate::token::test_tokens::access_token;

    const THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

    fn found(registry: impl ClientRegistry, cnf: Value) -> Result<String, Reason> {
        let token = access_token(|claims| drop(claims.insert("cnf".to_owned(), cnf)));
        let rule = FindClient::registered_in(registry);
        let verdict = rule.check((&token, &BoundToken::assertion()), &mut request(), &at(NOW));
        judged(verdict)
            .map(|client| client.client_id().to_owned())
            .map_err(|rejection| rejection.reason())
    }

    fn of_key() -> Value {
        json!({ "jkt": THUMBPRINT })
    }

    fn tpp() -> Client {
        Client::new("tpp", CertificateMatch::NoCertificate)
    }

    #[test]
    fn the_client_of_a_token_of_a_key_is_found() {
        let clients = || Clients::of([tpp()]).unwrap();
        assert_eq!(found(clients(), of_key()), Ok("tpp".to_owned()));
        let other = Clients::of([Client::new("other", CertificateMatch::NoCertificate)]).unwrap();
        assert_eq!(found(other, of_key()), Err(Reason::ClientUnknown));
    }

    #[test]
    fn a_token_that_a_certificate_must_prove_too_finds_nobody() {
        let clients = || Clients::of([tpp()]).unwrap();
        for cnf in [
            json!({ "x5t#S256": THUMBPRINT }),
            json!({ "x5t#S256": THUMBPRINT, "jkt": THUMBPRINT }),
            json!({}),
        ] {
            assert_eq!(found(clients(), cnf.clone()), Err(Reason::ClientMismatch), "{cnf}");
        }
    }

    #[test]
    fn a_client_that_registered_certificates_is_a_mismatch() {
        let registered = |constraint| {
            let method = AuthenticationMethod::PrivateKeyJwt;
            Clients::of([tpp().registered_as(Registration::new(method, constraint))]).unwrap()
        };
        let certificate = registered(SenderConstraint::Certificate);
        assert_eq!(found(certificate, of_key()), Err(Reason::ClientMismatch));
        assert!(found(registered(SenderConstraint::Dpop), of_key()).is_ok());
    }

    /// Answers this later.
    struct Later(fn() -> FoundClient);

    impl ClientRegistry for Later {
        fn find(&self, _: &str) -> ClientLookup {
            let says = self.0;
            ClientLookup::Later(Box::pin(async move { says() }))
        }
    }

    #[test]
    fn a_registry_that_answers_later_says_the_same() {
        assert!(found(Later(|| Ok(Some(Arc::new(tpp())))), of_key()).is_ok());
        assert_eq!(found(Later(|| Ok(None)), of_key()), Err(Reason::ClientUnknown));
        let silent = Later(|| Err(RegistryUnavailable));
        assert_eq!(found(silent, of_key()), Err(Reason::ServiceUnavailable));
    }
}
