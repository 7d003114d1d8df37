use std::fmt;

use rustls_pki_types::UnixTime;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// The first second of the year 2101. Greater values are milliseconds sent as seconds, or an
/// attempt at a token that never expires.
const END_OF_TIME: f64 = 4_133_980_800.0;

/// A JSON number of seconds since 1970 (RFC 7519 section 2), not negative and not beyond the year
/// 2100.
///
/// Banks have sent fractions (`1596030273.582`), and the RFC allows them: they are rounded down, and
/// [`is_whole`](Self::is_whole) tells, for a policy that minds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NumericDate {
    seconds: u64,
    fractional: bool,
}

impl NumericDate {
    /// The second of this time.
    pub fn of(time: UnixTime) -> Self {
        Self { seconds: time.as_secs(), fractional: false }
    }

    /// Whole seconds since 1970; a fraction is dropped.
    ///
    /// An expiry so rounded comes up to a second early, the safe side; a beginning too, well within
    /// the clock skew every profile grants.
    pub fn seconds(self) -> u64 {
        self.seconds
    }

    /// Whether the number had no fraction.
    pub fn is_whole(self) -> bool {
        !self.fractional
    }

    fn from_number(number: f64) -> Option<Self> {
        // The cast is exact: the number is whole and below 2^32 there.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (0.0..END_OF_TIME)
            .contains(&number)
            .then(|| Self { seconds: number.trunc() as u64, fractional: number.fract() != 0.0 })
    }
}

impl Serialize for NumericDate {
    /// Whole seconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.seconds)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(Number)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970, not beyond the year 2100")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<NumericDate, E> {
        NumericDate::from_number(number).ok_or_else(|| E::custom("not a date"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<NumericDate, E> {
        let number = u32::try_from(number).map_err(|_| E::custom("not a date"))?;
        self.visit_f64(f64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<NumericDate> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn integers_and_fractions_are_dates() {
        let whole = read("1501497671").unwrap();
        assert!(whole.is_whole() && whole.seconds() == 1_501_497_671);
        let fraction = read("1596030273.582").unwrap();
        assert!(!fraction.is_whole() && fraction.seconds() == 1_596_030_273);
        assert!(read("1.5e9").unwrap().is_whole());
    }

    #[test]
    fn milliseconds_negatives_strings_and_overflows_are_not() {
        for json in
            ["1501497671000", "4133980800", "-1", "-0.5", "1e400", "\"1501497671\"", "null", "true"]
        {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
