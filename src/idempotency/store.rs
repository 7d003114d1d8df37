use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use super::{Claim, Claimed, Lease, Record};

/// The future of a store's act.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where claims and outcomes are kept; three acts, each of them atomic.
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
/// - No two leases of one key have the same fence, even if the record was released, expired or
///   taken over in between.
/// - A live record is never evicted for want of room: [`StoreError::Full`] instead.
///
/// The dangerous wrong answer is `New`; when in doubt a store returns an error, which stops the
/// request. `testing::store_contract` holds a store to this.
pub trait IdempotencyStore: Send + Sync {
    /// Takes the key for this request, or says what became of the one that has it.
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed>;

    /// Keeps the outcome of the request that holds the lease.
    ///
    /// A lease that ran out can still be settled as long as nobody took the claim over: a known
    /// outcome is better than an unknown one.
    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement>;

    /// Frees the key, because the request certainly had no effect. Frees nothing if the lease is
    /// no longer the current one, or is settled.
    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement>;
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
}

/// Whether a lease was still the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settlement {
    /// It was: the outcome is kept, or the key is free.
    Done,
    /// It was not: nothing changed.
    Superseded,
}

/// Why a store gave no answer. Each is a reason to stop the request, never to let it run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No room for another claim.
    #[error("the idempotency store is full")]
    Full,
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
}

const _OBJECT_SAFE: Option<&dyn IdempotencyStore> = None;
