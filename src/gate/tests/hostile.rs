//! Bodies that lie, break off or are read twice, and headers that nobody should send.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context as Wakeup, Poll};

use http::Method;
use http_body::Frame;

use super::*;
use crate::body::BoxError;
use crate::cert::{CertificateMatch, Client, RegisteredClient};
use crate::context::Limits;
use crate::header::{EchoInteractionId, NegotiateMedia, ReadFapiHeaders};
use crate::idempotency::{MemoryStore, RunOnce};
use crate::signature::{ObieSigning, VerifySignature};

/// A body in pieces; `None` breaks it off. Counts how often it is asked.
struct Pieces {
    left: Vec<Option<&'static str>>,
    asked: Arc<AtomicUsize>,
}

impl Pieces {
    fn of(pieces: &[Option<&'static str>]) -> (Self, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let left = pieces.iter().rev().copied().collect();
        (Self { left, asked: asked.clone() }, asked)
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Wakeup<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(self.left.pop().map(|piece| match piece {
            Some(text) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
            None => Err("the connection broke".into()),
        }))
    }
}

fn sent(pieces: &[Option<&'static str>]) -> (Request<Body>, Arc<AtomicUsize>) {
    let (body, asked) = Pieces::of(pieces);
    (Request::new(Body::new(body)), asked)
}

fn reason(response: &Response<Full<Bytes>>) -> Option<Reason> {
    response.extensions().get::<Rejection>().map(Rejection::reason)
}

/// A handler that must not be called.
async fn unreachable(_: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    panic!("a refused request has reached the handler")
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused_and_never_handed_on_in_part() {
    let (request, _) = sent(&[Some("pay"), None]);
    let service = all().build().unwrap().layer(service_fn(unreachable));
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(reason(&response), Some(Reason::BodyUnreadable));
    assert!(body(response).await.ends_with("ba"), "the arounds see it");
}

#[tokio::test]
async fn the_limit_is_the_last_length_that_passes_however_it_arrives() {
    for (pieces, passes) in [
        (&[Some("pay")][..], true),
        (&[Some("p"), Some("a"), Some("y")], true),
        (&[Some("pay"), Some("s")], false),
        (&[Some("p"), Some(""), Some("ays")], false),
    ] {
        for length in ["0", "3", "1000000", "-1", "x"] {
            let (mut request, _) = sent(pieces);
            request.headers_mut().insert("content-length", HeaderValue::from_static(length));
            let gate = all().request_body_limit(3).build().unwrap();
            let response = gate.layer(service_fn(echo)).oneshot(request).await.unwrap();
            let expected = (!passes).then_some(Reason::BodyTooLarge);
            assert_eq!(reason(&response), expected, "{pieces:?} {length}");
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_given_up_at_the_limit() {
    let (request, asked) = sent(&[Some("pay"); 1000]);
    let gate = all().request_body_limit(10).build().unwrap();
    let response = gate.layer(service_fn(unreachable)).oneshot(request).await.unwrap();
    assert_eq!(reason(&response), Some(Reason::BodyTooLarge));
    assert!(asked.load(Ordering::SeqCst) <= 4);
}

#[tokio::test]
async fn who_is_refused_before_a_rule_wants_the_body_cannot_make_us_read_it() {
    let (mut request, asked) = sent(&[Some("pay")]);
    request.headers_mut().insert("x-bad", HeaderValue::from_static("1"));
    let service = all().build().unwrap().layer(service_fn(unreachable));
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(reason(&response), Some(Reason::PolicyRefused));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_gate_whose_rules_want_no_body_does_not_touch_it() {
    let asked_by_then = Arc::new(AtomicUsize::new(usize::MAX));
    let (request, asked) = sent(&[Some("pay")]);
    let (seen, counter) = (asked_by_then.clone(), asked.clone());
    let handler = service_fn(move |request: Request<Body>| {
        seen.store(counter.load(Ordering::SeqCst), Ordering::SeqCst);
        echo(request)
    });
    let gate = Gate::new(Problem::default()).then(LeaveOne).build().unwrap();
    let response = gate.layer(handler).oneshot(request).await.unwrap();
    assert_eq!(asked_by_then.load(Ordering::SeqCst), 0);
    assert_eq!(body(response).await, "pay");
}

#[tokio::test]
async fn any_coding_but_identity_is_refused_wherever_it_hides() {
    for (lines, passes) in [
        (&["identity"][..], true),
        (&["Identity"], true),
        (&["identity", "identity"], true),
        (&["gzip"], false),
        (&["identity, gzip"], false),
        (&["identity", "gzip"], false),
        (&["gzip", "identity"], false),
        (&[""], false),
    ] {
        let mut coded = request("pay");
        for line in lines {
            coded.headers_mut().append("content-encoding", HeaderValue::from_static(line));
        }
        let service = all().build().unwrap().layer(service_fn(echo));
        let response = service.oneshot(coded).await.unwrap();
        let expected = (!passes).then_some(Reason::ContentTypeUnsupported);
        assert_eq!(reason(&response), expected, "{lines:?}");
    }
}

/// What an around does with the body of the answer.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// Reads it twice.
    Careful,
    /// Reads it and takes no notice of a failure.
    Careless,
    /// Halts.
    Halts,
}

type Seen = Arc<Mutex<Vec<(Origin, StatusCode, Option<Bytes>)>>>;

/// Writes down the answer as it is shown to it.
#[derive(Clone)]
struct Read<const N: usize>(Reader, Seen);
struct Entered<const N: usize>;
impl<const N: usize> Evidence for Entered<N> {}
impl<const N: usize> Around for Read<N> {
    const NAME: &'static str = "Read";
    type Needs = ();
    type Leaves = Entered<N>;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Entered<N>> {
        Verdict::pass(Entered)
    }
    fn answer<'a>(
        &'a self,
        _: &'a Entered<N>,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            let read = match self.0 {
                Reader::Careful => {
                    answer.bytes(context).await?;
                    Some(answer.bytes(context).await?)
                }
                Reader::Careless => answer.bytes(context).await.ok(),
                Reader::Halts => return Err(Rejection::new(Reason::PolicyRefused).into()),
            };
            self.1.lock().unwrap().push((answer.origin(), answer.status(), read));
            Ok(())
        })
    }
}

/// Two readers, the inner one as given, around a handler that answers in pieces.
async fn read(
    inner: Reader,
    pieces: &[Option<&'static str>],
    limit: usize,
) -> (Seen, Response<Body>, usize) {
    let (answer, asked) = Pieces::of(pieces);
    let answer = Arc::new(Mutex::new(Some(Response::new(Body::new(answer)))));
    let handler = service_fn(move |_: Request<Body>| {
        let answer = answer.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(answer) }
    });
    let seen = Seen::default();
    let limits = Limits { response_body: limit, ..Limits::default() };
    let gate = Gate::new(Problem::default())
        .limits(limits)
        .around(Read::<1>(Reader::Careful, seen.clone()))
        .around(Read::<2>(inner, seen.clone()))
        .build()
        .unwrap();
    let response = gate.layer(handler).oneshot(request("")).await.unwrap();
    let asked = asked.load(Ordering::SeqCst);
    (seen, response, asked)
}

#[tokio::test]
async fn two_readers_of_one_answer_see_the_same_bytes_and_read_the_body_once() {
    let (seen, response, asked) = read(Reader::Careful, &[Some("{"), Some("}")], 2).await;
    let both = Bytes::from_static(b"{}");
    let shown = (Origin::Handler, StatusCode::OK, Some(both.clone()));
    assert_eq!(*seen.lock().unwrap(), [shown.clone(), shown]);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), both);
    assert_eq!(asked, 3, "two pieces and the end");
}

