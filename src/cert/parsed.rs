//! A certificate, read once from its DER.
mod error;
mod extensions;
mod key;
mod key_usage;
mod signature;

use std::fmt;

use der::Decode;
use der::asn1::OctetStringRef;
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_cert::certificate::{TbsCertificate, Version};

use self::extensions::Extensions;
pub use self::{
    error::CertificateError,
    extensions::{RawExtension, SubjectAlternativeNames},
    key::KeyStrength,
    key_usage::KeyUsage,
    signature::{Digest, SignatureAlgorithm},
};
use super::{Fields, Name, Oid, time};

/// An X.509 certificate (RFC 5280, section 4) whose fields can be read.
///
/// Reading proves nothing: this type does not check any signature, the path, the validity period
/// or revocation. What is kept besides the DER is what the rules of this crate look at.
#[derive(Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    is_version_3: bool,
    thumbprint: [u8; 32],
    spki: Vec<u8>,
    serial: Vec<u8>,
    issuer: Name,
    issuer_der: Box<[u8]>,
    subject: Name,
    subject_der: Box<[u8]>,
    not_before: UnixTime,
    not_after: UnixTime,
    key: KeyStrength,
    signature_algorithm: SignatureAlgorithm,
    extensions: Extensions,
}

impl Certificate {
    /// Reads a certificate of version 1, 2 or 3 from its DER.
    ///
    /// Closed towards what it cannot read: bytes behind the certificate, an extension given
    /// twice, extensions in a certificate that is not of version 3, two different signature
    /// algorithms, and a broken key usage, extended key usage, basic constraints, subject
    /// alternative name or policy extension refuse the whole certificate. The qcStatements are
    /// kept as they stand, for [`eidas`](crate::eidas) to read. Does not limit the size.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] saying which of these it was.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate =
            x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let tbs = certificate.tbs_certificate();
        if tbs.signature() != certificate.signature_algorithm() {
            return Err(CertificateError::SignatureAlgorithmMismatch);
        }
        let spki = tbs.subject_public_key_info();
        let fields = Fields::of(der).map_err(|_| CertificateError::Malformed)?;
        Ok(Self {
            thumbprint: crate::crypto::sha256(der),
            der: CertificateDer::from(der.to_vec()),
            is_version_3: tbs.version() == Version::V3,
            spki: fields.spki.to_vec(),
            serial: tbs.serial_number().as_bytes().to_vec(),
            issuer: Name::from_rdn_sequence(tbs.issuer().as_ref()),
            issuer_der: fields.issuer.into(),
            subject: Name::from_rdn_sequence(tbs.subject().as_ref()),
            subject_der: fields.subject.into(),
            not_before: time::from_date_time(tbs.validity().not_before.to_date_time()),
            not_after: time::from_date_time(tbs.validity().not_after.to_date_time()),
            key: KeyStrength::of(spki),
            signature_algorithm: SignatureAlgorithm::of(certificate.signature_algorithm()),
            extensions: extensions(tbs)?,
        })
    }

    /// The certificate as it was given.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The SHA-256 digest of the DER: what RFC 8705, 3.1 calls `x5t#S256` before encoding.
    #[must_use]
    pub fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// The DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The serial number's bytes as they stand: big-endian, with the zero in front that DER wants
    /// where the first bit would be taken for a sign.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// The DER of the issuer's name, as it stands in the certificate.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer_der
    }

    /// The subject's name; it may be empty.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The DER of the subject's name, as it stands in the certificate.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// The subject's organizationIdentifier attributes (2.5.4.97), all of them.
    ///
    /// A certificate should have exactly one; which one of several counts is nobody's guess. One
    /// that is no character string is an empty text: it counts, and is nobody's.
    #[must_use]
    pub fn organization_identifiers(&self) -> Vec<&str> {
        let identifiers = self.subject.attributes();
        let identifiers =
            identifiers.filter(|attribute| attribute.oid() == ORGANIZATION_IDENTIFIER);
        identifiers.map(|attribute| attribute.text().unwrap_or_default()).collect()
    }

    /// The first second of the validity period.
    #[must_use]
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last second of the validity period.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// The kind and size of the public key.
    #[must_use]
    pub fn key_strength(&self) -> KeyStrength {
        self.key
    }

    /// What the certificate is signed with.
    #[must_use]
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// The key usage extension (RFC 5280, 4.2.1.3), if there is one.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage()
    }

    /// The purposes of the extended key usage extension (RFC 5280, 4.2.1.12), if there is one.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<&[Oid]> {
        self.extensions.extended_key_usage()
    }

    /// The certificate policies (RFC 5280, 4.2.1.4), if there are any, without their qualifiers.
    #[must_use]
    pub fn policies(&self) -> Option<&[Oid]> {
        self.extensions.policies()
    }

    /// The subject alternative names (RFC 5280, 4.2.1.6), if there are any.
    #[must_use]
    pub fn subject_alternative_names(&self) -> Option<&SubjectAlternativeNames> {
        self.extensions.subject_alternative_names()
    }

    /// Whether the basic constraints (RFC 5280, 4.2.1.9) say that this is a CA's certificate.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.extensions.is_ca()
    }

    /// The identifier of the certificate's own key (RFC 5280, 4.2.1.2), if it can be read.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let value = self.extension(SUBJECT_KEY_IDENTIFIER)?.value();
        <&OctetStringRef>::from_der(value).ok().map(OctetStringRef::as_bytes)
    }

    /// The identifier of the key that signed it (RFC 5280, 4.2.1.1), if one is given and can be
    /// read. It helps to find the issuer and proves nothing.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        extensions::key_identifier(self.extension(AUTHORITY_KEY_IDENTIFIER)?.value())
    }

    /// The qcStatements extension (RFC 3739, 3.2.6) as it stands, if there is one.
    #[must_use]
    pub fn qc_statements(&self) -> Option<RawExtension<'_>> {
        self.extension(QC_STATEMENTS)
    }

    /// Any extension as it stands; no certificate has one twice.
    #[must_use]
    pub fn extension(&self, oid: Oid) -> Option<RawExtension<'_>> {
        self.extensions.raw(oid)
    }

    /// Whether it is of the version that may hold extensions.
    pub(crate) fn is_version_3(&self) -> bool {
        self.is_version_3
    }

    /// The extensions that whoever does not know them must not pass over (RFC 5280, 4.2).
    pub(crate) fn critical_extensions(&self) -> impl Iterator<Item = Oid> {
        self.extensions.critical()
    }
}

/// Names the certificate by subject and thumbprint; the rest is in the DER.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &format_args!("{}", self.subject))
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

fn extensions(tbs: &TbsCertificate) -> Result<Extensions, CertificateError> {
    match tbs.extensions() {
        None => Ok(Extensions::default()),
        Some(_) if tbs.version() != Version::V3 => Err(CertificateError::ExtensionsBeforeVersion3),
        Some(extensions) => Extensions::read(extensions),
    }
}

const AUTHORITY_KEY_IDENTIFIER: Oid = Oid::literal("2.5.29.35");
const ORGANIZATION_IDENTIFIER: Oid = Oid::literal("2.5.4.97");
const QC_STATEMENTS: Oid = Oid::literal("1.3.6.1.5.5.7.1.3");
const SUBJECT_KEY_IDENTIFIER: Oid = Oid::literal("2.5.29.14");

#[cfg(test)]
mod tests;
