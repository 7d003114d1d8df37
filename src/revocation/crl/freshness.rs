//! How long a list may be believed.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::ListError;

/// When a list is current.
///
/// By default: from `thisUpdate`, with clocks five minutes apart, to `nextUpdate`; a list without
/// `nextUpdate` never is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    skew: Duration,
    grace: Duration,
    max_age: Option<Duration>,
    age_without_next_update: Option<Duration>,
}

impl Default for Freshness {
    fn default() -> Self {
        let skew = Duration::from_secs(300);
        Self { skew, grace: Duration::ZERO, max_age: None, age_without_next_update: None }
    }
}

impl Freshness {
    /// By how much the issuer's clock may be ahead.
    pub(crate) fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Believes a list for a while after `nextUpdate`, since issuers publish late.
    pub(crate) fn allow_late(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Never believes a list that is older, whatever its `nextUpdate` says.
    pub(crate) fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Believes a list without `nextUpdate`, against RFC 5280, 5.1.2.5, until it has this age.
    pub(crate) fn allow_no_next_update(mut self, age: Duration) -> Self {
        self.age_without_next_update = Some(age);
        self
    }

    /// The last second at which a list with these dates is current.
    pub(super) fn last(
        &self,
        this_update: UnixTime,
        next_update: Option<UnixTime>,
    ) -> Result<UnixTime, ListError> {
        let last = match (next_update, self.age_without_next_update) {
            (Some(next_update), _) => later(next_update, self.grace),
            (None, Some(age)) => later(this_update, age),
            (None, None) => return Err(ListError::NoNextUpdate),
        };
        Ok(self.max_age.map_or(last, |age| last.min(later(this_update, age))))
    }

    /// The last second from which a list may be.
    pub(super) fn latest(&self, now: UnixTime) -> UnixTime {
        later(now, self.skew)
    }
}

fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs().saturating_add(by.as_secs())))
}
