use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use rustls_pki_types::UnixTime;

use crate::header::IdempotencyKey;
use crate::idempotency::{
    Abandoned, Claim, Claimed, Fingerprint, IdempotencyStore, KeyScope, Lease, Record, Settlement,
    StoreError, StoreKey,
};

/// Runs every clause of the contract of [`IdempotencyStore`], each against a store from `make`.
///
/// `make` may return the same store each time: every clause uses keys of its own. The suite
/// brings its own time, which starts in 2023 and runs for days, and no runtime: await it in the
/// one the store needs. A store that expires by a clock of its own must be built with that clock
/// out of the way.
///
/// Does not prove that a store is atomic between processes: the simultaneous claims are made from
/// one task.
///
/// # Panics
///
/// Panics at the first clause that the store breaks, and when the store returns an error.
pub async fn store_contract<S, F>(make: impl Fn() -> F)
where
    S: IdempotencyStore,
    F: Future<Output = S>,
{
    a_first_claim_is_new_and_its_outcome_is_replayed(&make().await).await;
    another_body_is_a_mismatch_in_every_state(&make().await).await;
    a_running_request_is_reported(&make().await).await;
    a_lease_that_ran_out_is_reported(&make().await).await;
    a_lease_that_ran_out_can_still_be_settled(&make().await).await;
    a_late_finisher_cannot_overwrite(&make().await).await;
    a_take_over_does_not_move_the_window(&make().await).await;
    a_take_over_at_the_last_second_still_runs_alone(&make().await).await;
    a_released_key_is_free(&make().await).await;
    an_outcome_is_final(&make().await).await;
    the_window_is_anchored_at_the_first_claim(&make().await).await;
    an_expired_lease_touches_nothing(&make().await).await;
    each_scope_is_its_own(&make().await).await;
    of_fifty_simultaneous_claims_one_is_new(&make().await).await;
}

async fn a_first_claim_is_new_and_its_outcome_is_replayed(store: &impl IdempotencyStore) {
    let lease = take(store, claim("replay", 0)).await;
    assert_eq!(lease.key(), key("replay"), "the lease is for the claimed key");
    settle(store, &lease, Settlement::Done).await;
    let record = replayed(store, claim("replay", 5 * MINUTE)).await;
    assert!(record == outcome(), "the outcome is replayed as it was kept");
}

async fn another_body_is_a_mismatch_in_every_state(store: &impl IdempotencyStore) {
    let other = |now| Claim::new(key("mismatch"), Fingerprint::from([2; 32]), time(now));
    let lease = take(store, claim("mismatch", 0)).await;
    mismatch(store, other(1), "in flight").await;
    mismatch(store, other(MINUTE), "abandoned").await;
    mismatch(store, other(MINUTE).abandoned(Abandoned::TakeOver), "taken over").await;
    settle(store, &lease, Settlement::Done).await;
    mismatch(store, other(2 * MINUTE), "settled").await;
    replayed(store, claim("mismatch", DAY)).await;
}

async fn a_running_request_is_reported(store: &impl IdempotencyStore) {
    let _lease = take(store, claim("running", 0)).await;
    for now in [0, 1, MINUTE - 1] {
        match ask(store, claim("running", now)).await {
            Claimed::InFlight { since, until } => {
                assert_eq!((since, until), (time(0), time(MINUTE)));
            }
            other => panic!("the request runs, the store said {other:?}"),
        }
    }
}

async fn a_lease_that_ran_out_is_reported(store: &impl IdempotencyStore) {
    let _lease = take(store, claim("abandoned", 0)).await;
    for now in [MINUTE, DAY] {
        abandoned(store, claim("abandoned", now)).await;
    }
}

async fn a_lease_that_ran_out_can_still_be_settled(store: &impl IdempotencyStore) {
    let lease = take(store, claim("late", 0)).await;
    abandoned(store, claim("late", 2 * MINUTE)).await;
    settle(store, &lease, Settlement::Done).await;
    replayed(store, claim("late", 3 * MINUTE)).await;
}

async fn a_late_finisher_cannot_overwrite(store: &impl IdempotencyStore) {
    let first = take(store, claim("fence", 0)).await;
    let second = take(store, claim("fence", MINUTE).abandoned(Abandoned::TakeOver)).await;
    assert_ne!(first.fence(), second.fence(), "no two leases of a key share a fence");
    settle(store, &first, Settlement::Superseded).await;
    release(store, &first, Settlement::Superseded).await;
    running(store, claim("fence", MINUTE + 1)).await;
    settle(store, &second, Settlement::Done).await;
    settle(store, &first, Settlement::Superseded).await;
    replayed(store, claim("fence", 2 * MINUTE)).await;
}

async fn a_take_over_does_not_move_the_window(store: &impl IdempotencyStore) {
    let _first = take(store, claim("moved", 0)).await;
    let second = take(store, claim("moved", MINUTE).abandoned(Abandoned::TakeOver)).await;
    assert_eq!(second.window_ends(), time(DAY));
    settle(store, &second, Settlement::Done).await;
    replayed(store, claim("moved", DAY)).await;
    take(store, claim("moved", DAY + 1)).await;
}

async fn a_take_over_at_the_last_second_still_runs_alone(store: &impl IdempotencyStore) {
    let _first = take(store, claim("last second", 0)).await;
    let second = take(store, claim("last second", DAY).abandoned(Abandoned::TakeOver)).await;
    running(store, claim("last second", DAY + 1)).await;
    settle(store, &second, Settlement::Done).await;
    replayed(store, claim("last second", DAY + MINUTE)).await;
    take(store, claim("last second", DAY + MINUTE + 1)).await;
}

