use std::fmt;
use std::str::FromStr;

use http::header::{HeaderValue, InvalidHeaderValue};
use serde::Deserialize;

use super::visible_text;

/// The name a client gives to one attempt to create something: 1 to 40 characters, opaque and
/// case-sensitive.
///
/// Value of `x-idempotency-key` (Open Banking UK Read/Write profile, "Idempotency", and the
/// pattern `^(?!\s)(.*)(\S)$` of its OpenAPI). Visible ASCII; blanks only inside. `parse` applies
/// the UK limit; [`parse_within`](Self::parse_within) a longer one.
///
/// Does not check whether the key was used before, and does not unquote the `Idempotency-Key` of
/// the IETF draft.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    /// Reads a key of at most `longest` characters.
    pub fn parse_within(longest: MaxKeyLength, text: &str) -> Result<Self, IdempotencyKeyError> {
        if text.is_empty() {
            return Err(IdempotencyKeyError::Empty);
        }
        if visible_text(text.as_bytes()).is_none() {
            return Err(IdempotencyKeyError::NotVisibleAscii);
        }
        if text.len() > usize::from(longest.0) {
            return Err(IdempotencyKeyError::TooLong { longest: longest.0 });
        }
        if text.starts_with(' ') || text.ends_with(' ') {
            return Err(IdempotencyKeyError::SurroundedByBlanks);
        }
        Ok(Self(text.into()))
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, IdempotencyKeyError> {
        Self::parse_within(MaxKeyLength::OBIE, text)
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&IdempotencyKey> for HeaderValue {
    type Error = InvalidHeaderValue;

    fn try_from(key: &IdempotencyKey) -> Result<Self, InvalidHeaderValue> {
        HeaderValue::from_str(&key.0)
    }
}

/// The number of characters a key may have: 40, or more for profiles other than the UK's.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "u16")]
pub struct MaxKeyLength(u16);

impl MaxKeyLength {
    /// 40 characters (Open Banking UK Read/Write profile, "Idempotency").
    pub const OBIE: Self = Self(40);
}

impl Default for MaxKeyLength {
    fn default() -> Self {
        Self::OBIE
    }
}

impl TryFrom<u16> for MaxKeyLength {
    type Error = MaxKeyLengthTooShort;

    /// Takes any number from 40 up: a shorter limit would refuse keys that every profile allows.
    fn try_from(characters: u16) -> Result<Self, MaxKeyLengthTooShort> {
        if characters < Self::OBIE.0 {
            return Err(MaxKeyLengthTooShort { characters });
        }
        Ok(Self(characters))
    }
}

/// A limit below 40 characters was configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("idempotency keys of 40 characters must be accepted, {characters} is too short a limit")]
pub struct MaxKeyLengthTooShort {
    /// The configured limit.
    pub characters: u16,
}

/// Why a text is not an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyKeyError {
    /// The header is there but has no value.
    #[error("the idempotency key is empty")]
    Empty,
    /// A control character, or a character outside ASCII.
    #[error("the idempotency key holds characters other than visible ASCII")]
    NotVisibleAscii,
    /// A blank before or after the key.
    #[error("the idempotency key begins or ends with a blank")]
    SurroundedByBlanks,
    /// More characters than allowed.
    #[error("the idempotency key has more than {longest} characters")]
    TooLong {
        /// The limit.
        longest: u16,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_1_to_40_characters_are_kept_byte_for_byte() {
        for key in ["a", "Abc 12~", &"k".repeat(40)] {
            assert_eq!(key.parse::<IdempotencyKey>().unwrap().as_str(), key);
        }
    }

    #[test]
    fn keys_are_case_sensitive() {
        assert_ne!("a".parse::<IdempotencyKey>(), "A".parse::<IdempotencyKey>());
    }

    #[test]
    fn what_is_not_a_key_is_refused_with_its_reason() {
        for (hostile, why) in [
            ("", IdempotencyKeyError::Empty),
            (" ", IdempotencyKeyError::SurroundedByBlanks),
            (" a", IdempotencyKeyError::SurroundedByBlanks),
            ("a ", IdempotencyKeyError::SurroundedByBlanks),
            ("a\tb", IdempotencyKeyError::NotVisibleAscii),
            ("a\0", IdempotencyKeyError::NotVisibleAscii),
            ("k\u{e9}y", IdempotencyKeyError::NotVisibleAscii),
            (&"k".repeat(41), IdempotencyKeyError::TooLong { longest: 40 }),
        ] {
            assert_eq!(hostile.parse::<IdempotencyKey>(), Err(why), "{hostile:?}");
        }
    }

    #[test]
    fn the_limit_can_be_raised_and_never_lowered() {
        let longest = MaxKeyLength::try_from(64).unwrap();
        assert!(IdempotencyKey::parse_within(longest, &"k".repeat(64)).is_ok());
        assert!(IdempotencyKey::parse_within(longest, &"k".repeat(65)).is_err());
        assert_eq!(MaxKeyLength::try_from(39), Err(MaxKeyLengthTooShort { characters: 39 }));
    }
}
