//! Points in time as RFC 3339 text.
use std::time::Duration;

use der::DateTime;
use rustls_pki_types::UnixTime;

/// Writes a time as RFC 3339 in UTC, for example `2024-04-11T14:16:55Z`.
///
/// Times after the year 9999, which RFC 3339 cannot write, come out as its last second.
#[must_use]
pub fn to_rfc3339(time: UnixTime) -> String {
    DateTime::from_unix_duration(Duration::from_secs(time.as_secs()))
        .unwrap_or(DateTime::INFINITY)
        .to_string()
}

/// Reads an RFC 3339 time of the form `2024-04-11T14:16:55Z`.
///
/// Only whole seconds in UTC, between 1970 and 9999: offsets and fractions are refused.
#[must_use]
pub fn from_rfc3339(text: &str) -> Option<UnixTime> {
    text.parse::<DateTime>().ok().map(from_date_time)
}

pub(crate) fn from_date_time(time: DateTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.unix_duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_round_trip() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(to_rfc3339(from_rfc3339(text).unwrap()), text);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00+01:00"] {
            assert!(from_rfc3339(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_time_beyond_rfc3339_is_its_last_second() {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
        assert_eq!(to_rfc3339(time), "9999-12-31T23:59:59Z");
    }
}
