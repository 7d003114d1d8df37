use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use http::header::{HeaderValue, InvalidHeaderValue};
use httpdate::HttpDate;
use rustls_pki_types::UnixTime;

/// The time when the customer last logged in with the third party.
///
/// Value of `x-fapi-auth-date` (FAPI 1.0 Baseline 6.2.2): an IMF-fixdate of RFC 9110, section
/// 5.6.7, with the weekday that belongs to the date. The Open Banking UK OpenAPI also allows the
/// suffix `UTC`: it is read, and never printed.
///
/// Does not compare with the present: a date of the third party proves nothing to the bank. The
/// obsolete date forms, leap seconds and dates before 1970 are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthDate(Duration);

impl AuthDate {
    /// The moment of `time`, if an IMF-fixdate can write it (up to the year 9999).
    pub fn at(time: UnixTime) -> Result<Self, AuthDateError> {
        if time.as_secs() >= YEAR_10000 {
            return Err(AuthDateError);
        }
        Ok(Self(Duration::from_secs(time.as_secs())))
    }

    /// The moment.
    pub fn time(self) -> UnixTime {
        UnixTime::since_unix_epoch(self.0)
    }
}

impl FromStr for AuthDate {
    type Err = AuthDateError;

    fn from_str(text: &str) -> Result<Self, AuthDateError> {
        let gmt = match text.strip_suffix(" UTC") {
            Some(date) => format!("{date} GMT"),
            None => text.to_owned(),
        };
        let time = httpdate::parse_http_date(&gmt).map_err(|_| AuthDateError)?;
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| AuthDateError)?;
        let date = Self(since_epoch);
        // Only an IMF-fixdate prints as it was read: this refuses the obsolete forms, a weekday
        // that does not belong to the date, the 30th of February and the 61st second.
        if date.to_string() != gmt {
            return Err(AuthDateError);
        }
        Ok(date)
    }
}

impl fmt::Display for AuthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HttpDate::from(SystemTime::UNIX_EPOCH + self.0).fmt(f)
    }
}

impl TryFrom<&AuthDate> for HeaderValue {
    type Error = InvalidHeaderValue;

    fn try_from(date: &AuthDate) -> Result<Self, InvalidHeaderValue> {
        HeaderValue::try_from(date.to_string())
    }
}

/// The text is not an IMF-fixdate, or the time cannot be written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form `Sun, 10 Sep 2017 19:43:31 GMT`")]
pub struct AuthDateError;

const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gmt_and_utc_are_read_and_gmt_is_printed() {
        for text in ["Sun, 10 Sep 2017 19:43:31 GMT", "Sun, 10 Sep 2017 19:43:31 UTC"] {
            let date: AuthDate = text.parse().unwrap();
            assert_eq!(date.time().as_secs(), 1_505_072_611);
            assert_eq!(date.to_string(), "Sun, 10 Sep 2017 19:43:31 GMT");
        }
    }

    #[test]
    fn the_limits_of_the_form_are_kept() {
        let last = UnixTime::since_unix_epoch(Duration::from_secs(YEAR_10000 - 1));
        let date = AuthDate::at(last).unwrap();
        assert_eq!(date.to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(date.to_string().parse(), Ok(date));
        let beyond = UnixTime::since_unix_epoch(Duration::from_secs(YEAR_10000));
        assert_eq!(AuthDate::at(beyond), Err(AuthDateError));
    }

    #[test]
    fn everything_else_is_refused() {
        for hostile in [
            "",
            "GMT",
            "Mon, 10 Sep 2017 19:43:31 GMT",
            "Sun, 10 Sep 2017 19:43:31",
            "Sun, 10 Sep 2017 19:43:31 CET",
            "Sun, 10 Sep 2017 19:43:31 gmt",
            "Sun, 10 Sep 2017 19:43:31 GMT UTC",
            "Sun, 10 Sep 2017 19:43:31 UTC UTC",
            "Sun, 10 Sep 2017 19:43:31 GMT ",
            " Sun, 10 Sep 2017 19:43:31 GMT",
            "Sun, 10 Sep 2017 19:43:60 GMT",
            "Sun, 10 Sep 2017 24:00:00 GMT",
            "Thu, 30 Feb 2017 19:43:31 GMT",
            "Sunday, 10-Sep-17 19:43:31 GMT",
            "Sun Sep 10 19:43:31 2017",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "2017-09-10T19:43:31Z",
            "sun, 10 sep 2017 19:43:31 GMT",
        ] {
            assert_eq!(hostile.parse::<AuthDate>(), Err(AuthDateError), "{hostile:?}");
        }
    }
}
