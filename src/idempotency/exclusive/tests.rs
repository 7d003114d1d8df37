//! Orders under different keys for one consent.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::Semaphore;
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::gate::{Gate, Rule};
use rustls_pki_types::UnixTime;

use crate::idempotency::{Held, MemoryStore, StoreError, StoreFuture};
use crate::reject::Problem;

/// Takes the consent from a header, where a profile takes it from token and body.
#[derive(Clone)]
struct Names;

impl Rule for Names {
    const NAME: &'static str = "Names";
    type Needs = ();
    type Leaves = MatchedConsent;
    fn check(&self, (): (), request: &mut Parts, _: &Context) -> Verdict<MatchedConsent> {
        let id = request.headers.get("consent").and_then(|id| id.to_str().ok());
        Verdict::pass(MatchedConsent::assertion(id.unwrap()))
    }
}

struct Bank {
    gate: Gate,
    runs: Arc<AtomicUsize>,
    goes_on: Arc<Semaphore>,
}

impl Bank {
    fn with(store: impl IdempotencyStore + 'static) -> Self {
        let rule = ExclusiveResource::consent(store);
        let gate = Gate::new(Problem::default()).then(Names).around(rule).build().unwrap();
        Self { gate, runs: Arc::default(), goes_on: Arc::new(Semaphore::new(0)) }
    }

