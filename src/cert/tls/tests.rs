use std::sync::Arc;

use openssl::{asn1, bn, ec, hash, nid, pkey, x509};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, date_time_ymd,
};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, SupportedProtocolVersion, version,
};

use super::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// A certificate and a key, which need not belong together.
#[derive(Debug)]
struct Identity(Arc<CertifiedKey>);

impl Identity {
    fn new(chain: Vec<CertificateDer<'static>>, key: Vec<u8>) -> Self {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
        Self(Arc::new(CertifiedKey::new(chain, any_supported_type(&key).unwrap())))
    }

    fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap();
        Self::new(vec![certificate.der().clone()], key.serialize_der())
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        assert!(hints.is_empty());
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What the server knows of the client after a handshake in memory.
fn handshake(
    version: &'static SupportedProtocolVersion,
    identity: Option<Identity>,
) -> Result<PeerCertificates, Error> {
    let provider = Arc::new(default_provider());
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["bank.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(Arc::new(PossessionOnly::new(&provider)))
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let client = match identity {
        Some(identity) => client.with_client_cert_resolver(Arc::new(identity)),
        None => client.with_no_client_auth(),
    };
    let mut server = ServerConnection::new(server.into()).unwrap();
    let name = "bank.example".try_into().unwrap();
    let mut client = ClientConnection::new(client.into(), name).unwrap();
    while server.is_handshaking() || client.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut &wire[..]).unwrap();
        server.process_new_packets()?;
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut &wire[..]).unwrap();
        client.process_new_packets()?;
    }
    Ok(PeerCertificates::from(&server))
}

fn is_let_through(identity: impl Fn() -> Identity) {
    for version in VERSIONS {
        let sent = identity();
        let chain = sent.0.cert.clone();
        let peer = handshake(version, Some(sent)).unwrap();
        assert_eq!(peer, PeerCertificates::new(chain), "{version:?}");
    }
}

#[test]
fn a_client_without_certificate_is_let_through_with_none() {
    for version in VERSIONS {
        assert_eq!(handshake(version, None), Ok(PeerCertificates::new([])));
    }
}

#[test]
fn a_certificate_of_a_rogue_authority_is_left_to_the_rules() {
    is_let_through(|| {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(ca, ca_key);
        let leaf = CertificateParams::default().signed_by(&key, &issuer).unwrap();
        Identity::new(vec![leaf.der().clone(), ca_certificate.der().clone()], key.serialize_der())
    });
}

#[test]
fn an_expired_certificate_is_left_to_the_rules() {
    is_let_through(|| {
        Identity::self_signed(|params| {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        })
    });
}

#[test]
fn a_certificate_for_servers_only_is_left_to_the_rules() {
    is_let_through(|| {
        Identity::self_signed(|params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        })
    });
}

#[test]
fn a_certificate_with_an_unknown_critical_extension_is_left_to_the_rules() {
    is_let_through(|| {
        Identity::self_signed(|params| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(true);
            params.custom_extensions = vec![extension];
        })
    });
}

#[test]
fn a_certificate_of_version_1_is_left_to_the_rules() {
    is_let_through(|| {
        let group = ec::EcGroup::from_curve_name(nid::Nid::X9_62_PRIME256V1).unwrap();
        let key = pkey::PKey::from_ec_key(ec::EcKey::generate(&group).unwrap()).unwrap();
        version_1(&key)
    });
}

#[test]
fn an_rsa_key_is_proved_too() {
    is_let_through(|| {
        version_1(&pkey::PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap())
    });
}

#[test]
fn the_certificate_of_somebody_else_breaks_off_the_handshake() {
    for version in VERSIONS {
        let stolen = Identity::self_signed(|_| {}).0.cert.clone();
        let key = KeyPair::generate().unwrap().serialize_der();
        let thief = Identity::new(stolen, key);
        assert_eq!(
            handshake(version, Some(thief)),
            Err(CertificateError::BadSignature.into()),
            "{version:?}"
        );
    }
}

#[test]
fn bytes_that_are_no_certificate_break_off_the_handshake() {
    for version in VERSIONS {
        let key = KeyPair::generate().unwrap().serialize_der();
        let nonsense = Identity::new(vec![vec![0x30, 0].into()], key);
        assert_eq!(
            handshake(version, Some(nonsense)),
            Err(CertificateError::BadEncoding.into()),
            "{version:?}"
        );
    }
}

fn version_1(key: &pkey::PKey<pkey::Private>) -> Identity {
    let mut certificate = x509::X509::builder().unwrap();
    certificate.set_version(0).unwrap();
    let serial = bn::BigNum::from_u32(1).unwrap();
    certificate.set_serial_number(&asn1::Asn1Integer::from_bn(&serial).unwrap()).unwrap();
    certificate.set_not_before(&asn1::Asn1Time::days_from_now(0).unwrap()).unwrap();
    certificate.set_not_after(&asn1::Asn1Time::days_from_now(1).unwrap()).unwrap();
    certificate.set_pubkey(key).unwrap();
    certificate.sign(key, hash::MessageDigest::sha256()).unwrap();
    let certificate = certificate.build().to_der().unwrap();
    Identity::new(vec![certificate.into()], key.private_key_to_pkcs8().unwrap())
}
