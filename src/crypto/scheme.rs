//! The signature schemes as a backend sees them, and which keys fit them.

use super::KeyKind;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Curve {
    P256,
    P384,
}

/// A scheme, down to the encoding of its signatures. The salt of PSS is always as long as the hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scheme {
    /// DER, as certificates carry it.
    EcdsaDer(Curve, Hash),
    /// `r || s` of exact length with the curve's own hash, as JWS carries it.
    EcdsaFixed(Curve),
    Ed25519,
    RsaPkcs1(Hash),
    RsaPss(Hash),
}

impl Scheme {
    pub(super) fn key_kind(self) -> KeyKind {
        match self {
            Self::EcdsaDer(curve, _) | Self::EcdsaFixed(curve) => match curve {
                Curve::P256 => KeyKind::P256,
                Curve::P384 => KeyKind::P384,
            },
            Self::Ed25519 => KeyKind::Ed25519,
            Self::RsaPkcs1(_) | Self::RsaPss(_) => KeyKind::Rsa,
        }
    }

    /// The hash the message goes through first; `None` where the scheme needs the message itself.
    pub(super) fn hash(self) -> Option<Hash> {
        match self {
            Self::EcdsaDer(_, hash) | Self::RsaPkcs1(hash) | Self::RsaPss(hash) => Some(hash),
            Self::EcdsaFixed(Curve::P256) => Some(Hash::Sha256),
            Self::EcdsaFixed(Curve::P384) => Some(Hash::Sha384),
            Self::Ed25519 => None,
        }
    }
}
