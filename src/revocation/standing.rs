//! What is known of a certificate, and what follows from it.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::RevocationPolicy;
use crate::reject::{Reason, Rejection};

/// What one method, or all of them together, know of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Nothing: no word, or none that counts.
    Nothing,
    /// The last word was good, and went out of date after this second.
    Stale { last: UnixTime },
    /// The responder does not know the certificate, and that is its current word.
    Unknown,
    /// Good and in its time until `until`; there may be a newer word already.
    Aging { until: UnixTime },
    /// Good until this second.
    Fresh { until: UnixTime },
    /// Revoked; `final_word` unless a newer word of the same method may be had by now.
    Revoked { final_word: bool },
}

impl Standing {
    /// What both methods know: any revocation wins over any good word.
    ///
    /// An answer "unknown" counts for less than a list in its time, and for more than one that is
    /// not: it is the newer word.
    pub(super) fn and(self, other: Self) -> Self {
        let (low, high) = if self.rank() <= other.rank() { (self, other) } else { (other, self) };
        match (low, high) {
            (Self::Stale { last: one }, Self::Stale { last: other }) => {
                Self::Stale { last: one.max(other) }
            }
            (Self::Aging { until: one }, Self::Aging { until: other }) => {
                Self::Aging { until: one.max(other) }
            }
            (Self::Fresh { until: one }, Self::Fresh { until: other }) => {
                Self::Fresh { until: one.max(other) }
            }
            (Self::Revoked { final_word: one }, Self::Revoked { final_word: other }) => {
                Self::Revoked { final_word: one || other }
            }
            _ => high,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Stale { .. } => 1,
            Self::Unknown => 2,
            Self::Aging { .. } => 3,
            Self::Fresh { .. } => 4,
            Self::Revoked { .. } => 5,
        }
    }

    /// Whether asking would change nothing.
    pub(super) fn is_settled(self) -> bool {
        matches!(self, Self::Fresh { .. } | Self::Revoked { final_word: true })
    }

    /// The verdict when nobody can be asked (any more): until when it is good.
    pub(super) fn settle(
        self,
        policy: RevocationPolicy,
        now: UnixTime,
    ) -> Result<UnixTime, Rejection> {
        let soon = after(now, ASK_AGAIN);
        match (self, policy) {
            (_, RevocationPolicy::Off) => Ok(FOREVER),
            (Self::Revoked { .. }, _) => Err(Rejection::new(Reason::CertificateRevoked)),
            (Self::Fresh { until }, _) => Ok(until),
            (Self::Aging { until }, _) => Ok(until.min(soon)),
            // An answer, and none that is missing: no policy makes it a good one.
            (Self::Unknown, _) => Err(Rejection::new(Reason::CertificateStatusUnknown)),
            (Self::Stale { last }, RevocationPolicy::SoftFail { max_stale })
                if now <= after(last, max_stale) =>
            {
                tracing::warn!("revocation: the last good word on a certificate is out of date");
                Ok(after(last, max_stale).min(soon))
            }
            (Self::Stale { .. } | Self::Nothing, RevocationPolicy::SoftFailOpen) => {
                tracing::warn!(
                    "revocation: a certificate of which nothing current is known passes"
                );
                Ok(soon)
            }
            (Self::Stale { .. } | Self::Nothing, _) => {
                Err(Rejection::new(Reason::RevocationUnknown))
            }
        }
    }
}

pub(super) fn after(time: UnixTime, duration: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        time.as_secs().saturating_add(duration.as_secs()),
    ))
}

/// The end of time.
pub(super) const FOREVER: UnixTime = UnixTime::since_unix_epoch(Duration::MAX);

/// How long a word serves that should have been replaced by now, before it is asked for again.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn settled(standing: Standing, policy: RevocationPolicy) -> Result<u64, Reason> {
        let verdict = standing.settle(policy, at(NOW));
        verdict.map(|until| until.as_secs()).map_err(|rejection| rejection.reason())
    }

    #[test]
    fn each_policy_does_what_its_row_says() {
        use RevocationPolicy::{HardFail, Off, SoftFail, SoftFailOpen};
        let soft = SoftFail { max_stale: Duration::from_secs(100) };
        let fresh = Standing::Fresh { until: at(NOW + 500) };
        let aging = |until| Standing::Aging { until: at(until) };
        let stale = |last| Standing::Stale { last: at(last) };
        let revoked = |final_word| Standing::Revoked { final_word };
        let no_data = Err(Reason::RevocationUnknown);
        let is_revoked = Err(Reason::CertificateRevoked);
        let unknown = Err(Reason::CertificateStatusUnknown);
        let forever = FOREVER.as_secs();
        for (standing, hard, softly, open) in [
            (fresh, Ok(NOW + 500), Ok(NOW + 500), Ok(NOW + 500)),
            (aging(NOW + 500), Ok(NOW + 30), Ok(NOW + 30), Ok(NOW + 30)),
            (aging(NOW + 3), Ok(NOW + 3), Ok(NOW + 3), Ok(NOW + 3)),
            (stale(NOW - 10), no_data, Ok(NOW + 30), Ok(NOW + 30)),
            (stale(NOW - 99), no_data, Ok(NOW + 1), Ok(NOW + 30)),
            (stale(NOW - 100), no_data, Ok(NOW), Ok(NOW + 30)),
            (stale(NOW - 101), no_data, no_data, Ok(NOW + 30)),
            (Standing::Nothing, no_data, no_data, Ok(NOW + 30)),
            (Standing::Unknown, unknown, unknown, unknown),
            (revoked(true), is_revoked, is_revoked, is_revoked),
            (revoked(false), is_revoked, is_revoked, is_revoked),
        ] {
            assert_eq!(settled(standing, HardFail), hard, "{standing:?}");
            assert_eq!(settled(standing, soft), softly, "{standing:?}");
            assert_eq!(settled(standing, SoftFailOpen), open, "{standing:?}");
            assert_eq!(settled(standing, Off), Ok(forever), "{standing:?}");
        }
    }

    #[test]
    fn a_revocation_by_one_method_wins_over_everything_of_the_other() {
        let revoked = Standing::Revoked { final_word: false };
        for other in [
            Standing::Nothing,
            Standing::Stale { last: at(NOW) },
            Standing::Unknown,
            Standing::Aging { until: at(NOW) },
            Standing::Fresh { until: at(NOW) },
        ] {
            assert_eq!(revoked.and(other), revoked);
            assert_eq!(other.and(revoked), revoked);
        }
        let last = Standing::Revoked { final_word: true };
        assert_eq!((revoked.and(last), last.and(revoked)), (last, last));
    }

    #[test]
    fn a_list_in_its_time_wins_over_unknown_and_a_stale_one_does_not() {
        let fresh = Standing::Fresh { until: at(NOW) };
        assert_eq!(Standing::Unknown.and(fresh), fresh);
        assert_eq!(fresh.and(Standing::Unknown), fresh);
        assert_eq!(Standing::Stale { last: at(NOW) }.and(Standing::Unknown), Standing::Unknown);
    }

    #[test]
    fn of_two_good_words_the_one_that_lasts_longer_counts() {
        let fresh = |until| Standing::Fresh { until: at(until) };
        assert_eq!(fresh(1).and(fresh(2)), fresh(2));
        let stale = |last| Standing::Stale { last: at(last) };
        assert_eq!(stale(2).and(stale(1)), stale(2));
    }
}
