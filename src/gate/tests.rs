//! The kernel, proved with rules of no meaning: one of each kind.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::*;
use crate::body::{Body, BodyBytes};
use crate::context::Context;
use crate::reject::{Problem, Reason, Rejection};

mod hostile;

struct One;
impl Evidence for One {}
struct Two(usize);
impl Evidence for Two {}
struct Three;
impl Evidence for Three {}

/// Sync: needs nothing.
#[derive(Clone)]
struct LeaveOne;
impl Rule for LeaveOne {
    const NAME: &'static str = "LeaveOne";
    type Needs = ();
    type Leaves = One;
    fn check(&self, (): (), request: &mut Parts, _: &Context) -> Verdict<One> {
        match request.headers.contains_key("x-bad") {
            true => Verdict::reject(Rejection::new(Reason::PolicyRefused)),
            false => Verdict::pass(One),
        }
    }
}

/// Body: needs the bytes and `One`.
#[derive(Clone)]
struct ReadBody;
impl Rule for ReadBody {
    const NAME: &'static str = "ReadBody";
    type Needs = (BodyBytes, One);
    type Leaves = Two;
    fn check(&self, (body, _): (&BodyBytes, &One), _: &mut Parts, _: &Context) -> Verdict<Two> {
        Verdict::pass(Two(body.bytes().len()))
    }
}

/// Async: needs `Two`.
#[derive(Clone)]
struct Wait;
impl Rule for Wait {
    const NAME: &'static str = "Wait";
    type Needs = Two;
    type Leaves = Three;
    fn check(&self, two: &Two, _: &mut Parts, _: &Context) -> Verdict<Three> {
        let length = two.0;
        Verdict::Later(Box::pin(async move {
            tokio::task::yield_now().await;
            match length {
                0 => Err(Rejection::new(Reason::FieldMissing).into()),
                _ => Ok(Three),
            }
        }))
    }
}

struct Mark;
impl Evidence for Mark {}

/// Around: appends a letter to the body of every answer.
#[derive(Clone)]
struct Append<const LETTER: u8> {
    flawed: bool,
}
impl<const LETTER: u8> Around for Append<LETTER> {
    const NAME: &'static str = "Append";
    type Needs = ();
    type Leaves = Letter<LETTER>;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Letter<LETTER>> {
        match self.flawed {
            true => Verdict::Flawed(Letter, Rejection::new(Reason::HeaderInvalid)),
            false => Verdict::pass(Letter),
        }
    }
    fn answer<'a>(
        &'a self,
        _: &'a Letter<LETTER>,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            let mut bytes = answer.bytes(context).await?.to_vec();
            bytes.push(LETTER);
            answer.set_body(bytes.into());
            Ok(())
        })
    }
}
struct Letter<const LETTER: u8>;
impl<const LETTER: u8> Evidence for Letter<LETTER> {}

/// An around that outlives its client.
#[derive(Clone)]
struct Outlive;
impl Around for Outlive {
    const NAME: &'static str = "Outlive";
    type Needs = ();
    type Leaves = Mark;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Mark> {
        Verdict::pass(Mark)
    }
    fn answer<'a>(
        &'a self,
        _: &'a Mark,
        _: &'a mut Answer<'_>,
        _: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async { Ok(()) })
    }
    fn outlives_client(&self) -> bool {
        true
    }
}

async fn echo(request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    let passed = Passport::of(request.extensions()).is_some();
    let bytes = request.into_body().collect().await.unwrap().to_bytes();
    let mut response = Response::new(Full::new(bytes));
    response.headers_mut().insert("x-passport", HeaderValue::from(u16::from(passed)));
    Ok(response)
}

fn request(body: &'static str) -> Request<Body> {
    Request::new(Body::from(Bytes::from_static(body.as_bytes())))
}

