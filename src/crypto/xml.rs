//! The algorithms of XML signatures, by the URIs that name them there.

use der::{Encode, Sequence, asn1::UintRef};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, alg_id};

use super::{KeyKind, backend::Hasher, scheme::Hash, spki, webpki::verify_accepted};

/// Verifies the value of an XML signature over the canonical bytes of its `SignedInfo`.
///
/// `spki` is the DER of the signer's SubjectPublicKeyInfo. Methods: RSA PKCS#1 v1.5 and RSASSA-PSS
/// (the forms without parameters, RFC 9231, 2.3.10), ECDSA on P-256 and P-384; each with SHA-256,
/// SHA-384 or SHA-512. SHA-1 and all others are refused.
pub(crate) fn verify_xml(
    spki: &[u8],
    method: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    let (_, algorithm) = METHODS.iter().find(|(uri, _)| *uri == method).ok_or(InvalidSignature)?;
    if !method.starts_with(ECDSA) {
        return verify_accepted(spki, algorithm, message, signature);
    }
    let signature = der_signature(spki, signature).ok_or(InvalidSignature)?;
    verify_accepted(spki, algorithm, message, &signature)
}

/// The digest of a reference; `None` for an algorithm that is not accepted, SHA-1 among them.
pub(crate) fn xml_digest(method: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, hash) = DIGESTS.iter().find(|(uri, _)| *uri == method)?;
    let mut hasher = Hasher::new(*hash);
    hasher.update(bytes);
    Some(hasher.finish().as_ref().to_vec())
}

/// The digest by which a XAdES signature names its signer's certificate.
///
/// Takes SHA-1 as well, with which most of the lists name it: the digest only points at one of the
/// certificates that are pinned byte by byte.
pub(crate) fn xml_certificate_digest(method: &str, certificate: &[u8]) -> Option<Vec<u8>> {
    match method {
        SHA1 => Some(::openssl::sha::sha1(certificate).to_vec()),
        _ => xml_digest(method, certificate),
    }
}

/// From `r || s`, each as long as the curve (RFC 9231, 2.3.6), to the DER of certificates.
fn der_signature(spki: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let half = match spki::decode(spki).ok()? {
        (KeyKind::P256, _) => 32,
        (KeyKind::P384, _) => 48,
        _ => return None,
    };
    if signature.len() != 2 * half {
        return None;
    }
    let (r, s) = signature.split_at(half);
    EcdsaSignature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}

#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

const ECDSA: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";

const DIGESTS: [(&str, Hash); 3] = [
    ("http://www.w3.org/2001/04/xmlenc#sha256", Hash::Sha256),
    ("http://www.w3.org/2001/04/xmldsig-more#sha384", Hash::Sha384),
    ("http://www.w3.org/2001/04/xmlenc#sha512", Hash::Sha512),
];

const METHODS: [(&str, AlgorithmIdentifier); 9] = [
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", alg_id::RSA_PKCS1_SHA256),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", alg_id::RSA_PKCS1_SHA384),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", alg_id::RSA_PKCS1_SHA512),
    ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", alg_id::RSA_PSS_SHA256),
    ("http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", alg_id::RSA_PSS_SHA384),
    ("http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", alg_id::RSA_PSS_SHA512),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", alg_id::ECDSA_SHA256),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", alg_id::ECDSA_SHA384),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", alg_id::ECDSA_SHA512),
];

#[cfg(test)]
mod tests;
