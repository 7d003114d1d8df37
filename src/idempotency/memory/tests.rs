use std::future::ready;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use rustls_pki_types::UnixTime;

use super::*;
use crate::idempotency::{Claimant, ClientTag, Fingerprint};

const DAY: u64 = 24 * 60 * 60;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}

fn claim(id: usize, seconds: u64) -> Claim {
    let key = StoreKey::exclusive("", "test", &id.to_string());
    Claim::new(key, Fingerprint::from([1; 32]), Claimant::random().unwrap(), at(seconds))
}

fn record(size: usize) -> Record {
    let body = vec![b'x'; size];
    Record::of(StatusCode::CREATED, &HeaderMap::new(), &[], &body, at(1))
}

/// Every future of this store is ready at once.
fn now<T>(mut future: StoreFuture<'_, T>) -> Result<T, StoreError> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the store waits"),
    }
}

fn lease(store: &MemoryStore, claim: Claim) -> Lease {
    match now(store.claim(claim)) {
        Ok(Claimed::New(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_keeps_the_contract() {
    let store = Arc::new(MemoryStore::with_capacity(100));
    let contract = crate::testing::store_contract(|| ready(store.clone()));
    let mut contract = std::pin::pin!(contract);
    assert!(contract.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn it_keeps_the_contract_of_capacity() {
    let contract = crate::testing::capacity_contract(MemoryStore::with_capacity(3));
    let mut contract = std::pin::pin!(contract);
    assert!(contract.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn a_client_that_used_up_its_share_shuts_nobody_else_out() {
    let store = MemoryStore::with_capacity(100).client_limit(2);
    let of = |client, id, seconds| claim(id, seconds).client(ClientTag::of("", client));
    let released = lease(&store, of("greedy", 1, 0));
    lease(&store, of("greedy", 2, 0));
    assert!(matches!(now(store.claim(of("greedy", 3, 0))), Err(StoreError::OverQuota)));
    assert!(matches!(now(store.claim(claim(3, 0))), Err(StoreError::OverQuota)));
    assert!(matches!(now(store.claim(of("greedy", 2, 0))), Ok(Claimed::InFlight { .. })));
    lease(&store, of("modest", 3, 0));
    assert_eq!(now(store.release(&released)).unwrap(), Settlement::Done);
    lease(&store, of("greedy", 4, 0));
    assert!(matches!(now(store.claim(of("greedy", 5, DAY))), Err(StoreError::OverQuota)));
    lease(&store, of("greedy", 5, DAY + 1));
}

#[test]
fn a_full_store_refuses_and_keeps_every_live_record() {
    let store = MemoryStore::with_capacity(40);
    for id in 0..40 {
        let lease = lease(&store, claim(id, 0));
        assert_eq!(now(store.settle(&lease, record(1))).unwrap(), Settlement::Done);
    }
    assert!(matches!(now(store.claim(claim(40, DAY))), Err(StoreError::Full)));
    for id in 0..40 {
        assert!(matches!(now(store.claim(claim(id, DAY))), Ok(Claimed::Settled(_))), "{id}");
    }
}

#[test]
fn expired_records_make_room_wherever_they_are() {
    let store = MemoryStore::with_capacity(40);
    for id in 0..40 {
        lease(&store, claim(id, 0));
    }
    for id in 40..80 {
        lease(&store, claim(id, DAY + 1));
    }
    assert!(matches!(now(store.claim(claim(80, DAY + 1))), Err(StoreError::Full)));
}

#[test]
fn a_running_request_holds_the_room_of_its_outcome() {
    let store = MemoryStore::with_capacity(100).record_limit(100).total_limit(250);
    let first = lease(&store, claim(1, 0));
    lease(&store, claim(2, 0));
    assert!(matches!(now(store.claim(claim(3, 0))), Err(StoreError::Full)));
    assert_eq!(now(store.settle(&first, record(40))).unwrap(), Settlement::Done);
    lease(&store, claim(3, 0));
    assert!(matches!(now(store.claim(claim(4, 0))), Err(StoreError::Full)));
}

#[test]
fn released_room_is_room_again() {
    let store = MemoryStore::with_capacity(1);
    let first = lease(&store, claim(1, 0));
    assert_eq!(now(store.release(&first)).unwrap(), Settlement::Done);
    assert_eq!(now(store.release(&first)).unwrap(), Settlement::Superseded);
    lease(&store, claim(2, 0));
    assert!(matches!(now(store.claim(claim(3, 0))), Err(StoreError::Full)));
}

#[test]
fn a_record_over_the_limit_is_refused_and_its_key_stays_taken() {
    let store = MemoryStore::with_capacity(1).record_limit(10);
    let first = lease(&store, claim(1, 0));
    assert!(matches!(
        now(store.settle(&first, record(11))),
        Err(StoreError::TooLarge { size: 11, limit: 10 })
    ));
    assert!(matches!(now(store.claim(claim(1, 0))), Ok(Claimed::InFlight { .. })));
}

#[test]
fn of_fifty_threads_one_wins_each_key() {
    let store = Arc::new(MemoryStore::with_capacity(1_000));
    let start = Arc::new(Barrier::new(50));
    let threads: Vec<_> = (0..50)
        .map(|_| {
            let (store, start) = (store.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                let won =
                    |id: &usize| matches!(now(store.claim(claim(*id, 0))), Ok(Claimed::New(_)));
                (0..100).filter(won).count()
            })
        })
        .collect();
    let wins: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(wins, 100);
}

#[test]
fn a_claim_that_is_never_awaited_takes_nothing() {
    let store = MemoryStore::with_capacity(1);
    drop(store.claim(claim(1, 0)));
    lease(&store, claim(1, 0));
}

#[test]
fn requests_that_never_ended_hold_no_room_beyond_their_lease() {
    let store = MemoryStore::with_capacity(100).record_limit(100).total_limit(200);
    let late = lease(&store, claim(1, 0));
    lease(&store, claim(2, 0));
    assert!(matches!(now(store.claim(claim(3, 59))), Err(StoreError::Full)));
    let third = lease(&store, claim(3, 60));
    lease(&store, claim(4, 60));
    assert!(matches!(now(store.claim(claim(5, 60))), Err(StoreError::Full)));

    assert!(matches!(now(store.claim(claim(1, 60))), Ok(Claimed::Abandoned { .. })));
    assert!(matches!(now(store.settle(&late, record(40))), Err(StoreError::Full)));
    let again = claim(2, 60).abandoned(crate::idempotency::Abandoned::TakeOver);
    assert!(matches!(now(store.claim(again.clone())), Err(StoreError::Full)));

    assert_eq!(now(store.settle(&third, record(20))).unwrap(), Settlement::Done);
    assert_eq!(now(store.settle(&late, record(40))).unwrap(), Settlement::Done);
    assert!(matches!(now(store.claim(claim(1, 61))), Ok(Claimed::Settled(_))));
    assert!(matches!(now(store.claim(again.clone())), Err(StoreError::Full)));
    assert_eq!(now(store.release(&lease(&store, claim(6, 120)))).unwrap(), Settlement::Done);
    lease(&store, again);
}
