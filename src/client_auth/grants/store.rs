use std::sync::Arc;

use bytes::Bytes;
use rustls_pki_types::UnixTime;

use crate::crypto::Sha256;
use crate::idempotency::StoreFuture;

/// The name of a code or refresh token in a store: a hash, so that a store learns no secret.
///
/// The client is part of it: what another client presents is another name, finds nothing, and spends
/// nothing. SHA-256 over the parts, each behind its length.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GrantKey([u8; 32]);

impl GrantKey {
    pub(super) fn compose(kind: &str, client_id: &str, secret: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["grant", kind, client_id, secret] {
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

/// What became of a taking.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Taken {
    /// It was taken before: here is what it was.
    Again(Bytes),
    /// It is taken now.
    First(Bytes),
    /// There is nothing of that name.
    Nothing,
}

/// Keeps grants until they expire.
///
/// # What a store owes
///
/// - Of any number of takings of one key, however simultaneous, one is [`Taken::First`]; the others
///   are [`Taken::Again`] as long as the grant is kept.
/// - What was taken is not found by looking it up.
/// - Nothing is given out after the second `until`, and nothing is evicted before it for want of
///   room: [`StoreError::Full`](crate::idempotency::StoreError::Full) instead.
///
/// The dangerous wrong answer is `First`; when in doubt a store returns an error.
pub trait GrantStore: Send + Sync {
    /// Keeps a grant until then. A key that is there already is an error: it changes nothing.
    fn keep(
        &self,
        key: GrantKey,
        grant: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, ()>;

    /// Takes a grant, once.
    fn take(&self, key: GrantKey, now: UnixTime) -> StoreFuture<'_, Taken>;

    /// Finds a grant and leaves it there.
    fn look_up(&self, key: GrantKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>>;

    /// Removes a grant, if it is there.
    fn forget(&self, key: GrantKey) -> StoreFuture<'_, ()>;
}

impl<S: GrantStore + ?Sized> GrantStore for Arc<S> {
    fn keep(
        &self,
        key: GrantKey,
        grant: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, ()> {
        (**self).keep(key, grant, until, now)
    }

    fn take(&self, key: GrantKey, now: UnixTime) -> StoreFuture<'_, Taken> {
        (**self).take(key, now)
    }

    fn look_up(&self, key: GrantKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        (**self).look_up(key, now)
    }

    fn forget(&self, key: GrantKey) -> StoreFuture<'_, ()> {
        (**self).forget(key)
    }
}

const _OBJECT_SAFE: Option<&dyn GrantStore> = None;
