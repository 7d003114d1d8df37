use rustls_pki_types::UnixTime;

use super::{Abandoned, Claim, Claimant, Claimed, Fingerprint, Lease, Record};

/// What a store keeps under a key, for operators.
///
/// `Debug` shows neither body nor header values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    since: UnixTime,
    lease_until: UnixTime,
    window_ends: UnixTime,
    outcome: Option<Record>,
}

impl Held {
    /// Rebuilds it from what a store kept; `outcome` is there if the claim was settled.
    pub fn restore(
        since: UnixTime,
        lease_until: UnixTime,
        window_ends: UnixTime,
        outcome: Option<Record>,
    ) -> Self {
        Self { since, lease_until, window_ends, outcome }
    }

    /// When the request that has the key made its claim.
    pub fn since(&self) -> UnixTime {
        self.since
    }

    /// When its lease runs out or ran out: a claim that is not settled by then is abandoned.
    pub fn lease_until(&self) -> UnixTime {
        self.lease_until
    }

    /// The last second in which the key stays taken.
    pub fn window_ends(&self) -> UnixTime {
        self.window_ends
    }

    /// The outcome, if the claim was settled.
    pub fn outcome(&self) -> Option<&Record> {
        self.outcome.as_ref()
    }
}

/// What a store keeps, with what decides the next claim: the states of a key, for the stores that
/// decide in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) fingerprint: Fingerprint,
    pub(super) claimant: Claimant,
    pub(super) held: Held,
}

/// What a claim comes to.
#[derive(Debug)]
pub(super) enum Judgement {
    /// Nothing changes.
    Answer(Claimed),
    /// The claim takes the key, with an entry that ends its window then.
    Take { window_ends: UnixTime },
}

impl Entry {
    pub(super) fn begin(claim: &Claim, lease: &Lease) -> Self {
        Self {
            fingerprint: claim.fingerprint(),
            claimant: claim.claimant(),
            held: Held::restore(claim.now(), claim.lease_until(), lease.window_ends(), None),
        }
    }

    /// Judges a claim by what is kept.
    pub(super) fn judge(entry: Option<&Self>, claim: &Claim) -> Judgement {
        let Some(entry) = entry.filter(|entry| claim.now() <= entry.held.window_ends) else {
            return Judgement::Take { window_ends: claim.window_ends() };
        };
        let Held { since, lease_until, window_ends, outcome } = &entry.held;
        if entry.fingerprint != claim.fingerprint() {
            return Judgement::Answer(Claimed::Mismatch);
        }
        if let Some(outcome) = outcome {
            return Judgement::Answer(Claimed::Settled(outcome.clone()));
        }
        if entry.claimant == claim.claimant() {
            return Judgement::Answer(Claimed::New(Lease::grant(claim, *window_ends)));
        }
        if claim.now() < *lease_until {
            let (since, until) = (*since, *lease_until);
            return Judgement::Answer(Claimed::InFlight { since, until });
        }
        match claim.on_abandoned() {
            Abandoned::Refuse => Judgement::Answer(Claimed::Abandoned { since: *since }),
            Abandoned::TakeOver => Judgement::Take { window_ends: *window_ends },
        }
    }

    /// Whether a lease may settle or release this; else what to say instead.
    pub(super) fn is_current(entry: Option<&Self>, lease: &Lease) -> Result<(), super::Settlement> {
        match entry.filter(|entry| entry.claimant == lease.claimant()) {
            Some(entry) if entry.held.outcome.is_none() => Ok(()),
            Some(_) => Err(super::Settlement::Already),
            None => Err(super::Settlement::Superseded),
        }
    }
}
