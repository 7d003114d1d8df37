use std::collections::{BTreeSet, HashMap};

use rustls_pki_types::UnixTime;

use super::budget::Budget;
use crate::idempotency::held::{Entry, Judgement};
use crate::idempotency::{
    Claim, Claimed, ClientTag, Held, Lease, Record, Settlement, StoreError, StoreKey,
};

/// A part of the store under one lock: the records, and the order in which their windows end and
/// their leases run out.
#[derive(Default)]
pub(super) struct Shard {
    slots: HashMap<StoreKey, Slot>,
    endings: BTreeSet<(UnixTime, StoreKey)>,
    /// Of the slots that hold the room of an outcome to come.
    leases: BTreeSet<(UnixTime, StoreKey)>,
}

struct Slot {
    entry: Entry,
    client: Option<ClientTag>,
    /// The bytes of the budget that this slot holds.
    room: usize,
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
        let slot = self.slots.get(&claim.key());
        match Entry::judge(slot.map(|slot| &slot.entry), claim) {
            Judgement::Answer(answer) => Ok(answer),
            Judgement::Take { window_ends } => {
                self.take(claim, window_ends, budget, room).map(Claimed::New)
            }
        }
    }

    pub(super) fn settle(
        &mut self,
        lease: &Lease,
        record: Record,
        budget: &Budget,
    ) -> Result<Settlement, StoreError> {
        let slot = match self.current(lease) {
            Ok(slot) => slot,
            Err(settlement) => return Ok(settlement),
        };
        // More than it holds only if its lease ran out and the room was needed.
        if !budget.take_bytes(record.size().saturating_sub(slot.room)) {
            return Err(StoreError::Full);
        }
        budget.give_back_bytes(slot.room.saturating_sub(record.size()));
        slot.room = record.size();
        let held = &slot.entry.held;
        let lease_until = held.lease_until();
        slot.entry.held =
            Held::restore(held.since(), lease_until, held.window_ends(), Some(record));
        self.leases.remove(&(lease_until, lease.key()));
        Ok(Settlement::Done)
    }

    pub(super) fn release(&mut self, lease: &Lease, budget: &Budget) -> Settlement {
        match self.current(lease) {
            Ok(_) => {
                self.remove(lease.key(), budget);
                Settlement::Done
            }
            Err(settlement) => settlement,
        }
    }

    pub(super) fn look_up(&self, key: StoreKey, now: UnixTime) -> Option<Held> {
        let held = &self.slots.get(&key)?.entry.held;
        (now <= held.window_ends()).then(|| held.clone())
    }

    /// Removes records whose windows have ended, those that ended first before the others.
    pub(super) fn sweep(&mut self, now: UnixTime, most: Sweep, budget: &Budget) {
        for _ in 0..most as usize {
            match self.endings.first() {
                Some((window_ends, key)) if now > *window_ends => self.remove(*key, budget),
                _ => return,
            }
        }
    }

    /// Takes the room of the outcome from requests whose leases ran out: those that never came to
    /// an end would else shut out all others for the rest of their windows.
    pub(super) fn reclaim(&mut self, now: UnixTime, budget: &Budget) {
        while let Some((until, key)) = self.leases.first().copied().filter(|(at, _)| *at <= now) {
            self.leases.remove(&(until, key));
            if let Some(slot) = self.slots.get_mut(&key) {
                budget.give_back_bytes(std::mem::take(&mut slot.room));
            }
        }
    }

    /// Puts the claim in the place of what was there: nothing, an expired record, or an abandoned
    /// claim, which keeps its place if there is no room.
    fn take(
        &mut self,
        claim: &Claim,
        window_ends: UnixTime,
        budget: &Budget,
        room: usize,
    ) -> Result<Lease, StoreError> {
        let is_live = |slot: &Slot| claim.now() <= slot.entry.held.window_ends();
        match self.slots.get(&claim.key()).filter(|slot| is_live(slot)) {
            Some(abandoned) if !budget.take_bytes(room.saturating_sub(abandoned.room)) => {
                return Err(StoreError::Full);
            }
            Some(abandoned) => {
                let held = &abandoned.entry.held;
                self.endings.remove(&(held.window_ends(), claim.key()));
                self.leases.remove(&(held.lease_until(), claim.key()));
            }
            None => {
                self.remove(claim.key(), budget);
                budget.take(room, claim.client_tag())?;
            }
        }
        let lease = Lease::grant(claim, window_ends);
        let entry = Entry::begin(claim, &lease);
        self.endings.insert((lease.window_ends(), lease.key()));
        self.leases.insert((claim.lease_until(), lease.key()));
        self.slots.insert(lease.key(), Slot { entry, client: claim.client_tag(), room });
        Ok(lease)
    }

    fn remove(&mut self, key: StoreKey, budget: &Budget) {
        if let Some(slot) = self.slots.remove(&key) {
            let held = &slot.entry.held;
            self.endings.remove(&(held.window_ends(), key));
            self.leases.remove(&(held.lease_until(), key));
            budget.give_back(slot.room, slot.client);
        }
    }

    /// The slot in flight under this very lease.
    fn current(&mut self, lease: &Lease) -> Result<&mut Slot, Settlement> {
        let slot = self.slots.get_mut(&lease.key());
        Entry::is_current(slot.as_ref().map(|slot| &slot.entry), lease)?;
        slot.ok_or(Settlement::Superseded)
    }
}
