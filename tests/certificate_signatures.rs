//! Paths whose certificates are signed in each of the listed ways, validated by webpki.

use openssl::rsa::Rsa;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SignatureAlgorithm,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use tower_open_banking::crypto::webpki_algorithms;
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

fn validate(leaf: &[u8], root: &[u8]) -> Result<(), Error> {
    let root = CertificateDer::from(root);
    let leaf = CertificateDer::from(leaf);
    let anchors = [anchor_from_trusted_cert(&root)?];
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
    EndEntityCert::try_from(&leaf)?
        .verify_for_usage(
            webpki_algorithms(),
            &anchors,
            &[],
            now,
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map(|_| ())
}

fn leaf_and_root(root_key: &KeyPair) -> [Vec<u8>; 2] {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut leaf = CertificateParams::new(vec!["leaf.example".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&root, root_key)).unwrap();
    [leaf.der().to_vec(), root.self_signed(root_key).unwrap().der().to_vec()]
}

fn rsa(bits: u32, algorithm: &'static SignatureAlgorithm) -> KeyPair {
    let key = Rsa::generate(bits).unwrap().private_key_to_pem().unwrap();
    KeyPair::from_pem_and_sign_algo(&String::from_utf8(key).unwrap(), algorithm).unwrap()
}

#[test]
fn ecdsa_ed25519_and_rsa_roots_sign_valid_leaves() {
    for key in [
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
        rsa(2048, &rcgen::PKCS_RSA_SHA256),
        rsa(2048, &rcgen::PKCS_RSA_SHA384),
        rsa(3072, &rcgen::PKCS_RSA_SHA512),
    ] {
        let [mut leaf, root] = leaf_and_root(&key);
        assert_eq!(validate(&leaf, &root), Ok(()), "{:?}", key.algorithm());
        *leaf.last_mut().unwrap() ^= 1;
        assert_eq!(validate(&leaf, &root), Err(Error::InvalidSignatureForPublicKey));
    }
}

#[test]
fn a_root_whose_key_is_declared_for_pss_signs_a_valid_leaf() {
    let root = include_bytes!("fixtures/rsassa_pss/root.der");
    let mut leaf = include_bytes!("fixtures/rsassa_pss/leaf.der").to_vec();
    assert_eq!(validate(&leaf, root), Ok(()));
    *leaf.last_mut().unwrap() ^= 1;
    assert_eq!(validate(&leaf, root), Err(Error::InvalidSignatureForPublicKey));
}

#[test]
fn p521_is_not_listed() {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let [leaf, root] = leaf_and_root(&key);
    assert!(matches!(
        validate(&leaf, &root),
        Err(Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_))
    ));
}
