use std::collections::HashMap;
use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use rustls_pki_types::UnixTime;

use super::{
    Claim, Claimed, Held, IdempotencyStore, Lease, Record, Settlement, StoreError, StoreFuture,
    StoreKey,
};
use crate::crypto::SealingKey;

/// Encrypts outcomes before another store keeps them: they hold payments of named people.
///
/// Status, headers and body are sealed with AES-256-GCM, together with the key of the record, so
/// that nobody who can write to the store can make one request's outcome another's. Outside remain
/// the status and the time, for operators, and what a claim is made of: hashes of key and body, and
/// times. A hash hides no body that can be guessed.
///
/// To change keys, seal with the new one and [open](Self::opening) with the old one until the last
/// record that it sealed has expired. A record that cannot be opened, or that was never sealed, is
/// [`StoreError::Unreadable`]: its request is refused, and not run again.
///
/// A sealed record is some 50 bytes longer, and 9 for each header; so it counts against the other
/// store's limit.
///
/// ```
/// use tower_open_banking::crypto::SealingKey;
/// use tower_open_banking::idempotency::{MemoryStore, RunOnce, SealedStore, SealingKeyId};
///
/// let (this_year, last_year) = (SealingKey::new(&[26; 32]), SealingKey::new(&[25; 32]));
/// let store = SealedStore::over(MemoryStore::with_capacity(1_000), SealingKeyId(2026), this_year)
///     .opening(SealingKeyId(2025), last_year);
/// let rule = RunOnce::per_key(store);
/// ```
pub struct SealedStore<S> {
    store: S,
    seals: SealingKeyId,
    keys: HashMap<SealingKeyId, SealingKey>,
}

/// The name of a key, which is stored beside what it sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealingKeyId(pub u32);

impl<S: IdempotencyStore> SealedStore<S> {
    /// Seals what this store keeps, and opens what this key sealed.
    pub fn over(store: S, id: SealingKeyId, key: SealingKey) -> Self {
        Self { store, seals: id, keys: HashMap::from([(id, key)]) }
    }

    /// Also opens what another key sealed. The key that seals stays as it is.
    #[must_use]
    pub fn opening(mut self, id: SealingKeyId, key: SealingKey) -> Self {
        self.keys.entry(id).or_insert(key);
        self
    }

    fn seal(&self, key: StoreKey, record: &Record) -> Result<Record, StoreError> {
        let with = self.keys.get(&self.seals).ok_or(StoreError::Unreadable("no key seals"))?;
        let sealed = with
            .seal(&associated(self.seals, key), &record.to_bytes())
            .map_err(StoreError::unavailable)?;
        let mut body = BytesMut::with_capacity(HEAD + sealed.len());
        body.put_u8(VERSION);
        body.put_u32(self.seals.0);
        body.put_slice(&sealed);
        Ok(Record::restore(record.status(), Vec::new(), body.freeze(), record.created_at()))
    }

    fn open(&self, key: StoreKey, sealed: &Record) -> Result<Record, StoreError> {
        let Some((&[VERSION, a, b, c, d], sealed)) = sealed.body().split_first_chunk() else {
            return Err(StoreError::Unreadable("a record that was not sealed"));
        };
        let id = SealingKeyId(u32::from_be_bytes([a, b, c, d]));
        let with = self.keys.get(&id).ok_or(StoreError::Unreadable("an unknown sealing key"))?;
        let opened = with
            .open(&associated(id, key), sealed)
            .ok_or(StoreError::Unreadable("a record whose seal is broken"))?;
        Record::from_bytes(&opened)
    }
}

impl<S: IdempotencyStore> IdempotencyStore for SealedStore<S> {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async move {
            let key = claim.key();
            match self.store.claim(claim).await? {
                Claimed::Settled(sealed) => Ok(Claimed::Settled(self.open(key, &sealed)?)),
                other => Ok(other),
            }
        })
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        Box::pin(async move {
            let sealed = self.seal(lease.key(), &record)?;
            self.store.settle(lease, sealed).await
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        self.store.release(lease)
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        Box::pin(async move {
            let Some(held) = self.store.look_up(key, now).await? else { return Ok(None) };
            let outcome = held.outcome().map(|sealed| self.open(key, sealed)).transpose()?;
            let (since, lease_until) = (held.since(), held.lease_until());
            Ok(Some(Held::restore(since, lease_until, held.window_ends(), outcome)))
        })
    }
}

impl<S: fmt::Debug> fmt::Debug for SealedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, seals, .. } = self;
        f.debug_struct("SealedStore")
            .field("store", store)
            .field("seals", seals)
            .finish_non_exhaustive()
    }
}

/// What the seal also covers: where the record belongs, and which key it names.
fn associated(id: SealingKeyId, key: StoreKey) -> Bytes {
    let mut bytes = BytesMut::with_capacity(5 + 32);
    bytes.put_u8(VERSION);
    bytes.put_u32(id.0);
    bytes.put_slice(key.as_bytes());
    bytes.freeze()
}

const VERSION: u8 = 1;
const HEAD: usize = 5;

#[cfg(test)]
mod tests;
