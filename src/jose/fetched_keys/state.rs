//! What is held of a published set, and when it may be asked for again. Times are seconds.

use futures_util::future::Shared;

use super::super::{KeySet, KeysUnavailable};
use crate::gate::BoxFuture;

/// A fetch under way.
pub(super) type Flight = Shared<BoxFuture<'static, ()>>;

#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) interval: u64,
    pub(super) max_age: u64,
    pub(super) max_stale: u64,
}

#[derive(Default)]
pub(super) struct State {
    held: Option<Held>,
    /// When the last fetch began.
    asked: Option<u64>,
    has_failed: bool,
    flight: Option<Flight>,
    /// Which fetch is the last.
    number: u64,
}

pub(super) struct Held {
    set: KeySet,
    taken: u64,
    /// For how long it is not asked for again.
    lifetime: u64,
}

/// What can be said at once.
pub(super) enum Known<T> {
    Answer(Result<Option<T>, KeysUnavailable>),
    /// A fetch may change it.
    Open,
}

impl State {
    /// Looks in the set, if one is good at this time.
    pub(super) fn known<T>(
        &self,
        now: u64,
        times: Times,
        look: impl Fn(&KeySet) -> Option<T>,
    ) -> Known<T> {
        let found = match self.usable(now, times) {
            Some(held) => look(&held.set).map(|found| (found, held.is_fresh(now))),
            None => None,
        };
        match found {
            Some((found, true)) => Known::Answer(Ok(Some(found))),
            // One renews; the others need not wait.
            Some((found, false)) if !self.may_fetch(now, times) => Known::Answer(Ok(Some(found))),
            _ if self.may_fetch(now, times) || self.running().is_some() => Known::Open,
            _ => Known::Answer(self.settled(now, times, look)),
        }
    }

    /// Looks in the set, where nobody is to be asked any more.
    pub(super) fn settled<T>(
        &self,
        now: u64,
        times: Times,
        look: impl Fn(&KeySet) -> Option<T>,
    ) -> Result<Option<T>, KeysUnavailable> {
        match look(&self.usable(now, times).ok_or(KeysUnavailable)?.set) {
            // Its owner may have added it since.
            None if self.has_failed => Err(KeysUnavailable),
            found => Ok(found),
        }
    }

    /// The set that may still be believed.
    fn usable(&self, now: u64, times: Times) -> Option<&Held> {
        let within = |held: &&Held| held.age(now) < held.lifetime.saturating_add(times.max_stale);
        self.held.as_ref().filter(within)
    }

    pub(super) fn running(&self) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| flight.peek().is_none())
    }

    /// Requests read the clock before they come here, so a fetch may have begun a little after one's
    /// own time; one that began long after it was before the clock was set back.
    pub(super) fn may_fetch(&self, now: u64, times: Times) -> bool {
        self.asked.is_none_or(|asked| now.abs_diff(asked) >= times.interval)
    }

    /// Gives the fetch its number.
    pub(super) fn next(&mut self, now: u64) -> u64 {
        (self.asked, self.number) = (Some(now), self.number.wrapping_add(1));
        self.number
    }

    pub(super) fn took_off(&mut self, flight: Flight) {
        self.flight = Some(flight);
    }

    /// Takes what a fetch brought, unless a later one was begun.
    pub(super) fn landed(&mut self, number: u64, brought: Option<Held>) {
        if number != self.number {
            return;
        }
        self.has_failed = brought.is_none();
        if brought.is_some() {
            self.held = brought;
        }
    }
}

impl Held {
    pub(super) fn new(set: KeySet, max_age: Option<u64>, now: u64, times: Times) -> Self {
        let lifetime = max_age.unwrap_or(u64::MAX).min(times.max_age).max(times.interval);
        Self { set, taken: now, lifetime }
    }

    fn age(&self, now: u64) -> u64 {
        now.abs_diff(self.taken)
    }

    fn is_fresh(&self, now: u64) -> bool {
        self.age(now) < self.lifetime
    }
}
