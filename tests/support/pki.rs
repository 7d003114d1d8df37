//! The authorities, and the certificates that they issue.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RevocationReason, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use rustls_pki_types::CertificateDer;

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Authority {
    /// The issuing authority that the bank trusts.
    Demo,
    /// One of the same name with a key of its own.
    Rogue,
}

/// What a certificate says.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Qwac {
    pub issuer: Authority,
    pub organisation: &'static str,
    pub organisation_identifier: &'static str,
    pub qc_type: QcType,
    pub roles: &'static [Role],
    /// Stands in the place of the qcStatements that the other fields make; none if empty.
    pub raw_statements: Option<Vec<u8>>,
    pub serial: u64,
    /// The first and the last year; a certificate of 2026 is good now.
    pub years: (i32, i32),
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum QcType {
    Web,
    Seal,
}

/// The last arc of a role's identifier, and its name.
pub type Role = (u8, &'static str);

pub const PSP_PI: Role = (2, "PSP_PI");
pub const PSP_AI: Role = (3, "PSP_AI");
pub const PSP_IC: Role = (4, "PSP_IC");

/// The organisation that a strict bank does not serve.
pub const BLOCKED: &str = "PSDGB-FCA-666666";
/// The serial number that the revocation list names.
pub const REVOKED: u64 = 666;

impl Default for Qwac {
    /// The certificate of the demo provider.
    fn default() -> Self {
        Self {
            issuer: Authority::Demo,
            organisation: "Demo TPP Ltd",
            organisation_identifier: "PSDGB-FCA-123456",
            qc_type: QcType::Web,
            roles: &[PSP_PI, PSP_AI, PSP_IC],
            raw_statements: None,
            serial: 4711,
            years: (2026, 2027),
        }
    }
}

impl Qwac {
    /// The certificate of another provider, as good as that of the first.
    pub fn of_another() -> Self {
        Self {
            organisation: "Other TPP SA",
            organisation_identifier: "PSDFR-ACPR-54321",
            serial: 4712,
            ..Self::default()
        }
    }

    /// The certificate of a provider that is no client of the bank.
    pub fn of_a_third() -> Self {
        Self {
            organisation: "Third TPP GmbH",
            organisation_identifier: "PSDDE-BAFIN-77777",
            serial: 4713,
            ..Self::default()
        }
    }

    /// The certificate with which the same provider seals its messages.
    pub fn seal(self) -> Self {
        Self { qc_type: QcType::Seal, serial: self.serial + 1000, ..self }
    }

    /// The name under which the bank has registered the holder.
    pub fn subject_dn(&self) -> String {
        let (organisation, identifier) = (self.organisation, self.organisation_identifier);
        format!("CN={organisation},organizationIdentifier={identifier},O={organisation},C=GB")
    }

    /// The certificate; the same one for the same content.
    pub fn der(&self) -> CertificateDer<'static> {
        static ISSUED: LazyLock<Mutex<HashMap<Qwac, CertificateDer<'static>>>> =
            LazyLock::new(Mutex::default);
        let mut issued = ISSUED.lock().unwrap_or_else(PoisonError::into_inner);
        issued
            .entry(self.clone())
            .or_insert_with(|| self.issue(&TRANSPORT_KEY, &[ExtendedKeyUsagePurpose::ServerAuth]))
            .clone()
    }

    /// The certificate for a key of its own, in PEM: a seal's.
    pub fn issued_to(&self, pem: &str) -> CertificateDer<'static> {
        self.issue(&KeyPair::from_pem(pem).unwrap(), &[])
    }

    fn issue(&self, key: &KeyPair, usages: &[ExtendedKeyUsagePurpose]) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, text) in [
            (DnType::CountryName, "GB"),
            (DnType::OrganizationName, self.organisation),
            (DnType::CustomDnType(vec![2, 5, 4, 97]), self.organisation_identifier),
            (DnType::CommonName, self.organisation),
        ] {
            params.distinguished_name.push(kind, text);
        }
        params.serial_number = Some(SerialNumber::from(self.serial));
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 1, 1);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages.to_vec();
        let statements = self.raw_statements.clone().unwrap_or_else(|| self.qc_statements());
        if !statements.is_empty() {
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(QC_STATEMENTS, statements)];
        }
        let issuer = match self.issuer {
            Authority::Demo => &*DEMO,
            Authority::Rogue => &*ROGUE,
        };
        params.signed_by(key, issuer).unwrap().der().clone()
    }

    /// QcCompliance, QcType and the PSD2 statement (TS 119 495, annex A).
    fn qc_statements(&self) -> Vec<u8> {
        let kind = match self.qc_type {
            QcType::Web => 3,
            QcType::Seal => 2,
        };
        let roles: Vec<u8> = self
            .roles
            .iter()
            .flat_map(|(arc, name)| {
                sequence(&[oid(&[4, 0, 0x81, 0x98, 0x27, 1, *arc]), utf8(name)])
            })
            .collect();
        let psd2 = [
            tlv(SEQUENCE, &roles),
            utf8("National Competent Authority"),
            utf8(self.organisation_identifier[3..].rsplit_once('-').unwrap().0),
        ];
        sequence(&[
            sequence(&[oid(&[4, 0, 0x8e, 0x46, 1, 1])]),
            sequence(&[
                oid(&[4, 0, 0x8e, 0x46, 1, 6]),
                sequence(&[oid(&[4, 0, 0x8e, 0x46, 1, 6, kind])]),
            ]),
            sequence(&[oid(&[4, 0, 0x81, 0x98, 0x27, 2]), sequence(&psd2)]),
        ])
    }
}

