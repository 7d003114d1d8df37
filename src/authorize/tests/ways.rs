//! The ways in which a request comes, and what waits.

use http::Request;
use rustls_pki_types::UnixTime;

use super::super::test_requests::*;
use super::super::*;
use crate::body::{Body, BodyBytes};
use crate::cert::test_pki::NOW;
use crate::cert::{Client, ClientLookup, ClientRegistry, RegistryUnavailable};
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged, request};
use crate::jose::{Key, KeyLookup, KeySource, KeysUnavailable};
use crate::reject::Reason;

fn form() -> String {
    query(by_value(&object(|_| {})))
}

#[tokio::test]
async fn a_form_is_as_good_as_a_query_and_both_are_not() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    assert_eq!(endpoints.authorize(posted("/authorize", form())).await.status, 200);
    let both = endpoints.authorize(posted("/authorize?state=x", form())).await;
    assert_eq!((both.status, both.reason), (400, Some(Reason::ParameterInvalid)));
    let json = Request::post("/authorize").header("content-type", "application/json");
    let json = endpoints.authorize(json.body(Body::empty()).unwrap()).await;
    assert_eq!((json.status, json.reason), (415, Some(Reason::ContentTypeUnsupported)));
    let bare = endpoints.authorize(Request::post("/authorize").body(Body::empty()).unwrap()).await;
    assert_eq!((bare.status, bare.reason), (415, Some(Reason::ContentTypeUnsupported)));
    let put = Request::put("/authorize?".to_owned() + &form()).body(Body::empty()).unwrap();
    let put = endpoints.authorize(put).await;
    assert_eq!((put.status, put.reason), (405, Some(Reason::MethodUnsupported)));
    assert_eq!(put.headers["allow"], "GET, POST");
}

#[tokio::test]
async fn a_flood_of_parameters_is_not_read() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let long = form() + "&x=" + &"y".repeat(64 * 1024);
    let answer = endpoints.authorize(posted("/authorize", long)).await;
    assert_eq!((answer.status, answer.reason), (413, Some(Reason::BodyTooLarge)));
    let broken = endpoints.asked(&(form() + "&x=%zz")).await;
    assert_eq!(broken.reason, Some(Reason::ParameterInvalid));
}

#[tokio::test]
async fn without_a_store_no_request_uri_is_taken() {
    let rule = ReadRequestObject::of(RequestProfile::OBIE, clients());
    let uri = RequestUri::random().unwrap();
    let mut request = request();
    request.uri = format!("/authorize?client_id=tpp&request_uri={}", uri.as_str()).parse().unwrap();
    let body = BodyBytes::new(bytes::Bytes::new());
    let refused = rule.check(&body, &mut request, &at(NOW));
    let crate::gate::Verdict::Now(Err(crate::gate::Halt::Reject(refused))) = refused else {
        panic!("not refused");
    };
    assert_eq!(refused.reason(), Reason::RequestUriUnsupported);
}

/// A registry that answers after waiting.
struct Slow(Result<Option<fn() -> Client>, ()>);

impl ClientRegistry for Slow {
    fn find(&self, _: &str) -> ClientLookup {
        let found = self.0;
        ClientLookup::Later(Box::pin(async move {
            found
                .map(|found| found.map(|make| std::sync::Arc::new(make())))
                .map_err(|()| RegistryUnavailable)
        }))
    }
}

#[test]
fn a_registry_that_is_waited_for_decides_alike() {
    for (answer, reason) in [
        (Ok(Some(tpp as fn() -> Client)), None),
        (Ok(None), Some(Reason::ClientUnknown)),
        (Err(()), Some(Reason::ServiceUnavailable)),
    ] {
        let rule = ReadRequestObject::of(RequestProfile::OBIE, Slow(answer));
        let mut request = request();
        request.uri = format!("/authorize?{}", form()).parse().unwrap();
        let body = BodyBytes::new(bytes::Bytes::new());
        let found = judged(rule.check(&body, &mut request, &at(NOW)));
        assert_eq!(found.err().map(|refused| refused.reason()), reason);
    }
}

/// Keys that are fetched, or are not to be had.
#[derive(Clone, Copy)]
enum Fetched {
    Ours,
    Other,
    None,
    Unavailable,
}