async fn body(response: Response<Full<Bytes>>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn all() -> GateBuilder {
    Gate::new(Problem::default())
        .around(Append::<b'a'> { flawed: false })
        .around(Append::<b'b'> { flawed: false })
        .then(LeaveOne)
        .then(ReadBody)
        .then(Wait)
}

#[tokio::test]
async fn a_request_passes_every_kind_of_step_and_the_handler_gets_the_same_bytes() {
    let service = all().build().unwrap().layer(service_fn(echo));
    let response = service.oneshot(request("pay")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-passport"], "1");
    assert_eq!(body(response).await, "payba", "the inner around answers first");
}

#[tokio::test]
async fn a_waiting_rule_refuses_and_the_arounds_see_the_refusal() {
    let service = all().build().unwrap().layer(service_fn(echo));
    let response = service.oneshot(request("")).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.extensions().get::<Rejection>().is_some());
    assert!(body(response).await.ends_with("ba"));
}

#[tokio::test]
async fn a_flaw_in_the_first_around_is_refused_after_the_second_was_entered() {
    let gate = Gate::new(Problem::default())
        .around(Append::<b'a'> { flawed: true })
        .around(Append::<b'b'> { flawed: false })
        .then(LeaveOne);
    let service = gate.build().unwrap().layer(service_fn(echo));
    let mut bad = request("pay");
    bad.headers_mut().insert("x-bad", HeaderValue::from_static("1"));
    let response = service.oneshot(bad).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST, "the earlier step answers");
    assert!(body(response).await.ends_with("ba"));
}

