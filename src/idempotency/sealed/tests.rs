use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};

use super::*;
use crate::idempotency::{Claimant, Fingerprint, MemoryStore};

/// Every future of these stores is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the store waits"),
    }
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}

fn claim(name: &str) -> Claim {
    let key = StoreKey::exclusive("", "test", name);
    Claim::new(key, Fingerprint::from([1; 32]), Claimant::random().unwrap(), at(0))
}

fn record() -> Record {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, HeaderValue::from_static("/confidential"));
    Record::of(StatusCode::CREATED, &headers, &[LOCATION], b"confidential", at(1))
}

fn inner() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::with_capacity(100))
}

fn sealed(inner: &Arc<MemoryStore>, id: u32) -> SealedStore<Arc<MemoryStore>> {
    SealedStore::over(inner.clone(), SealingKeyId(id), SealingKey::new(&[id as u8; 32]))
}

fn take(store: &impl IdempotencyStore, name: &str) -> Lease {
    match now(store.claim(claim(name))) {
        Ok(Claimed::New(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

fn settle(store: &impl IdempotencyStore, name: &str) {
    let lease = take(store, name);
    assert_eq!(now(store.settle(&lease, record())).unwrap(), Settlement::Done);
}

fn kept(store: &impl IdempotencyStore, name: &str) -> Result<Record, StoreError> {
    match now(store.claim(claim(name)))? {
        Claimed::Settled(record) => Ok(record),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_keeps_the_contract() {
    let inner = inner();
    now(crate::testing::store_contract(|| ready(sealed(&inner, 1))));
}

#[test]
fn the_store_sees_neither_body_nor_headers() {
    let inner = inner();
    settle(&sealed(&inner, 1), "1");
    let seen = kept(&inner, "1").unwrap();
    assert_eq!((seen.status(), seen.created_at()), (StatusCode::CREATED, at(1)));
    assert!(seen.headers().is_empty());
    assert!(!seen.to_bytes().windows(4).any(|bytes| bytes == b"conf"));
    assert_eq!(seen.body().len(), record().to_bytes().len() + 5 + 12 + 16);
    assert_eq!(kept(&sealed(&inner, 1), "1").unwrap(), record());
}

#[test]
fn an_outcome_moved_to_another_key_is_refused() {
    let inner = inner();
    let store = sealed(&inner, 1);
    settle(&store, "1");
    let lease = take(&inner, "2");
    let moved = kept(&inner, "1").unwrap();
    assert_eq!(now(inner.settle(&lease, moved)).unwrap(), Settlement::Done);
    assert!(matches!(kept(&store, "2"), Err(StoreError::Unreadable(_))));
    let looked_up = now(store.look_up(claim("2").key(), at(0)));
    assert!(matches!(looked_up, Err(StoreError::Unreadable(_))));
}

#[test]
fn an_outcome_that_was_never_sealed_is_refused() {
    let inner = inner();
    settle(&inner, "1");
    assert!(matches!(kept(&sealed(&inner, 1), "1"), Err(StoreError::Unreadable(_))));
}

#[test]
fn old_keys_open_and_the_new_one_seals() {
    let inner = inner();
    settle(&sealed(&inner, 1), "old");
    let rotated = || sealed(&inner, 2).opening(SealingKeyId(1), SealingKey::new(&[1; 32]));
    settle(&rotated(), "new");
    for name in ["old", "new"] {
        assert_eq!(kept(&rotated(), name).unwrap(), record(), "{name}");
    }
    assert!(matches!(kept(&sealed(&inner, 2), "old"), Err(StoreError::Unreadable(_))));
    assert!(matches!(kept(&sealed(&inner, 1), "new"), Err(StoreError::Unreadable(_))));
    let confused = sealed(&inner, 2).opening(SealingKeyId(2), SealingKey::new(&[1; 32]));
    assert_eq!(kept(&confused, "new").unwrap(), record());
}
