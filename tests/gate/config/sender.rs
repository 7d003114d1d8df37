//! FAPI 2.0: tokens bound to a certificate or by DPoP, from the file to the answer.

use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Uri};
use serde_json::json;
use tower_open_banking::gate::Gate;
use tower_open_banking::jose::Thumbprint;
use tower_open_banking::token::dpop::{DPOP, DPOP_NONCE, NewProof};

use super::*;
use crate::support::bank::Secret;

const ORIGIN: &str = "https://api.bank.example";

/// The configuration of FAPI 1.0, as one of FAPI 2.0.
fn certificate() -> toml::Table {
    let mut table = good(Preset::Fapi1);
    set(&mut table, "profile", "fapi2");
    set(&mut table, "sender_constraint", "certificate");
    table
}

fn dpop() -> toml::Table {
    let mut table = certificate();
    set(&mut table, "sender_constraint", "dpop");
    set(&mut table, "dpop.origin", ORIGIN);
    for key in
        ["client_certificate", "trust", "client.0.subject_dn", "client.1.subject_dn", "steps"]
    {
        unset(&mut table, key);
    }
    table
}

/// A payment whose token names the key of the client, with a proof by this key.
fn payment(by: &Secret, nonce: Option<&str>) -> Request<Body> {
    let mut payment = Payment::good(Preset::Fapi1, "key-1");
    payment.bound_to = BoundTo::Nothing;
    payment.is_presented = false;
    let jkt = Thumbprint::of_key(CLIENT_KEY.key.public_key()).to_string();
    payment.claim("cnf", json!({ "jkt": jkt }));
    let token = payment.token().unwrap();
    let uri: Uri = format!("{ORIGIN}{}", payment.path).parse().unwrap();
    let proof = NewProof::of(Method::POST, &uri, clock()).beside(&token);
    let proof = match nonce {
        Some(nonce) => proof.nonce(nonce),
        None => proof,
    };
    let mut request = payment.request();
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("DPoP {token}")).unwrap());
    headers.insert(DPOP, proof.sign(&by.key, by.algorithm()).unwrap());
    request
}

fn app(table: toml::Table) -> App {
    App::behind(open(table).unwrap().payments().clock(clock))
}

fn steps(gate: GateBuilder) -> Vec<&'static str> {
    let gate: Gate = gate.build().unwrap();
    gate.steps().collect()
}

/// A server of clients of both kinds: of the first by certificate, of the second by DPoP.
fn either() -> toml::Table {
    let mut table = certificate();
    set(&mut table, "sender_constraint", "certificate-or-dpop");
    set(&mut table, "dpop.origin", ORIGIN);
    unset(&mut table, "steps");
    table
}

const BEHIND: [&str; 3] = ["RequireScope", "ReadFapiHeaders", "NegotiateMedia"];

