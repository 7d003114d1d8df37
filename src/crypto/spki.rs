//! `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7): which kind of key it holds, and whether that
//! key is strong enough. Both backends are given the same bytes after the same checks.

use der::{
    AnyRef, Decode, Encode, Sequence,
    asn1::{BitStringRef, Null, ObjectIdentifier, UintRef},
};

use super::{KeyError, KeyKind};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

const UNCOMPRESSED: u8 = 4;

#[derive(Sequence)]
struct SubjectPublicKeyInfo<'a> {
    algorithm: AlgorithmIdentifier<'a>,
    subject_public_key: BitStringRef<'a>,
}

#[derive(Sequence)]
struct AlgorithmIdentifier<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
pub(super) struct RsaPublicKey<'a> {
    pub(super) modulus: UintRef<'a>,
    pub(super) exponent: UintRef<'a>,
}

/// Splits a `SubjectPublicKeyInfo` into the kind of key and the content of its bit string.
pub(super) fn decode(spki: &[u8]) -> Result<(KeyKind, &[u8]), KeyError> {
    let info = SubjectPublicKeyInfo::from_der(spki).map_err(|_| KeyError::Malformed)?;
    let bits = info.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?;
    let AlgorithmIdentifier { oid, parameters } = info.algorithm;
    let kind = match (oid, parameters) {
        (RSA_ENCRYPTION, None) => KeyKind::Rsa,
        (RSA_ENCRYPTION, Some(null)) if null.is_null() => KeyKind::Rsa,
        (EC_PUBLIC_KEY, Some(curve)) => match curve.decode_as::<ObjectIdentifier>() {
            Ok(P256) => KeyKind::P256,
            Ok(P384) => KeyKind::P384,
            _ => return Err(KeyError::Unsupported),
        },
        (ED25519, None) => KeyKind::Ed25519,
        _ => return Err(KeyError::Unsupported),
    };
    Ok((kind, bits))
}

/// Builds the `SubjectPublicKeyInfo` again.
pub(super) fn encode(kind: KeyKind, bits: &[u8]) -> Result<Vec<u8>, der::Error> {
    let (oid, parameters) = match kind {
        KeyKind::Ed25519 => (ED25519, None),
        KeyKind::P256 => (EC_PUBLIC_KEY, Some(AnyRef::from(&P256))),
        KeyKind::P384 => (EC_PUBLIC_KEY, Some(AnyRef::from(&P384))),
        KeyKind::Rsa => (RSA_ENCRYPTION, Some(AnyRef::from(Null))),
    };
    SubjectPublicKeyInfo {
        algorithm: AlgorithmIdentifier { oid, parameters },
        subject_public_key: BitStringRef::from_bytes(bits)?,
    }
    .to_der()
}

/// The size of the key in bits, or why it must not be used.
///
/// An RSA modulus has 2048 to 8192 bits, its exponent is odd and has 2 to 33 bits; a point is
/// uncompressed. Whether the point lies on the curve is for the backend to say.
pub(super) fn strength(kind: KeyKind, bits: &[u8]) -> Result<u32, KeyError> {
    match kind {
        KeyKind::Ed25519 if bits.len() == 32 => Ok(256),
        KeyKind::P256 if is_point(bits, 32) => Ok(256),
        KeyKind::P384 if is_point(bits, 48) => Ok(384),
        KeyKind::Rsa => {
            let key = RsaPublicKey::from_der(bits).map_err(|_| KeyError::Malformed)?;
            let modulus = bit_length(key.modulus.as_bytes());
            let exponent = bit_length(key.exponent.as_bytes());
            match (is_odd(&key.modulus) && is_odd(&key.exponent), modulus, exponent) {
                (true, 2048..=8192, 2..=33) => Ok(modulus),
                (true, 0..2048, _) => Err(KeyError::Weak),
                _ => Err(KeyError::Unsupported),
            }
        }
        _ => Err(KeyError::Malformed),
    }
}

/// The numbers the key is made of: modulus and exponent, both coordinates, or the one of Ed25519.
pub(super) fn numbers(kind: KeyKind, bits: &[u8]) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    match kind {
        KeyKind::Ed25519 => Ok((bits.to_vec(), Vec::new())),
        KeyKind::P256 | KeyKind::P384 => {
            let (_, point) = bits.split_first().ok_or(KeyError::Malformed)?;
            let (x, y) = point.split_at(point.len() / 2);
            Ok((x.to_vec(), y.to_vec()))
        }
        KeyKind::Rsa => {
            let key = RsaPublicKey::from_der(bits).map_err(|_| KeyError::Malformed)?;
            Ok((key.modulus.as_bytes().to_vec(), key.exponent.as_bytes().to_vec()))
        }
    }
}

fn is_point(bits: &[u8], coordinate: usize) -> bool {
    bits.len() == 1 + 2 * coordinate && bits.first() == Some(&UNCOMPRESSED)
}

fn is_odd(number: &UintRef<'_>) -> bool {
    number.as_bytes().last().is_some_and(|byte| byte & 1 == 1)
}

fn bit_length(big_endian: &[u8]) -> u32 {
    let significant = big_endian.iter().skip_while(|byte| **byte == 0);
    let bytes = u32::try_from(significant.clone().count()).unwrap_or(u32::MAX);
    match significant.clone().next() {
        Some(first) => bytes.saturating_mul(8).saturating_sub(first.leading_zeros()),
        None => 0,
    }
}
