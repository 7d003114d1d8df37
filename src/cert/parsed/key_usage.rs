//! The key usage extension.
use x509_cert::ext::pkix;

/// What the key may be used for (RFC 5280, 4.2.1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyUsage(pkix::KeyUsage);

impl KeyUsage {
    pub(super) fn new(usage: pkix::KeyUsage) -> Self {
        Self(usage)
    }

    /// Signatures other than on certificates and revocation lists.
    #[must_use]
    pub fn digital_signature(self) -> bool {
        self.0.digital_signature()
    }

    /// Signatures the signer is held to; once called nonRepudiation.
    #[must_use]
    pub fn content_commitment(self) -> bool {
        self.0.non_repudiation()
    }

    /// Key transport.
    #[must_use]
    pub fn key_encipherment(self) -> bool {
        self.0.key_encipherment()
    }

    /// Encipherment of data.
    #[must_use]
    pub fn data_encipherment(self) -> bool {
        self.0.data_encipherment()
    }

    /// Key agreement.
    #[must_use]
    pub fn key_agreement(self) -> bool {
        self.0.key_agreement()
    }

    /// Signatures on certificates.
    #[must_use]
    pub fn cert_sign(self) -> bool {
        self.0.key_cert_sign()
    }

    /// Signatures on revocation lists.
    #[must_use]
    pub fn crl_sign(self) -> bool {
        self.0.crl_sign()
    }

    /// With key agreement: encipherment alone.
    #[must_use]
    pub fn encipher_only(self) -> bool {
        self.0.encipher_only()
    }

    /// With key agreement: decipherment alone.
    #[must_use]
    pub fn decipher_only(self) -> bool {
        self.0.decipher_only()
    }
}
