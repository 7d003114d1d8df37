//! Certificates and keys for a server and its clients.

use std::time::{Duration, SystemTime};

use base64::prelude::{BASE64_STANDARD, Engine};
use josekit::jwk::alg::{ec::EcKeyPair, rsa::RsaKeyPair};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};
use serde_json::{Value, json};
use tower_open_banking::crypto::{Algorithm, SigningKey};
use tower_open_banking::jose::Jwk;

use super::Anything;

/// An authority that signs itself.
pub struct Authority {
    pub certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key.
pub struct Identity {
    pub certificate: Certificate,
    pub key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Anything<Self> {
        let mut params = subject(name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// For `localhost`, on RSA: the ciphers that FAPI names for TLS 1.2 begin with it.
    pub fn issue_server(&self) -> Anything<Identity> {
        let mut params = subject("localhost")?;
        params.subject_alt_names =
            CertificateParams::new(["localhost".to_owned()])?.subject_alt_names;
        params.subject_alt_names.push(rcgen::SanType::IpAddress([127, 0, 0, 1].into()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params, rsa_key()?)
    }

    pub fn issue_client(&self, name: &str) -> Anything<Identity> {
        let mut params = subject(name)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
    }

    /// The list of what this authority has revoked: nothing.
    pub fn revocation_list(&self) -> Anything<String> {
        let now = SystemTime::now();
        let list = CertificateRevocationListParams {
            this_update: (now - Duration::from_secs(3600)).into(),
            next_update: (now + 90 * DAY).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }

    fn sign(&self, mut params: CertificateParams, key: KeyPair) -> Anything<Identity> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity { certificate, key })
    }
}

/// The subject of [`subject`] as RFC 4514 writes it.
pub fn subject_dn(name: &str) -> String {
    format!("CN={name},O=Demo,C=GB")
}

fn subject(name: &str) -> Anything<CertificateParams> {
    let mut params = CertificateParams::default();
    let country = DnValue::PrintableString("GB".try_into()?);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, country);
    params.distinguished_name.push(DnType::OrganizationName, "Demo");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() + 90 * DAY).into();
    Ok(params)
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A signing key in its three forms.
pub struct Keys {
    pub pem: String,
    pub public: Value,
    pub private: Value,
}

impl Keys {
    pub fn new(algorithm: Algorithm, kid: &str) -> Anything<Self> {
        let (pem, mut private) = match algorithm {
            Algorithm::Es256 => {
                let pem = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?.serialize_pem();
                let jwk = EcKeyPair::from_pem(&pem, None)?.to_jwk_private_key();
                (pem, serde_json::to_value(jwk)?)
            }
            _ => {
                let pem = rsa_key()?.serialize_pem();
                let jwk = RsaKeyPair::from_pem(&pem)?.to_jwk_private_key();
                (pem, serde_json::to_value(jwk)?)
            }
        };
        for (member, value) in [("kid", kid), ("alg", algorithm.name()), ("use", "sig")] {
            private[member] = json!(value);
        }
        let key = SigningKey::from_pem(pem.as_bytes())?;
        let public = serde_json::to_value(Jwk::of(key.public_key(), kid, algorithm))?;
        Ok(Self { pem, public, private })
    }
}

/// The public key of a certificate, with the certificate.
pub fn certificate_jwk(identity: &Identity, kid: &str) -> Anything<Value> {
    let key = SigningKey::from_pem(identity.key.serialize_pem().as_bytes())?;
    let mut jwk = serde_json::to_value(Jwk::of(key.public_key(), kid, Algorithm::Es256))?;
    jwk["x5c"] = json!([BASE64_STANDARD.encode(identity.certificate.der())]);
    Ok(jwk)
}

fn rsa_key() -> Anything<KeyPair> {
    Ok(KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?)
}
