use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::*;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}

/// Every future of these stores is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the store waits"),
    }
}

fn key(id: &str) -> ReplayKey {
    ReplayKey::compose("test", "issuer", id)
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    let store = Arc::new(MemoryReplayStore::with_capacity(1_000));
    now(crate::testing::replay_contract(|| ready(store.clone())));
}

#[test]
fn a_full_store_refuses_until_something_expires() {
    let store = MemoryReplayStore::with_capacity(1);
    assert_eq!(now(store.insert_once(key("1"), at(10), at(0))).unwrap(), Insertion::Fresh);
    for time in [0, 10] {
        let answer = now(store.insert_once(key("2"), at(20), at(time)));
        assert!(matches!(answer, Err(StoreError::Full)));
        assert_eq!(now(store.insert_once(key("1"), at(99), at(time))).unwrap(), Insertion::Seen);
    }
    assert_eq!(now(store.insert_once(key("2"), at(20), at(11))).unwrap(), Insertion::Fresh);
}

#[test]
fn without_a_store_nothing_is_fresh() {
    let answer = now(NoReplayStore.insert_once(key("1"), at(1), at(0)));
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
}

#[test]
fn text_cannot_move_from_one_part_to_the_next() {
    let compose = ReplayKey::compose;
    assert_ne!(compose("k", "ab", "c"), compose("k", "a", "bc"));
    assert_ne!(compose("ka", "b", "c"), compose("k", "ab", "c"));
}
