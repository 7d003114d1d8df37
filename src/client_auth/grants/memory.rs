use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use rustls_pki_types::UnixTime;

use super::{GrantKey, GrantStore, Taken};
use crate::idempotency::{StoreError, StoreFuture};

/// Keeps grants in the memory of this process.
///
/// For one process; a restart forgets every code and refresh token. When the room is used up it
/// refuses with [`StoreError::Full`]; what has expired is removed by later grants, a few at a time.
pub struct MemoryGrantStore {
    kept: Mutex<Kept>,
    capacity: usize,
}

#[derive(Default)]
struct Kept {
    grants: HashMap<GrantKey, Entry>,
    endings: BTreeSet<(UnixTime, GrantKey)>,
}

struct Entry {
    grant: Bytes,
    until: UnixTime,
    is_taken: bool,
}

impl MemoryGrantStore {
    /// Keeps at most this many.
    pub fn with_capacity(grants: usize) -> Self {
        Self { kept: Mutex::default(), capacity: grants }
    }

    fn lock(&self) -> Result<MutexGuard<'_, Kept>, StoreError> {
        // A poisoned lock may guard half of a change: stop, do not guess.
        self.kept.lock().map_err(|_| StoreError::unavailable("a thread panicked in this store"))
    }

    fn insert(
        &self,
        key: GrantKey,
        grant: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let mut kept = self.lock()?;
        kept.sweep(now, ON_INSERTION);
        if kept.grants.len() >= self.capacity {
            kept.sweep(now, ON_FULL);
            if kept.grants.len() >= self.capacity {
                return Err(StoreError::Full);
            }
        }
        if kept.grants.contains_key(&key) {
            return Err(StoreError::unavailable("a grant of this name is there already"));
        }
        kept.grants.insert(key, Entry { grant, until, is_taken: false });
        kept.endings.insert((until, key));
        Ok(())
    }
}

impl Kept {
    fn sweep(&mut self, now: UnixTime, most: usize) {
        for _ in 0..most {
            match self.endings.first().copied() {
                Some((until, key)) if now > until => self.remove(until, key),
                _ => return,
            }
        }
    }

    fn remove(&mut self, until: UnixTime, key: GrantKey) {
        self.grants.remove(&key);
        self.endings.remove(&(until, key));
    }

    fn living(&mut self, key: GrantKey, now: UnixTime) -> Option<&mut Entry> {
        self.grants.get_mut(&key).filter(|entry| now <= entry.until)
    }
}

impl GrantStore for MemoryGrantStore {
    fn keep(
        &self,
        key: GrantKey,
        grant: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.insert(key, grant, until, now) })
    }

    fn take(&self, key: GrantKey, now: UnixTime) -> StoreFuture<'_, Taken> {
        Box::pin(async move {
            Ok(match self.lock()?.living(key, now) {
                None => Taken::Nothing,
                Some(entry) if entry.is_taken => Taken::Again(entry.grant.clone()),
                Some(entry) => {
                    entry.is_taken = true;
                    Taken::First(entry.grant.clone())
                }
            })
        })
    }

    fn look_up(&self, key: GrantKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        Box::pin(async move {
            let mut kept = self.lock()?;
            let entry = kept.living(key, now).filter(|entry| !entry.is_taken);
            Ok(entry.map(|entry| entry.grant.clone()))
        })
    }

    fn forget(&self, key: GrantKey) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut kept = self.lock()?;
            if let Some(until) = kept.grants.get(&key).map(|entry| entry.until) {
                kept.remove(until, key);
            }
            Ok(())
        })
    }
}

impl fmt::Debug for MemoryGrantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryGrantStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

const ON_INSERTION: usize = 4;
const ON_FULL: usize = 64;
