//! What is sent is read back twice: by this crate, and by openssl over an input made by hand.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context as Wakeup, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::body::{Body, BoxError};
use crate::context::Limits;
use crate::crypto::test_keys;
use crate::gate::{Gate, GateBuilder, Rule};
use crate::jose::{Accept, Detached, obie};
use crate::reject::Obie;
use crate::signature::test_message::{BODY, NOW, PATH, is_signed, key};

/// Answers in the place of the handler: refuses, or replays.
#[derive(Clone, Copy)]
enum Early {
    Never,
    Refuse,
    Replay,
}

#[derive(Debug)]
struct Passed;
impl Evidence for Passed {}

impl Rule for Early {
    const NAME: &'static str = "Early";
    type Needs = ();
    type Leaves = Passed;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Passed> {
        match self {
            Self::Never => Verdict::pass(Passed),
            Self::Refuse => Verdict::reject(Rejection::new(Reason::HeaderMissing).place("x")),
            Self::Replay => {
                let mut replay = Response::new(Bytes::from_static(BODY.as_bytes()));
                replay.headers_mut().insert(HEADER, HeaderValue::from_static("stored..AAAA"));
                Verdict::Now(Err(Halt::Answer(Box::new(replay))))
            }
        }
    }
}

fn signer(signing: ObieSigning) -> ResponseSigner {
    let key = test_keys::signing(test_keys::rsa_2048());
    ResponseSigner::new(signing, key, "b1", "bank1", "openbanking.org.uk").unwrap()
}

fn gate(signing: ObieSigning) -> GateBuilder {
    Gate::new(Obie::V3_1)
        .clock(|| UnixTime::since_unix_epoch(Duration::from_secs(NOW)))
        .around(SignResponse::with(signer(signing)))
}

