use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::crowd;
use crate::replay::{Insertion, ReplayKey, ReplayStore};

/// Runs every clause of the contract of [`ReplayStore`], each against a store from `make`.
///
/// `make` may return the same store each time. The suite brings its own time and no runtime, as
/// [`store_contract`](super::store_contract()) does.
///
/// # Panics
///
/// Panics at the first clause that the store breaks, and when the store returns an error.
pub async fn replay_contract<S, F>(make: impl Fn() -> F)
where
    S: ReplayStore,
    F: Future<Output = S>,
{
    it_is_fresh_once(&make().await).await;
    the_first_end_counts(&make().await).await;
    what_was_used_anew_is_remembered_anew(&make().await).await;
    kinds_and_issuers_are_their_own(&make().await).await;
    of_fifty_simultaneous_insertions_one_is_fresh(&make().await).await;
}

async fn it_is_fresh_once(store: &impl ReplayStore) {
    let key = ReplayKey::compose("contract", "once", &crowd::fresh_name());
    insert(store, key, 60, 0, Insertion::Fresh).await;
    for now in [0, 1, 59, 60] {
        insert(store, key, 60, now, Insertion::Seen).await;
    }
    insert(store, key, 120, 61, Insertion::Fresh).await;
    insert(store, key, 120, 120, Insertion::Seen).await;
}

async fn the_first_end_counts(store: &impl ReplayStore) {
    let key = ReplayKey::compose("contract", "end", &crowd::fresh_name());
    insert(store, key, 60, 0, Insertion::Fresh).await;
    insert(store, key, 600, 30, Insertion::Seen).await;
    insert(store, key, 10, 31, Insertion::Seen).await;
    insert(store, key, 600, 60, Insertion::Seen).await;
    insert(store, key, 600, 61, Insertion::Fresh).await;
}

async fn what_was_used_anew_is_remembered_anew(store: &impl ReplayStore) {
    let key = ReplayKey::compose("contract", "anew", &crowd::fresh_name());
    // More than a store clears away at once.
    for _ in 0..100 {
        let older = ReplayKey::compose("contract", "older", &crowd::fresh_name());
        insert(store, older, 50, 0, Insertion::Fresh).await;
    }
    insert(store, key, 60, 0, Insertion::Fresh).await;
    insert(store, key, 600, 61, Insertion::Fresh).await;
    for _ in 0..100 {
        let other = ReplayKey::compose("contract", "other", &crowd::fresh_name());
        insert(store, other, 600, 62, Insertion::Fresh).await;
    }
    insert(store, key, 600, 600, Insertion::Seen).await;
}

async fn kinds_and_issuers_are_their_own(store: &impl ReplayStore) {
    let id = crowd::fresh_name();
    for (kind, issuer) in [("a", "a"), ("a", "b"), ("b", "a")] {
        insert(store, ReplayKey::compose(kind, issuer, &id), 60, 0, Insertion::Fresh).await;
    }
    insert(store, ReplayKey::compose("a", "a", &id), 60, 0, Insertion::Seen).await;
}

async fn of_fifty_simultaneous_insertions_one_is_fresh(store: &impl ReplayStore) {
    let key = ReplayKey::compose("contract", "crowd", &crowd::fresh_name());
    let answers = crowd::all((0..50).map(|_| store.insert_once(key, time(60), time(0)))).await;
    let fresh = answers.into_iter().filter(|answer| *answer == Insertion::Fresh).count();
    assert_eq!(fresh, 1, "exactly one of fifty simultaneous insertions is fresh");
}

async fn insert(store: &impl ReplayStore, key: ReplayKey, until: u64, now: u64, due: Insertion) {
    match store.insert_once(key, time(until), time(now)).await {
        Ok(answer) => assert_eq!(answer, due, "until {until}, at {now}"),
        Err(error) => panic!("the store failed: {error:?}"),
    }
}

fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}