impl KeySource for Fetched {
    fn find(&self, kid: &str, _: UnixTime) -> KeyLookup {
        let (kid, source) = (kid.to_owned(), *self);
        KeyLookup::Later(Box::pin(async move {
            let key = match source {
                Self::Ours => own(),
                Self::Other => other(),
                Self::None => return Ok(None),
                Self::Unavailable => return Err(KeysUnavailable),
            };
            let key = Key::new(key.public_key().clone()).with_id(kid);
            Ok(Some(std::sync::Arc::new(key)))
        }))
    }
}

#[test]
fn keys_that_are_waited_for_decide_alike() {
    for (keys, reason) in [
        (Fetched::Ours, None),
        (Fetched::Other, Some(Reason::RequestObjectInvalid)),
        (Fetched::None, Some(Reason::RequestObjectInvalid)),
        (Fetched::Unavailable, Some(Reason::ServiceUnavailable)),
    ] {
        let client = tpp().signs_with(keys, [crate::crypto::Algorithm::Es256]);
        let presented = PresentedRequest {
            client: std::sync::Arc::new(client),
            carrier: presented::Carrier::PushedObject(object(|_| {})),
        };
        let rule = VerifyRequestObject::of(RequestProfile::FAPI1, ISSUER);
        let found = judged(rule.check(&presented, &mut request(), &at(NOW)));
        assert_eq!(found.err().map(|refused| refused.reason()), reason);
    }
}

#[test]
fn an_algorithm_that_the_client_did_not_register_is_refused() {
    let client = tpp().signs_with(Fetched::Ours, [crate::crypto::Algorithm::Ps256]);
    let presented = PresentedRequest {
        client: std::sync::Arc::new(client),
        carrier: presented::Carrier::PushedObject(object(|_| {})),
    };
    let rule = VerifyRequestObject::of(RequestProfile::FAPI1, ISSUER);
    let refused = judged(rule.check(&presented, &mut request(), &at(NOW))).unwrap_err();
    assert_eq!(refused.reason(), Reason::RequestObjectInvalid);
}

#[tokio::test]
async fn the_edges_of_time_and_the_forms_of_aud_and_typ_pass() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let header = |typ: &str| serde_json::json!({ "alg": "ES256", "kid": "k1", "typ": typ });
    let payload = serde_json::Value::from(claims()).to_string();
    let typed = |typ| jws(&header(typ), payload.as_bytes(), &own());
    for (what, object) in [
        (
            "nbf ten seconds ahead",
            object(|claims| drop(claims.insert("nbf".into(), (NOW + 10).into()))),
        ),
        (
            "60 minutes in all",
            object(|claims| drop(claims.insert("exp".into(), (NOW + 3595).into()))),
        ),
        ("exp in a second", object(|claims| drop(claims.insert("exp".into(), (NOW + 1).into())))),
        (
            "aud of several",
            object(|claims| {
                claims.insert("aud".into(), serde_json::json!(["https://other", ISSUER]));
            }),
        ),
        ("no state, with openid", object(|claims| drop(claims.remove("state")))),
        (
            "words in another order",
            object(|claims| {
                claims.insert("response_type".into(), "id_token code".into());
            }),
        ),
        (
            "fragment by name",
            object(|claims| drop(claims.insert("response_mode".into(), "fragment".into()))),
        ),
        ("typ", typed("oauth-authz-req+jwt")),
        ("typ in full", typed("application/oauth-authz-req+jwt")),
        ("typ of old", typed("JWT")),
    ] {
        let answer = endpoints.asked(&query(by_value(&object))).await;
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn state_is_due_where_no_nonce_is() {
    let endpoints = Endpoints::of(RequestProfile::FAPI1);
    let asked = async |with_state: bool| {
        let object = object(|claims| {
            claims.insert("response_type".into(), "code".into());
            claims.insert("response_mode".into(), "jwt".into());
            claims.insert("scope".into(), "accounts".into());
            claims.remove("nonce");
            if !with_state {
                claims.remove("state");
            }
        });
        let mut parameters = by_value(&object);
        parameters[1].1 = "code".to_owned();
        endpoints.asked(&query(parameters)).await
    };
    assert_eq!(asked(true).await.status, 200);
    assert_eq!(asked(false).await.reason, Some(Reason::ParameterMissing));
}