fn json(body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn answered(
    gate: GateBuilder,
    method: Method,
    path: &str,
    handler: impl Fn() -> Response<Body> + Clone + Send + 'static,
) -> (http::response::Parts, Bytes) {
    let service = service_fn(move |_: Request<Full<Bytes>>| {
        let response = handler();
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::builder().method(method).uri(path).body(Full::new(Bytes::new()));
    let service = gate.build().unwrap().layer(service);
    let (head, body) = service.oneshot(request.unwrap()).await.unwrap().into_parts();
    (head, body.collect().await.unwrap().to_bytes())
}

/// Passes when there is one signature over these bytes; says what its header holds.
fn verified(signing: ObieSigning, head: &http::response::Parts, body: &[u8]) -> serde_json::Value {
    let values: Vec<_> = head.headers.get_all(HEADER).iter().collect();
    assert_eq!(values.len(), 1);
    let value = values[0].to_str().unwrap();
    let own = test_keys::rsa_2048();
    let accept = Accept::algorithms(&[Algorithm::Ps256]).understanding(signing.critical());
    let message = Detached::parse(value).unwrap();
    message.verify(&key("b1", own), accept, body).unwrap();
    assert!(is_signed(value, own, body, signing == ObieSigning::V3_1_0));
    serde_json::from_slice(message.header().json()).unwrap()
}

#[tokio::test]
async fn an_answer_is_signed_as_its_version_demands() {
    for (signing, b64, crit) in [
        (ObieSigning::V3_1_0, Some(false), &["b64", obie::IAT, obie::ISS, obie::TAN][..]),
        (ObieSigning::V3_1_4, None, &[obie::IAT, obie::ISS, obie::TAN]),
    ] {
        let handler = || json(Bytes::from_static(BODY.as_bytes()));
        let (head, body) = answered(gate(signing), Method::POST, PATH, handler).await;
        assert_eq!(body, BODY);
        let mut expected = serde_json::json!({
            "alg": "PS256", "kid": "b1", "typ": "JOSE", "cty": "application/json", "crit": crit,
            obie::IAT: NOW, obie::ISS: "bank1", obie::TAN: "openbanking.org.uk",
        });
        if let Some(b64) = b64 {
            expected["b64"] = b64.into();
        }
        assert_eq!(verified(signing, &head, &body), expected, "{signing:?}");
    }
}

#[tokio::test]
async fn refusals_and_replays_are_signed_afresh() {
    for signing in [ObieSigning::V3_1_0, ObieSigning::V3_1_4] {
        for (early, status) in [
            (Early::Never, StatusCode::OK),
            (Early::Refuse, StatusCode::BAD_REQUEST),
            (Early::Replay, StatusCode::OK),
        ] {
            let gate = gate(signing).then(early);
            let handler = || json(Bytes::from_static(b"{}"));
            let (head, body) = answered(gate, Method::GET, "/domestic-payments/7", handler).await;
            assert_eq!(head.status, status);
            assert!(!body.is_empty());
            verified(signing, &head, &body);
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_signed_has_no_signature_not_even_the_handlers() {
    for (method, path) in [
        (Method::POST, "/funds-confirmations"),
        (Method::POST, "/account-access-consents"),
        (Method::DELETE, "/domestic-vrp-consents/7"),
    ] {
        let handler = || {
            let mut response = json(Bytes::from_static(b"{}"));
            response.headers_mut().insert(HEADER, HeaderValue::from_static("forged..AAAA"));
            response
        };
        let gate = gate(ObieSigning::V3_1_4);
        let (head, _) = answered(gate, method, path, handler).await;
        assert!(!head.headers.contains_key(HEADER), "{path}");
    }
}

#[tokio::test]
async fn an_answer_without_body_has_no_signature() {
    let handler = || Response::new(Body::empty());
    let (head, _) = answered(gate(ObieSigning::V3_1_4), Method::POST, PATH, handler).await;
    assert!(!head.headers.contains_key(HEADER));
}

#[tokio::test]
async fn a_signature_of_the_handler_is_replaced() {
    let handler = || {
        let mut response = json(Bytes::from_static(BODY.as_bytes()));
        response.headers_mut().append(HEADER, HeaderValue::from_static("forged..AAAA"));
        response.headers_mut().append(HEADER, HeaderValue::from_static("forged..BBBB"));
        response
    };
    let (head, body) = answered(gate(ObieSigning::V3_1_4), Method::POST, PATH, handler).await;
    verified(ObieSigning::V3_1_4, &head, &body);
}

/// Writes the last word of every answer.
#[derive(Clone)]
struct Append;
impl Around for Append {
    const NAME: &'static str = "Append";
    type Needs = ();
    type Leaves = Passed;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Passed> {
        Verdict::pass(Passed)
    }
    fn answer<'a>(
        &'a self,
        _: &'a Passed,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            let mut bytes = answer.bytes(context).await?.to_vec();
            bytes.extend_from_slice(b"\r\n\xff");
            answer.set_body(bytes.into());
            Ok(())
        })
    }
}

#[tokio::test]
async fn the_signature_covers_the_bytes_that_are_sent() {
    for signing in [ObieSigning::V3_1_0, ObieSigning::V3_1_4] {
        let handler = || json(Bytes::from_static(b" {\"Amount\" : 165.88} "));
        let (head, body) =
            answered(gate(signing).around(Append), Method::POST, PATH, handler).await;
        assert_eq!(&body[..], b" {\"Amount\" : 165.88} \r\n\xff");
        verified(signing, &head, &body);
    }
}

#[tokio::test]
async fn cty_is_the_media_type_and_is_there_for_all_but_untyped_bodies() {
    for (content_type, cty) in [
        (Some("application/json; charset=utf-8"), Some("application/json")),
        (Some("Text/XML; charset=utf-8"), Some("text/xml")),
        (Some("application/problem+json"), Some("application/problem+json")),
        (Some("nonsense"), None),
        (None, None),
    ] {
        let handler = move || {
            let mut response = Response::new(Body::from(Bytes::from_static(b"<a/>")));
            if let Some(content_type) = content_type {
                let content_type = HeaderValue::from_static(content_type);
                response.headers_mut().insert(CONTENT_TYPE, content_type);
            }
            response
        };
        let (head, body) = answered(gate(ObieSigning::V3_1_4), Method::POST, PATH, handler).await;
        let header = verified(ObieSigning::V3_1_4, &head, &body);
        assert_eq!(header.get("cty").and_then(|cty| cty.as_str()), cty, "{content_type:?}");
    }
}

/// Two bytes, and then a broken connection.
struct Broken(bool);
impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = BoxError;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Wakeup<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let first = !std::mem::replace(&mut self.0, true);
        Poll::Ready(Some(match first {
            true => Ok(Frame::data(Bytes::from_static(b"{}"))),
            false => Err("broken".into()),
        }))
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_500_and_never_an_unsigned_answer() {
    let broken = || json(Body::new(Broken(false)));
    let long = || json(Bytes::from_static(BODY.as_bytes()));
    let limits = Limits { response_body: 3, ..Limits::default() };
    let short = gate(ObieSigning::V3_1_4).limits(limits);
    for (head, body) in [
        answered(gate(ObieSigning::V3_1_4), Method::POST, PATH, broken).await,
        answered(short, Method::POST, PATH, long).await,
    ] {
        assert_eq!(head.status, StatusCode::INTERNAL_SERVER_ERROR);
        let rejection = head.extensions.get::<Rejection>().unwrap();
        assert_eq!(rejection.reason(), Reason::ResponseUnreadable);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["Code"], "500 InternalServerError");
    }
}

#[tokio::test]
async fn a_lone_layer_signs_as_well() {
    let service = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(json(Bytes::from_static(BODY.as_bytes())))
    });
    let request = Request::builder().method(Method::POST).uri(PATH).body(Full::new(Bytes::new()));
    let layer = SignResponse::with(signer(ObieSigning::V3_1_4));
    let response = layer.layer(service).oneshot(request.unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    verified(ObieSigning::V3_1_4, &head, &body.collect().await.unwrap().to_bytes());
}

#[test]
fn a_key_that_does_not_make_ps256_makes_no_signer() {
    let key = test_keys::signing(&test_keys::p256());
    let signer = ResponseSigner::new(ObieSigning::V3_1_4, key, "b1", "bank1", "openbanking.org.uk");
    assert_eq!(signer.err(), Some(KeyError::Unsupported));
}
