use std::fmt;
use std::str::FromStr;

use http::header::{HeaderValue, InvalidHeaderValue};
use uuid::Uuid;

/// The identifier of one interaction: the text of an RFC 4122 UUID, kept byte for byte.
///
/// Value of `x-fapi-interaction-id` (FAPI 1.0 Baseline 6.2.1, clause 11; Open Banking UK
/// Read/Write profile, request headers) and of Berlin Group's `X-Request-ID`. It is echoed as
/// sent, so neither parsing nor printing changes the case of a letter.
///
/// Does not check version and variant of the UUID: the profiles ask for none. Two identifiers that
/// differ in case only are different values, as nothing is looked up by them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InteractionId(Box<str>);

impl InteractionId {
    /// Makes a new identifier: a random UUID (version 4).
    pub fn generate() -> Self {
        Self(Uuid::new_v4().to_string().into())
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InteractionId {
    type Err = InteractionIdError;

    fn from_str(text: &str) -> Result<Self, InteractionIdError> {
        // Not `Uuid::parse_str`: that also takes braces, `urn:uuid:` and 32 bare digits.
        let mut groups = text.split('-');
        let five = GROUPS.iter().all(|length| {
            groups.next().is_some_and(|group| {
                group.len() == *length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        });
        if !five || groups.next().is_some() {
            return Err(InteractionIdError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for InteractionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&InteractionId> for HeaderValue {
    type Error = InvalidHeaderValue;

    fn try_from(id: &InteractionId) -> Result<Self, InvalidHeaderValue> {
        HeaderValue::from_str(&id.0)
    }
}

/// The text is not a UUID in the form 8-4-4-4-12.
///
/// Carries no part of the text, so that a log line cannot be forged through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID of 8-4-4-4-12 hexadecimal digits")]
pub struct InteractionIdError;

const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "93bac548-D2de-4546-b106-880a5018460d";

    #[test]
    fn the_text_is_kept_byte_for_byte() {
        let id: InteractionId = SENT.parse().unwrap();
        assert_eq!(id.as_str(), SENT);
        assert_eq!(id.to_string(), SENT);
        assert_eq!(HeaderValue::try_from(&id).unwrap(), SENT);
    }

    #[test]
    fn a_generated_identifier_parses_and_is_new() {
        let id = InteractionId::generate();
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_ne!(id, InteractionId::generate());
    }

    #[test]
    fn anything_but_8_4_4_4_12_hexadecimal_digits_is_refused() {
        for hostile in [
            "",
            "-",
            "----",
            "93bac548d2de4546b106880a5018460d",
            "{93bac548-d2de-4546-b106-880a5018460d}",
            "urn:uuid:93bac548-d2de-4546-b106-880a5018460d",
            "93bac548-d2de-4546-b106-880a5018460",
            "93bac548-d2de-4546-b106-880a5018460d0",
            "93bac548-d2de-4546-b106-880a5018460d-",
            "-93bac548-d2de-4546-b106-880a5018460d",
            "93bac54-8d2de-4546-b106-880a5018460d",
            "93bac548-d2de-4546-b106-880a5018460g",
            "93bac548-d2de-4546-b106-880a5018460\u{0661}",
            " 93bac548-d2de-4546-b106-880a5018460d",
            "93bac548-d2de-4546-b106-880a5018460d ",
            "93bac548-d2de-4546-b106-880a5018460d\n",
            "93bac548_d2de_4546_b106_880a5018460d",
        ] {
            assert_eq!(hostile.parse::<InteractionId>(), Err(InteractionIdError), "{hostile:?}");
        }
    }
}
