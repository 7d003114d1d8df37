//! `RunOnce` in a gate, behind the steps that stand before it in a profile. `Scenario` names a case
//! of the public test data.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::cert::{CertificateMatch, Client};
use crate::crypto::test_keys;
use crate::gate::{Gate, GateBuilder, Passport, Rule};
use crate::header::EchoInteractionId;
use crate::idempotency::{FinalOutcome, MemoryStore};
use crate::jose::Detached;
use crate::reject::Problem;
use crate::signature::{ObieSigning, ResponseSigner, SignResponse};
use rustls_pki_types::UnixTime;

mod faults;
mod outcomes;
mod policies;
mod scope;

const TEXT: &str = "x-idempotency-key";
const HEADER: HeaderName = HeaderName::from_static(TEXT);
const START: u64 = 1_700_000_000;
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
const PATH: &str = "/open-banking/v3.1/pisp/domestic-payments";
const BODY: &str = r#"{"Data":{"Amount":"165.88"}}"#;
const ID: &str = "93bac548-d2de-4546-b106-880a5018460d";

/// Takes the client from a header, where a profile takes it from token and certificate.
#[derive(Clone)]
struct LetIn;
impl Rule for LetIn {
    const NAME: &'static str = "LetIn";
    type Needs = ();
    type Leaves = RegisteredClient;
    fn check(&self, (): (), request: &mut Parts, _: &Context) -> Verdict<RegisteredClient> {
        let Some(client) = request.headers.get("x-client") else {
            return Verdict::reject(Rejection::new(Reason::TokenMissing));
        };
        let certificate = CertificateMatch::Thumbprint([0; 32]);
        let client = Client::new(client.to_str().unwrap(), certificate);
        Verdict::pass(RegisteredClient::assertion(Arc::new(client)))
    }
}

/// What the handler does.
#[derive(Clone, Copy)]
enum Mode {
    /// Answers with this status.
    Answer(StatusCode),
    /// Answers with this status, and for good.
    Final(StatusCode),
    /// Fails as a service.
    Fail,
    Panic,
    /// Waits until the bank is told to go on, then creates.
    Wait,
}

struct Bank {
    gate: Gate,
    now: Arc<AtomicU64>,
    runs: Arc<AtomicUsize>,
    goes_on: Arc<Semaphore>,
}

#[derive(Debug, thiserror::Error)]
#[error("the handler fails")]
struct Failed;

impl Bank {
    fn open() -> Self {
        Self::with(RunOnce::per_key(MemoryStore::with_capacity(100)))
    }

    fn with(rule: RunOnce) -> Self {
        let key = test_keys::signing(test_keys::rsa_2048());
        let signer = ResponseSigner::new(ObieSigning::V3_1_4, key, "b1", "bank1", "anchor");
        Self::build(|gate| {
            gate.around(SignResponse::with(signer.unwrap())).then(LetIn).around(rule)
        })
    }

    fn build(steps: impl FnOnce(GateBuilder) -> GateBuilder) -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let clock = now.clone();
        let gate = Gate::new(Problem::default())
            .clock(move || {
                UnixTime::since_unix_epoch(Duration::from_secs(clock.load(Ordering::SeqCst)))
            })
            .around(EchoInteractionId::or_generate());
        let gate = steps(gate).build().unwrap();
        Self { gate, now, runs: Arc::default(), goes_on: Arc::new(Semaphore::new(0)) }
    }

    fn wait_until(&self, seconds: u64) {
        self.now.store(START + seconds, Ordering::SeqCst);
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn send(&self, payment: Payment) -> Reply {
        self.try_send(payment).await.unwrap()
    }

    async fn try_send(&self, payment: Payment) -> Result<Reply, Failed> {
        let (runs, goes_on, mode) = (self.runs.clone(), self.goes_on.clone(), payment.mode);
        let handler = service_fn(move |request: Request<Full<Bytes>>| {
            let (runs, goes_on) = (runs.clone(), goes_on.clone());
            async move {
                let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
                let passport = Passport::of(request.extensions()).unwrap();
                let key = passport.find::<ClaimedKey>().unwrap().key().map(ToString::to_string);
                let status = match mode {
                    Mode::Answer(status) | Mode::Final(status) => status,
                    Mode::Fail => return Err(Failed),
                    Mode::Panic => panic!("the handler breaks"),
                    Mode::Wait => {
                        goes_on.acquire().await.unwrap().forget();
                        StatusCode::CREATED
                    }
                };
                let body = Bytes::from(format!(r#"{{"PaymentId":{run},"Key":{key:?}}}"#));
                let mut response = Response::new(Full::new(body));
                *response.status_mut() = status;
                for (name, value) in HANDLERS_HEADERS {
                    response.headers_mut().insert(name, HeaderValue::from_static(value));
                }
                if matches!(mode, Mode::Final(_)) {
                    response.extensions_mut().insert(FinalOutcome);
                }
                Ok(response)
            }
        });
        let response = self.gate.layer(handler).oneshot(payment.request()).await?;
        let (head, body) = response.into_parts();
        let reason = head.extensions.get::<Rejection>().map(Rejection::reason);
        let body = body.collect().await.unwrap().to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body, reason })
    }
}