    /// Orders under a consent; the handler answers this, once it is let go on if it must wait.
    async fn order(
        &self,
        consent: &str,
        status: StatusCode,
        waits: bool,
    ) -> (StatusCode, Option<Reason>) {
        let (runs, goes_on) = (self.runs.clone(), self.goes_on.clone());
        let handler = service_fn(move |_: Request<Full<Bytes>>| {
            let (runs, goes_on) = (runs.clone(), goes_on.clone());
            async move {
                runs.fetch_add(1, Ordering::SeqCst);
                if waits {
                    goes_on.acquire().await.unwrap().forget();
                }
                let mut answer = Response::new(Full::new(Bytes::new()));
                *answer.status_mut() = status;
                Ok::<_, Infallible>(answer)
            }
        });
        let request = Request::post("/").header("consent", consent).body(Full::default()).unwrap();
        let answer = self.gate.layer(handler).oneshot(request).await.unwrap();
        let reason = answer.extensions().get::<Rejection>().map(Rejection::reason);
        (answer.status(), reason)
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

const CREATED: (StatusCode, Option<Reason>) = (StatusCode::CREATED, None);

#[tokio::test]
async fn a_consent_serves_one_order_and_another_consent_another() {
    let bank = Bank::with(MemoryStore::with_capacity(10));
    assert_eq!(bank.order("c-1", StatusCode::CREATED, false).await, CREATED);
    let again = bank.order("c-1", StatusCode::CREATED, false).await;
    assert_eq!(again, (StatusCode::BAD_REQUEST, Some(Reason::ConsentStatusInvalid)));
    assert_eq!(bank.order("c-2", StatusCode::CREATED, false).await, CREATED);
    assert_eq!(bank.runs(), 2);
}

#[tokio::test]
async fn of_two_orders_at_once_one_runs() {
    let bank = Arc::new(Bank::with(MemoryStore::with_capacity(10)));
    let running = bank.clone();
    let first = tokio::spawn(async move { running.order("c-1", StatusCode::CREATED, true).await });
    while bank.runs() == 0 {
        tokio::task::yield_now().await;
    }
    let second = bank.order("c-1", StatusCode::CREATED, false).await;
    assert_eq!(second, (StatusCode::CONFLICT, Some(Reason::ResourceInUse)));
    bank.goes_on.add_permits(1);
    assert_eq!(first.await.unwrap(), CREATED);
    assert_eq!(bank.runs(), 1);
}

#[tokio::test]
async fn an_order_that_was_refused_or_failed_leaves_the_consent_free() {
    let bank = Bank::with(MemoryStore::with_capacity(10));
    for status in [StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR] {
        assert_eq!(bank.order("c-1", status, false).await, (status, None));
    }
    assert_eq!(bank.order("c-1", StatusCode::CREATED, false).await, CREATED);
}

#[tokio::test]
async fn an_order_that_was_cut_off_keeps_the_consent_taken() {
    for status in
        [StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT, StatusCode::REQUEST_TIMEOUT]
    {
        let bank = Bank::with(MemoryStore::with_capacity(10));
        assert_eq!(bank.order("c-1", status, false).await, (status, None));
        let again = bank.order("c-1", StatusCode::CREATED, false).await;
        assert_eq!(again, (StatusCode::CONFLICT, Some(Reason::ResourceInUse)));
        assert_eq!(bank.runs(), 1);
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_finds_the_consent_used_up() {
    let bank = Arc::new(Bank::with(MemoryStore::with_capacity(10)));
    let running = bank.clone();
    let first = tokio::spawn(async move { running.order("c-1", StatusCode::CREATED, true).await });
    while bank.runs() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    bank.goes_on.add_permits(1);
    loop {
        match bank.order("c-1", StatusCode::CREATED, false).await {
            (_, Some(Reason::ResourceInUse)) => tokio::task::yield_now().await,
            last => break assert_eq!(last.1, Some(Reason::ConsentStatusInvalid)),
        }
    }
    assert_eq!(bank.runs(), 1);
}

#[tokio::test]
async fn tenants_do_not_share_consents() {
    let store = Arc::new(MemoryStore::with_capacity(10));
    for tenant in ["one", "two"] {
        let rule = ExclusiveResource::consent(store.clone()).tenant(tenant);
        let gate = Gate::new(Problem::default()).then(Names).around(rule).build().unwrap();
        let bank = Bank { gate, runs: Arc::default(), goes_on: Arc::new(Semaphore::new(0)) };
        assert_eq!(bank.order("c-1", StatusCode::CREATED, false).await, CREATED);
    }
}

/// A store that does not answer claims.
struct Away;

impl IdempotencyStore for Away {
    fn claim(&self, _: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async { Err(StoreError::Full) })
    }

    fn settle<'a>(&'a self, _: &'a Lease, _: Record) -> StoreFuture<'a, Settlement> {
        Box::pin(async { Ok(Settlement::Done) })
    }

    fn release<'a>(&'a self, _: &'a Lease) -> StoreFuture<'a, Settlement> {
        Box::pin(async { Ok(Settlement::Done) })
    }

    fn look_up(&self, _: StoreKey, _: UnixTime) -> StoreFuture<'_, Option<Held>> {
        Box::pin(async { Ok(None) })
    }
}

/// A store that is away when an order comes to its end.
#[cfg(feature = "tokio")]
struct Returning(MemoryStore, AtomicUsize);

#[cfg(feature = "tokio")]
impl IdempotencyStore for Returning {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.0.claim(claim)
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        match self.1.fetch_add(1, Ordering::SeqCst) {
            0 => Box::pin(async { Err(StoreError::unavailable("the store is away")) }),
            _ => self.0.settle(lease, record),
        }
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        self.0.release(lease)
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        self.0.look_up(key, now)
    }
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_consent_is_used_up_once_the_store_is_back() {
    let bank = Bank::with(Returning(MemoryStore::with_capacity(10), AtomicUsize::new(0)));
    assert_eq!(bank.order("c-1", StatusCode::CREATED, false).await, CREATED);
    loop {
        match bank.order("c-1", StatusCode::CREATED, false).await.1 {
            Some(Reason::ResourceInUse) => tokio::time::sleep(Duration::from_millis(10)).await,
            reason => break assert_eq!(reason, Some(Reason::ConsentStatusInvalid)),
        }
    }
    assert_eq!(bank.runs(), 1);
}

#[tokio::test]
async fn without_an_answer_of_the_store_no_order_runs() {
    let bank = Bank::with(Away);
    let answer = bank.order("c-1", StatusCode::CREATED, false).await;
    assert_eq!(answer, (StatusCode::SERVICE_UNAVAILABLE, Some(Reason::ServiceUnavailable)));
    assert_eq!(bank.runs(), 0);
}
