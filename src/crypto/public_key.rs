use std::{fmt, sync::Arc};

use der::{Decode, Encode, asn1::UintRef};

use super::{
    Algorithm, backend,
    scheme::Scheme,
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

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature is not one of this message by this key.
    #[error("the signature does not verify")]
    BadSignature,
    /// The algorithm needs another kind of key. Found before any cryptography.
    #[error("the algorithm does not fit the key")]
    WrongKey,
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
    bits: Vec<u8>,
    spki: Vec<u8>,
    key: backend::Key,
}

/// The numbers a public key is made of, big-endian, as a JWK (RFC 7518 section 6) spells them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Components<'a> {
    Ec { x: &'a [u8], y: &'a [u8] },
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
        Ok(Self(Arc::new(Inner { kind, size, bits, spki, key })))
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
        let scheme = algorithm.scheme();
        let input = match scheme.hash() {
            Some(hash) => Input::Digest(backend::Hasher::new(hash)),
            None => Input::Message(Vec::new()),
        };
        Ok(Verification { key: self.clone(), scheme, input })
    }

    /// The DER `SubjectPublicKeyInfo` of this key.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    pub(crate) fn components(&self) -> Result<Components<'_>, KeyError> {
        let bits = self.0.bits.as_slice();
        match self.0.kind {
            KeyKind::Ed25519 => Ok(Components::Ed25519 { x: bits }),
            KeyKind::P256 | KeyKind::P384 => {
                let (_, point) = bits.split_first().ok_or(KeyError::Malformed)?;
                let (x, y) = point.split_at(point.len() / 2);
                Ok(Components::Ec { x, y })
            }
            KeyKind::Rsa => {
                let key = RsaPublicKey::from_der(bits).map_err(|_| KeyError::Malformed)?;
                Ok(Components::Rsa { n: key.modulus.as_bytes(), e: key.exponent.as_bytes() })
            }
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

/// A verification in progress: the message is hashed as it arrives.
///
/// Nothing is verified until [`finish`](Self::finish) says so.
#[must_use = "an unfinished verification has verified nothing"]
pub struct Verification {
    key: PublicKey,
    scheme: Scheme,
    input: Input,
}

enum Input {
    Digest(backend::Hasher),
    Message(Vec<u8>),
}

impl Verification {
    /// Takes the next piece of the message. EdDSA keeps it, all other algorithms only hash it.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.input {
            Input::Digest(hasher) => hasher.update(piece),
            Input::Message(message) => message.extend_from_slice(piece),
        }
    }

    /// Passes when `signature` is one over all pieces so far.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn finish(self, signature: &[u8]) -> Result<(), VerifyError> {
        let key = &self.key.0.key;
        let verified = match self.input {
            Input::Digest(hasher) => key.verify_digest(self.scheme, &hasher.finish(), signature),
            Input::Message(message) => key.verify_message(self.scheme, &message, signature),
        };
        if verified { Ok(()) } else { Err(VerifyError::BadSignature) }
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("key", &self.key).finish_non_exhaustive()
    }
}
