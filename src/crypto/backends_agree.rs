//! aws-lc and OpenSSL give the same verdicts, on what a signer makes and on hostile vectors.

use ::openssl::{
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Padding,
    sign::{RsaPssSaltlen, Signer},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Algorithm, KeyKind, aws_lc, openssl,
    scheme::{Curve, Hash, Scheme},
    spki, test_keys,
};
use crate::jose::Jwk;

const MESSAGE: &[u8] = b"a message";

#[test]
fn each_opens_what_the_other_sealed() {
    let (key, nonce) = ([7; 32], [9; 12]);
    let (aws, openssl) = (aws_lc::Aead::new(&key), openssl::Aead::new(&key));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    aws.seal(nonce, b"place", MESSAGE, &mut left).unwrap();
    openssl.seal(nonce, b"place", MESSAGE, &mut right).unwrap();
    assert_eq!(left, right);
    for place in [&b"place"[..], b"elsewhere"] {
        let opened = aws.open(nonce, place, &left);
        assert_eq!(opened, openssl.open(nonce, place, &left));
        assert_eq!(opened.is_some(), place == b"place");
    }
    for short in 0..left.len() {
        assert!(aws.open(nonce, b"place", &left[..short]).is_none());
        assert!(openssl.open(nonce, b"place", &left[..short]).is_none());
    }
}

fn verdicts(scheme: Scheme, bits: &[u8], message: &[u8], signature: &[u8]) -> [bool; 2] {
    let aws = aws_lc::verify_once(scheme, bits, message, signature);
    let openssl = openssl::verify_once(scheme, bits, message, signature);
    [aws, openssl]
}

/// The verdicts of parsed keys, over the message and over its digest.
fn parsed_verdicts(
    algorithm: Algorithm,
    bits: &[u8],
    message: &[u8],
    signature: &[u8],
) -> [bool; 2] {
    let scheme = algorithm.scheme();
    let aws = aws_lc::Key::new(scheme.key_kind(), bits).unwrap();
    let openssl = openssl::Key::new(scheme.key_kind(), bits).unwrap();
    let whole = [
        aws.verify_message(scheme, message, signature),
        openssl.verify_message(scheme, message, signature),
    ];
    if let Some(hash) = scheme.hash() {
        let (mut left, mut right) = (aws_lc::Hasher::new(hash), openssl::Hasher::new(hash));
        left.update(message);
        right.update(message);
        let digests = [
            aws.verify_digest(scheme, &left.finish(), signature),
            openssl.verify_digest(scheme, &right.finish(), signature),
        ];
        assert_eq!(digests, whole);
    }
    whole
}

fn bits(key: &PKey<Private>) -> (KeyKind, Vec<u8>) {
    let spki = key.public_key_to_der().unwrap();
    let (kind, bits) = spki::decode(&spki).unwrap();
    (kind, bits.to_vec())
}

fn sign(key: &PKey<Private>, hash: Hash, pss_salt: Option<i32>) -> Vec<u8> {
    let md = match hash {
        Hash::Sha256 => MessageDigest::sha256(),
        Hash::Sha384 => MessageDigest::sha384(),
        Hash::Sha512 => MessageDigest::sha512(),
    };
    let mut signer = Signer::new(md, key).unwrap();
    if let Some(salt) = pss_salt {
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_mgf1_md(md).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt)).unwrap();
    }
    signer.sign_oneshot_to_vec(MESSAGE).unwrap()
}

#[test]
fn both_hash_alike() {
    for message in [&b""[..], MESSAGE, &[0xff; 1000]] {
        assert_eq!(aws_lc::sha1(message), openssl::sha1(message));
    }
}

