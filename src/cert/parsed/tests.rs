use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SanType,
};

use super::*;

fn issue(parameters: CertificateParams) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().der().to_vec()
}

fn with_extension(oid: &[u64], content: &[u8]) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.custom_extensions = vec![CustomExtension::from_oid_content(oid, content.to_vec())];
    parameters
}

#[test]
fn every_field_is_read() {
    let mut parameters = CertificateParams::default();
    parameters.not_before = rcgen::date_time_ymd(2024, 4, 11);
    parameters.not_after = rcgen::date_time_ymd(2055, 4, 11);
    parameters.serial_number = Some(vec![0x01, 0x80].into());
    parameters.distinguished_name.remove(DnType::CommonName);
    parameters.distinguished_name.push(DnType::CountryName, "GB");
    let identifier = DnType::CustomDnType(vec![2, 5, 4, 97]);
    parameters.distinguished_name.push(identifier, "PSDGB-FCA-123456");
    parameters.key_usages =
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.subject_alt_names = vec![
        SanType::DnsName("bank.example".try_into().unwrap()),
        SanType::URI("urn:bank".try_into().unwrap()),
        SanType::IpAddress([192, 0, 2, 1].into()),
        SanType::Rfc822Name("a@bank.example".try_into().unwrap()),
    ];
    parameters.custom_extensions = vec![CustomExtension::from_oid_content(
        &[1, 3, 6, 1, 5, 5, 7, 1, 3],
        b"not even DER".to_vec(),
    )];
    let der = issue(parameters);

    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.der().as_ref(), der);
    assert_eq!(certificate.thumbprint(), &openssl::sha::sha256(&der));
    let subject = Name::parse("2.5.4.97=PSDGB-FCA-123456,C=GB").unwrap();
    assert!(certificate.subject().matches(&subject));
    assert!(certificate.issuer().matches(&subject));
    assert_eq!(certificate.organization_identifiers(), ["PSDGB-FCA-123456"]);
    assert_eq!(certificate.serial(), [0x01, 0x80]);
    assert_eq!(time::to_rfc3339(certificate.not_before()), "2024-04-11T00:00:00Z");
    assert_eq!(time::to_rfc3339(certificate.not_after()), "2055-04-11T00:00:00Z");
    assert_eq!(certificate.key_strength(), KeyStrength::Ec { bits: 256 });
    assert!(certificate.key_strength().is_sufficient());
    assert!(certificate.signature_algorithm().digest().resists_collisions());
    let usage = certificate.key_usage().unwrap();
    assert!(usage.digital_signature() && usage.content_commitment());
    assert!(!usage.key_agreement() && !usage.key_encipherment());
    assert!(!usage.cert_sign() && !usage.crl_sign());
    let server_auth: Oid = "1.3.6.1.5.5.7.3.1".parse().unwrap();
    assert_eq!(certificate.extended_key_usage(), Some([server_auth].as_slice()));
    let names = certificate.subject_alternative_names().unwrap();
    assert_eq!(
        (names.dns(), names.uri()),
        (&["bank.example".into()][..], &["urn:bank".into()][..])
    );
    assert_eq!(
        (names.ip(), names.email()),
        (&[vec![192, 0, 2, 1]][..], &["a@bank.example".into()][..])
    );
    assert_eq!(certificate.policies(), None);
    assert!(!certificate.is_ca());
    let qc_statements = certificate.qc_statements().unwrap();
    assert_eq!(qc_statements.value(), b"not even DER");
    assert!(!qc_statements.is_critical());
    let key = openssl::pkey::PKey::public_key_from_der(certificate.spki_der()).unwrap();
    assert_eq!(key.bits(), 256);
}

#[test]
fn a_ca_is_known_by_its_basic_constraints() {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert!(Certificate::from_der(&issue(parameters)).unwrap().is_ca());
}

