//! `IssuerKey`: an authority that the configuration speaks of.

use std::fmt;

use rustls_pki_types::CertificateDer;

use crate::cert::{CertificateError, Issuer};
use crate::crypto::sha256;

/// An authority by its key. Its name would be anybody's.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct IssuerKey([u8; 32]);

impl IssuerKey {
    /// The authority whose certificate this is.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        Issuer::from_der(certificate).map(|issuer| Self::of_issuer(&issuer))
    }

    /// The authority with this SubjectPublicKeyInfo, in DER.
    #[must_use]
    pub fn with_spki(der: &[u8]) -> Self {
        Self(sha256(der))
    }

    pub(super) fn of_issuer(issuer: &Issuer) -> Self {
        Self(*issuer.spki_sha256())
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
