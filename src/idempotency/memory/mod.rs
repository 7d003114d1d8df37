//! The store inside one process.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use rustls_pki_types::UnixTime;

use self::budget::Budget;
use self::shard::{Shard, Sweep};
use super::{
    Claim, Claimed, Held, IdempotencyStore, Lease, Record, Settlement, StoreError, StoreFuture,
    StoreKey,
};

mod budget;
mod shard;

/// Keeps claims and outcomes in the memory of this process.
///
/// For one process: two of them behind a balancer each run the same request once, and a restart
/// forgets every key. Records leave when their window has ended and for no other reason. When the
/// room is used up, new claims are refused with [`StoreError::Full`].
///
/// Each claim sets the room of a whole record aside, so that the outcome of a request that was
/// allowed to run can be kept; where room is short, a request whose lease ran out loses it. Expired
/// records are removed by later claims, a few at a time: no thread of its own, no pause.
pub struct MemoryStore {
    first: Mutex<Shard>,
    others: Vec<Mutex<Shard>>,
    budget: Budget,
    record_limit: usize,
}

impl MemoryStore {
    /// A store of at most `records` claims and outcomes, each of at most 64 KiB, together of at
    /// most 64 MiB.
    pub fn with_capacity(records: usize) -> Self {
        let others = (1..SHARDS).map(|_| Mutex::default()).collect();
        let budget = Budget::new(records, TOTAL_LIMIT);
        Self { first: Mutex::default(), others, budget, record_limit: RECORD_LIMIT }
    }

    /// Sets the bytes of all records together.
    ///
    /// A running request counts with the largest record's bytes, so this divided by that is the
    /// number of requests that can run at the same time.
    #[must_use]
    pub fn total_limit(self, bytes: usize) -> Self {
        Self { budget: self.budget.bytes(bytes), ..self }
    }

    /// Sets the bytes of the largest record that is kept: its body and its headers.
    #[must_use]
    pub fn record_limit(self, bytes: usize) -> Self {
        Self { record_limit: bytes, ..self }
    }

    /// Gives no client more than this many records, so that one cannot use up the room of all. Its
    /// further claims are refused with [`StoreError::OverQuota`], as are those without a client.
    #[must_use]
    pub fn client_limit(self, records: usize) -> Self {
        Self { budget: self.budget.share(records), ..self }
    }

    fn claim_now(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let answer = self.shard(claim.key())?.claim(claim, &self.budget, self.record_limit);
        if !matches!(answer, Err(StoreError::Full | StoreError::OverQuota)) {
            return answer;
        }
        // Other shards may hold expired records, which only claims that meet them remove.
        for shard in self.shards() {
            let mut shard = lock(shard)?;
            shard.sweep(claim.now(), Sweep::OnFull, &self.budget);
            shard.reclaim(claim.now(), &self.budget);
        }
        self.shard(claim.key())?.claim(claim, &self.budget, self.record_limit)
    }

    fn settle_now(&self, lease: &Lease, record: Record) -> Result<Settlement, StoreError> {
        let size = record.size();
        if size > self.record_limit {
            return Err(StoreError::TooLarge { size, limit: self.record_limit });
        }
        self.shard(lease.key())?.settle(lease, record, &self.budget)
    }

    fn release_now(&self, lease: &Lease) -> Result<Settlement, StoreError> {
        Ok(self.shard(lease.key())?.release(lease, &self.budget))
    }

    fn shard(&self, key: StoreKey) -> Result<MutexGuard<'_, Shard>, StoreError> {
        let [byte, ..] = *key.as_bytes();
        // The last of the SHARDS numbers is that of the first shard.
        let shard = self.others.get(usize::from(byte) % SHARDS).unwrap_or(&self.first);
        lock(shard)
    }

    fn shards(&self) -> impl Iterator<Item = &Mutex<Shard>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl IdempotencyStore for MemoryStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async move { self.claim_now(&claim) })
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        Box::pin(async move { self.settle_now(lease, record) })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        Box::pin(async move { self.release_now(lease) })
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        Box::pin(async move { Ok(self.shard(key)?.look_up(key, now)) })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// A poisoned lock may guard half of a change: stop, do not guess.
fn lock(shard: &Mutex<Shard>) -> Result<MutexGuard<'_, Shard>, StoreError> {
    shard
        .lock()
        .map_err(|_| StoreError::Unavailable { source: "a thread panicked in this store".into() })
}

const SHARDS: usize = 16;
const RECORD_LIMIT: usize = 64 * 1024;
const TOTAL_LIMIT: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests;