#[test]
fn certificate_signatures_of_every_kind_pass_both() {
    let (p256, p384) = (test_keys::p256(), test_keys::ec(Nid::SECP384R1));
    let rsa = test_keys::rsa_2048();
    for (hash, salt) in [(Hash::Sha256, 32), (Hash::Sha384, 48), (Hash::Sha512, 64)] {
        for (scheme, key, salt) in [
            (Scheme::EcdsaDer(Curve::P256, hash), &p256, None),
            (Scheme::EcdsaDer(Curve::P384, hash), &p384, None),
            (Scheme::RsaPkcs1(hash), rsa, None),
            (Scheme::RsaPss(hash), rsa, Some(salt)),
        ] {
            let (kind, bits) = bits(key);
            assert_eq!(kind, scheme.key_kind());
            let signature = sign(key, hash, salt);
            assert_eq!(verdicts(scheme, &bits, MESSAGE, &signature), [true; 2], "{scheme:?}");
            assert_eq!(verdicts(scheme, &bits, b"another", &signature), [false; 2], "{scheme:?}");
            assert_eq!(verdicts(scheme, &bits, MESSAGE, b""), [false; 2], "{scheme:?}");
            let longer = [signature.as_slice(), &[0]].concat();
            assert_eq!(verdicts(scheme, &bits, MESSAGE, &longer), [false; 2], "{scheme:?}");
        }
    }
}

#[test]
fn a_salt_of_another_length_fails_both() {
    let rsa = test_keys::rsa_2048();
    let (_, bits) = bits(rsa);
    for salt in [0, 20, 31, 33, 48, 222] {
        let signature = sign(rsa, Hash::Sha256, Some(salt));
        let verdicts = verdicts(Scheme::RsaPss(Hash::Sha256), &bits, MESSAGE, &signature);
        assert_eq!(verdicts, [false; 2], "salt of {salt}");
    }
}

#[test]
fn messages_of_every_algorithm_pass_both() {
    let p384 = test_keys::ec(Nid::SECP384R1);
    for (algorithm, key) in [
        (Algorithm::Ps256, test_keys::rsa_2048()),
        (Algorithm::Ps384, test_keys::rsa_2048()),
        (Algorithm::Ps512, test_keys::rsa_2048()),
        (Algorithm::Es256, &test_keys::p256()),
        (Algorithm::Es384, &p384),
        (Algorithm::EdDsa, &test_keys::ed25519()),
    ] {
        let signature = test_keys::signing(key).sign(algorithm, &[MESSAGE]).unwrap();
        let (_, bits) = bits(key);
        assert_eq!(
            parsed_verdicts(algorithm, &bits, MESSAGE, &signature),
            [true; 2],
            "{algorithm}"
        );
        assert_eq!(parsed_verdicts(algorithm, &bits, b"x", &signature), [false; 2], "{algorithm}");
    }
}

#[test]
fn der_where_raw_is_due_and_raw_where_der_is_due_fail_both() {
    let key = test_keys::p256();
    let (_, bits) = bits(&key);
    let der = sign(&key, Hash::Sha256, None);
    let raw = test_keys::signing(&key).sign(Algorithm::Es256, &[MESSAGE]).unwrap();
    let (fixed, asn1) =
        (Scheme::EcdsaFixed(Curve::P256), Scheme::EcdsaDer(Curve::P256, Hash::Sha256));
    assert_eq!(verdicts(fixed, &bits, MESSAGE, &raw), [true; 2]);
    assert_eq!(verdicts(fixed, &bits, MESSAGE, &der), [false; 2]);
    assert_eq!(verdicts(asn1, &bits, MESSAGE, &raw), [false; 2]);
}

#[test]
fn wycheproof_gets_the_same_verdicts_from_both() {
    let Ok(root) = std::env::var("OPEN_BANKING_TESTDATA") else {
        println!("left out: wycheproof, because OPEN_BANKING_TESTDATA is not set");
        return;
    };
    let path = format!("{root}/jose/wycheproof/json_web_signature_test.json");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut compared = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let jwk = serde_json::to_vec(&group["public"]).unwrap();
        let Ok(key) = Jwk::parse(&jwk).and_then(|jwk| jwk.public_key()) else { continue };
        let (_, bits) = spki::decode(key.spki()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let jws = test["jws"].as_str().unwrap();
            let Some((signed, signature)) = jws.rsplit_once('.') else { continue };
            let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { continue };
            for algorithm in
                [Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256, Algorithm::Ps512]
            {
                if key.fits(algorithm) {
                    let [aws, openssl] =
                        parsed_verdicts(algorithm, bits, signed.as_bytes(), &signature);
                    assert_eq!(aws, openssl, "{} {algorithm}", test["tcId"]);
                    compared += 1;
                }
            }
        }
    }
    println!("{compared} verdicts compared");
}