#[tokio::test]
async fn an_answer_that_is_lost_while_it_is_read_is_a_500_whoever_looked_away() {
    for inner in [Reader::Careful, Reader::Careless] {
        for (pieces, limit) in [(&[Some("{"), None][..], 100), (&[Some("{"), Some("}")], 1)] {
            let (seen, response, _) = read(inner, pieces, limit).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{inner:?}");
            let why = response.extensions().get::<Rejection>().unwrap();
            assert_eq!(why.reason(), Reason::ResponseUnreadable);
            let (origin, status, read) = seen.lock().unwrap().last().unwrap().clone();
            assert_eq!((origin, status.as_u16()), (Origin::Refusal, 500), "the outer one sees it");
            assert!(read.unwrap().starts_with(b"{\"type\""));
        }
    }
}

#[tokio::test]
async fn a_halt_on_the_way_out_takes_the_place_of_the_answer() {
    let (seen, response, asked) = read(Reader::Halts, &[Some("{}")], 100).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let (origin, status, _) = seen.lock().unwrap()[0].clone();
    assert_eq!((origin, status), (Origin::Refusal, StatusCode::FORBIDDEN));
    assert_eq!(asked, 0, "nobody reads what is not sent");
}

/// Leaves the client that a profile finds by its certificate.
#[derive(Clone)]
struct LetIn;
impl Rule for LetIn {
    const NAME: &'static str = "LetIn";
    type Needs = ();
    type Leaves = RegisteredClient;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<RegisteredClient> {
        let client = Client::new("client", CertificateMatch::Thumbprint([0; 32]));
        Verdict::pass(RegisteredClient::assertion(Arc::new(client)))
    }
}

