//! Why a certificate could not be read.
use super::Oid;

/// Why bytes are not taken for a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The same extension twice (RFC 5280, 4.2).
    #[error("extension {0} is given twice")]
    DuplicateExtension(Oid),
    /// Extensions in a certificate that is not of version 3 (RFC 5280, 4.1.2.9).
    #[error("extensions in a certificate that is not of version 3")]
    ExtensionsBeforeVersion3,
    /// Not the DER of an X.509 certificate, or bytes follow it.
    #[error("not the DER of an X.509 certificate")]
    Malformed,
    /// An extension this crate decides by cannot be read.
    #[error("extension {0} cannot be read")]
    MalformedExtension(Oid),
    /// The signed and the outer signature algorithm differ (RFC 5280, 4.1.1.2).
    #[error("the two signature algorithm fields differ")]
    SignatureAlgorithmMismatch,
}
