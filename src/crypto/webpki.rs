//! Certificate signatures, for path validation by webpki over the same backend as messages.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use super::{
    backend,
    scheme::{Curve, Hash, Scheme},
    spki,
};

/// The certificate signature algorithms this crate accepts in paths, CRLs and OCSP responses.
///
/// | signature | keys |
/// |---|---|
/// | ECDSA with SHA-256, SHA-384, SHA-512 | P-256, P-384 |
/// | Ed25519 | Ed25519 |
/// | RSA PKCS#1 v1.5 with SHA-256, SHA-384, SHA-512; parameters NULL or, as RFC 4055 section 5 demands, absent | RSA 2048 to 8192 |
/// | RSASSA-PSS with SHA-256, SHA-384, SHA-512, MGF1 with the same hash, salt as long as the hash | RSA 2048 to 8192, declared as `rsaEncryption`, or as `id-RSASSA-PSS` without parameters or with those of the signature |
///
/// No SHA-1, no MD5, no DSA, no P-521, no Brainpool curve: a path that holds one is refused.
pub fn webpki_algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    ALGORITHMS
}

/// Verifies what an authority signed: a certificate, a revocation list, an OCSP response.
///
/// `spki` is the DER of the signer's SubjectPublicKeyInfo, `algorithm` that of the signature's
/// AlgorithmIdentifier; the pair must be one of [`webpki_algorithms`].
pub(crate) fn verify_signed(
    spki: &[u8],
    algorithm: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    let algorithm = content(algorithm).map_err(|_| InvalidSignature)?;
    verify_accepted(spki, algorithm, message, signature)
}

/// As [`verify_signed`], by the content of the AlgorithmIdentifier.
pub(super) fn verify_accepted(
    spki: &[u8],
    algorithm: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    let (key_algorithm, key) = split(spki).map_err(|_| InvalidSignature)?;
    let accepted = ALGORITHMS.iter().find(|accepted| {
        accepted.public_key_alg_id().as_ref() == key_algorithm
            && accepted.signature_alg_id().as_ref() == algorithm
    });
    accepted.ok_or(InvalidSignature)?.verify_signature(key, message, signature)
}

/// The content of the AlgorithmIdentifier, and the key itself.
fn split(spki: &[u8]) -> der::Result<(&[u8], &[u8])> {
    let mut fields = SliceReader::new(content(spki)?)?;
    let algorithm = AnyRef::decode(&mut fields)?;
    let key = BitStringRef::decode(&mut fields)?;
    fields.finish()?;
    let key = key.as_bytes().ok_or(Tag::BitString.value_error())?;
    Ok((algorithm.value(), key))
}

fn content(sequence: &[u8]) -> der::Result<&[u8]> {
    let sequence = AnyRef::from_der(sequence)?;
    sequence.tag().assert_eq(Tag::Sequence)?;
    Ok(sequence.value())
}

#[derive(Debug)]
struct CertificateSignature {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    scheme: Scheme,
}

impl SignatureVerificationAlgorithm for CertificateSignature {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        spki::strength(self.scheme.key_kind(), public_key).map_err(|_| InvalidSignature)?;
        if backend::verify_once(self.scheme, public_key, message, signature) {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

const fn accept(
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    scheme: Scheme,
) -> CertificateSignature {
    CertificateSignature { key, signature, scheme }
}

/// `sha256WithRSAEncryption` and its sisters with the parameters left out.
const RSA_PKCS1_SHA256_BARE: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]);
const RSA_PKCS1_SHA384_BARE: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12]);
const RSA_PKCS1_SHA512_BARE: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13]);
/// `id-RSASSA-PSS` without parameters: a key for every PSS signature (RFC 4055 section 3.3).
const RSA_PSS_BARE: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]);

static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    &accept(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256, Scheme::EcdsaDer(Curve::P256, Hash::Sha256)),
    &accept(alg_id::ECDSA_P256, alg_id::ECDSA_SHA384, Scheme::EcdsaDer(Curve::P256, Hash::Sha384)),
    &accept(alg_id::ECDSA_P256, alg_id::ECDSA_SHA512, Scheme::EcdsaDer(Curve::P256, Hash::Sha512)),
    &accept(alg_id::ECDSA_P384, alg_id::ECDSA_SHA256, Scheme::EcdsaDer(Curve::P384, Hash::Sha256)),
    &accept(alg_id::ECDSA_P384, alg_id::ECDSA_SHA384, Scheme::EcdsaDer(Curve::P384, Hash::Sha384)),
    &accept(alg_id::ECDSA_P384, alg_id::ECDSA_SHA512, Scheme::EcdsaDer(Curve::P384, Hash::Sha512)),
    &accept(alg_id::ED25519, alg_id::ED25519, Scheme::Ed25519),
    &accept(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256, Scheme::RsaPkcs1(Hash::Sha256)),
    &accept(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA384, Scheme::RsaPkcs1(Hash::Sha384)),
    &accept(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA512, Scheme::RsaPkcs1(Hash::Sha512)),
    &accept(alg_id::RSA_ENCRYPTION, RSA_PKCS1_SHA256_BARE, Scheme::RsaPkcs1(Hash::Sha256)),
    &accept(alg_id::RSA_ENCRYPTION, RSA_PKCS1_SHA384_BARE, Scheme::RsaPkcs1(Hash::Sha384)),
    &accept(alg_id::RSA_ENCRYPTION, RSA_PKCS1_SHA512_BARE, Scheme::RsaPkcs1(Hash::Sha512)),
    &accept(alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA256, Scheme::RsaPss(Hash::Sha256)),
    &accept(alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA384, Scheme::RsaPss(Hash::Sha384)),
    &accept(alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA512, Scheme::RsaPss(Hash::Sha512)),
    &accept(RSA_PSS_BARE, alg_id::RSA_PSS_SHA256, Scheme::RsaPss(Hash::Sha256)),
    &accept(RSA_PSS_BARE, alg_id::RSA_PSS_SHA384, Scheme::RsaPss(Hash::Sha384)),
    &accept(RSA_PSS_BARE, alg_id::RSA_PSS_SHA512, Scheme::RsaPss(Hash::Sha512)),
    &accept(alg_id::RSA_PSS_SHA256, alg_id::RSA_PSS_SHA256, Scheme::RsaPss(Hash::Sha256)),
    &accept(alg_id::RSA_PSS_SHA384, alg_id::RSA_PSS_SHA384, Scheme::RsaPss(Hash::Sha384)),
    &accept(alg_id::RSA_PSS_SHA512, alg_id::RSA_PSS_SHA512, Scheme::RsaPss(Hash::Sha512)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_identifiers_are_the_registered_ones_without_parameters() {
        const NULL: &[u8] = &[5, 0];
        for (bare, full) in [
            (RSA_PKCS1_SHA256_BARE, alg_id::RSA_PKCS1_SHA256),
            (RSA_PKCS1_SHA384_BARE, alg_id::RSA_PKCS1_SHA384),
            (RSA_PKCS1_SHA512_BARE, alg_id::RSA_PKCS1_SHA512),
        ] {
            assert_eq!([bare.as_ref(), NULL].concat(), full.as_ref());
        }
        assert!(alg_id::RSA_PSS_SHA256.as_ref().starts_with(RSA_PSS_BARE.as_ref()));
    }

    #[test]
    fn no_combination_is_listed_twice() {
        for (index, one) in ALGORITHMS.iter().enumerate() {
            assert!(ALGORITHMS[index + 1..].iter().all(|other| {
                one.public_key_alg_id() != other.public_key_alg_id()
                    || one.signature_alg_id() != other.signature_alg_id()
            }));
        }
    }
}
