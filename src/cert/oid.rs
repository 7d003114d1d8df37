//! Object identifiers.
use std::{fmt, str::FromStr};

use der::asn1::ObjectIdentifier;

/// An ASN.1 object identifier, compared by its arcs and written in dotted form.
///
/// It does not say whether the identifier is registered, nor what it means.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Oid(ObjectIdentifier);

impl Oid {
    /// Reads a literal; only for constants, where a mistake stops the compiler.
    pub(crate) const fn literal(dotted: &'static str) -> Self {
        Self(ObjectIdentifier::new_unwrap(dotted))
    }

    /// Deliberately not `From`: that would show der's type to everybody.
    pub(crate) const fn of(oid: ObjectIdentifier) -> Self {
        Self(oid)
    }
}

impl FromStr for Oid {
    type Err = NotAnOid;

    fn from_str(dotted: &str) -> Result<Self, NotAnOid> {
        ObjectIdentifier::new(dotted).map(Self).map_err(|_| NotAnOid)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an object identifier in dotted form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an object identifier in dotted form")]
pub struct NotAnOid;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_text_survives_a_round_trip() {
        assert_eq!("0.4.0.19495.2".parse::<Oid>().unwrap().to_string(), "0.4.0.19495.2");
    }

    #[test]
    fn what_is_not_dotted_decimal_is_refused() {
        for text in ["", "1", "CN", "2.5.4.", ".2.5", "3.1.1", "2.5.4.-3", "2.5 .4"] {
            assert_eq!(text.parse::<Oid>(), Err(NotAnOid), "{text}");
        }
    }
}
