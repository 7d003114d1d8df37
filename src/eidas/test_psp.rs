//! Certificates of payment service providers for tests.

use std::sync::LazyLock;

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Type};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509Builder, X509Extension, X509Name};

use super::test_der::{WEB, psd2, qc_type, sequence};
use super::{IdentifyPsp, PspIdentity};
use crate::cert::TrustedCertificate;
use crate::cert::test_pki::{ISSUING, NOW, read};
use crate::crypto::test_keys;
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged, request};

static KEY: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);

/// What a test changes about a certificate that is in order: a QWAC of the UK.
pub(super) struct Psp {
    pub(super) identifiers: Vec<(&'static str, Asn1Type)>,
    /// The value of the qcStatements extension.
    pub(super) statements: Option<Vec<u8>>,
    pub(super) critical: bool,
}

impl Psp {
    /// With these entries of roles, of the authority `GB-FCA`.
    pub(super) fn with_roles(entries: &[&[(&str, &str)]]) -> Self {
        Self::stating(&[qc_type(&[WEB]), psd2(entries, "Authority", "GB-FCA")])
    }

    pub(super) fn stating(statements: &[Vec<u8>]) -> Self {
        Self {
            identifiers: vec![("PSDGB-FCA-123456", Asn1Type::UTF8STRING)],
            statements: Some(sequence(statements)),
            critical: false,
        }
    }

    pub(super) fn named(self, identifier: &'static str) -> Self {
        Self { identifiers: vec![(identifier, Asn1Type::UTF8STRING)], ..self }
    }

    pub(super) fn trusted(&self) -> TrustedCertificate {
        let edit = |builder: &mut X509Builder| self.write(builder);
        let der = ISSUING.issues_by_openssl(&KEY, MessageDigest::sha256(), edit);
        TrustedCertificate::of(read(&der))
    }

    fn write(&self, builder: &mut X509Builder) {
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
pub(super) fn identity(roles: &[(&str, &str)]) -> PspIdentity {
    let entries: Vec<_> = roles.iter().map(std::slice::from_ref).collect();
    let trusted = Psp::with_roles(&entries).trusted();
    let rule = IdentifyPsp::from_certificate();
    judged(rule.check(&trusted, &mut request(), &at(NOW))).unwrap()
}
