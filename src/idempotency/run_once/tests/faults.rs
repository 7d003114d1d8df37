//! A store that is full, slow to answer, or broken; and refusals that must not reach it.

use std::pin::Pin;
use std::task::{Context as Wakeup, Poll};

use http_body::Frame;

use super::*;
use crate::body::{Body, BoxError};
use crate::idempotency::{Claimed, Held, Settlement, StoreError, StoreFuture};

/// Which act of the store fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Claim,
    Release,
    Settle,
    None,
}

/// A store in memory that fails at one act and counts the claims.
struct Flaky {
    store: MemoryStore,
    fails: Act,
    claims: AtomicUsize,
}

impl Flaky {
    fn at(fails: Act) -> Arc<Self> {
        let store = MemoryStore::with_capacity(10);
        Arc::new(Self { store, fails, claims: AtomicUsize::new(0) })
    }

    fn fail<T>() -> StoreFuture<'static, T> {
        Box::pin(async { Err(StoreError::Unavailable { source: "the store is away".into() }) })
    }
}

impl IdempotencyStore for Flaky {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.claims.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            Act::Claim => Self::fail(),
            _ => self.store.claim(claim),
        }
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        match self.fails {
            Act::Settle => Self::fail(),
            _ => self.store.settle(lease, record),
        }
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        match self.fails {
            Act::Release => Self::fail(),
            _ => self.store.release(lease),
        }
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        self.store.look_up(key, now)
    }
}

/// A store that takes the key of the first claim, and whose answer is lost.
struct Lossy(MemoryStore, AtomicUsize);

impl IdempotencyStore for Lossy {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async move {
            let claimed = self.0.claim(claim).await;
            match self.1.fetch_add(1, Ordering::SeqCst) {
                0 => Err(StoreError::unavailable("the answer was lost")),
                _ => claimed,
            }
        })
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        self.0.settle(lease, record)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        self.0.release(lease)
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        self.0.look_up(key, now)
    }
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_runs_nothing_and_leaves_the_key_free() {
    let store = Lossy(MemoryStore::with_capacity(10), AtomicUsize::new(0));
    let bank = Bank::with(RunOnce::per_key(store));
    let reply = bank.send(Payment::new()).await;
    assert_eq!(reply.reason, Some(Reason::ServiceUnavailable));
    assert_eq!(bank.runs(), 0);
    assert!(bank.send(Payment::new()).await.is_new());
    assert_eq!(bank.runs(), 1);
}

/// A store that is away for its first acts that end a claim, and when it is first asked for one.
#[cfg(feature = "tokio")]
struct Returning {
    store: Lossy,
    away: AtomicUsize,
}

#[cfg(feature = "tokio")]
impl Returning {
    fn with(lost_claims: bool) -> Arc<Self> {
        let claims = AtomicUsize::new(usize::from(!lost_claims));
        let store = Lossy(MemoryStore::with_capacity(10), claims);
        Arc::new(Self { store, away: AtomicUsize::new(2) })
    }

    fn is_away(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }
}

#[cfg(feature = "tokio")]
impl IdempotencyStore for Returning {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.store.claim(claim)
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        if self.is_away() { Flaky::fail() } else { self.store.settle(lease, record) }
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        if self.is_away() { Flaky::fail() } else { self.store.release(lease) }
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        self.store.look_up(key, now)
    }
}

