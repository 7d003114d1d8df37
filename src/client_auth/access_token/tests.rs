use std::sync::LazyLock;

use serde_json::Value;

use super::*;
use crate::cert::test_pki::{ISSUING, NOW, read};
use crate::cert::{CertificateMatch, Client, TrustedCertificate};
use crate::client_auth::{
    AuthenticatedClient, AuthenticationMethod, Registration, SenderConstraint,
};
use crate::crypto::test_keys;
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged, request};
use crate::jose::{Key, KeySet, Scope, Thumbprint, decode_base64url};
use crate::reject::Reason;
use crate::token::{AccessToken, BindToken, TokenAudience, TokenIssuer, VerifyToken};

const ISSUER: &str = "https://as.bank.example";
const AUDIENCE: &str = "https://rs.bank.example";

static KEY: LazyLock<Arc<SigningKey>> =
    LazyLock::new(|| Arc::new(test_keys::signing(&test_keys::p256())));

fn tokens() -> AccessTokens {
    AccessTokens::issued_by(ISSUER, KEY.clone(), "as-1", Algorithm::Es256)
}

fn client(constraint: Option<SenderConstraint>) -> AuthenticatedClient {
    let client = Client::new("tpp", CertificateMatch::NoCertificate);
    let client = match constraint {
        Some(constraint) => {
            client.registered_as(Registration::new(AuthenticationMethod::PrivateKeyJwt, constraint))
        }
        None => client,
    };
    AuthenticatedClient::assertion(Arc::new(client))
}

fn granted() -> Granted {
    Granted::to("tpp", Scope::parse("openid payments").unwrap())
}

fn verified(token: &str, at_second: u64) -> Result<AccessToken, Reason> {
    let key = Key::new(KEY.public_key().clone()).with_id("as-1");
    let (issuer, audience) = (TokenIssuer(ISSUER.into()), TokenAudience(AUDIENCE.into()));
    let rule = VerifyToken::issued_by(issuer, audience, KeySet::of([key]).unwrap());
    let mut request = request();
    request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    judged(rule.check((), &mut request, &at(at_second))).map_err(|why| why.reason())
}

#[test]
fn a_token_is_verified_and_bound_to_the_certificate_of_its_client() {
    let leaf = Arc::new(read(&ISSUING.issues(|_| {})));
    let client = client(Some(SenderConstraint::Certificate)).showing(Some(leaf.clone()));
    // A DPoP proof of a client of certificates binds nothing.
    let key = Thumbprint::of_certificate(b"key");
    let confirmation = client.confirmation(Some(&key)).unwrap();
    assert_eq!(confirmation.key, None);
    let new = NewAccessToken::of(&granted(), AUDIENCE, confirmation);
    let new = new.subject("alice").intent_id("consent-1");
    assert!(!format!("{new:?}").contains("alice"));
    let token = tokens().issue(new, at(NOW).now()).unwrap();
    let token = verified(&token, NOW + 299).unwrap();
    assert_eq!((token.client_id(), token.subject()), ("tpp", Some("alice")));
    assert!(token.has_scope("payments") && !token.has_scope("accounts"));
    assert_eq!(token.openbanking_intent_id(), Some("consent-1"));
    assert_eq!(token.expires_at().as_secs(), NOW + 300);
    let other = read(&ISSUING.issues(|_| {}));
    for (certificate, expected) in [((*leaf).clone(), true), (other, false)] {
        let trusted = TrustedCertificate::of(certificate);
        let bound = BindToken::to_certificate();
        let verdict = bound.check((&trusted, &token), &mut request(), &at(NOW));
        assert_eq!(judged(verdict).is_ok(), expected);
    }
}

#[test]
fn a_token_of_a_client_of_dpop_names_the_key_that_it_proved() {
    let key = Thumbprint::of_certificate(b"key");
    let shown = client(Some(SenderConstraint::Dpop)).showing(None);
    let confirmation = shown.confirmation(Some(&key)).unwrap();
    assert_eq!((confirmation.key, confirmation.certificate), (Some(key), None));
    let new = NewAccessToken::of(&granted(), AUDIENCE, confirmation);
    let long = tokens().living_for(Duration::from_secs(900));
    let token = long.issue(new.clone(), at(NOW).now()).unwrap();
    let payload = decode_base64url(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["cnf"], serde_json::json!({ "jkt": key.to_string() }));
    assert_eq!((&claims["sub"], &claims["aud"]), (&"tpp".into(), &AUDIENCE.into()));
    assert_eq!((&claims["iat"], &claims["exp"]), (&NOW.into(), &(NOW + 900).into()));
    assert_eq!(claims["scope"], "openid payments");
    assert_ne!(token, long.issue(new, at(NOW).now()).unwrap());
    assert_eq!(verified(&token, NOW + 900).err(), Some(Reason::TokenExpired));
}

#[test]
fn no_token_is_issued_that_is_bound_to_nothing() {
    for (constraint, reason) in [
        (Some(SenderConstraint::Certificate), Reason::CertificateMissing),
        (Some(SenderConstraint::Dpop), Reason::DpopProofInvalid),
        (None, Reason::ClientUnauthorized),
    ] {
        let refused = client(constraint).confirmation(None).unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
    let new = NewAccessToken::of(&granted(), AUDIENCE, Confirmation::default());
    assert_eq!(tokens().issue(new, at(NOW).now()), Err(IssueError::Unbound));
}