#[test]
fn keys_are_told_apart() {
    for (algorithm, expected) in [
        (&PKCS_ECDSA_P384_SHA384, KeyStrength::Ec { bits: 384 }),
        (&PKCS_ED25519, KeyStrength::Ed25519),
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let der = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        assert_eq!(Certificate::from_der(&der).unwrap().key_strength(), expected);
    }
    for (weak, sufficient) in [
        (KeyStrength::Rsa { bits: 2047 }, KeyStrength::Rsa { bits: 2048 }),
        (KeyStrength::Ec { bits: 255 }, KeyStrength::Ec { bits: 256 }),
        (KeyStrength::Other, KeyStrength::Ed25519),
    ] {
        assert!(!weak.is_sufficient() && sufficient.is_sufficient());
    }
}

#[test]
fn an_extension_that_cannot_be_read_refuses_the_certificate() {
    for (oid, content) in [
        ("2.5.29.15", &[0x04, 1, 0][..]),
        ("2.5.29.37", &[0x30, 2, 0x06]),
        ("2.5.29.32", &[0x30, 2, 0x05, 0]),
        ("2.5.29.17", &[0x30, 3, 0x82, 1, 0xff]),
        ("2.5.29.17", &[0x30, 2, 0x05, 0]),
        ("2.5.29.17", &[0x30, 0, 0]),
        ("2.5.29.19", &[0x30, 3, 0x01, 1]),
    ] {
        let arcs: Vec<u64> = oid.split('.').map(|arc| arc.parse().unwrap()).collect();
        assert_eq!(
            Certificate::from_der(&issue(with_extension(&arcs, content))).unwrap_err(),
            CertificateError::MalformedExtension(oid.parse().unwrap()),
            "{oid} {content:?}"
        );
    }
}

#[test]
fn an_extension_given_twice_refuses_the_certificate() {
    let mut parameters = with_extension(&[1, 2, 3], &[5, 0]);
    parameters.custom_extensions.extend(parameters.custom_extensions.clone());
    assert_eq!(
        Certificate::from_der(&issue(parameters)).unwrap_err(),
        CertificateError::DuplicateExtension("1.2.3".parse().unwrap())
    );
}

#[test]
fn trailing_and_missing_bytes_refuse_the_certificate() {
    let mut der = issue(CertificateParams::default());
    assert!(Certificate::from_der(&der[..der.len() - 1]).is_err());
    der.push(0);
    assert_eq!(Certificate::from_der(&der).unwrap_err(), CertificateError::Malformed);
    assert_eq!(Certificate::from_der(b"").unwrap_err(), CertificateError::Malformed);
}

#[test]
fn a_certificate_of_version_1_is_read() {
    let mut builder = openssl::x509::X509Builder::new().unwrap();
    let key = openssl::rsa::Rsa::generate(2048).unwrap();
    let key = openssl::pkey::PKey::from_rsa(key).unwrap();
    let now = openssl::asn1::Asn1Time::from_unix(0).unwrap();
    builder.set_not_before(&now).unwrap();
    builder.set_not_after(&now).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.sign(&key, openssl::hash::MessageDigest::sha1()).unwrap();
    let certificate = Certificate::from_der(&builder.build().to_der().unwrap()).unwrap();
    assert_eq!(certificate.key_strength(), KeyStrength::Rsa { bits: 2048 });
    assert_eq!(certificate.signature_algorithm().digest(), Digest::Sha1);
    assert!(certificate.subject().is_empty());
    assert!(certificate.key_usage().is_none() && certificate.qc_statements().is_none());
}

#[test]
fn the_digest_inside_pss_parameters_is_read() {
    use der::asn1::Any;
    let algorithm = |parameters: Option<&[u8]>| {
        SignatureAlgorithm::of(&x509_cert::AlgorithmIdentifier {
            oid: "1.2.840.113549.1.1.10".parse().unwrap(),
            parameters: parameters.map(|der| Any::from_der(der).unwrap()),
        })
        .digest()
    };
    let sha256 = [
        0x30, 0x11, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
        0x02, 0x01, 0x05, 0x00,
    ];
    assert_eq!(algorithm(Some(&sha256)), Digest::Sha256);
    assert_eq!(algorithm(Some(&[0x30, 0])), Digest::Sha1);
    assert_eq!(algorithm(Some(&[0x05, 0])), Digest::Other);
    assert_eq!(algorithm(None), Digest::Other);
}