#[test]
fn the_gates_of_fapi2_go_the_way_of_their_constraint() {
    let way = |steps: &[&'static str]| [&["EchoInteractionId"], steps, &BEHIND].concat();
    let certificates = ["PresentCertificate", "TrustCertificate", "VerifyToken", "BindToken"];
    let certificates = way(&[certificates.as_slice(), &["MatchClient"]].concat());
    let proofs = way(&["VerifyToken", "VerifyDpop", "FindClient"]);
    let nonces = way(&["OfferDpopNonce", "VerifyToken", "VerifyDpop", "FindClient"]);
    let mut offering = dpop();
    set(&mut offering, "dpop.nonce_keys", strings(["nonce.key"]));
    let both = way(&["OfferCertificate", "VerifyToken", "ConstrainSender", "MatchSender"]);
    for (table, way) in
        [(certificate(), certificates), (dpop(), proofs), (offering, nonces), (either(), both)]
    {
        let setup = open(table).unwrap();
        assert_eq!(steps(setup.accounts()), way);
        assert_eq!(steps(setup.funds_confirmations()), way);
        assert_eq!(steps(setup.payments()), [way.as_slice(), &["RunOnce"]].concat());
        let leaves = setup.payments().must_leave::<BoundToken>();
        assert!(leaves.build().is_ok());
    }
}

#[tokio::test]
async fn a_client_without_certificate_pays_with_a_proof_once() {
    let app = app(dpop());
    let stolen = app.answer(payment(&STRANGERS_KEY, None)).await;
    assert_eq!(stolen.reason().unwrap().0.code(), "token_not_bound");
    let request = payment(&CLIENT_KEY, None);
    let again = {
        let mut again = Request::new(Body::empty());
        *again.method_mut() = request.method().clone();
        *again.uri_mut() = request.uri().clone();
        *again.headers_mut() = request.headers().clone();
        again
    };
    let answer = app.answer(request).await;
    assert_eq!(answer.payment_id(), "pay-1", "{:?}", answer.rejection);
    let replayed = app.answer(again).await;
    assert_eq!(replayed.reason().unwrap().0.code(), "dpop_proof_invalid");
    let mut bearer = payment(&CLIENT_KEY, None);
    let token = bearer.headers()[AUTHORIZATION].to_str().unwrap().replace("DPoP", "Bearer");
    bearer.headers_mut().insert(AUTHORIZATION, token.parse().unwrap());
    let answer = app.answer(bearer).await;
    assert_eq!(answer.reason().unwrap().0.code(), "token_missing");
    assert!(answer.header(WWW_AUTHENTICATE.as_str()).starts_with("DPoP "));
    assert_eq!(app.ran(), 1);
}

#[tokio::test]
async fn nonces_are_offered_and_required_and_those_of_the_former_key_are_taken() {
    let mut former = dpop();
    set(&mut former, "dpop.nonce_keys", strings(["former.key"]));
    let answer = app(former).answer(payment(&CLIENT_KEY, None)).await;
    assert_eq!(answer.reason().unwrap().0.code(), "dpop_nonce_required");
    let nonce = answer.header(DPOP_NONCE.as_str()).to_owned();
    assert_eq!(answer.header(CACHE_CONTROL.as_str()), "no-store");
    let mut rotated = dpop();
    set(&mut rotated, "dpop.nonce_keys", strings(["nonce.key", "former.key"]));
    let app = app(rotated);
    let answer = app.answer(payment(&CLIENT_KEY, Some(&nonce))).await;
    assert_eq!(answer.payment_id(), "pay-1", "{:?}", answer.rejection);
    assert_ne!(answer.header(DPOP_NONCE.as_str()), nonce);
}

#[tokio::test]
async fn under_certificates_fapi2_takes_what_fapi1_takes_and_no_proof() {
    let app = app(certificate());
    let answer = app.answer(Payment::good(Preset::Fapi1, "key-1").request()).await;
    assert_eq!(answer.payment_id(), "pay-1", "{:?}", answer.rejection);
    let answer = app.answer(payment(&CLIENT_KEY, None)).await;
    assert_eq!(answer.reason().unwrap().0.code(), "certificate_missing");
}

#[tokio::test]
async fn a_server_of_both_kinds_takes_a_certificate_or_a_proof_and_neither_for_the_other() {
    let app = app(either());
    let code = |answer: &Answer| answer.reason().map(|(reason, _)| reason.code());
    // By certificate.
    let mut bearer = Payment::good(Preset::Fapi1, "key-0");
    let answer = app.answer(bearer.request()).await;
    assert_eq!(answer.payment_id(), "pay-1", "{:?}", answer.rejection);
    bearer.is_presented = false;
    assert_eq!(code(&app.answer(bearer.request()).await), Some("token_not_bound"));
    // By proof, without a certificate.
    let answer = app.answer(payment(&CLIENT_KEY, None)).await;
    assert_eq!(answer.payment_id(), "pay-2", "{:?}", answer.rejection);
    let stolen = app.answer(payment(&STRANGERS_KEY, None)).await;
    assert_eq!(code(&stolen), Some("token_not_bound"));
    // Whoever shows neither may choose.
    let mut nobody = Payment::good(Preset::Fapi1, "key-9");
    nobody.token_from = TokenFrom::Nowhere;
    nobody.is_presented = false;
    let answer = app.answer(nobody.request()).await;
    assert_eq!(code(&answer), Some("token_missing"));
    assert_eq!(answer.headers.get_all(WWW_AUTHENTICATE).iter().count(), 2);
}

#[tokio::test]
async fn without_verify_dpop_a_stolen_token_pays() {
    let mut table = dpop();
    set(&mut table, "steps.VerifyDpop", false);
    let answer = app(table.clone()).answer(payment(&STRANGERS_KEY, None)).await;
    assert_eq!(answer.status, 201, "{:?}", answer.rejection);
    // Nor is the client looked at without its step.
    set(&mut table, "steps.FindClient", false);
    let answer = app(table).answer(payment(&STRANGERS_KEY, None)).await;
    assert_eq!(answer.status, 201, "{:?}", answer.rejection);
    let mut table = either();
    set(&mut table, "steps.ConstrainSender", false);
    set(&mut table, "steps.MatchSender", false);
    let answer = app(table).answer(payment(&STRANGERS_KEY, None)).await;
    assert_eq!(answer.status, 201, "{:?}", answer.rejection);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    type Change = fn(&mut toml::Table);
    let both = "not for this sender_constraint";
    let cases: [(Change, String); 19] = [
        (|t| unset(t, "sender_constraint"), "sender_constraint: due under fapi2".into()),
        (
            |t| set(t, "profile", "fapi1-advanced"),
            "sender_constraint: the profile binds tokens to certificates".into(),
        ),
        (
            |t| set(t, "sender_constraint", "certificate"),
            "client_certificate: due for this sender_constraint".into(),
        ),
        (
            |t| set(t, "sender_constraint", "certificate-or-dpop"),
            "client_certificate: due for this sender_constraint".into(),
        ),
        (|t| unset(t, "dpop"), "dpop: due for this sender_constraint".into()),
        (|t| set(t, "client_certificate.source", "tls"), format!("client_certificate: {both}")),
        (
            |t| {
                set(t, "trust.anchors", strings(["ca.pem"]));
                set(t, "trust.revocation", "off");
            },
            format!("trust: {both}"),
        ),
        (|t| set(t, "client.0.subject_dn", "CN=a"), format!("client[0].subject_dn: {both}")),
        (|t| set(t, "client.0.issuer_dn", "CN=a"), format!("client[0].issuer_dn: {both}")),
        (
            |t| set(t, "stop_list", "stop.json"),
            "stop_list: a provider is known by its certificate, and may have none".into(),
        ),
        (
            |t| set(t, "identity.policy", "certificate"),
            "identity.policy: the profile has no roles".into(),
        ),
        (
            |t| set(t, "dpop.origin", "http://api.bank.example"),
            "dpop.origin: not an https origin without user, query, fragment and dot segments"
                .into(),
        ),
        (
            |t| set(t, "dpop.max_age", 301),
            "dpop.max_age: the window of iat ends within 5 minutes back and 1 minute ahead".into(),
        ),
        (
            |t| set(t, "dpop.max_ahead", 61),
            "dpop.max_ahead: the window of iat ends within 5 minutes back and 1 minute ahead"
                .into(),
        ),
        (
            |t| set(t, "dpop.nonce_lifetime", 60),
            "dpop.nonce_lifetime: there is no key in nonce_keys".into(),
        ),
        (
            |t| {
                set(t, "dpop.nonce_keys", strings(["nonce.key"]));
                set(t, "dpop.nonce_lifetime", 1);
            },
            "dpop.nonce_lifetime: a nonce lives for 5 seconds to 1 hour".into(),
        ),
        (
            |t| set(t, "dpop.nonce_keys", strings(["empty"])),
            format!("dpop.nonce_keys: {}: not 32 bytes", FILES.join("empty").display()),
        ),
        (
            |t| set(t, "dpop.nonce_keys", strings(["nonce.key", "empty"])),
            format!("dpop.nonce_keys: {}: not 32 bytes", FILES.join("empty").display()),
        ),
        (|t| set(t, "steps.BindToken", false), "steps.BindToken: no such step".into()),
    ];
    for (change, expected) in cases {
        let mut table = dpop();
        change(&mut table);
        assert_eq!(open(table).err().unwrap_or_default(), expected);
    }
    let mut unused = certificate();
    set(&mut unused, "dpop.origin", ORIGIN);
    let said = open(unused).err().unwrap_or_default();
    assert_eq!(said, "dpop: not for this sender_constraint");
}
