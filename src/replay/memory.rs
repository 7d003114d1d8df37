use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Mutex;

use rustls_pki_types::UnixTime;

use super::{Insertion, ReplayKey, ReplayStore};
use crate::idempotency::{StoreError, StoreFuture};

/// Remembers in the memory of this process.
///
/// For one process that does not restart within the life of what it remembers. When the room is
/// used up it refuses with [`StoreError::Full`]; expired keys are removed by later insertions, a
/// few at a time.
pub struct MemoryReplayStore {
    seen: Mutex<Seen>,
    capacity: usize,
}

#[derive(Default)]
struct Seen {
    until: HashMap<ReplayKey, UnixTime>,
    endings: BTreeSet<(UnixTime, ReplayKey)>,
}

impl MemoryReplayStore {
    /// Remembers at most this many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self { seen: Mutex::default(), capacity: keys }
    }

    fn insert(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<Insertion, StoreError> {
        // A poisoned lock may guard half of a change: stop, do not guess.
        let mut seen = self
            .seen
            .lock()
            .map_err(|_| StoreError::unavailable("a thread panicked in this store"))?;
        seen.sweep(now, ON_INSERTION);
        if let Some(known) = seen.until.get(&key).copied() {
            if now <= known {
                return Ok(Insertion::Seen);
            }
            seen.remove(known, key);
        }
        if seen.until.len() >= self.capacity {
            seen.sweep(now, ON_FULL);
            if seen.until.len() >= self.capacity {
                return Err(StoreError::Full);
            }
        }
        seen.until.insert(key, until);
        seen.endings.insert((until, key));
        Ok(Insertion::Fresh)
    }
}

impl Seen {
    fn sweep(&mut self, now: UnixTime, most: usize) {
        for _ in 0..most {
            match self.endings.first().copied() {
                Some((until, key)) if now > until => self.remove(until, key),
                _ => return,
            }
        }
    }

    fn remove(&mut self, until: UnixTime, key: ReplayKey) {
        self.until.remove(&key);
        self.endings.remove(&(until, key));
    }
}

impl ReplayStore for MemoryReplayStore {
    fn insert_once(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, Insertion> {
        Box::pin(async move { self.insert(key, until, now) })
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayStore")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

const ON_INSERTION: usize = 4;
const ON_FULL: usize = 64;
