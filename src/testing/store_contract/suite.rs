//! What the clauses are made of: claims with a key of their own, and what must be answered.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use rustls_pki_types::UnixTime;

use crate::header::IdempotencyKey;
use crate::idempotency::{
    Abandoned, Claim, Claimant, Claimed, ClientTag, Held, IdempotencyStore, KeyScope, Lease,
    Record, Settlement, StoreError, StoreKey,
};
use crate::testing::crowd;

pub(super) struct Suite<S> {
    pub(super) store: S,
    run: String,
}

impl<S> Suite<S> {
    pub(super) fn on(store: S) -> Self {
        Self { store, run: crowd::fresh_name() }
    }

    /// The same keys in a store that was opened anew.
    pub(super) fn reopened<T>(&self, store: T) -> Suite<T> {
        Suite { store, run: self.run.clone() }
    }
}

impl<S: IdempotencyStore> Suite<S> {
    pub(super) fn in_scope(&self, client: &str, route: &str) -> StoreKey {
        let scope = KeyScope { tenant: &self.run, client, method: &Method::POST, route };
        match "a key".parse::<IdempotencyKey>() {
            Ok(key) => StoreKey::compose(scope, &key),
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) fn key(&self, name: &str) -> StoreKey {
        self.in_scope(name, "/")
    }

    /// A claim of a request that nobody made before.
    pub(super) fn claim(&self, name: &str, now: u64) -> Claim {
        self.claim_for(name, SAME_BODY, now)
    }

    pub(super) fn claim_for(&self, name: &str, body: [u8; 32], now: u64) -> Claim {
        let claimant = match Claimant::random() {
            Ok(claimant) => claimant,
            Err(error) => panic!("{error}"),
        };
        Claim::new(self.key(name), body.into(), claimant, time(now))
            .client(ClientTag::of(&self.run, "client"))
    }

    pub(super) fn take_over(&self, name: &str, now: u64) -> Claim {
        self.claim(name, now).abandoned(Abandoned::TakeOver)
    }

    pub(super) async fn ask(&self, claim: Claim) -> Claimed {
        works(self.store.claim(claim).await)
    }

    pub(super) async fn take(&self, claim: Claim) -> Lease {
        let (key, claimant) = (claim.key(), claim.claimant());
        match self.ask(claim).await {
            Claimed::New(lease) => {
                assert_eq!(lease.key(), key, "the lease is for the claimed key");
                assert_eq!(lease.claimant(), claimant, "the lease is the claimant's");
                lease
            }
            other => panic!("the key is free, the store said {other:?}"),
        }
    }

    pub(super) async fn replayed(&self, claim: Claim) -> Record {
        match self.ask(claim).await {
            Claimed::Settled(record) => record,
            other => panic!("the request has run, the store said {other:?}"),
        }
    }

    pub(super) async fn running(&self, claim: Claim) {
        let answer = self.ask(claim).await;
        assert!(matches!(answer, Claimed::InFlight { .. }), "it runs, the store said {answer:?}");
    }

    pub(super) async fn abandoned(&self, claim: Claim) {
        self.abandoned_since(claim, 0).await;
    }

    pub(super) async fn abandoned_since(&self, claim: Claim, seconds: u64) {
        match self.ask(claim).await {
            Claimed::Abandoned { since } => assert_eq!(since, time(seconds)),
            other => panic!("the lease ran out, the store said {other:?}"),
        }
    }

    pub(super) async fn mismatch(&self, claim: Claim, state: &str) {
        let answer = self.ask(claim).await;
        let is_mismatch = matches!(answer, Claimed::Mismatch);
        assert!(is_mismatch, "mismatch, {state}: the store said {answer:?}");
    }

    pub(super) async fn settle(&self, lease: &Lease, expected: Settlement) {
        self.settle_with(lease, outcome(), expected).await;
    }

    pub(super) async fn settle_with(&self, lease: &Lease, record: Record, expected: Settlement) {
        assert_eq!(works(self.store.settle(lease, record).await), expected, "settling {lease:?}");
    }

    pub(super) async fn release(&self, lease: &Lease, expected: Settlement) {
        assert_eq!(works(self.store.release(lease).await), expected, "releasing {lease:?}");
    }

    pub(super) async fn look_up(&self, name: &str, now: u64) -> Option<Held> {
        works(self.store.look_up(self.key(name), time(now)).await)
    }
}

pub(super) fn works<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error:?}"),
    }
}

pub(super) fn outcome() -> Record {
    outcome_of(b"{\"Data\":{}}")
}

pub(super) fn outcome_of(body: &[u8]) -> Record {
    Record::of(StatusCode::CREATED, &HeaderMap::new(), &[], body, time(1))
}

pub(super) fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}

pub(super) const SAME_BODY: [u8; 32] = [1; 32];
pub(super) const OTHER_BODY: [u8; 32] = [2; 32];
pub(super) const MINUTE: u64 = 60;
pub(super) const DAY: u64 = 24 * 60 * MINUTE;
