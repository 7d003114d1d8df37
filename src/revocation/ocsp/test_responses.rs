//! Makes responses for tests: honest ones, and such with any one lie. What is encoded and hashed
//! here shares nothing with what reads it.

use der::asn1::{GeneralizedTime, ObjectIdentifier};
use der::{Encode, Length};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sha;
use openssl::sign::Signer;
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use std::time::Duration;

use crate::cert::Certificate;
use crate::cert::test_pki::{Authority, DAY, NOW, read};

pub(crate) const HOUR: u64 = 3600;
pub(crate) const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

pub(crate) const GOOD: &[u8] = &[0x80, 0];
pub(crate) const UNKNOWN: &[u8] = &[0x82, 0];

/// An `OCSPResponse` before it is signed.
#[derive(Clone)]
pub(crate) struct TestResponse {
    pub(crate) status: u8,
    pub(crate) kind: &'static str,
    /// The content of the version field.
    pub(crate) version: Option<Vec<u8>>,
    /// The DER of the ResponderID.
    pub(crate) responder: Vec<u8>,
    pub(crate) produced_at: u64,
    pub(crate) singles: Vec<TestSingle>,
    /// The DER of each extension.
    pub(crate) extensions: Vec<Vec<u8>>,
    /// The DER of each embedded certificate.
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// A `SingleResponse`.
#[derive(Clone)]
pub(crate) struct TestSingle {
    /// The DER of the hash's AlgorithmIdentifier.
    pub(crate) hash: Vec<u8>,
    pub(crate) name_hash: Vec<u8>,
    pub(crate) key_hash: Vec<u8>,
    /// The content of the INTEGER.
    pub(crate) serial: Vec<u8>,
    /// The DER of the CertStatus.
    pub(crate) status: Vec<u8>,
    pub(crate) this_update: u64,
    pub(crate) next_update: Option<u64>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl TestResponse {
    /// An hour old, good for another day, by the authority's own name.
    pub(crate) fn good(authority: &Authority, certificate: &Certificate) -> Self {
        Self {
            status: 0,
            kind: "1.3.6.1.5.5.7.48.1.1",
            version: None,
            responder: by_name(authority),
            produced_at: NOW - HOUR,
            singles: vec![TestSingle::good(authority, certificate)],
            extensions: Vec::new(),
            certificates: Vec::new(),
        }
    }

    /// The same by a delegate, whose certificate is in it.
    pub(crate) fn delegated(
        authority: &Authority,
        certificate: &Certificate,
        delegate: &Authority,
    ) -> Self {
        Self {
            responder: by_name(delegate),
            certificates: vec![delegate.der().to_vec()],
            ..Self::good(authority, certificate)
        }
    }

    /// With an edit of the one single response.
    pub(crate) fn saying(mut self, edit: impl FnOnce(&mut TestSingle)) -> Self {
        edit(&mut self.singles[0]);
        self
    }

    pub(crate) fn signed_by(&self, authority: &Authority) -> Vec<u8> {
        self.signed_with(&authority.private_key(), MessageDigest::sha256(), ECDSA_SHA256)
    }

    /// By any key, with the content of the AlgorithmIdentifier.
    pub(crate) fn signed_with(
        &self,
        key: &PKey<Private>,
        digest: MessageDigest,
        algorithm: &[u8],
    ) -> Vec<u8> {
        let data = self.data();
        let signature = Signer::new(digest, key).unwrap().sign_oneshot_to_vec(&data).unwrap();
        let certificates = match self.certificates.is_empty() {
            true => Vec::new(),
            false => tlv(0xa0, &[&tlv(0x30, &[&self.certificates.concat()])]),
        };
        self.wrap(&tlv(
            0x30,
            &[&data, &tlv(0x30, &[algorithm]), &tlv(3, &[&[0], &signature]), &certificates],
        ))
    }

    /// Any bytes in the place of the `BasicOCSPResponse`.
    pub(crate) fn wrap(&self, basic: &[u8]) -> Vec<u8> {
        let bytes = tlv(0x30, &[&oid(self.kind), &tlv(4, &[basic])]);
        tlv(0x30, &[&[0x0a, 1, self.status], &tlv(0xa0, &[&bytes])])
    }

    fn data(&self) -> Vec<u8> {
        let version = self.version.as_ref().map(|content| tlv(0xa0, &[&tlv(2, &[content])]));
        let singles: Vec<_> = self.singles.iter().map(TestSingle::der).collect();
        let parts = [
            version.unwrap_or_default(),
            self.responder.clone(),
            time(self.produced_at),
            tlv(0x30, &[&singles.concat()]),
            extensions(&self.extensions),
        ];
        tlv(0x30, &[&parts.concat()])
    }
}

impl TestSingle {
    /// By SHA-1.
    pub(crate) fn good(authority: &Authority, certificate: &Certificate) -> Self {
        Self {
            hash: SHA1.to_vec(),
            name_hash: sha::sha1(certificate.issuer_der()).to_vec(),
            key_hash: sha::sha1(&key(authority)).to_vec(),
            serial: certificate.serial().to_vec(),
            status: GOOD.to_vec(),
            this_update: NOW - HOUR,
            next_update: Some(NOW + DAY),
            extensions: Vec::new(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let hashes = [tlv(4, &[&self.name_hash]), tlv(4, &[&self.key_hash])].concat();
        let id = tlv(0x30, &[&self.hash, &hashes, &tlv(2, &[&self.serial])]);
        let next = self.next_update.map(|next| tlv(0xa0, &[&time(next)])).unwrap_or_default();
        let parts =
            [id, self.status.clone(), time(self.this_update), next, extensions(&self.extensions)];
        tlv(0x30, &[&parts.concat()])
    }
}

/// `revoked [1]`.
pub(crate) fn revoked(since: u64, reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map(|code| tlv(0xa0, &[&[0x0a, 1, code]])).unwrap_or_default();
    tlv(0xa1, &[&time(since), &reason])
}

pub(crate) fn by_name(authority: &Authority) -> Vec<u8> {
    tlv(0xa1, &[read(&authority.der()).subject_der()])
}

pub(crate) fn by_key(authority: &Authority) -> Vec<u8> {
    tlv(0xa2, &[&tlv(4, &[&sha::sha1(&key(authority))])])
}

/// The point itself, which is the last thing in a SubjectPublicKeyInfo for P-256.
pub(crate) fn key(authority: &Authority) -> Vec<u8> {
    let spki = authority.private_key().public_key_to_der().unwrap();
    spki[spki.len() - 65..].to_vec()
}

pub(crate) fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&oid(id), critical, &tlv(4, &[value])])
}

/// A responder to whom the authority gave a certificate that is in order but for the edit, with
/// `ocsp-nocheck`.
pub(crate) fn delegate(
    authority: &Authority,
    edit: impl FnOnce(&mut CertificateParams),
) -> Authority {
    authority.authorizes("Responder", |parameters| {
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        parameters.custom_extensions = vec![no_check(vec![5, 0])];
        edit(parameters);
    })
}

pub(crate) fn no_check(value: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], value)
}

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = Length::try_from(content.len()).unwrap().to_der().unwrap();
    [&[tag], &length[..], &content].concat()
}

pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    ObjectIdentifier::new(dotted).unwrap().to_der().unwrap()
}

fn extensions(all: &[Vec<u8>]) -> Vec<u8> {
    match all.is_empty() {
        true => Vec::new(),
        false => tlv(0xa1, &[&tlv(0x30, &[&all.concat()])]),
    }
}

fn time(seconds: u64) -> Vec<u8> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(seconds)).unwrap().to_der().unwrap()
}

/// `ecdsa-with-SHA256`.
pub(crate) const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// The AlgorithmIdentifier of SHA-1.
pub(crate) const SHA1: &[u8] = &[0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0];
/// The AlgorithmIdentifier of SHA-256.
pub(crate) const SHA256: &[u8] = &[0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0];
