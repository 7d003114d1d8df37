//! `Issuer`: an authority as what it signed needs it.

use std::fmt;

use super::{Certificate, CertificateError};
use crate::crypto::sha256;

/// An authority that signed a certificate, as revocation needs it: its name and key, and what its
/// certificate lets it do.
///
/// A name alone is nobody: authorities renew their keys under one name, and others may take the
/// name. What is verified is verified with this key.
#[derive(Clone)]
pub(crate) struct Issuer {
    name: Box<[u8]>,
    spki: Box<[u8]>,
    spki_sha256: [u8; 32],
    key_identifier: Option<Box<[u8]>>,
    signs_lists: bool,
}

impl Issuer {
    /// Of the authority's certificate, whoever signed it and whether or not it is in its time.
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self {
            name: certificate.subject_der().into(),
            spki: certificate.spki_der().into(),
            spki_sha256: sha256(certificate.spki_der()),
            key_identifier: certificate.subject_key_identifier().map(Into::into),
            // RFC 5280, 6.3.3 (f): only a key usage that is there restricts.
            signs_lists: certificate.key_usage().is_none_or(|usage| usage.crl_sign()),
        }
    }

    /// Of the DER of the authority's certificate.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        Certificate::from_der(der).map(|certificate| Self::of(&certificate))
    }

    /// The DER of its name.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// The DER of its SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The SHA-256 of [`spki`](Self::spki): the authority's identity beside its name.
    pub(crate) fn spki_sha256(&self) -> &[u8; 32] {
        &self.spki_sha256
    }

    /// The identifier of its key, where its certificate gives one.
    pub(crate) fn key_identifier(&self) -> Option<&[u8]> {
        self.key_identifier.as_deref()
    }

    /// Whether its key may sign revocation lists.
    pub(crate) fn signs_lists(&self) -> bool {
        self.signs_lists
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("spki_sha256", &self.spki_sha256).finish_non_exhaustive()
    }
}
