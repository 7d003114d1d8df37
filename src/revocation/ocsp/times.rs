//! Whether a response is in its time (RFC 6960, 4.2.2.1), and until when.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::response::SingleResponse;
use super::{OcspError, Reading};

/// The times of a single response, in seconds.
pub(super) struct Times {
    this_update: u64,
    next_update: Option<u64>,
    produced_at: u64,
}

impl Times {
    pub(super) fn of(single: &SingleResponse<'_>, produced_at: UnixTime) -> Self {
        Self {
            this_update: single.this_update.as_secs(),
            next_update: single.next_update.map(|time| time.as_secs()),
            produced_at: produced_at.as_secs(),
        }
    }

    /// Refuses what no honest responder with a good clock says.
    pub(super) fn plausible(&self, how: &Reading<'_>) -> Result<(), OcspError> {
        if self.produced_at < self.this_update
            || self.next_update.is_some_and(|next| next < self.this_update)
        {
            return Err(OcspError::TimesContradict);
        }
        // Not before `thisUpdate`, which with this is not in the future either.
        match self.produced_at > after(how.now, how.skew) {
            true => Err(OcspError::FromTheFuture),
            false => Ok(()),
        }
    }

    /// The last second at which the response may still be used, when that is not over.
    ///
    /// Whoever can write to the network can play back an old "good" until `nextUpdate`: so there
    /// is a greatest age beside it.
    pub(super) fn good_until(&self, how: &Reading<'_>) -> Result<UnixTime, OcspError> {
        let oldest = match self.next_update {
            Some(_) => how.max_age,
            None => how.max_age.min(how.no_next_update_age),
        };
        let age_ends = self.this_update.saturating_add(oldest.as_secs());
        let skewed = |next: u64| next.saturating_add(how.skew.as_secs());
        if how.now.as_secs() > self.next_update.map_or(age_ends, skewed).min(age_ends) {
            return Err(OcspError::Stale);
        }
        // Without `nextUpdate` a newer one may be there at any time.
        let next = self.next_update.map_or_else(|| soon(how), seconds);
        Ok(next.min(seconds(age_ends)))
    }
}

/// Until when an answer is kept that may be another one at any time.
pub(super) fn soon(how: &Reading<'_>) -> UnixTime {
    seconds(after(how.now, SOON))
}

fn after(time: UnixTime, duration: Duration) -> u64 {
    time.as_secs().saturating_add(duration.as_secs())
}

fn seconds(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// See [`Reading::skew`].
pub(crate) const SKEW: Duration = Duration::from_secs(5 * 60);
/// See [`Reading::max_age`].
pub(crate) const MAX_AGE: Duration = Duration::from_secs(4 * 24 * 60 * 60);
/// See [`Reading::no_next_update_age`].
pub(crate) const NO_NEXT_UPDATE_AGE: Duration = Duration::from_secs(60 * 60);

const SOON: Duration = Duration::from_secs(5 * 60);