#[tokio::test]
async fn no_header_of_a_stranger_breaks_a_gate() {
    let gate = Gate::new(Problem::default())
        .around(EchoInteractionId::or_generate())
        .then(NegotiateMedia::json())
        .then(LetIn)
        .then(ReadFapiHeaders::obie())
        .then(VerifySignature::detached_jws(ObieSigning::V3_1_4))
        .around(RunOnce::per_key(MemoryStore::with_capacity(1)))
        .build()
        .unwrap();
    let huge = vec![b'a'; 1 << 20];
    let every_byte: Vec<u8> = (0x80..=0xff).collect();
    let values: [&[u8]; 9] =
        [b"", b" ", b"\t", &huge, &every_byte, b"\"", b",,,;;;===", b"..", b"%00%0d%0a"];
    for name in [
        "accept",
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "x-fapi-auth-date",
        "x-fapi-customer-ip-address",
        "x-fapi-interaction-id",
        "x-idempotency-key",
        "x-jws-signature",
    ] {
        for value in values {
            for times in [1, 100] {
                let mut request = request("{}");
                *request.method_mut() = Method::POST;
                *request.uri_mut() = "/domestic-payments".parse().unwrap();
                let json = HeaderValue::from_static("application/json");
                request.headers_mut().insert("content-type", json);
                request.headers_mut().remove(name);
                for _ in 0..times {
                    request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
                }
                let service = gate.layer(service_fn(unreachable));
                let response = service.oneshot(request).await.unwrap();
                // Without a signature nothing gets past VerifySignature.
                assert!(response.status().is_client_error(), "{name}");
                assert!(response.headers().contains_key("x-fapi-interaction-id"), "{name}");
                assert!(body(response).await.len() < 500, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_of_the_handler_stays_its_own() {
    #[derive(Debug, PartialEq)]
    struct Own;
    let handler = service_fn(|_: Request<Body>| async { Err::<Response<Full<Bytes>>, _>(Own) });
    for gate in [all(), all().around(Outlive)] {
        let service = gate.build().unwrap().layer(handler);
        assert_eq!(service.oneshot(request("pay")).await.unwrap_err(), Own);
    }
}
