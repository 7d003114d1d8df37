use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::body::Body;
use crate::cert::test_pki::{ISSUING, NOW, ROOT};
use crate::cert::{Anchors, CertificateMatch, Client, Clients, PeerCertificates};
use crate::client_auth::{
    AuthenticatedClient, AuthenticationMethod, ClientAssertions, CodeVerifier, PermittedGrant,
    Registration, SenderConstraint,
};
use crate::crypto::{SigningKey, test_keys};
use crate::gate::Passport;
use crate::jose::{Key, KeySet};
use crate::replay::MemoryReplayStore;
use crate::revocation::Revocation;
use crate::token::dpop::{DpopNonces, ExternalOrigin, NewProof};

const ISSUER: &str = "https://as.bank.example";
const ENDPOINT: &str = "https://as.bank.example/token";

static KEY: LazyLock<Arc<SigningKey>> =
    LazyLock::new(|| Arc::new(test_keys::signing(&test_keys::p256())));

fn client(id: &str, method: AuthenticationMethod, constraint: SenderConstraint) -> Client {
    let registration = Registration::new(method, constraint)
        .grants([GrantType::AuthorizationCode, GrantType::ClientCredentials])
        .scopes(["openid", "accounts"])
        .redirect_uris(["https://tpp.example/cb"]);
    let own = CertificateMatch::OrganizationIdentifier("PSDGB-FCA-123456".to_owned());
    let keys = KeySet::of([Key::new(KEY.public_key().clone()).with_id("k")]).unwrap();
    Client::new(id, own).signs_with(keys, vec![Algorithm::Es256]).registered_as(registration)
}

pub(super) fn server(certificates: Certificates) -> Server {
    let clients = Clients::of([
        client("tls", AuthenticationMethod::TlsClientAuth, SenderConstraint::Certificate),
        client("bound", AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Certificate),
        client("dpop", AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Dpop),
    ]);
    Server {
        certificates,
        clients: Arc::new(clients.unwrap()),
        issuer: ISSUER.to_owned(),
        endpoints: vec![ENDPOINT.to_owned()],
        spent: Arc::new(MemoryReplayStore::with_capacity(100)),
    }
}

fn trust() -> TrustCertificate {
    TrustCertificate::anchored_in(Anchors::of([ROOT.der()]).unwrap(), Revocation::danger_off())
}

fn due() -> Certificates {
    let present = PresentCertificate::from_tls();
    Certificates::Due { present, trust: trust(), stop_list: None }
}

fn offered() -> Certificates {
    Certificates::Offered { present: PresentCertificate::from_tls(), trust: trust() }
}

pub(super) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

fn chain() -> Vec<CertificateDer<'static>> {
    vec![ISSUING.issues(|_| {}), ISSUING.der()]
}

/// A form with an assertion of this client for this audience.
pub(super) fn asserting(client_id: &str, audience: &str, rest: &str) -> String {
    let maker = ClientAssertions::of(client_id, KEY.clone(), "k", Algorithm::Es256);
    let form: crate::client_auth::Parameters =
        maker.parameters(audience, now()).unwrap().into_iter().collect();
    format!("{form}&{rest}")
}