/// What a retry hears once the store is back.
#[cfg(feature = "tokio")]
async fn in_the_end(bank: &Bank) -> Reply {
    loop {
        let retry = bank.send(Payment::new()).await;
        if retry.reason != Some(Reason::IdempotencyInFlight) {
            return retry;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn an_outcome_is_kept_once_the_store_is_back() {
    let events = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = events.clone();
    let rule = RunOnce::per_key(Returning::with(false));
    let rule = rule.on_event(move |event| heard.lock().unwrap().push(event));
    let bank = Bank::with(rule);
    let first = bank.send(Payment::new()).await;
    assert!(first.is_new());
    let retry = bank.send(Payment::new()).await;
    assert_eq!(retry.reason, Some(Reason::IdempotencyInFlight), "not kept yet");
    assert!(in_the_end(&bank).await.replays(&first));
    assert_eq!(bank.runs(), 1);
    let events = events.lock().unwrap();
    assert_eq!(events[..2], [KeyEvent::Claimed, KeyEvent::Delayed]);
    assert_eq!(events.iter().filter(|event| **event == KeyEvent::Settled).count(), 1);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_key_is_free_again_once_the_store_is_back() {
    let bank = Bank::with(RunOnce::per_key(Returning::with(false)));
    let failed = Payment::mode(Mode::Answer(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(bank.send(failed).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(in_the_end(&bank).await.is_new());
    assert_eq!(bank.runs(), 2);

    // The store took the key, its answer was lost, and it could not be told to free it.
    let bank = Bank::with(RunOnce::per_key(Returning::with(true)));
    let refused = bank.send(Payment::new()).await;
    assert_eq!(refused.reason, Some(Reason::ServiceUnavailable));
    assert!(in_the_end(&bank).await.is_new());
    assert_eq!(bank.runs(), 1);
}

#[tokio::test]
async fn without_an_answer_of_the_store_nothing_runs() {
    for store in [
        Flaky::at(Act::Claim) as Arc<dyn IdempotencyStore>,
        Arc::new(MemoryStore::with_capacity(0)),
    ] {
        let bank = Bank::with(RunOnce::per_key(store));
        let reply = bank.send(Payment::new()).await;
        assert_eq!(reply.reason, Some(Reason::ServiceUnavailable));
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(bank.runs(), 0);
    }
}

#[tokio::test]
async fn an_outcome_that_cannot_be_kept_is_told_and_its_key_stays_taken() {
    for (store, mode) in [
        (Flaky::at(Act::Settle) as Arc<dyn IdempotencyStore>, Mode::Answer(StatusCode::CREATED)),
        (Flaky::at(Act::Release), Mode::Answer(StatusCode::INTERNAL_SERVER_ERROR)),
        (
            Arc::new(MemoryStore::with_capacity(10).record_limit(4)),
            Mode::Answer(StatusCode::CREATED),
        ),
    ] {
        let bank = Bank::with(RunOnce::per_key(store));
        let reply = bank.send(Payment::mode(mode)).await;
        assert_eq!(reply.reason, None);
        assert!(reply.header("x-custom").is_some(), "the handler's own answer");
        let retry = bank.send(Payment::new()).await;
        assert_eq!(retry.reason, Some(Reason::IdempotencyInFlight));
        bank.wait_until(MINUTE);
        let retry = bank.send(Payment::new()).await;
        assert_eq!(retry.reason, Some(Reason::IdempotencyOutcomeUnknown));
        assert_eq!(bank.runs(), 1);
    }
}

#[tokio::test]
async fn a_request_that_outlived_its_lease_can_still_be_kept() {
    let bank = Arc::new(Bank::open());
    let running = bank.clone();
    let first = tokio::spawn(async move { running.send(Payment::mode(Mode::Wait)).await });
    while bank.runs() == 0 {
        tokio::task::yield_now().await;
    }
    bank.wait_until(2 * MINUTE);
    let retry = bank.send(Payment::new()).await;
    assert_eq!(retry.reason, Some(Reason::IdempotencyOutcomeUnknown));
    bank.goes_on.add_permits(1);
    let first = first.await.unwrap();
    assert!(bank.send(Payment::new()).await.replays(&first));
}

#[tokio::test]
async fn a_request_that_an_earlier_step_refuses_claims_nothing() {
    let store = Flaky::at(Act::None);
    let bank = Bank::with(RunOnce::per_key(store.clone()));
    for refused in [
        Payment { client: None, ..Payment::new() },
        Payment { interaction_id: "no UUID", ..Payment::new() },
        Payment { keys: vec![], ..Payment::new() },
        Payment { content_types: vec!["a/b", "a/b"], ..Payment::new() },
        Payment { body: LONG, ..Payment::new() },
    ] {
        let reply = bank.send(refused).await;
        assert!(reply.reason.is_some());
        assert!(reply.header("x-fapi-interaction-id").is_some());
    }
    assert_eq!(store.claims.load(Ordering::SeqCst), 0);
    assert_eq!(bank.runs(), 0);
    assert!(bank.send(Payment::new()).await.is_new());
    assert_eq!(store.claims.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_flaw_of_the_step_right_before_it_claims_nothing() {
    let store = Flaky::at(Act::None);
    let gate = Gate::new(Problem::default())
        .then(LetIn)
        .around(EchoInteractionId::or_generate())
        .around(RunOnce::per_key(store.clone()));
    let handler = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Failed>(Response::new(Full::new(Bytes::new())))
    });
    let service = gate.build().unwrap().layer(handler);
    let flawed = Payment { interaction_id: "no UUID", ..Payment::new() };
    let reply = service.oneshot(flawed.request()).await.unwrap();
    assert_eq!(reply.extensions().get::<Rejection>().unwrap().reason(), Reason::HeaderInvalid);
    assert_eq!(store.claims.load(Ordering::SeqCst), 0);
}

/// A byte more than a request body may have.
const LONG: &str = match str::from_utf8(&[b' '; (1 << 20) + 1]) {
    Ok(text) => text,
    Err(_) => "",
};

/// A body that breaks off.
struct Broken;
impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = BoxError;
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Wakeup<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Err("broken".into())))
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_frees_nothing() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    let handler = service_fn(move |_: Request<Full<Bytes>>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Failed>(Response::new(Body::new(Broken))) }
    });
    let rule = RunOnce::per_key(MemoryStore::with_capacity(10));
    let service = Bank::build(|gate| gate.then(LetIn).around(rule)).gate.layer(handler);
    for (status, reason) in [
        (StatusCode::INTERNAL_SERVER_ERROR, Reason::ResponseUnreadable),
        (StatusCode::CONFLICT, Reason::IdempotencyInFlight),
    ] {
        let reply = service.clone().oneshot(Payment::new().request()).await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.extensions().get::<Rejection>().unwrap().reason(), reason);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_lone_layer_without_its_client_is_misassembled_and_claims_nothing() {
    let store = Flaky::at(Act::None);
    let handler = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Failed>(Response::new(Full::new(Bytes::new())))
    });
    let service = RunOnce::per_key(store.clone()).layer(handler);
    let reply = service.oneshot(Payment::new().request()).await.unwrap();
    assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(store.claims.load(Ordering::SeqCst), 0);
}

#[test]
fn it_is_the_last_step_or_the_gate_is_not_built() {
    let rule = RunOnce::per_key(MemoryStore::with_capacity(1));
    let gate = Gate::new(Problem::default()).then(LetIn).around(rule);
    let gate = gate.around(EchoInteractionId::or_generate());
    assert!(gate.build().unwrap_err().to_string().contains("must be the last step"));
}

/// A store that grants claims when it is told to.
struct Slow {
    store: MemoryStore,
    asked: AtomicUsize,
    goes_on: Semaphore,
}

impl IdempotencyStore for Slow {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let claimed = self.store.claim(claim).await;
            self.goes_on.acquire().await.unwrap().forget();
            claimed
        })
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        self.store.settle(lease, record)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        self.store.release(lease)
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        self.store.look_up(key, now)
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_while_the_store_grants_its_claim_is_paid_once() {
    let store = MemoryStore::with_capacity(10);
    let slow = Slow { store, asked: AtomicUsize::new(0), goes_on: Semaphore::new(0) };
    let slow = Arc::new(slow);
    let bank = Arc::new(Bank::with(RunOnce::per_key(slow.clone())));
    let hasty = bank.clone();
    let first = tokio::spawn(async move { hasty.send(Payment::new()).await });
    while slow.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    slow.goes_on.add_permits(100);
    while bank.runs() == 0 {
        tokio::task::yield_now().await;
    }
    let retry = loop {
        let retry = bank.send(Payment::new()).await;
        if retry.reason != Some(Reason::IdempotencyInFlight) {
            break retry;
        }
    };
    assert_eq!((retry.status, retry.header("x-custom")), (StatusCode::CREATED, None));
    assert_eq!(bank.runs(), 1);
}
