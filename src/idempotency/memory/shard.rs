use std::collections::{BTreeMap, HashMap};

use rustls_pki_types::UnixTime;

use super::budget::Budget;
use crate::idempotency::{
    Abandoned, Claim, Claimed, Fingerprint, Lease, Record, Settlement, StoreError, StoreKey,
};

/// A part of the store under one lock: the records, and the order in which their windows end and
/// their leases run out.
#[derive(Default)]
pub(super) struct Shard {
    entries: HashMap<StoreKey, Entry>,
    endings: BTreeMap<Ending, StoreKey>,
    /// Of the entries that hold the room of an outcome to come.
    leases: BTreeMap<Ending, StoreKey>,
    last_fence: u64,
}

/// When a window ends or a lease runs out; the fence makes it unique.
type Ending = (UnixTime, u64);

struct Entry {
    fingerprint: Fingerprint,
    fence: u64,
    window_ends: UnixTime,
    /// The bytes of the budget that this entry holds.
    room: usize,
    state: State,
}

enum State {
    InFlight { since: UnixTime, until: UnixTime },
    Settled(Record),
}

/// How many expired records one call removes.
#[derive(Clone, Copy)]
pub(super) enum Sweep {
    /// More than a claim adds, so that the expired ones run out.
    OnClaim = 4,
    OnFull = 64,
}

impl Shard {
    pub(super) fn claim(
        &mut self,
        claim: &Claim,
        budget: &Budget,
        room: usize,
    ) -> Result<Claimed, StoreError> {
        self.sweep(claim.now(), Sweep::OnClaim, budget);
        let Some(entry) = self.entries.get(&claim.key()) else {
            return self.start(claim, budget, room);
        };
        if claim.now() > entry.window_ends {
            self.remove(claim.key(), budget);
            return self.start(claim, budget, room);
        }
        if entry.fingerprint != claim.fingerprint() {
            return Ok(Claimed::Mismatch);
        }
        match &entry.state {
            State::Settled(record) => Ok(Claimed::Settled(record.clone())),
            State::InFlight { since, until } if claim.now() < *until => {
                Ok(Claimed::InFlight { since: *since, until: *until })
            }
            State::InFlight { since, until } => match claim.on_abandoned() {
                Abandoned::Refuse => Ok(Claimed::Abandoned { since: *since }),
                Abandoned::TakeOver => {
                    let window_ends = entry.window_ends;
                    if !budget.take_bytes(room.saturating_sub(entry.room)) {
                        return Err(StoreError::Full);
                    }
                    self.endings.remove(&(entry.window_ends, entry.fence));
                    self.leases.remove(&(*until, entry.fence));
                    Ok(Claimed::New(self.insert(claim, window_ends, room)))
                }
            },
        }
    }

    pub(super) fn settle(
        &mut self,
        lease: &Lease,
        record: Record,
        budget: &Budget,
    ) -> Result<Settlement, StoreError> {
        let Some(entry) = self.current(lease) else { return Ok(Settlement::Superseded) };
        // More than it holds only if its lease ran out and the room was needed.
        if !budget.take_bytes(record.size().saturating_sub(entry.room)) {
            return Err(StoreError::Full);
        }
        budget.give_back_bytes(entry.room.saturating_sub(record.size()));
        entry.room = record.size();
        let state = std::mem::replace(&mut entry.state, State::Settled(record));
        if let State::InFlight { until, .. } = state {
            self.leases.remove(&(until, lease.fence()));
        }
        Ok(Settlement::Done)
    }

    pub(super) fn release(&mut self, lease: &Lease, budget: &Budget) -> Settlement {
        if self.current(lease).is_none() {
            return Settlement::Superseded;
        }
        self.remove(lease.key(), budget);
        Settlement::Done
    }

    /// Removes records whose windows have ended, those that ended first before the others.
    pub(super) fn sweep(&mut self, now: UnixTime, most: Sweep, budget: &Budget) {
        for _ in 0..most as usize {
            match self.endings.first_key_value() {
                Some(((window_ends, _), key)) if now > *window_ends => self.remove(*key, budget),
                _ => return,
            }
        }
    }

    /// Takes the room of the outcome from requests whose leases ran out: those that never came to
    /// an end would else shut out all others for the rest of their windows.
    pub(super) fn reclaim(&mut self, now: UnixTime, budget: &Budget) {
        while let Some(lease) = self.leases.first_entry().filter(|lease| lease.key().0 <= now) {
            if let Some(entry) = self.entries.get_mut(&lease.remove()) {
                budget.give_back_bytes(std::mem::take(&mut entry.room));
            }
        }
    }

    fn start(
        &mut self,
        claim: &Claim,
        budget: &Budget,
        room: usize,
    ) -> Result<Claimed, StoreError> {
        if !budget.take(room) {
            return Err(StoreError::Full);
        }
        Ok(Claimed::New(self.insert(claim, claim.window_ends(), room)))
    }

    fn insert(&mut self, claim: &Claim, window_ends: UnixTime, room: usize) -> Lease {
        self.last_fence += 1;
        let lease = Lease::grant(claim, self.last_fence, window_ends);
        let entry = Entry {
            fingerprint: lease.fingerprint(),
            fence: lease.fence(),
            window_ends: lease.window_ends(),
            room,
            state: State::InFlight { since: claim.now(), until: claim.lease_until() },
        };
        self.entries.insert(lease.key(), entry);
        self.endings.insert((lease.window_ends(), lease.fence()), lease.key());
        self.leases.insert((claim.lease_until(), lease.fence()), lease.key());
        lease
    }

    fn remove(&mut self, key: StoreKey, budget: &Budget) {
        if let Some(entry) = self.entries.remove(&key) {
            self.endings.remove(&(entry.window_ends, entry.fence));
            if let State::InFlight { until, .. } = entry.state {
                self.leases.remove(&(until, entry.fence));
            }
            budget.give_back(entry.room);
        }
    }

    /// The entry in flight under this very lease.
    fn current(&mut self, lease: &Lease) -> Option<&mut Entry> {
        self.entries
            .get_mut(&lease.key())
            .filter(|entry| entry.fence == lease.fence())
            .filter(|entry| matches!(entry.state, State::InFlight { .. }))
    }
}