/// The key of every client's certificate, in PKCS #8.
pub fn transport_key() -> Vec<u8> {
    TRANSPORT_KEY.serialize_der()
}

/// A certificate that its holder made for himself, with that key.
pub fn self_signed() -> CertificateDer<'static> {
    static MADE: LazyLock<CertificateDer<'static>> = LazyLock::new(|| {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.self_signed(&*TRANSPORT_KEY).unwrap().der().clone()
    });
    MADE.clone()
}

/// The certificate of the authority that the bank trusts.
pub fn anchor() -> CertificateDer<'static> {
    DEMO.der().clone()
}

/// The certificate of its namesake.
pub fn rogue_anchor() -> CertificateDer<'static> {
    ROGUE.der().clone()
}

/// The revocation list of the demo authority: one number, for the year 2026.
pub fn revocation_list() -> Vec<u8> {
    revocation_list_naming(REVOKED, 1)
}

/// As [`revocation_list`], of another number and naming another certificate.
pub fn revocation_list_naming(serial: u64, number: u64) -> Vec<u8> {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date_time_ymd(2026, 1, 2),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 2),
        next_update: date_time_ymd(2027, 1, 1),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(&DEMO).unwrap().der().to_vec()
}

/// An RSA key of 2048 bits, in PEM.
pub fn rsa_pem() -> String {
    KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem()
}

/// A key on P-256, in PEM.
pub fn ec_pem() -> String {
    KeyPair::generate().unwrap().serialize_pem()
}

/// Text between the markers of PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let body = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// One element of DER.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut element = vec![tag];
    match content.len() {
        short @ 0..128 => element.push(u8::try_from(short).unwrap()),
        _ => {
            element.push(0x80 | u8::try_from(significant.len()).unwrap());
            element.extend(significant);
        }
    }
    element.extend(content);
    element
}

fn oid(content: &[u8]) -> Vec<u8> {
    tlv(6, content)
}

fn utf8(text: &str) -> Vec<u8> {
    tlv(12, text.as_bytes())
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Demo Issuing CA");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

static DEMO: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(authority);
static ROGUE: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(authority);
static TRANSPORT_KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap());

pub const SEQUENCE: u8 = 0x30;
const QC_STATEMENTS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 3];
