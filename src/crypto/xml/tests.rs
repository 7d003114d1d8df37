use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::sign::Signer;

use super::*;
use crate::crypto::test_keys;

#[test]
fn an_ecdsa_signature_has_the_length_of_its_curve() {
    let key = test_keys::p256();
    let spki = key.public_key_to_der().unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    let der = signer.sign_oneshot_to_vec(b"message").unwrap();
    let parts = EcdsaSig::from_der(&der).unwrap();
    let fixed = |len| [parts.r(), parts.s()].map(|part| part.to_vec_padded(len).unwrap()).concat();
    let method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    assert!(verify_xml(&spki, method, b"message", &fixed(32)).is_ok());
    // One value has one signature, not another with a zero before `s`.
    let padded = [&fixed(32)[..32], &[0], &fixed(32)[32..]].concat();
    for wrong in [padded, fixed(33), fixed(48), der.clone(), fixed(32)[..63].to_vec(), Vec::new()] {
        assert!(verify_xml(&spki, method, b"message", &wrong).is_err());
    }
}

#[test]
fn only_a_certificate_is_named_by_sha_1() {
    assert_eq!(xml_digest(SHA1, b""), None);
    assert_eq!(xml_certificate_digest(SHA1, b"").unwrap()[..4], [0xda, 0x39, 0xa3, 0xee]);
    for (uri, _) in DIGESTS {
        assert_eq!(xml_digest(uri, b"a"), xml_certificate_digest(uri, b"a"));
    }
    assert_eq!(xml_certificate_digest("md5", b""), None);
}