/// The status, and the body of a refusal.
async fn post(
    gate: GateBuilder,
    chain: Vec<CertificateDer<'static>>,
    form: &str,
) -> (StatusCode, Value) {
    let handler = service_fn(|request: Request<Body>| async move {
        let passport = Passport::of(request.extensions()).unwrap();
        assert!(passport.find::<AuthenticatedClient>().is_some());
        assert!(passport.find::<PermittedGrant>().is_some());
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let gate = gate.clock(now).must_leave::<PermittedGrant>().build().unwrap();
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(PeerCertificates::new(chain))
        .body(Body::from(Bytes::copy_from_slice(form.as_bytes())))
        .unwrap();
    let answer = gate.layer(handler).oneshot(request).await.unwrap();
    let status = answer.status();
    if status != StatusCode::OK {
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

const OWN: &str = "grant_type=client_credentials&scope=accounts";

#[tokio::test]
async fn every_client_gets_through_the_endpoint_that_serves_it() {
    let tls = format!("client_id=tls&{OWN}");
    for profile in [Profile::Fapi1Advanced, Profile::Obie, Profile::Fapi2] {
        for (certificates, id, chain, expected) in [
            (due(), "tls", chain(), 200),
            (due(), "bound", chain(), 200),
            (due(), "tls", vec![], 401),
            (due(), "bound", vec![], 401),
            (due(), "dpop", vec![], 401),
            (offered(), "tls", chain(), 200),
            (offered(), "tls", vec![], 401),
            (offered(), "bound", chain(), 200),
            (offered(), "bound", vec![], 401),
            (offered(), "dpop", chain(), 200),
            (offered(), "dpop", vec![], 200),
            (Certificates::Unused, "dpop", vec![], 200),
            (Certificates::Unused, "bound", vec![], 401),
            (Certificates::Unused, "tls", vec![], 401),
        ] {
            let form = if id == "tls" { tls.clone() } else { asserting(id, ISSUER, OWN) };
            let gate = token_endpoint(profile, &server(certificates), None);
            let (status, body) = post(gate, chain, &form).await;
            assert_eq!(status, expected, "{profile:?} {id}: {body}");
        }
    }
}

#[tokio::test]
async fn a_profile_has_its_audience_scopes_and_verifier() {
    let verifier = CodeVerifier::random().unwrap();
    let code = "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Ftpp%2Fcb";
    let proven = format!("{code}&code_verifier={}", verifier.as_str());
    let openid = "grant_type=client_credentials&scope=openid";
    let (f1, obie, f2) = (Profile::Fapi1Advanced, Profile::Obie, Profile::Fapi2);
    for (profile, audience, rest, error) in [
        (f1, ENDPOINT, OWN, None),
        (obie, ENDPOINT, OWN, None),
        (f2, ENDPOINT, OWN, Some("invalid_client")),
        (f1, ISSUER, openid, None),
        (obie, ISSUER, openid, Some("invalid_scope")),
        (f2, ISSUER, openid, None),
        (f1, ISSUER, code, None),
        (obie, ISSUER, code, None),
        (f2, ISSUER, code, Some("invalid_grant")),
        (f2, ISSUER, &proven, None),
        (f2, ISSUER, "grant_type=refresh_token&refresh_token=r", Some("unauthorized_client")),
        (f2, ISSUER, "grant_type=password&username=a", Some("unsupported_grant_type")),
        (f2, ISSUER, "scope=accounts", Some("invalid_request")),
    ] {
        let gate = token_endpoint(profile, &server(Certificates::Unused), None);
        let (_, body) = post(gate, vec![], &asserting("dpop", audience, rest)).await;
        let said = body.get("error").and_then(Value::as_str);
        assert_eq!(said, error, "{profile:?} {audience} {rest}");
    }
}

#[tokio::test]
async fn from_outside_no_refusal_of_a_client_differs_from_another() {
    let unknown = asserting("nobody", ISSUER, OWN);
    let elsewhere = asserting("dpop", "https://evil.example", OWN);
    let due = json!({ "error": "invalid_client",
        "error_description": "Client authentication failed." });
    for form in [
        format!("client_id=nobody&{OWN}"),
        format!("client_id=tls&{OWN}"),
        format!("client_id=dpop&{OWN}"),
        format!("client_id=dpop&client_secret=s&{OWN}"),
        OWN.to_owned(),
        unknown,
        elsewhere,
        asserting("tls", ISSUER, OWN),
    ] {
        let gate = token_endpoint(Profile::Fapi2, &server(offered()), None);
        assert_eq!(post(gate, vec![], &form).await, (StatusCode::UNAUTHORIZED, due.clone()));
    }
}

#[tokio::test]
async fn an_assertion_is_used_once_whichever_endpoint_and_instance() {
    let shared = server(Certificates::Unused);
    let form = asserting("dpop", ISSUER, OWN);
    let par = || client_endpoint(Profile::Fapi2, &shared).then(permit(Profile::Fapi2));
    assert_eq!(post(par(), vec![], &form).await.0, StatusCode::OK);
    let again = token_endpoint(Profile::Fapi2, &shared, None);
    assert_eq!(post(again, vec![], &form).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_refusal_that_asks_for_a_nonce_offers_one() {
    let nonces = DpopNonces::of(&[7; 32]);
    let replays = MemoryReplayStore::with_capacity(8);
    let proofs = DpopProofs::at(ExternalOrigin::parse(ISSUER).unwrap(), replays);
    let proofs = proofs.requiring(nonces.clone());
    let server = server(Certificates::Unused);
    let sent = |nonce: Option<String>| {
        let proof = NewProof::of(Method::POST, &ENDPOINT.parse().unwrap(), now());
        let proof = nonce.iter().fold(proof, |proof, nonce| proof.nonce(nonce));
        let gate = token_endpoint(Profile::Fapi2, &server, Some(&proofs)).clock(now);
        let request = Request::post(ENDPOINT)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("dpop", proof.sign(&KEY, Algorithm::Es256).unwrap())
            .body(Body::from(Bytes::from(asserting("dpop", ISSUER, OWN))))
            .unwrap();
        let handler = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
        gate.build().unwrap().layer(handler).oneshot(request)
    };
    let refused = sent(None).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let offered = refused.headers()["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(sent(Some(offered)).await.unwrap().status(), StatusCode::OK);
    assert_eq!(sent(Some("other".to_owned())).await.unwrap().status(), StatusCode::BAD_REQUEST);
}
