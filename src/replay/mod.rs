//! Things that may be used once: the `jti` of an assertion, of a DPoP proof, of a signed request.

use std::sync::Arc;

use rustls_pki_types::UnixTime;

use crate::crypto::Sha256;
use crate::idempotency::{StoreError, StoreFuture};

mod memory;

pub use memory::MemoryReplayStore;

/// The name of something that may be used once: a hash, so that a store learns no identifier.
///
/// SHA-256 over the parts, each behind its length, so that no choice of values makes two meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    /// The identifier `id` that `issuer` gave to something of this `kind`, such as
    /// `client_assertion` or `dpop`: identifiers are unique for their issuer only (RFC 7519,
    /// section 4.1.7).
    pub fn compose(kind: &str, issuer: &str, id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["replay", kind, issuer, id] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finish())
    }

    /// The bytes, for a store that keeps them elsewhere.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Whether something was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Insertion {
    /// It was not, and is now.
    Fresh,
    /// It was: refuse it.
    Seen,
}

/// Remembers what was used, until it has expired by itself.
///
/// # What a store owes
///
/// - Of any number of insertions of one key, however simultaneous, one is [`Insertion::Fresh`].
/// - The key is remembered up to and including the second `until`, which is that of the first
///   insertion.
/// - Nothing is evicted for want of room: [`StoreError::Full`] instead.
///
/// The dangerous wrong answer is `Fresh`; when in doubt a store returns an error, and the caller
/// refuses. `testing::replay_contract` holds a store to this.
///
/// Does not check that `until` lies in the future: whoever calls has refused what is expired.
pub trait ReplayStore: Send + Sync {
    /// Remembers the key `until` then, unless it is remembered already.
    ///
    /// After an error nobody knows whether the key was remembered: the caller refuses, and a client
    /// that tries again does so with a new identifier.
    fn insert_once(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, Insertion>;
}

impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn insert_once(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, Insertion> {
        (**self).insert_once(key, until, now)
    }
}

/// Remembers nothing and therefore refuses everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReplayStore;

impl ReplayStore for NoReplayStore {
    fn insert_once(&self, _: ReplayKey, _: UnixTime, _: UnixTime) -> StoreFuture<'_, Insertion> {
        Box::pin(async { Err(StoreError::unavailable("no replay store was configured")) })
    }
}

const _OBJECT_SAFE: Option<&dyn ReplayStore> = None;

#[cfg(test)]
mod tests;
