//! A certification authority that issues QWACs, QSealCs, and certificates that nobody should trust.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::pkey::{PKey, Private};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams,
    CustomExtension, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
    RevocationReason, RevokedCertParams, RsaKeySize, SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use uuid::Uuid;

use super::Anything;
use super::qc::{QC_STATEMENTS, QcType, Role, statements};

/// A certificate with its key and the certificates between it and the root.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub issuer: CertificateDer<'static>,
    pub chain_pem: String,
    pub key: KeyPair,
    pub serial: SerialNumber,
}

impl Identity {
    /// `x5t#S256`: what a token is bound to.
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(openssl::sha::sha256(&self.certificate))
    }

    /// The key as OpenSSL wants it.
    pub fn openssl_key(&self) -> Anything<PKey<Private>> {
        Ok(PKey::private_key_from_pem(self.key.serialize_pem().as_bytes())?)
    }
}

/// Who a certificate is issued to.
#[derive(Clone, Copy)]
pub struct Subject {
    pub organization: &'static str,
    pub organization_identifier: &'static str,
    pub common_name: &'static str,
}

/// The algorithm of a certificate's key.
#[derive(Clone, Copy)]
pub enum Keys {
    P256,
    Rsa2048,
}

impl Keys {
    pub fn generate(self) -> Anything<KeyPair> {
        Ok(match self {
            Self::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            Self::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        })
    }
}

/// What makes one certificate differ from another.
#[derive(Clone)]
pub struct Order<'a> {
    pub subject: Subject,
    pub keys: Keys,
    pub qc_type: QcType,
    pub roles: &'a [Role],
    pub extended: Vec<ExtendedKeyUsagePurpose>,
    /// Days until the end; negative for a certificate that has expired.
    pub days: i64,
}

/// A certification authority.
pub struct Authority {
    pub certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Signs itself.
    pub fn root(name: &str) -> Anything<Self> {
        let (params, key) = (authority(name)?, Keys::P256.generate()?);
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// An authority below this one.
    pub fn subordinate(&self, name: &str) -> Anything<Self> {
        let (params, key) = (authority(name)?, Keys::P256.generate()?);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// A QWAC or a QSealC.
    pub fn issue(&self, order: &Order<'_>) -> Anything<Identity> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name_of(order.subject)?;
        params.not_before = (SystemTime::now() - 90 * DAY).into();
        params.not_after = from_now(order.days).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match order.qc_type {
            QcType::Seal => params.key_usages.push(KeyUsagePurpose::ContentCommitment),
            QcType::Web => {
                params.subject_alt_names = vec![SanType::DnsName("tpp.example".try_into()?)];
            }
        }
        params.extended_key_usages.clone_from(&order.extended);
        let statements = statements(order.qc_type, order.roles);
        params.custom_extensions =
            vec![CustomExtension::from_oid_content(QC_STATEMENTS, statements)];
        self.sign(params, order.keys)
    }

    /// The bank's own certificate.
    pub fn issue_server(&self) -> Anything<Identity> {
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.distinguished_name.push(DnType::CommonName, "Demo Bank");
        params.not_before = (SystemTime::now() - DAY).into();
        params.not_after = from_now(90).into();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params, Keys::P256)
    }

    fn sign(&self, mut params: CertificateParams, keys: Keys) -> Anything<Identity> {
        let serial = SerialNumber::from_slice(Uuid::new_v4().as_bytes());
        params.serial_number = Some(serial.clone());
        params.use_authority_key_identifier_extension = true;
        let key = keys.generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain_pem = certificate.pem() + &self.certificate.pem();
        let issuer = self.certificate.der().clone();
        Ok(Identity { certificate: certificate.into(), issuer, chain_pem, key, serial })
    }

    /// The list of what this authority has revoked.
    pub fn revocation_list(&self, revoked: &[&SerialNumber]) -> Anything<String> {
        let now = SystemTime::now();
        let entry = |serial: &&SerialNumber| RevokedCertParams {
            serial_number: (*serial).clone(),
            revocation_time: (now - DAY).into(),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: (now - Duration::from_secs(3600)).into(),
            next_update: (now + 7 * DAY).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }
}

fn authority(name: &str) -> Anything<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, DnValue::PrintableString("GB".try_into()?));
    params.distinguished_name.push(DnType::OrganizationName, "Demo Trust Services");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (SystemTime::now() - 365 * DAY).into();
    params.not_after = from_now(365).into();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn name_of(subject: Subject) -> Anything<DistinguishedName> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, DnValue::PrintableString("GB".try_into()?));
    name.push(DnType::OrganizationName, subject.organization);
    name.push(
        DnType::CustomDnType(ORGANIZATION_IDENTIFIER.to_vec()),
        subject.organization_identifier,
    );
    name.push(DnType::CommonName, subject.common_name);
    Ok(name)
}

fn from_now(days: i64) -> SystemTime {
    let span = DAY * u32::try_from(days.unsigned_abs()).unwrap_or(u32::MAX);
    if days < 0 { SystemTime::now() - span } else { SystemTime::now() + span }
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const ORGANIZATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];
