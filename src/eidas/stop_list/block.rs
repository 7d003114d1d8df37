//! One block of a stop list.

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use super::super::{NcaId, OrganizationId};
use crate::cert::time;
use crate::crypto::hex;

/// Whom a block is for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Blocked {
    /// Whoever was authorised under this number; by any authority if none is named, as numbers
    /// mean something with their authority only.
    AuthorisationNumber {
        /// The number.
        number: String,
        /// The authority.
        authority: Option<NcaId>,
    },
    /// The whole organizationIdentifier.
    Organisation(OrganizationId),
    /// One certificate, by its SHA-256 thumbprint.
    Thumbprint([u8; 32]),
}

/// Somebody blocked, for a time.
///
/// In a file it is an object with one of `organisation`, `authorisation_number` (with or without
/// `authority`) and `thumbprint` (64 hexadecimal digits, as in the log), and with `from` and `until`
/// (RFC 3339 in UTC), of which either may be absent. Unknown members, two providers in one block and
/// a period without a second in it are errors.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Block {
    who: Blocked,
    period: Period,
}

impl Block {
    /// Blocks from ever and for good.
    pub fn of(who: Blocked) -> Self {
        Self { who, period: Period { from: None, until: None } }
    }

    /// Begins with this second.
    #[must_use]
    pub fn from(mut self, from: UnixTime) -> Self {
        self.period.from = Some(from);
        self
    }

    /// Ends before this second. A block that ends before it begins blocks nobody.
    #[must_use]
    pub fn until(mut self, until: UnixTime) -> Self {
        self.period.until = Some(until);
        self
    }

    /// Whom it is for.
    pub fn who(&self) -> &Blocked {
        &self.who
    }

    pub(super) fn into_parts(self) -> (Blocked, Period) {
        (self.who, self.period)
    }
}

/// From one second to before another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Period {
    from: Option<UnixTime>,
    until: Option<UnixTime>,
}

impl Period {
    pub(super) fn holds(&self, now: UnixTime) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    fn is_empty(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if until <= from)
    }
}

/// Why an entry of a file is no block.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotABlock {
    /// `authority` is none, or stands without `authorisation_number`.
    #[error("authority: not one of an authorisation number")]
    Authority,
    /// `authorisation_number` is empty.
    #[error("authorisation_number: empty")]
    Number,
    /// `organisation` has none of the forms of an organizationIdentifier.
    #[error("organisation: not an organizationIdentifier")]
    Organisation,
    /// The block ends before it begins.
    #[error("until: not after from")]
    Period,
    /// `thumbprint` is not 64 hexadecimal digits.
    #[error("thumbprint: not 64 hexadecimal digits")]
    Thumbprint,
    /// `from` or `until` is no time.
    #[error("from, until: not a time such as 2026-06-01T00:00:00Z")]
    Time,
    /// Nobody is named, or more than one.
    #[error("name one of organisation, authorisation_number and thumbprint")]
    Who,
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorisation_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl TryFrom<Written> for Block {
    type Error = NotABlock;

    fn try_from(written: Written) -> Result<Self, NotABlock> {
        let moment = |text: Option<String>| match text {
            None => Ok(None),
            Some(text) => time::from_rfc3339(&text).map(Some).ok_or(NotABlock::Time),
        };
        let period = Period { from: moment(written.from)?, until: moment(written.until)? };
        if period.is_empty() {
            return Err(NotABlock::Period);
        }
        let authority = match written.authority {
            None => None,
            Some(_) if written.authorisation_number.is_none() => return Err(NotABlock::Authority),
            Some(text) => Some(text.parse().map_err(|_| NotABlock::Authority)?),
        };
        let who = match (written.organisation, written.authorisation_number, written.thumbprint) {
            (Some(text), None, None) => {
                Blocked::Organisation(text.parse().map_err(|_| NotABlock::Organisation)?)
            }
            (None, Some(number), None) if number.trim().is_empty() => {
                return Err(NotABlock::Number);
            }
            (None, Some(number), None) => Blocked::AuthorisationNumber { number, authority },
            (None, None, Some(text)) => {
                Blocked::Thumbprint(from_hex(&text).ok_or(NotABlock::Thumbprint)?)
            }
            _ => return Err(NotABlock::Who),
        };
        Ok(Self { who, period })
    }
}

impl From<Block> for Written {
    fn from(block: Block) -> Self {
        let text = |moment: Option<UnixTime>| moment.map(time::to_rfc3339);
        let period = Self {
            from: text(block.period.from),
            until: text(block.period.until),
            ..Self::default()
        };
        match block.who {
            Blocked::AuthorisationNumber { number, authority } => Self {
                authorisation_number: Some(number),
                authority: authority.map(|authority| authority.to_string()),
                ..period
            },
            Blocked::Organisation(organisation) => {
                Self { organisation: Some(organisation.as_str().to_owned()), ..period }
            }
            Blocked::Thumbprint(thumbprint) => {
                Self { thumbprint: Some(hex(&thumbprint)), ..period }
            }
        }
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    // `from_str_radix` takes a sign.
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00ff0000000000000000000000000000000000000000000000000000000000ab";

    fn read(json: &str) -> Result<Block, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_block_survives_a_round_trip() {
        for json in [
            r#"{"organisation":"PSDDE-BAFIN-123456"}"#.to_owned(),
            r#"{"authorisation_number":"123456"}"#.to_owned(),
            r#"{"authorisation_number":"A 1","authority":"MT-MFSA","from":"2026-06-01T00:00:00Z"}"#
                .to_owned(),
            format!(r#"{{"thumbprint":"{HEX}","until":"2026-06-01T00:00:00Z"}}"#),
        ] {
            assert_eq!(serde_json::to_string(&read(&json).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn an_entry_that_would_block_somebody_else_or_nobody_is_refused() {
        for (json, why) in [
            ("{}", "name one of"),
            (r#"{"organisation":"PSDDE-BAFIN-1","authorisation_number":"1"}"#, "name one of"),
            (r#"{"organisation":"PSDDE_BAFIN_1"}"#, "organisation: not"),
            (r#"{"organization":"PSDDE-BAFIN-1"}"#, "unknown field"),
            (r#"{"authorisation_number":" "}"#, "authorisation_number: empty"),
            (r#"{"authorisation_number":"1","authority":"BAFIN"}"#, "authority"),
            (r#"{"organisation":"PSDDE-BAFIN-1","authority":"DE-BAFIN"}"#, "authority"),
            (r#"{"thumbprint":"00ff"}"#, "thumbprint"),
            (&format!(r#"{{"thumbprint":"+{}"}}"#, &HEX[1..]), "thumbprint"),
            (r#"{"authorisation_number":"1","from":"tomorrow"}"#, "from, until"),
            (
                r#"{"authorisation_number":"1","from":"2026-06-01T00:00:00Z","until":"2026-06-01T00:00:00Z"}"#,
                "until: not after from",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(why), "{json}: {error}");
        }
    }
}