const HANDLERS_HEADERS: [(&str, &str); 7] = [
    ("content-type", "application/json"),
    ("location", "/domestic-payments/1"),
    ("date", "Sun, 10 Sep 2017 19:43:31 GMT"),
    ("set-cookie", "session=1"),
    ("x-custom", "1"),
    ("x-fapi-interaction-id", "of the handler"),
    ("x-jws-signature", "of the handler"),
];

#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    reason: Option<Reason>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} is there twice");
        Some(value.to_str().unwrap())
    }

    /// Passes when the handler created something now.
    fn is_new(&self) -> bool {
        self.status == StatusCode::CREATED && self.header("x-custom").is_some()
    }

    /// Passes when this is the answer that an earlier request got.
    fn replays(&self, first: &Self) -> bool {
        (self.status, &self.body) == (first.status, &first.body)
            && self.header("x-custom").is_none()
    }
}

/// A payment as a client sends it; each test changes one thing.
#[derive(Clone)]
struct Payment {
    method: Method,
    path: String,
    client: Option<&'static str>,
    keys: Vec<String>,
    content_types: Vec<&'static str>,
    interaction_id: &'static str,
    body: &'static str,
    mode: Mode,
}

impl Payment {
    fn new() -> Self {
        Self {
            method: Method::POST,
            path: PATH.to_owned(),
            client: Some("client A"),
            keys: vec!["key 1".to_owned()],
            content_types: vec!["application/json"],
            interaction_id: ID,
            body: BODY,
            mode: Mode::Answer(StatusCode::CREATED),
        }
    }

    fn key(key: &str) -> Self {
        Self { keys: vec![key.to_owned()], ..Self::new() }
    }

    fn mode(mode: Mode) -> Self {
        Self { mode, ..Self::new() }
    }

    fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::from_static(self.body.as_bytes())));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("x-fapi-interaction-id", HeaderValue::from_static(self.interaction_id));
        if let Some(client) = self.client {
            headers.insert("x-client", HeaderValue::from_static(client));
        }
        for key in self.keys {
            headers.append(HEADER, HeaderValue::from_bytes(key.as_bytes()).unwrap());
        }
        for content_type in self.content_types {
            headers.append(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        request
    }
}

