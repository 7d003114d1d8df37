//! What a certificate is for.
use std::fmt;

use crate::cert::Oid;

/// An entry of the QcType statement (ETSI EN 319 412-5, 4.2.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum QcType {
    /// Electronic seals, of legal persons.
    ESeal,
    /// Electronic signatures, of natural persons.
    ESign,
    /// Anything else.
    Unknown(Oid),
    /// Website authentication.
    Web,
}

impl QcType {
    /// The type an object identifier stands for.
    #[must_use]
    pub fn from_oid(oid: Oid) -> Self {
        match oid {
            ESIGN => Self::ESign,
            ESEAL => Self::ESeal,
            WEB => Self::Web,
            _ => Self::Unknown(oid),
        }
    }
}

/// Writes `esign`, `eseal`, `web`, or the dotted identifier of an unknown type.
impl fmt::Display for QcType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ESeal => f.write_str("eseal"),
            Self::ESign => f.write_str("esign"),
            Self::Unknown(oid) => oid.fmt(f),
            Self::Web => f.write_str("web"),
        }
    }
}

/// What the QcType statement makes of a certificate.
///
/// The statement alone proves nothing, as any issuer can write it: whether the certificate is
/// qualified is for the trusted list to say.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Neither: no type, more than one, a natural person's or an unknown one.
    Neither,
    /// For seals (QSealC): it signs messages, and never identifies a connection.
    QSeal,
    /// For website authentication (QWAC): it identifies a connection, and never signs messages.
    Qwac,
}

impl Kind {
    pub(super) fn of(types: &[QcType]) -> Self {
        match types {
            [QcType::Web] => Self::Qwac,
            [QcType::ESeal] => Self::QSeal,
            _ => Self::Neither,
        }
    }
}

const ESEAL: Oid = Oid::literal("0.4.0.1862.1.6.2");
const ESIGN: Oid = Oid::literal("0.4.0.1862.1.6.1");
const WEB: Oid = Oid::literal("0.4.0.1862.1.6.3");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_type_makes_a_kind() {
        use QcType::{ESeal, ESign, Web};
        let unknown = QcType::from_oid("0.4.0.1862.1.6.4".parse().unwrap());
        for (types, kind) in [
            (&[Web][..], Kind::Qwac),
            (&[ESeal], Kind::QSeal),
            (&[ESign], Kind::Neither),
            (&[unknown], Kind::Neither),
            (&[], Kind::Neither),
            (&[Web, ESeal], Kind::Neither),
            (&[Web, Web], Kind::Neither),
            (&[Web, unknown], Kind::Neither),
        ] {
            assert_eq!(Kind::of(types), kind, "{types:?}");
        }
    }
}
