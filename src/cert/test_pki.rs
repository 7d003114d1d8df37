//! A small public key infrastructure for tests: a root, an issuing authority below it, and what
//! they sign. Keys are made once per test binary; none is in the tree.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{
    X509, X509Builder,
    extension::{BasicConstraints as Constraints, KeyUsage},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, SigningKey,
};
use rustls_pki_types::CertificateDer;

use super::Certificate;

/// 2026-06-01T12:00:00Z, at which everything below is in its time.
pub(crate) const NOW: u64 = 1_780_315_200;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const ORGANIZATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];

/// The anchor of most tests.
pub(crate) static ROOT: LazyLock<Authority> = LazyLock::new(|| Authority::root("Root"));
/// The authority below it, which signs clients.
pub(crate) static ISSUING: LazyLock<Authority> =
    LazyLock::new(|| ROOT.authorizes("Issuing", |_| {}));
/// The key of every client: who holds it does not matter here.
static CLIENT_KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap());

/// A certification authority.
pub(crate) struct Authority {
    parameters: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

impl Authority {
    /// Signs itself.
    pub(crate) fn root(name: &str) -> Self {
        let (parameters, key) = (authority(name), KeyPair::generate().unwrap());
        let der = parameters.self_signed(&key).unwrap().der().clone();
        Self { parameters, key, der }
    }

    /// Signs itself, and gives its key no identifier.
    pub(crate) fn without_key_identifier(name: &str) -> Self {
        // What the other library always writes.
        let mut root = Self::root(name);
        let key = PKey::private_key_from_der(&root.key.serialize_der()).unwrap();
        let mut builder = X509::builder().unwrap();
        let own = X509::from_der(&root.der).unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(own.serial_number()).unwrap();
        builder.set_issuer_name(own.subject_name()).unwrap();
        builder.set_subject_name(own.subject_name()).unwrap();
        builder.set_not_before(own.not_before()).unwrap();
        builder.set_not_after(own.not_after()).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.append_extension(Constraints::new().critical().ca().build().unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        root.der = builder.build().to_der().unwrap().into();
        root
    }

    /// Signs the name and key of another authority, which remains what it is.
    pub(crate) fn crosses(&self, other: &Self) -> CertificateDer<'static> {
        other.parameters.signed_by(&other.key, &self.issuer()).unwrap().der().clone()
    }

    /// Signs another authority.
    pub(crate) fn authorizes(&self, name: &str, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        self.authorizes_key(name, KeyPair::generate().unwrap(), edit)
    }

    /// Signs another authority, whose key was made elsewhere.
    pub(crate) fn authorizes_key(
        &self,
        name: &str,
        key: KeyPair,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut parameters = authority(name);
        edit(&mut parameters);
        let der = parameters.signed_by(&key, &self.issuer()).unwrap().der().clone();
        Self { parameters, key, der }
    }

    /// Another certificate for the same name and key, signed by itself.
    pub(crate) fn renewed(
        &self,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut parameters = self.parameters.clone();
        edit(&mut parameters);
        parameters.self_signed(&self.key).unwrap().der().clone()
    }

    /// Its own certificate.
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }

    /// Signs a client that is in order but for the edit.
    pub(crate) fn issues(
        &self,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut parameters = client();
        edit(&mut parameters);
        parameters.signed_by(&*CLIENT_KEY, &self.issuer()).unwrap().der().clone()
    }

    /// Signs a client, with another name for itself.
    pub(crate) fn issues_under(
        &self,
        name: &str,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let (mut parameters, mut own) = (client(), self.parameters.clone());
        edit(&mut parameters);
        own.distinguished_name = authority(name).distinguished_name;
        let issuer = Issuer::from_params(&own, &self.key);
        parameters.signed_by(&*CLIENT_KEY, &issuer).unwrap().der().clone()
    }

    /// Signs what the other library refuses to make: weak keys and digests, old versions.
    pub(crate) fn issues_by_openssl(
        &self,
        key: &PKey<Private>,
        digest: MessageDigest,
        edit: impl FnOnce(&mut X509Builder),
    ) -> CertificateDer<'static> {
        let mut builder = X509::builder().unwrap();
        let time = |seconds: u64| Asn1Time::from_unix(seconds.try_into().unwrap()).unwrap();
        let issuer = X509::from_der(&self.der).unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(7).unwrap();
        builder.set_serial_number(&Asn1Integer::from_bn(&serial).unwrap()).unwrap();
        builder.set_issuer_name(issuer.subject_name()).unwrap();
        builder.set_not_before(&time(NOW - DAY)).unwrap();
        builder.set_not_after(&time(NOW + DAY)).unwrap();
        builder.set_pubkey(key).unwrap();
        edit(&mut builder);
        builder.sign(&self.private_key(), digest).unwrap();
        builder.build().to_der().unwrap().into()
    }

    /// Signs a revocation list of one day before and after [`NOW`], without entries but for the
    /// edit.
    pub(crate) fn lists(&self, edit: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
        let mut parameters = list();
        edit(&mut parameters);
        parameters.signed_by(&self.issuer()).unwrap().der().to_vec()
    }

    /// As [`lists`](Self::lists) without an edit, although its own certificate does not allow it.
    pub(crate) fn lists_without_leave(&self) -> Vec<u8> {
        let mut parameters = self.parameters.clone();
        parameters.key_usages.clear();
        list().signed_by(&Issuer::from_params(&parameters, &self.key)).unwrap().der().to_vec()
    }

    /// Its signature over any bytes: ECDSA with SHA-256.
    pub(crate) fn signs(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).unwrap()
    }

    /// Its key, to sign what the other library cannot make.
    pub(crate) fn private_key(&self) -> PKey<Private> {
        PKey::private_key_from_der(&self.key.serialize_der()).unwrap()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.parameters, &self.key)
    }
}

/// The entry that revokes a certificate.
pub(crate) fn revoked(der: &CertificateDer<'_>) -> RevokedCertParams {
    let serial = read(der).serial().to_vec();
    RevokedCertParams {
        serial_number: serial.into(),
        revocation_time: date(NOW - DAY),
        reason_code: None,
        invalidity_date: None,
    }
}

pub(crate) fn read(der: &CertificateDer<'_>) -> Certificate {
    Certificate::from_der(der).unwrap()
}

/// A time as rcgen wants it.
pub(crate) fn date<T: From<SystemTime>>(seconds: u64) -> T {
    (SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into()
}

/// The key usage that a certificate of a client has, critical.
pub(crate) fn with_key_usage(builder: &mut X509Builder) {
    let usage = KeyUsage::new().critical().digital_signature().build().unwrap();
    builder.append_extension(usage).unwrap();
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name =
        names(&[(DnType::CountryName, "GB"), (DnType::CommonName, name)]);
    parameters.not_before = date(NOW - 1000 * DAY);
    parameters.not_after = date(NOW + 1000 * DAY);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn client() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = names(&[
        (DnType::CountryName, "GB"),
        (DnType::OrganizationName, "TPP Ltd"),
        (DnType::from_oid(&ORGANIZATION_IDENTIFIER), "PSDGB-FCA-123456"),
        (DnType::CommonName, "tpp.example"),
    ]);
    parameters.not_before = date(NOW - 100 * DAY);
    parameters.not_after = date(NOW + 100 * DAY);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    parameters
}

fn list() -> CertificateRevocationListParams {
    CertificateRevocationListParams {
        this_update: date(NOW - DAY),
        next_update: date(NOW + DAY),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

fn names(attributes: &[(DnType, &str)]) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    for (kind, value) in attributes {
        names.push(kind.clone(), *value);
    }
    names
}
