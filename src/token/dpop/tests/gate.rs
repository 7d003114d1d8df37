//! Whole gates: what a client sees, and two instances behind one store.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::cert::{CertificateMatch, Clients, FindClient};
use crate::gate::{Gate, GateBuilder};
use crate::reject::{AuthorizationServer, ErrorFormat, OAuth};
use crate::token::test_tokens::Says;
use crate::token::{TokenAudience, TokenIssuer, TokenSchemes, VerifyToken};

fn clock() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

fn nonces() -> DpopNonces {
    DpopNonces::of(&[1; 32])
}

fn begin(format: impl ErrorFormat) -> GateBuilder {
    Gate::new(format).clock(clock).around(OfferDpopNonce::of(nonces()))
}

/// A resource server that requires nonces, and knows the client's tokens.
fn resource(client: &Client, store: Arc<MemoryReplayStore>) -> Gate {
    let answer = json!({ "active": true, "client_id": "tpp", "exp": NOW + 300,
        "cnf": { "jkt": client.jkt().to_string() } });
    let token = VerifyToken::introspected_by(
        TokenIssuer("https://as".into()),
        TokenAudience("https://api".into()),
        Says(answer.to_string()),
    );
    let registered = crate::cert::Client::new("tpp", CertificateMatch::NoCertificate);
    begin(OAuth::default())
        .then(token.under(TokenSchemes::Dpop))
        .then(VerifyDpop::by(proofs_in(store).requiring(nonces())))
        .then(FindClient::registered_in(Clients::of([registered]).unwrap()))
        .build()
        .unwrap()
}

async fn sent(gate: &Gate, request: Request<Full<Bytes>>) -> (StatusCode, HeaderMap, Bytes) {
    let handler = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"balance"))))
    });
    let (head, body) = gate.layer(handler).oneshot(request).await.unwrap().into_parts();
    (head.status, head.headers, body.collect().await.unwrap().to_bytes())
}

fn get(proof: &str) -> Request<Full<Bytes>> {
    let request = Request::get("/accounts").header("authorization", format!("DPoP {TOKEN}"));
    request.header(DPOP, proof).body(Full::default()).unwrap()
}

#[tokio::test]
async fn a_client_is_asked_for_a_nonce_takes_it_from_the_refusal_and_passes() {
    let client = Client::new();
    let gate = resource(&client, store());
    let (status, headers, _) = sent(&gate, get(&client.proof(|_, _| {}))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        headers[WWW_AUTHENTICATE],
        r#"DPoP error="use_dpop_nonce", algs="PS256 ES256 EdDSA""#
    );
    let nonce = headers[DPOP_NONCE].to_str().unwrap().to_owned();
    let proof = client.proof(|_, claims| claims["nonce"] = nonce.clone().into());
    let (status, headers, body) = sent(&gate, get(&proof)).await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, &b"balance"[..]));
    // The next nonce comes with every answer, which therefore is not to be stored.
    assert_eq!(headers[DPOP_NONCE], nonce);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn two_instances_behind_one_store_take_a_proof_once() {
    let (client, shared) = (Client::new(), store());
    let (one, other) = (resource(&client, shared.clone()), resource(&client, shared));
    let nonce = nonces().offer(clock());
    let proof = client.proof(|_, claims| claims["nonce"] = nonce.into());
    assert_eq!(sent(&one, get(&proof)).await.0, StatusCode::OK);
    for instance in [&other, &one] {
        let (status, headers, _) = sent(instance, get(&proof)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let challenge = headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with(r#"DPoP error="invalid_dpop_proof""#), "{challenge}");
    }
}

#[tokio::test]
async fn the_same_proof_at_once_passes_at_one_instance_only() {
    let (client, shared) = (Client::new(), store());
    let nonce = nonces().offer(clock());
    let proof = client.proof(|_, claims| claims["nonce"] = nonce.into());
    let gates: Vec<_> = (0..8).map(|_| resource(&client, shared.clone())).collect();
    let all = futures_util::future::join_all(gates.iter().map(|gate| sent(gate, get(&proof))));
    let passed = all.await.into_iter().filter(|(status, ..)| *status == StatusCode::OK).count();
    assert_eq!(passed, 1);
}

#[tokio::test]
async fn a_token_endpoint_asks_for_a_nonce_with_400() {
    let client = Client::new();
    let rule = ProveDpopKey::by(proofs_in(store()).requiring(nonces()));
    let gate = begin(AuthorizationServer::default()).then(rule).build().unwrap();
    let post = |edit: &dyn Fn(&mut Value)| {
        let proof = client.proof(|_, claims| {
            claims["htm"] = "POST".into();
            claims["htu"] = "https://api.bank.example/token".into();
            edit(claims);
        });
        Request::post("/token").header(DPOP, proof).body(Full::default()).unwrap()
    };
    let error = |body: &Bytes| serde_json::from_slice::<Value>(body).unwrap()["error"].clone();
    let (status, headers, body) = sent(&gate, post(&|_| {})).await;
    assert_eq!((status, error(&body)), (StatusCode::BAD_REQUEST, "use_dpop_nonce".into()));
    assert!(headers.get(WWW_AUTHENTICATE).is_none());
    let nonce = headers[DPOP_NONCE].to_str().unwrap().to_owned();
    let with = |claims: &mut Value| claims["nonce"] = nonce.clone().into();
    assert_eq!(sent(&gate, post(&with)).await.0, StatusCode::OK);
    let (status, headers, body) = sent(&gate, post(&with)).await;
    assert_eq!((status, error(&body)), (StatusCode::BAD_REQUEST, "invalid_dpop_proof".into()));
    assert_eq!(headers[DPOP_NONCE], nonce);
}
