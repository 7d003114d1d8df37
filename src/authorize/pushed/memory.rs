use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Mutex;

use bytes::Bytes;
use rustls_pki_types::UnixTime;

use super::{PushedKey, PushedRequests};
use crate::idempotency::{StoreError, StoreFuture};

/// Keeps pushed requests in the memory of this process.
///
/// For one process: what was pushed to it must be used at it, and is lost with it. When the room is
/// used up it refuses with [`StoreError::Full`]; what has expired is removed by later calls, a few
/// at a time.
pub struct MemoryPushedRequests {
    kept: Mutex<Kept>,
    capacity: usize,
}

#[derive(Default)]
struct Kept {
    requests: HashMap<PushedKey, (UnixTime, Bytes)>,
    endings: BTreeSet<(UnixTime, PushedKey)>,
}

impl MemoryPushedRequests {
    /// Keeps at most this many requests.
    pub fn with_capacity(requests: usize) -> Self {
        Self { kept: Mutex::default(), capacity: requests }
    }

    /// A poisoned lock may guard half of a change: stop, do not guess.
    fn locked(&self) -> Result<std::sync::MutexGuard<'_, Kept>, StoreError> {
        self.kept.lock().map_err(|_| StoreError::unavailable("a thread panicked in this store"))
    }

    fn insert(
        &self,
        key: PushedKey,
        request: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let mut kept = self.locked()?;
        kept.sweep(now, ON_KEEPING);
        if kept.requests.len() >= self.capacity {
            kept.sweep(now, ON_FULL);
        }
        if kept.requests.len() >= self.capacity {
            return Err(StoreError::Full);
        }
        if kept.requests.contains_key(&key) {
            return Err(StoreError::unavailable("the key is in use"));
        }
        kept.requests.insert(key, (until, request));
        kept.endings.insert((until, key));
        Ok(())
    }

    fn find(&self, key: PushedKey, now: UnixTime) -> Result<Option<Bytes>, StoreError> {
        let kept = self.locked()?;
        let found = kept.requests.get(&key).filter(|(until, _)| now < *until);
        Ok(found.map(|(_, request)| request.clone()))
    }

    fn remove(&self, key: PushedKey, now: UnixTime) -> Result<Option<Bytes>, StoreError> {
        let mut kept = self.locked()?;
        Ok(kept.remove(key).filter(|(until, _)| now < *until).map(|(_, request)| request))
    }
}

impl Kept {
    fn sweep(&mut self, now: UnixTime, most: usize) {
        for _ in 0..most {
            match self.endings.first().copied() {
                Some((until, key)) if now >= until => self.remove(key),
                _ => return,
            };
        }
    }

    fn remove(&mut self, key: PushedKey) -> Option<(UnixTime, Bytes)> {
        let (until, request) = self.requests.remove(&key)?;
        self.endings.remove(&(until, key));
        Some((until, request))
    }
}

impl PushedRequests for MemoryPushedRequests {
    fn keep(
        &self,
        key: PushedKey,
        request: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.insert(key, request, until, now) })
    }

    fn look_up(&self, key: PushedKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        Box::pin(async move { self.find(key, now) })
    }

    fn take(&self, key: PushedKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        Box::pin(async move { self.remove(key, now) })
    }
}

impl fmt::Debug for MemoryPushedRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryPushedRequests")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

const ON_KEEPING: usize = 4;
const ON_FULL: usize = 64;
