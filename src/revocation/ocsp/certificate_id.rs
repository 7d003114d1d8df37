//! `CertID`: which certificate is asked about, and spoken of.

use der::asn1::{AnyRef, BitStringRef, IntRef, ObjectIdentifier};
use der::{Decode, Sequence, Tag};

use crate::cert::{Certificate, Issuer};
use crate::crypto::{sha1_for_identification, sha256};

/// What the issuer's name and key are hashed with.
///
/// It only identifies. Many responders know SHA-1 alone; RFC 9919 recommends SHA-256.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum IdHash {
    Sha1,
    Sha256,
}

/// `CertID` of RFC 6960, 4.1.1.
#[derive(Sequence)]
pub(super) struct CertId<'a> {
    hash: AlgorithmIdentifier<'a>,
    #[asn1(type = "OCTET STRING")]
    name: &'a [u8],
    #[asn1(type = "OCTET STRING")]
    key: &'a [u8],
    serial: IntRef<'a>,
}

#[derive(Sequence)]
struct AlgorithmIdentifier<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

impl<'a> CertId<'a> {
    pub(super) fn new(
        hash: IdHash,
        name: &'a [u8],
        key: &'a [u8],
        serial: &'a [u8],
    ) -> der::Result<Self> {
        let oid = match hash {
            IdHash::Sha1 => SHA1,
            IdHash::Sha256 => SHA256,
        };
        // Absent parameters are as right, but what everybody sends is NULL.
        let hash = AlgorithmIdentifier { oid, parameters: Some(AnyRef::NULL) };
        Ok(Self { hash, name, key, serial: IntRef::new(serial)? })
    }

    fn hash(&self) -> Option<IdHash> {
        if self.hash.parameters.is_some_and(|parameters| !parameters.is_null()) {
            return None;
        }
        match self.hash.oid {
            SHA1 => Some(IdHash::Sha1),
            SHA256 => Some(IdHash::Sha256),
            _ => None,
        }
    }
}

/// The certificate that was asked about, as every hash names it.
pub(super) struct Target<'a> {
    sha1: Hashes<20>,
    sha256: Hashes<32>,
    serial: &'a [u8],
}

impl<'a> Target<'a> {
    pub(super) fn new(certificate: &'a Certificate, issuer: &Issuer) -> der::Result<Self> {
        Ok(Self {
            sha1: Hashes::of(certificate, issuer, sha1_for_identification)?,
            sha256: Hashes::of(certificate, issuer, sha256)?,
            serial: certificate.serial(),
        })
    }

    /// Whether the whole identifier is that of the certificate, by the hash that the responder
    /// took: it need not be the one of the request.
    pub(super) fn is(&self, id: &CertId<'_>) -> bool {
        // The bytes of the integer, never a number: serials have up to twenty octets.
        id.serial.as_bytes() == self.serial
            && match id.hash() {
                Some(IdHash::Sha1) => self.sha1.are(id),
                Some(IdHash::Sha256) => self.sha256.are(id),
                None => false,
            }
    }
}

/// The hashes of an issuer's name and key.
pub(super) struct Hashes<const N: usize> {
    pub(super) name: [u8; N],
    pub(super) key: [u8; N],
}

impl<const N: usize> Hashes<N> {
    /// The name is taken as it stands in the certificate (RFC 6960, 4.1.1), the key as it verified
    /// the certificate.
    pub(super) fn of(
        certificate: &Certificate,
        issuer: &Issuer,
        hash: fn(&[u8]) -> [u8; N],
    ) -> der::Result<Self> {
        let key = key_bits(issuer.spki())?;
        Ok(Self { name: hash(certificate.issuer_der()), key: hash(key) })
    }

    fn are(&self, id: &CertId<'_>) -> bool {
        id.name == self.name && id.key == self.key
    }
}

/// The key inside a SubjectPublicKeyInfo: the value of the BIT STRING, without its tag, length and
/// count of unused bits.
pub(super) fn key_bits(spki: &[u8]) -> der::Result<&[u8]> {
    let SubjectPublicKeyInfo { algorithm: _, key } = SubjectPublicKeyInfo::from_der(spki)?;
    key.as_bytes().ok_or(Tag::BitString.value_error().into())
}

#[derive(Sequence)]
struct SubjectPublicKeyInfo<'a> {
    algorithm: AnyRef<'a>,
    key: BitStringRef<'a>,
}

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
