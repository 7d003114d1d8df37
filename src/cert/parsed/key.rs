//! Kind and size of a public key.
use der::{
    Decode, Sequence,
    asn1::{ObjectIdentifier, UintRef},
};
use x509_cert::SubjectPublicKeyInfo;

use super::Oid;

/// The kind of a public key, and its size where that says how strong it is.
///
/// It does not check that the key is well made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyStrength {
    /// An elliptic-curve key on a named curve over a field of this many bits.
    Ec {
        /// The size of the field.
        bits: u32,
    },
    /// An Ed25519 key.
    Ed25519,
    /// Anything else, curves without a known name included.
    Other,
    /// An RSA key, whether for PKCS #1 or for PSS alone, with a modulus of this many bits.
    Rsa {
        /// The size of the modulus.
        bits: u32,
    },
}

impl KeyStrength {
    /// Whether the key may be relied on: RSA from 2048 bits, curves from 256 bits, Ed25519
    /// (ETSI TS 119 312). What is not known is not sufficient.
    #[must_use]
    pub fn is_sufficient(self) -> bool {
        match self {
            Self::Ec { bits } => bits >= 256,
            Self::Ed25519 => true,
            Self::Other => false,
            Self::Rsa { bits } => bits >= 2048,
        }
    }

    pub(super) fn of(spki: &SubjectPublicKeyInfo) -> Self {
        let bits = match Oid::of(spki.algorithm.oid) {
            ED25519 => return Self::Ed25519,
            RSA_ENCRYPTION | RSASSA_PSS => {
                rsa_bits(spki.subject_public_key.raw_bytes()).map(|bits| Self::Rsa { bits })
            }
            EC_PUBLIC_KEY => spki
                .algorithm
                .parameters
                .as_ref()
                .and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok())
                .and_then(|curve| curve_bits(Oid::of(curve)))
                .map(|bits| Self::Ec { bits }),
            _ => None,
        };
        bits.unwrap_or(Self::Other)
    }
}

/// `RSAPublicKey` of RFC 8017, A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

fn rsa_bits(key: &[u8]) -> Option<u32> {
    let key = RsaPublicKey::from_der(key).ok()?;
    let bytes = key.modulus.as_bytes();
    let bits = u32::try_from(bytes.len()).ok()?.checked_mul(8)?;
    bits.checked_sub(bytes.first()?.leading_zeros())
}

fn curve_bits(curve: Oid) -> Option<u32> {
    CURVES.iter().find(|(known, _)| *known == curve).map(|(_, bits)| *bits)
}

/// The curves of SEC 2 and RFC 5639 that are met in certificates.
const CURVES: [(Oid, u32); 9] = [
    (Oid::literal("1.2.840.10045.3.1.1"), 192),
    (Oid::literal("1.3.132.0.33"), 224),
    (Oid::literal("1.2.840.10045.3.1.7"), 256),
    (Oid::literal("1.3.132.0.10"), 256),
    (Oid::literal("1.3.132.0.34"), 384),
    (Oid::literal("1.3.132.0.35"), 521),
    (Oid::literal("1.3.36.3.3.2.8.1.1.7"), 256),
    (Oid::literal("1.3.36.3.3.2.8.1.1.11"), 384),
    (Oid::literal("1.3.36.3.3.2.8.1.1.13"), 512),
];

const EC_PUBLIC_KEY: Oid = Oid::literal("1.2.840.10045.2.1");
const ED25519: Oid = Oid::literal("1.3.101.112");
const RSA_ENCRYPTION: Oid = Oid::literal("1.2.840.113549.1.1.1");
const RSASSA_PSS: Oid = Oid::literal("1.2.840.113549.1.1.10");