/// Around: answers from a record, whatever the request is.
#[derive(Clone)]
struct AnswerAll {
    waits: bool,
}
impl Around for AnswerAll {
    const NAME: &'static str = "AnswerAll";
    type Needs = ();
    type Leaves = Mark;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Mark> {
        let halt = Halt::Answer(Box::new(Response::new(Bytes::from_static(b"record"))));
        match self.waits {
            true => Verdict::Later(Box::pin(async { Err(halt) })),
            false => Verdict::Now(Err(halt)),
        }
    }
    fn answer<'a>(
        &'a self,
        _: &'a Mark,
        _: &'a mut Answer<'_>,
        _: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_flawed_request_is_refused_although_a_later_around_has_an_answer() {
    for waits in [false, true] {
        let gate = Gate::new(Problem::default())
            .around(Append::<b'a'> { flawed: true })
            .around(AnswerAll { waits });
        let response = gate.build().unwrap().layer(service_fn(echo)).oneshot(request("")).await;
        assert_eq!(response.unwrap().status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn evidence_that_was_promised_and_is_not_there_is_a_500_although_no_step_needs_it() {
    let gate = Gate::new(Problem::default()).given::<Two>().then(LeaveOne).build().unwrap();
    let response = gate.layer(service_fn(echo)).oneshot(request("")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);

    let gate =
        Gate::new(Problem::default()).given::<One>().around(Append::<b'a'> { flawed: false });
    let inner = gate.build().unwrap().layer(service_fn(echo));
    let response = Guarded::by_rule(inner, LeaveOne).oneshot(request("")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whatever_its_length_says() {
    let gate = all().request_body_limit(2).build().unwrap();
    let mut long = request("pay");
    long.headers_mut().insert("content-length", HeaderValue::from_static("1"));
    let response = gate.layer(service_fn(echo)).oneshot(long).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_coded_body_is_refused_where_bytes_are_judged() {
    for codings in [&["gzip"] as &[_], &["identity", "gzip"], &["identity, gzip"]] {
        let mut coded = request("pay");
        for coding in codings {
            coded.headers_mut().append("content-encoding", HeaderValue::from_static(coding));
        }
        let service = all().build().unwrap().layer(service_fn(echo));
        let response = service.oneshot(coded).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{codings:?}");
    }
}

#[tokio::test]
async fn rules_stacked_by_hand_hand_the_passport_on_and_a_missing_one_is_a_500() {
    let by_rule =
        |rule| tower::layer::layer_fn(move |inner| Guarded::by_rule(inner, Clone::clone(&rule)));
    let read = tower::layer::layer_fn(|inner| Guarded::by_rule(inner, ReadBody));
    let stacked = ServiceBuilder::new().layer(by_rule(LeaveOne)).layer(read);
    let response = stacked.service_fn(echo).oneshot(request("pay")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);

    let alone = ServiceBuilder::new().layer(read).service_fn(echo);
    let response = alone.oneshot(request("pay")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!body(response).await.contains("One"), "the body says nothing");
}

#[tokio::test]
async fn a_body_rewritten_between_two_gates_is_read_anew() {
    let gate = || Gate::new(Problem::default()).then(LeaveOne).then(ReadBody).build().unwrap();
    let length = service_fn(|request: Request<Body>| async move {
        let read = Passport::of(request.extensions()).unwrap().find::<Two>().unwrap().0;
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(read.to_string()))))
    });
    let rewrite =
        |request: Request<Body>| request.map(|_| Body::from(Bytes::from_static(b"longer")));
    let service =
        ServiceBuilder::new().layer(gate()).map_request(rewrite).layer(gate()).service(length);
    assert_eq!(body(service.oneshot(request("pay")).await.unwrap()).await, "6");
}

fn said(builder: GateBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn build_says_which_step_stands_in_the_wrong_place() {
    let gate = || Gate::new(Problem::default());
    assert_eq!(said(gate()), "the gate has no step and would let everything pass");
    assert_eq!(
        said(gate().then(ReadBody).then(LeaveOne)),
        "step 1, ReadBody, needs One, which only step 2, LeaveOne, leaves: move LeaveOne before ReadBody"
    );
    assert_eq!(
        said(gate().then(Wait)),
        "step 1, Wait, needs Two, which no step leaves: add the step that leaves it, or say given::<Two>()"
    );
    assert_eq!(
        said(gate().then(LeaveOne).then(LeaveOne)),
        "step 2, LeaveOne, leaves One a second time after step 1: remove one of them"
    );
    assert_eq!(
        said(gate().around(Outlive).then(LeaveOne)),
        "step 1, Outlive, outlives its client and must be the last step: move it behind step 2, LeaveOne"
    );
    assert_eq!(
        said(gate().then(LeaveOne).must_leave::<Two>()),
        "the gate must leave Two, and no step does"
    );
    assert!(gate().given::<Two>().then(Wait).build().is_ok());
    assert_eq!(
        all().build().unwrap().steps().collect::<Vec<_>>(),
        ["Append", "Append", "LeaveOne", "ReadBody", "Wait"]
    );
}

#[tokio::test]
async fn the_readied_service_is_the_one_that_is_called() {
    // The mock panics when a service is called that was not readied.
    let (mock, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Full<Bytes>>>();
    let mut service = all().build().unwrap().layer(mock);
    handle.allow(1);
    let answered = tokio::spawn(async move {
        service.ready().await.unwrap().call(request("pay")).await.map(|_| ()).map_err(|_| ())
    });
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(Response::new(Full::new(Bytes::new())));
    assert_eq!(answered.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_handler_behind_a_step_that_outlives_its_client_runs_to_its_end() {
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let slow = service_fn(move |_: Request<Body>| {
        let counter = counter.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(30)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
        }
    });
    let gate = Gate::new(Problem::default()).around(Outlive).build().unwrap();
    let hung_up =
        tokio::time::timeout(Duration::from_millis(5), gate.layer(slow).oneshot(request("")));
    assert!(hung_up.await.is_err());
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_handler_that_panics_behind_such_a_step_is_answered_with_a_500() {
    let broken = service_fn(|_: Request<Body>| async {
        if true {
            panic!("the handler breaks");
        }
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let gate = Gate::new(Problem::default()).around(Outlive).build().unwrap();
    let response = gate.layer(broken).oneshot(request("")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn gates_and_services_are_what_axum_asks_for() {
    fn served<T: Clone + Send + Sync + 'static>(_: &T) {}
    let gate = all().build().unwrap();
    served(&gate);
    served(&gate.layer(service_fn(echo)));
}