async fn a_released_key_is_free(store: &impl IdempotencyStore) {
    let first = take(store, claim("released", 0)).await;
    release(store, &first, Settlement::Done).await;
    let second = take(store, claim("released", MINUTE)).await;
    assert_ne!(first.fence(), second.fence(), "no two leases of a key share a fence");
    settle(store, &first, Settlement::Superseded).await;
    release(store, &first, Settlement::Superseded).await;
    running(store, claim("released", MINUTE + 1)).await;
}

async fn an_outcome_is_final(store: &impl IdempotencyStore) {
    let lease = take(store, claim("final", 0)).await;
    settle(store, &lease, Settlement::Done).await;
    settle(store, &lease, Settlement::Superseded).await;
    release(store, &lease, Settlement::Superseded).await;
    replayed(store, claim("final", 1)).await;
}

async fn the_window_is_anchored_at_the_first_claim(store: &impl IdempotencyStore) {
    let lease = take(store, claim("window", 0)).await;
    settle(store, &lease, Settlement::Done).await;
    for now in [MINUTE, DAY / 2, DAY - MINUTE, DAY] {
        replayed(store, claim("window", now)).await;
    }
    let other_body = Claim::new(key("window"), Fingerprint::from([2; 32]), time(DAY + 1));
    take(store, other_body).await;
}

async fn an_expired_lease_touches_nothing(store: &impl IdempotencyStore) {
    let first = take(store, claim("expired", 0)).await;
    let second = take(store, claim("expired", DAY + 1)).await;
    settle(store, &first, Settlement::Superseded).await;
    release(store, &first, Settlement::Superseded).await;
    running(store, claim("expired", DAY + 2)).await;
    settle(store, &second, Settlement::Done).await;
}

async fn each_scope_is_its_own(store: &impl IdempotencyStore) {
    let scope = |client, route| {
        let scope = KeyScope { tenant: "scopes", client, method: &Method::POST, route };
        Claim::new(StoreKey::compose(scope, &idempotency_key()), SAME_BODY.into(), time(0))
    };
    take(store, scope("client", "/payments")).await;
    take(store, scope("other client", "/payments")).await;
    take(store, scope("client", "/other-payments")).await;
    running(store, scope("client", "/payments")).await;
}

async fn of_fifty_simultaneous_claims_one_is_new(store: &impl IdempotencyStore) {
    let mut running: Vec<_> = (0..50).map(|_| store.claim(claim("simultaneous", 0))).collect();
    let mut new = 0;
    let mut count = |answer: Result<Claimed, StoreError>| match answer {
        Ok(Claimed::New(_)) => new += 1,
        Ok(Claimed::InFlight { .. }) => {}
        other => panic!("a simultaneous claim was answered {other:?}"),
    };
    poll_fn(|context| {
        running.retain_mut(|claim| match Pin::new(claim).poll(context) {
            Poll::Ready(answer) => {
                count(answer);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert_eq!(new, 1, "exactly one of fifty simultaneous claims is new");
}

async fn take(store: &impl IdempotencyStore, claim: Claim) -> Lease {
    match ask(store, claim).await {
        Claimed::New(lease) => lease,
        other => panic!("the key is free, the store said {other:?}"),
    }
}

async fn replayed(store: &impl IdempotencyStore, claim: Claim) -> Record {
    match ask(store, claim).await {
        Claimed::Settled(record) => record,
        other => panic!("the request has run, the store said {other:?}"),
    }
}

async fn running(store: &impl IdempotencyStore, claim: Claim) {
    let answer = ask(store, claim).await;
    assert!(matches!(answer, Claimed::InFlight { .. }), "it runs, the store said {answer:?}");
}

async fn abandoned(store: &impl IdempotencyStore, claim: Claim) {
    match ask(store, claim).await {
        Claimed::Abandoned { since } => assert_eq!(since, time(0)),
        other => panic!("the lease ran out, the store said {other:?}"),
    }
}

async fn mismatch(store: &impl IdempotencyStore, claim: Claim, state: &str) {
    let answer = ask(store, claim).await;
    assert!(matches!(answer, Claimed::Mismatch), "mismatch, {state}: the store said {answer:?}");
}

async fn ask(store: &impl IdempotencyStore, claim: Claim) -> Claimed {
    works(store.claim(claim).await)
}

async fn settle(store: &impl IdempotencyStore, lease: &Lease, expected: Settlement) {
    let settlement = works(store.settle(lease, outcome()).await);
    assert_eq!(settlement, expected, "settling lease {}", lease.fence());
}

async fn release(store: &impl IdempotencyStore, lease: &Lease, expected: Settlement) {
    let settlement = works(store.release(lease).await);
    assert_eq!(settlement, expected, "releasing lease {}", lease.fence());
}

fn works<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error:?}"),
    }
}

fn claim(name: &str, now: u64) -> Claim {
    Claim::new(key(name), SAME_BODY.into(), time(now))
}

fn key(name: &str) -> StoreKey {
    let scope = KeyScope { tenant: "contract", client: name, method: &Method::POST, route: "/" };
    StoreKey::compose(scope, &idempotency_key())
}

fn idempotency_key() -> IdempotencyKey {
    match "a key".parse() {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    }
}

fn outcome() -> Record {
    Record::of(StatusCode::CREATED, &HeaderMap::new(), &[], b"{\"Data\":{}}", time(1))
}

fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}

const SAME_BODY: [u8; 32] = [1; 32];
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
