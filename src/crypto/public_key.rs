use std::{fmt, sync::Arc};

use der::{Encode, asn1::UintRef};

use super::{
    Algorithm, Verification, VerifyError, backend,
    spki::{self, RsaPublicKey},
};

/// The kinds of key this crate verifies with.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// A point on P-256.
    P256,
    /// A point on P-384.
    P384,
    /// RSA, for PSS and PKCS#1 v1.5 alike.
    Rsa,
}

/// Why a key was refused when it was loaded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not the encoding of a key, or the point is not on its curve.
    #[error("the key is malformed")]
    Malformed,
    /// A key of another kind, on another curve, or outside the sizes supported.
    #[error("this kind of key is not supported")]
    Unsupported,
    /// RSA below 2048 bits.
    #[error("the key is too weak")]
    Weak,
}

/// A public key, parsed once and strong enough: RSA of 2048 to 8192 bits, P-256, P-384, Ed25519.
///
/// Cloning is one reference count. Does not know whose key it is, whether it is still valid, or for
/// which algorithms its owner registered it.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    kind: KeyKind,
    size: u32,
    numbers: (Vec<u8>, Vec<u8>),
    spki: Vec<u8>,
    key: backend::Key,
}

/// The numbers a public key is made of, big-endian, as a JWK (RFC 7518 section 6) spells them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Components<'a> {
    Ec { crv: &'static str, x: &'a [u8], y: &'a [u8] },
    Ed25519 { x: &'a [u8] },
    Rsa { n: &'a [u8], e: &'a [u8] },
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), as certificates hold it.
    ///
    /// # Errors
    ///
    /// When the key is malformed, weak, of another kind, or restricted to PSS by its own
    /// identifier (`id-RSASSA-PSS`).
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let (kind, bits) = spki::decode(der)?;
        Self::from_bits(kind, bits.to_vec())
    }

    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let rsa = UintRef::new(n)
            .and_then(|modulus| Ok(RsaPublicKey { modulus, exponent: UintRef::new(e)? }))
            .and_then(|key| key.to_der());
        Self::from_bits(KeyKind::Rsa, rsa.map_err(|_| KeyError::Malformed)?)
    }

    /// A point from coordinates of the curve's full length each (RFC 7518 section 6.2.1.2).
    pub(crate) fn from_coordinates(kind: KeyKind, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        if x.len() != y.len() {
            return Err(KeyError::Malformed);
        }
        Self::from_bits(kind, [&[4], x, y].concat())
    }

    pub(crate) fn from_ed25519(x: &[u8]) -> Result<Self, KeyError> {
        Self::from_bits(KeyKind::Ed25519, x.to_vec())
    }

    fn from_bits(kind: KeyKind, bits: Vec<u8>) -> Result<Self, KeyError> {
        let size = spki::strength(kind, &bits)?;
        let key = backend::Key::new(kind, &bits).ok_or(KeyError::Malformed)?;
        let spki = spki::encode(kind, &bits).map_err(|_| KeyError::Malformed)?;
        let numbers = spki::numbers(kind, &bits)?;
        Ok(Self(Arc::new(Inner { kind, size, numbers, spki, key })))
    }

    /// The kind of key.
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// The size of the key in bits: of the modulus, or of the curve.
    pub fn size(&self) -> u32 {
        self.0.size
    }

    /// Whether the algorithm can be verified with this kind of key.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.scheme().key_kind() == self.0.kind
    }

    /// Passes when `signature` is one by this key over the parts, read as one message.
    ///
    /// The kind of key is checked against the algorithm first. ECDSA signatures are `r || s` of
    /// exact length (RFC 7518 section 3.4), the salt of RSASSA-PSS is as long as the hash (section
    /// 3.5). Parts are hashed where they lie; only EdDSA, which signs the message itself, needs a
    /// copy.
    ///
    /// # Errors
    ///
    /// When the algorithm does not fit the key or the signature does not verify.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let mut verification = self.start(algorithm)?;
        for part in parts {
            verification.update(part);
        }
        verification.finish(signature)
    }

    /// Begins a verification whose message arrives in pieces.
    ///
    /// # Errors
    ///
    /// When the algorithm does not fit the key.
    pub fn start(&self, algorithm: Algorithm) -> Result<Verification, VerifyError> {
        if !self.fits(algorithm) {
            return Err(VerifyError::WrongKey);
        }
        Ok(Verification::new(self.clone(), algorithm.scheme()))
    }

    /// The DER `SubjectPublicKeyInfo` of this key.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    pub(super) fn backend(&self) -> &backend::Key {
        &self.0.key
    }

    pub(crate) fn components(&self) -> Components<'_> {
        let (first, second) = &self.0.numbers;
        match self.0.kind {
            KeyKind::Ed25519 => Components::Ed25519 { x: first },
            KeyKind::P256 => Components::Ec { crv: "P-256", x: first, y: second },
            KeyKind::P384 => Components::Ec { crv: "P-384", x: first, y: second },
            KeyKind::Rsa => Components::Rsa { n: first, e: second },
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kind", &self.0.kind)
            .field("size", &self.0.size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ::openssl::{bn::BigNum, nid::Nid, rsa::Rsa};

    use super::*;
    use crate::crypto::test_keys;

    #[test]
    fn an_algorithm_of_another_kind_is_refused_before_any_cryptography() {
        let key = test_keys::signing(&test_keys::p256());
        for algorithm in [Algorithm::Es384, Algorithm::Ps256, Algorithm::Rs256, Algorithm::EdDsa] {
            assert_eq!(
                key.public_key().verify(algorithm, &[], &[]),
                Err(VerifyError::WrongKey),
                "{algorithm}"
            );
        }
    }

    #[test]
    fn a_key_survives_its_spki() {
        let p384 = test_keys::ec(Nid::SECP384R1);
        for (key, size) in [
            (test_keys::rsa_2048(), 2048),
            (&test_keys::p256(), 256),
            (&p384, 384),
            (&test_keys::ed25519(), 256),
        ] {
            let spki = key.public_key_to_der().unwrap();
            let public = PublicKey::from_spki(&spki).unwrap();
            assert_eq!(public.size(), size);
            assert_eq!(public.spki(), spki);
        }
    }

    #[test]
    fn trailing_bytes_and_truncation_are_refused() {
        let mut spki = test_keys::p256().public_key_to_der().unwrap();
        spki.push(0);
        assert_eq!(PublicKey::from_spki(&spki).err(), Some(KeyError::Malformed));
        spki.truncate(60);
        assert_eq!(PublicKey::from_spki(&spki).err(), Some(KeyError::Malformed));
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let (mut x, y) = ([1; 32], [1; 32]);
        assert_eq!(
            PublicKey::from_coordinates(KeyKind::P256, &x, &y).err(),
            Some(KeyError::Malformed)
        );
        x[0] = 0;
        assert_eq!(
            PublicKey::from_coordinates(KeyKind::P256, &x[1..], &y).err(),
            Some(KeyError::Malformed)
        );
    }

    #[test]
    fn rsa_with_an_even_or_tiny_exponent_or_too_few_bits_is_refused() {
        let key = test_keys::rsa_2048().rsa().unwrap();
        let n = key.n().to_vec();
        for (e, error) in [
            ([1].as_slice(), KeyError::Unsupported),
            (&[2], KeyError::Unsupported),
            (&[1, 0, 1, 0, 0, 1], KeyError::Unsupported),
        ] {
            assert_eq!(PublicKey::from_rsa(&n, e).err(), Some(error), "{e:?}");
        }
        let weak = Rsa::from_public_components(
            BigNum::from_slice(&n[..255]).unwrap(),
            BigNum::from_u32(65537).unwrap(),
        )
        .unwrap();
        let mut modulus = weak.n().to_vec();
        *modulus.last_mut().unwrap() |= 1;
        assert_eq!(PublicKey::from_rsa(&modulus, &[1, 0, 1]).err(), Some(KeyError::Weak));
        assert!(PublicKey::from_rsa(&[], &[]).is_err());
    }
}
