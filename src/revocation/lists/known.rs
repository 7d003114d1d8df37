//! One verified list, and what several of one issuer say together.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use rustls_pki_types::UnixTime;

use super::super::crl::{Freshness, ListError, ListStatus, RevocationList};
use super::super::standing::{Standing, after};
use super::ListRefused;
use crate::cert::Certificate;

/// When a list is looked at, and how long lists are believed.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) now: UnixTime,
    pub(super) freshness: &'a Freshness,
}

/// A verified list and where it came from.
#[derive(Clone)]
pub(super) struct Known {
    list: Arc<RevocationList>,
    source: Source,
}

/// Where a list came from.
#[derive(Clone)]
enum Source {
    /// From a file, by its place among them.
    File(usize),
    Network(Fetched),
}

/// How a list was fetched.
#[derive(Clone)]
pub(in super::super) struct Fetched {
    pub(in super::super) uri: Uri,
    bytes: usize,
    pub(in super::super) taken: UnixTime,
    /// The second from which on there may be a newer one.
    pub(in super::super) ask_again: UnixTime,
}

impl Known {
    pub(super) fn of_file(list: Arc<RevocationList>, index: usize) -> Self {
        Self { list, source: Source::File(index) }
    }

    /// `max_age` may only shorten what the list says of itself.
    pub(super) fn of_fetched(
        list: RevocationList,
        uri: Uri,
        bytes: usize,
        max_age: Option<Duration>,
        now: UnixTime,
    ) -> Self {
        let ends = list.next_update().unwrap_or_else(|| after(now, LEAST_AGE));
        let shorter = max_age.map(|max_age| after(now, max_age.max(LEAST_AGE)));
        let ask_again = shorter.map_or(ends, |time| time.min(ends));
        let source = Source::Network(Fetched { uri, bytes, taken: now, ask_again });
        Self { list: Arc::new(list), source }
    }

    pub(super) fn fetched(&self) -> Option<&Fetched> {
        match &self.source {
            Source::File(_) => None,
            Source::Network(fetched) => Some(fetched),
        }
    }

    pub(super) fn is_fresh_from(&self, uri: &Uri, now: UnixTime) -> bool {
        self.fetched().is_some_and(|fetched| fetched.uri == *uri && now < fetched.ask_again)
    }

    fn is_from_the_future(&self, at: At<'_>) -> bool {
        self.list.is_current(at.now, at.freshness) == Err(ListError::FromTheFuture)
    }

    /// What its good word is worth.
    fn good(&self, at: At<'_>) -> Standing {
        let Ok(end) = self.list.current_until(at.freshness) else { return Standing::Nothing };
        // RFC 5280, 5.1.2.5: the next list is there by then.
        let last = before(end);
        match self.fetched() {
            _ if at.now > last => Standing::Stale { last },
            Some(fetched) if at.now >= fetched.ask_again => Standing::Aging { until: last },
            Some(fetched) => Standing::Fresh { until: before(fetched.ask_again).min(last) },
            None => Standing::Fresh { until: last },
        }
    }

    fn is_of_scope(&self, other: &Self) -> bool {
        self.list.scope() == other.list.scope()
    }

    /// Whether taking it for the other would undo what the other said.
    fn rolls_back(&self, other: &Self) -> bool {
        self.is_of_scope(other) && self.list.supersedes(&other.list).is_err()
    }
}

/// The word of the newest list that covers the certificate. One from the future is passed over, and
/// spoils nothing.
///
/// Deliberately not "the newest that is in its time": what a list says is out of date once there is
/// a newer one, whatever its `nextUpdate`.
pub(super) fn standing(lists: &[Known], certificate: &Certificate, at: At<'_>) -> Standing {
    let mut passed: Vec<&Known> = Vec::new();
    for known in lists.iter().filter(|known| !known.is_from_the_future(at)) {
        if passed.iter().any(|newer| newer.is_of_scope(known)) {
            continue;
        }
        match known.list.status_of(certificate) {
            ListStatus::NotCovered(_) => passed.push(known),
            ListStatus::Good => return known.good(at),
            ListStatus::Revoked { .. } => {
                let final_word = matches!(known.good(at), Standing::Fresh { .. });
                return Standing::Revoked { final_word };
            }
        }
    }
    Standing::Nothing
}

/// The newest first; of two of one second, the one with the higher number.
pub(super) fn sorted(lists: impl IntoIterator<Item = Known>) -> Vec<Known> {
    let mut sorted: Vec<Known> = Vec::new();
    for known in lists {
        let time = known.list.this_update();
        let comes_after = |one: &Known| {
            one.list.this_update() < time
                || one.list.this_update() == time && one.rolls_back(&known)
        };
        let place = sorted.iter().position(comes_after).unwrap_or(sorted.len());
        sorted.insert(place, known);
    }
    sorted
}

/// What stays of the old lists beside the new ones from files, and the places of those new ones that
/// are older than what was at hand.
pub(super) fn replaced(old: &[Known], new: Vec<Known>, at: At<'_>) -> (Vec<Known>, Vec<usize>) {
    // A list from the future must not keep out every later one.
    let old: Vec<_> = old.iter().filter(|one| !one.is_from_the_future(at)).collect();
    let (refused, taken): (Vec<_>, Vec<_>) =
        new.into_iter().partition(|known| old.iter().any(|one| known.rolls_back(one)));
    let stays = |one: &Known| {
        let mut of_scope = taken.iter().filter(|known| known.is_of_scope(one)).peekable();
        let is_needed =
            of_scope.peek().is_some() || refused.iter().any(|known| known.is_of_scope(one));
        let is_replaced = of_scope.any(|known| !known.is_from_the_future(at));
        // A file that was taken away is no source any more; what was fetched still is one.
        !is_replaced && (is_needed || one.fetched().is_some())
    };
    let stay: Vec<Known> = old.into_iter().filter(|one| stays(one)).cloned().collect();
    let places = refused.iter().filter_map(|known| match known.source {
        Source::File(index) => Some(index),
        Source::Network(_) => None,
    });
    let places = places.collect();
    (sorted(taken.into_iter().chain(stay)), places)
}

/// The lists with one more that was fetched.
pub(super) fn with(lists: &[Known], fetched: Known, at: At<'_>) -> Result<Vec<Known>, ListRefused> {
    if fetched.is_from_the_future(at) || !matches!(fetched.good(at), Standing::Fresh { .. }) {
        return Err(ListRefused::NotCurrent);
    }
    let mut current = lists.iter().filter(|one| !one.is_from_the_future(at));
    if current.any(|one| fetched.rolls_back(one)) {
        return Err(ListRefused::RolledBack);
    }
    let stay = lists.iter().filter(|one| one.fetched().is_none() || !one.is_of_scope(&fetched));
    Ok(sorted(stay.cloned().chain([fetched.clone()])))
}

/// The bytes that the fetched ones among these had.
pub(super) fn bytes(lists: &[Known]) -> usize {
    lists.iter().filter_map(Known::fetched).map(|fetched| fetched.bytes).sum()
}

fn before(time: UnixTime) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs().saturating_sub(1)))
}

/// How long a list serves at least, whatever HTTP says: it may be long, and requests wait for it.
const LEAST_AGE: Duration = Duration::from_secs(300);
