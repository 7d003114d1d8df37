//! Certificates of payment service providers for tests.

use std::sync::LazyLock;
use std::time::Duration;

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Type};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509Builder, X509Extension, X509Name};
use rustls_pki_types::CertificateDer;

use super::test_der::{ESEAL, WEB, psd2, qc_type, sequence};
use super::trusted_list::test_services::{compliance, for_seals, granted, listed, services};
use super::trusted_list::{Period, QualifiedServices};
use super::{IdentifyPsp, PspIdentity};
use crate::cert::TrustedCertificate;
use crate::cert::test_pki::{DAY, ISSUING, NOW, read};
use crate::crypto::test_keys;
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged, request};

static KEY: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);

/// What a test changes about a certificate that is in order: a QWAC of the UK.
pub(crate) struct Psp {
    pub(crate) identifiers: Vec<(&'static str, Asn1Type)>,
    /// The value of the qcStatements extension.
    pub(crate) statements: Option<Vec<u8>>,
    pub(crate) critical: bool,
}

impl Psp {
    /// With these entries of roles, of the authority `GB-FCA`.
    pub(crate) fn with_roles(entries: &[&[(&str, &str)]]) -> Self {
        Self::stating(&[qc_type(&[WEB]), psd2(entries, "Authority", "GB-FCA")])
    }

    /// A QSealC of the UK, in order.
    pub(crate) fn seal() -> Self {
        let roles: &[&[(&str, &str)]] = &[&[("0.4.0.19495.1.2", "PSP_PI")]];
        Self::stating(&[qc_type(&[ESEAL]), psd2(roles, "Authority", "GB-FCA")])
    }

    /// A QSealC that says that it is qualified.
    pub(crate) fn qualified_seal() -> Self {
        let roles: &[&[(&str, &str)]] = &[&[("0.4.0.19495.1.2", "PSP_PI")]];
        let psd2 = psd2(roles, "Authority", "GB-FCA");
        Self::stating(&[compliance(), qc_type(&[ESEAL]), psd2])
    }

    /// A QWAC of the UK, in order.
    pub(crate) fn web() -> Self {
        Self::with_roles(&[&[("0.4.0.19495.1.2", "PSP_PI")]])
    }

    pub(crate) fn stating(statements: &[Vec<u8>]) -> Self {
        Self {
            identifiers: vec![("PSDGB-FCA-123456", Asn1Type::UTF8STRING)],
            statements: Some(sequence(statements)),
            critical: false,
        }
    }

    pub(crate) fn named(self, identifier: &'static str) -> Self {
        Self { identifiers: vec![(identifier, Asn1Type::UTF8STRING)], ..self }
    }

    pub(crate) fn trusted(&self) -> TrustedCertificate {
        TrustedCertificate::of(read(&self.issued_to(&KEY)))
    }

    /// The certificate for a key.
    pub(crate) fn issued_to(&self, key: &PKey<Private>) -> CertificateDer<'static> {
        let edit = |builder: &mut X509Builder| self.write(builder);
        ISSUING.issues_by_openssl(key, MessageDigest::sha256(), edit)
    }

    pub(crate) fn write(&self, builder: &mut X509Builder) {
        let mut subject = X509Name::builder().unwrap();
        subject.append_entry_by_text("O", "TPP Ltd").unwrap();
        for (identifier, kind) in &self.identifiers {
            subject.append_entry_by_text_with_type("2.5.4.97", identifier, *kind).unwrap();
        }
        builder.set_subject_name(&subject.build()).unwrap();
        if let Some(statements) = &self.statements {
            let oid = Asn1Object::from_str("1.3.6.1.5.5.7.1.3").unwrap();
            let value = Asn1OctetString::new_from_bytes(statements).unwrap();
            let extension = X509Extension::new_from_der(&oid, self.critical, &value).unwrap();
            builder.append_extension2(&extension).unwrap();
        }
    }
}

/// The identity of a provider with these roles.
pub(crate) fn identity(roles: &[(&str, &str)]) -> PspIdentity {
    let entries: Vec<_> = roles.iter().map(std::slice::from_ref).collect();
    let trusted = Psp::with_roles(&entries).trusted();
    let rule = IdentifyPsp::from_certificate();
    judged(rule.check(&trusted, &mut request(), &at(NOW))).unwrap()
}

/// The trusted lists, by which the issuing authority issues seals.
pub(crate) fn listed_for_seals() -> QualifiedServices {
    listing(for_seals(NOW - 9 * DAY))
}

/// The trusted lists, by which the issuing authority issues website certificates.
pub(crate) fn listed_for_websites() -> QualifiedServices {
    listing(granted(NOW - 9 * DAY))
}

fn listing(period: Period) -> QualifiedServices {
    let services = services(vec![listed(&ISSUING.der(), [period])]);
    QualifiedServices::new(services, Duration::from_secs(DAY))
}
