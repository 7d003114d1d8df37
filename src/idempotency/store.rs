use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use super::{Claim, Claimed, Held, Lease, Record, StoreKey};

/// The future of a store's act.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where claims and outcomes are kept; three acts, each of them atomic, and a look.
///
/// # What a store owes
///
/// - Of any number of claims of one key within its window, however simultaneous, exactly one
///   is answered [`Claimed::New`] (another one only after a release or a take-over). Reading
///   first and writing later pays twice.
/// - The window is anchored at the first claim and never slides. Up to and including its last
///   second the record counts; afterwards the next claim is new. The last second is
///   [`Lease::window_ends`].
/// - A claim with another fingerprint is answered [`Claimed::Mismatch`], also while the first
///   request runs and after it was abandoned.
/// - Each act may be repeated by the same [`Claimant`](super::Claimant) when its answer was lost: a
///   claim that took the key is `New` again, an outcome that was kept is
///   [`Settlement::Already`], a key that was freed stays free.
/// - A lease of another claimant touches nothing, even if the record was released, expired or taken
///   over in between.
/// - An act that was begun ends in a time of the store's own choice, with an answer or an error.
/// - A live record is never evicted for want of room: [`StoreError::Full`] instead.
///
/// # Time
///
/// Every time comes in with the call, from the clock of the process that makes it; a store does not
/// consult its server's. One clock decides each claim, tests can move it, and the records mean the
/// same on every store. The price is that the clocks of processes which share a store must agree:
/// a clock that is ahead by some seconds ends windows and leases earlier by as many. A lease that
/// seems to have run out runs nothing twice, unless [`Abandoned::TakeOver`](super::Abandoned) was
/// asked for. Against a clock that is off by a day, the stores with a server compare each claim's
/// time with the server's and refuse where they differ by minutes.
///
/// The dangerous wrong answer is `New`; when in doubt a store returns an error, which stops the
/// request. `testing::store_contract` holds a store to this.
pub trait IdempotencyStore: Send + Sync {
    /// Takes the key for this request, or says what became of the one that has it.
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed>;

    /// Keeps the outcome of the request that holds the lease; the first outcome stays.
    ///
    /// A lease that ran out can still be settled as long as nobody took the claim over: a known
    /// outcome is better than an unknown one.
    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement>;

    /// Frees the key, because the request certainly had no effect. Frees nothing if the lease is
    /// no longer the current one, or is settled.
    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement>;

    /// What is kept under a key whose window has not ended: for operators, who know the scope and
    /// the key of a request in doubt (see [`StoreKey::compose`]). Changes nothing.
    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>>;
}

impl<S: IdempotencyStore + ?Sized> IdempotencyStore for Arc<S> {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        (**self).claim(claim)
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        (**self).settle(lease, record)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        (**self).release(lease)
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        (**self).look_up(key, now)
    }
}

/// Whether a lease was still the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settlement {
    /// This very lease was settled before: that outcome stays.
    Already,
    /// It was: the outcome is kept, or the key is free.
    Done,
    /// The key is another's, or nobody's: nothing changed.
    Superseded,
}

/// Why a store gave no answer. Each is a reason to stop the request, never to let it run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No room for another claim.
    #[error("the idempotency store is full")]
    Full,
    /// The client has used up its share of the room.
    #[error("the client's share of the idempotency store is used up")]
    OverQuota,
    /// The record is larger than the store keeps. The claim stays in flight.
    #[error("the outcome takes {size} bytes, the idempotency store keeps {limit}")]
    TooLarge {
        /// The size of the record.
        size: usize,
        /// The largest size that is kept.
        limit: usize,
    },
    /// The store cannot be reached or does not work.
    #[error("the idempotency store is unavailable")]
    Unavailable {
        /// What the store's own library says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// What the store kept under the key cannot be read.
    #[error("what the idempotency store kept cannot be read: {0}")]
    Unreadable(&'static str),
}

impl StoreError {
    /// The store cannot be reached or does not work, for this reason.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}

const _OBJECT_SAFE: Option<&dyn IdempotencyStore> = None;
