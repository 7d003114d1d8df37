//! `QualifiedServices`: the services that a gate holds, and swaps while it runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::TrustedServices;
use crate::context::relaxed;

/// A handle on the services of the trusted lists. Clones share it, so that a gate sees what a job
/// of the bank [replaces](Self::replace).
///
/// Services that were imported too long ago, or whose list of lists is past its `nextUpdate`, tell
/// nothing: every certificate is then refused with
/// [`Reason::ServiceUnavailable`](crate::reject::Reason::ServiceUnavailable), which is the bank's
/// fault and no client's.
#[derive(Clone)]
pub struct QualifiedServices {
    current: Arc<RwLock<Arc<Edition>>>,
    max_age: Duration,
    grace: Duration,
}

/// The services between two swaps.
pub(crate) struct Edition {
    pub(crate) number: u64,
    pub(crate) services: TrustedServices,
}

/// A list in the new services is older than the same list in the current ones.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("list {sequence} of {territory} would take the place of list {current}")]
pub struct NotNewer {
    /// The territory of the list.
    pub territory: String,
    /// Its sequence number in the new services.
    pub sequence: u64,
    /// Its sequence number in the current services.
    pub current: u64,
}

/// Why the services tell nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TooOld {
    #[error("the trusted lists were imported in the future")]
    FromTheFuture,
    #[error("the trusted lists were imported too long ago")]
    Import,
    #[error("the list of lists is past its nextUpdate")]
    ListOfLists,
}

impl QualifiedServices {
    /// Holds these services, which tell something until `max_age` after their import.
    #[must_use]
    pub fn new(services: TrustedServices, max_age: Duration) -> Self {
        let first = Arc::new(Edition { number: 0, services });
        Self { current: Arc::new(RwLock::new(first)), max_age, grace: Duration::ZERO }
    }

    /// Believes lists for a while longer than their `nextUpdate`. Of this handle and its clones to
    /// come; those made before do not change.
    #[must_use]
    pub fn allow_stale(self, grace: Duration) -> Self {
        relaxed("QualifiedServices", "allow_stale");
        Self { grace, ..self }
    }

    /// Takes other services in the place of the current ones: the next request is judged by them,
    /// on a connection that stays open as well.
    ///
    /// # Errors
    ///
    /// When a list is older than the same list now: a withdrawn service would come back. The
    /// current services stay.
    pub fn replace(&self, services: TrustedServices) -> Result<(), NotNewer> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        for list in current.services.lists() {
            match services.list(list.territory()) {
                Some(new) if new.sequence() < list.sequence() => {
                    return Err(NotNewer {
                        territory: list.territory().to_owned(),
                        sequence: new.sequence(),
                        current: list.sequence(),
                    });
                }
                _ => {}
            }
        }
        *current = Arc::new(Edition { number: current.number + 1, services });
        Ok(())
    }

    /// The services, unless they are too old to tell.
    pub(crate) fn current(&self, now: UnixTime) -> Result<Arc<Edition>, TooOld> {
        let edition = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (imported, now) = (edition.services.imported_at().as_secs(), now.as_secs());
        if imported > now.saturating_add(CLOCK_SKEW) {
            return Err(TooOld::FromTheFuture);
        }
        if now > imported.saturating_add(self.max_age.as_secs()) {
            return Err(TooOld::Import);
        }
        let list_of_lists = edition.services.list(EU).map(|list| list.next_update().as_secs());
        match list_of_lists {
            Some(end) if now <= end.saturating_add(self.grace()) => Ok(edition),
            _ => Err(TooOld::ListOfLists),
        }
    }

    /// How much longer than its `nextUpdate` a list is believed, in seconds.
    pub(crate) fn grace(&self) -> u64 {
        self.grace.as_secs()
    }
}

impl fmt::Debug for QualifiedServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "QualifiedServices({:?}, edition {})", current.services, current.number)
    }
}

/// The territory of the list of lists.
pub(super) const EU: &str = "EU";
/// How far two hosts' clocks may be apart, in seconds.
const CLOCK_SKEW: u64 = 300;

#[cfg(test)]
mod tests;
