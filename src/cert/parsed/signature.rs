//! The algorithm a certificate is signed with.
use der::{
    Decode, Reader, SliceReader, Tag, TagNumber, Tagged,
    asn1::{Any, AnyRef},
};
use x509_cert::AlgorithmIdentifier;

use super::Oid;

/// The algorithm a certificate is signed with, known by its digest.
///
/// It does not say that the signature is right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignatureAlgorithm {
    oid: Oid,
    digest: Digest,
}

impl SignatureAlgorithm {
    /// The algorithm's identifier.
    #[must_use]
    pub fn oid(self) -> Oid {
        self.oid
    }

    /// The digest that is signed.
    #[must_use]
    pub fn digest(self) -> Digest {
        self.digest
    }

    pub(super) fn of(algorithm: &AlgorithmIdentifier) -> Self {
        let oid = Oid::of(algorithm.oid);
        let digest = match oid {
            RSASSA_PSS => algorithm.parameters.as_ref().and_then(pss_digest),
            _ => lookup(&SIGNATURES, oid),
        };
        Self { oid, digest: digest.unwrap_or(Digest::Other) }
    }
}

/// The digest inside a signature algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Digest {
    /// MD5, broken.
    Md5,
    /// Anything else.
    Other,
    /// SHA-1, broken.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512, also the one inside Ed25519.
    Sha512,
}

impl Digest {
    /// Whether two texts with the same digest are out of reach: SHA-256 and its longer kin. What
    /// is not known does not resist.
    #[must_use]
    pub fn resists_collisions(self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha384 | Self::Sha512)
    }
}

/// `RSASSA-PSS-params` of RFC 8017, A.2.3: the digest comes first, and is SHA-1 when left out.
fn pss_digest(parameters: &Any) -> Option<Digest> {
    if parameters.tag() != Tag::Sequence {
        return None;
    }
    let mut reader = SliceReader::new(parameters.value()).ok()?;
    if reader.is_finished() {
        return Some(Digest::Sha1);
    }
    let first = AnyRef::decode(&mut reader).ok()?;
    match first.tag() {
        Tag::ContextSpecific { constructed: true, number: TagNumber(0) } => {
            let digest = AlgorithmIdentifier::from_der(first.value()).ok()?;
            lookup(&DIGESTS, Oid::of(digest.oid))
        }
        _ => Some(Digest::Sha1),
    }
}

fn lookup(table: &[(Oid, Digest)], oid: Oid) -> Option<Digest> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, digest)| *digest)
}

const RSASSA_PSS: Oid = Oid::literal("1.2.840.113549.1.1.10");

const SIGNATURES: [(Oid, Digest); 12] = [
    (Oid::literal("1.2.840.113549.1.1.4"), Digest::Md5),
    (Oid::literal("1.2.840.113549.1.1.5"), Digest::Sha1),
    (Oid::literal("1.2.840.113549.1.1.14"), Digest::Sha224),
    (Oid::literal("1.2.840.113549.1.1.11"), Digest::Sha256),
    (Oid::literal("1.2.840.113549.1.1.12"), Digest::Sha384),
    (Oid::literal("1.2.840.113549.1.1.13"), Digest::Sha512),
    (Oid::literal("1.2.840.10045.4.1"), Digest::Sha1),
    (Oid::literal("1.2.840.10045.4.3.1"), Digest::Sha224),
    (Oid::literal("1.2.840.10045.4.3.2"), Digest::Sha256),
    (Oid::literal("1.2.840.10045.4.3.3"), Digest::Sha384),
    (Oid::literal("1.2.840.10045.4.3.4"), Digest::Sha512),
    (Oid::literal("1.3.101.112"), Digest::Sha512),
];

const DIGESTS: [(Oid, Digest); 6] = [
    (Oid::literal("1.2.840.113549.2.5"), Digest::Md5),
    (Oid::literal("1.3.14.3.2.26"), Digest::Sha1),
    (Oid::literal("2.16.840.1.101.3.4.2.4"), Digest::Sha224),
    (Oid::literal("2.16.840.1.101.3.4.2.1"), Digest::Sha256),
    (Oid::literal("2.16.840.1.101.3.4.2.2"), Digest::Sha384),
    (Oid::literal("2.16.840.1.101.3.4.2.3"), Digest::Sha512),
];