/// Scenario `first-use`.
#[tokio::test]
async fn a_first_request_runs_the_handler_and_gets_its_answer() {
    let bank = Bank::open();
    let reply = bank.send(Payment::new()).await;
    assert!(reply.is_new());
    assert_eq!(reply.body, r#"{"PaymentId":1,"Key":Some("key 1")}"#);
    assert_eq!(reply.header("location"), Some("/domestic-payments/1"));
    assert_eq!(bank.runs(), 1);
}

/// Scenario `replay-same-body`.
#[tokio::test]
async fn a_retry_gets_the_same_answer_under_its_own_id_and_a_new_signature() {
    let bank = Bank::open();
    let first = bank.send(Payment::new()).await;
    bank.wait_until(5 * MINUTE);
    let other_id = "11111111-2222-3333-4444-555555555555";
    let retry = bank.send(Payment { interaction_id: other_id, ..Payment::new() }).await;
    assert!(retry.replays(&first));
    assert_eq!(bank.runs(), 1);

    assert_eq!(first.header("x-fapi-interaction-id"), Some(ID));
    assert_eq!(retry.header("x-fapi-interaction-id"), Some(other_id));
    let issued_at = |reply: &Reply| {
        let message = Detached::parse(reply.header("x-jws-signature").unwrap()).unwrap();
        let own = test_keys::signing(test_keys::rsa_2048());
        let key = crate::jose::Key::new(own.public_key().clone());
        let accept = crate::jose::Accept::FAPI1.understanding(&[
            crate::jose::obie::IAT,
            crate::jose::obie::ISS,
            crate::jose::obie::TAN,
        ]);
        message.verify(&key, accept, &reply.body).unwrap();
        message.header().obie_issued_at().unwrap().seconds()
    };
    assert_eq!((issued_at(&first), issued_at(&retry)), (START, START + 5 * MINUTE));

    let mut names: Vec<_> = retry.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let kept = ["content-type", "location", "x-fapi-interaction-id", "x-jws-signature"];
    assert_eq!(names, kept);
}

/// Scenario `replay-changed-body`.
#[tokio::test]
async fn another_body_or_media_type_under_the_same_key_is_refused_and_runs_nothing() {
    let bank = Bank::open();
    let first = bank.send(Payment::new()).await;
    bank.wait_until(5 * MINUTE);
    for changed in [
        Payment { body: r#"{"Data":{"Amount":"965.88"}}"#, ..Payment::new() },
        Payment { body: r#"{"Data": {"Amount":"165.88"}}"#, ..Payment::new() },
        Payment { body: "", ..Payment::new() },
        Payment { content_types: vec!["text/xml"], ..Payment::new() },
        Payment { content_types: vec![], ..Payment::new() },
    ] {
        let reply = bank.send(changed).await;
        assert_eq!(reply.reason, Some(Reason::IdempotencyKeyReused));
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(bank.send(Payment::new()).await.replays(&first));
    assert_eq!(bank.runs(), 1);
}

#[tokio::test]
async fn a_media_type_may_be_written_differently_and_not_twice() {
    let bank = Bank::open();
    let first = bank.send(Payment::new()).await;
    let content_types = vec!["Application/JSON; charset=utf-8"];
    assert!(bank.send(Payment { content_types, ..Payment::new() }).await.replays(&first));
    let content_types = vec!["application/json", "text/xml"];
    let reply = bank.send(Payment { content_types, ..Payment::new() }).await;
    assert_eq!(reply.reason, Some(Reason::ContentTypeUnsupported));
}

/// Scenarios `within-24h` and `after-24h`.
#[tokio::test]
async fn the_window_is_a_day_from_the_first_request_and_retries_do_not_move_it() {
    let bank = Bank::open();
    let first = bank.send(Payment::new()).await;
    for seconds in [MINUTE, DAY - MINUTE, DAY] {
        bank.wait_until(seconds);
        assert!(bank.send(Payment::new()).await.replays(&first), "{seconds}");
    }
    bank.wait_until(DAY + 1);
    assert!(bank.send(Payment::new()).await.is_new());
    assert_eq!(bank.runs(), 2);
}

/// Scenario `key-40-chars`.
#[tokio::test]
async fn a_key_of_forty_characters_is_accepted() {
    let bank = Bank::open();
    assert!(bank.send(Payment::key(&"k".repeat(40))).await.is_new());
}

/// Scenarios `key-41-chars`, `key-missing-where-required` and `key-empty-or-blank`.
#[tokio::test]
async fn what_is_not_one_key_is_refused_and_runs_nothing() {
    let bank = Bank::open();
    let own = |key: &str| key.to_owned();
    for (keys, reason) in [
        (vec![], Reason::HeaderMissing),
        (vec!["k".repeat(41)], Reason::HeaderInvalid),
        (vec!["k".repeat(100_000)], Reason::HeaderInvalid),
        (vec![own("")], Reason::HeaderInvalid),
        (vec![own("   ")], Reason::HeaderInvalid),
        (vec![own(" key 1")], Reason::HeaderInvalid),
        (vec![own("k\u{e9}y")], Reason::HeaderInvalid),
        (vec![own("key 1"), own("key 1")], Reason::HeaderInvalid),
    ] {
        let reply = bank.send(Payment { keys: keys.clone(), ..Payment::new() }).await;
        assert_eq!(
            (reply.status, reply.reason),
            (StatusCode::BAD_REQUEST, Some(reason)),
            "{keys:?}"
        );
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["place"], TEXT);
    }
    assert_eq!(bank.runs(), 0);
}
