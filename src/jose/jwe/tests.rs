use josekit::jwe::{JweEncrypter, JweHeader, RSA_OAEP_384, serialize_compact};
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::pkey::Private;
use openssl::rsa::Padding;

use super::*;
use crate::crypto::test_keys;

fn spki(key: &PKey<Private>) -> Vec<u8> {
    key.public_key_to_der().unwrap()
}

/// A text encrypted to the test key, under this header.
pub(crate) fn encrypted(text: &[u8], edit: impl FnOnce(&mut JweHeader)) -> String {
    let encrypter = RSA_OAEP.encrypter_from_der(spki(test_keys::rsa_2048())).unwrap();
    sealed(text, &encrypter, edit)
}

fn sealed(text: &[u8], encrypter: &dyn JweEncrypter, edit: impl FnOnce(&mut JweHeader)) -> String {
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    edit(&mut header);
    serialize_compact(text, &header, encrypter).unwrap()
}

pub(crate) fn keys() -> DecryptionKeys {
    let pem = test_keys::rsa_2048().private_key_to_pem_pkcs8().unwrap();
    DecryptionKeys::of([DecryptionKey::from_pem(&pem).unwrap().with_id("enc-1")])
}

#[test]
fn both_kinds_of_oaep_open() {
    assert_eq!(keys().open(&encrypted(b"text", |_| {})).unwrap(), b"text");
    let encrypter = RSA_OAEP_256.encrypter_from_der(spki(test_keys::rsa_2048())).unwrap();
    let text = sealed(b"text", &encrypter, |header| header.set_key_id("enc-1"));
    assert_eq!(keys().open(&text).unwrap(), b"text");
}

/// RFC 7518, 4.3: with SHA-256 for the label *and* for MGF1, as others encrypt.
#[test]
fn a_jwe_that_openssl_alone_has_made_opens() {
    let key = test_keys::rsa_2048();
    let (content_key, nonce) = ([7; 32], [9; 12]);
    let mut encrypter = Encrypter::new(key).unwrap();
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    encrypter.set_rsa_oaep_md(MessageDigest::sha256()).unwrap();
    encrypter.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
    let mut wrapped = vec![0; encrypter.encrypt_len(&content_key).unwrap()];
    let length = encrypter.encrypt(&content_key, &mut wrapped).unwrap();
    let header = base64url::encode(br#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#);
    let (mut tag, cipher) = ([0; 16], openssl::symm::Cipher::aes_256_gcm());
    let sealed = openssl::symm::encrypt_aead(
        cipher,
        &content_key,
        Some(&nonce),
        header.as_bytes(),
        b"text",
        &mut tag,
    );
    let parts = [&wrapped[..length], &nonce, &sealed.unwrap(), &tag];
    let parts: Vec<String> = parts.iter().map(|part| base64url::encode(part)).collect();
    assert_eq!(keys().open(&format!("{header}.{}", parts.join("."))).unwrap(), b"text");
}

#[test]
fn other_algorithms_compression_and_critical_members_are_not_supported() {
    let spki = spki(test_keys::rsa_2048());
    #[allow(deprecated)]
    let older = josekit::jwe::RSA1_5.encrypter_from_der(&spki).unwrap();
    let longer = RSA_OAEP_384.encrypter_from_der(&spki).unwrap();
    let others: [&dyn JweEncrypter; 2] = [&older, &longer];
    for encrypter in others {
        assert_eq!(keys().open(&sealed(b"text", encrypter, |_| {})), Err(JweError::Unsupported));
    }
    let cbc = encrypted(b"text", |header| header.set_content_encryption("A128CBC-HS256"));
    let bomb = encrypted(b"text", |header| header.set_compression("DEF"));
    let critical = encrypted(b"text", |header| {
        header.set_claim("crit", Some(serde_json::json!(["exp"]))).unwrap();
    });
    for text in [cbc, bomb, critical] {
        assert_eq!(keys().open(&text), Err(JweError::Unsupported));
    }
}

#[test]
fn a_shortened_tag_or_nonce_is_refused_before_decryption() {
    let text = encrypted(b"text", |_| {});
    let parts: Vec<&str> = text.split('.').collect();
    for length in [0, 1, 4, 12, 15] {
        let tag = base64url::encode(&base64url::decode(parts[4]).unwrap()[..length]);
        let cut = [parts[0], parts[1], parts[2], parts[3], &tag].join(".");
        assert_eq!(keys().open(&cut), Err(JweError::Malformed), "{length}");
    }
    let long = base64url::encode(&[0; 16]);
    let other = [parts[0], parts[1], &long, parts[3], parts[4]].join(".");
    assert_eq!(keys().open(&other), Err(JweError::Malformed));
}

#[test]
fn what_is_changed_or_for_another_key_does_not_decrypt() {
    let text = encrypted(b"text", |_| {});
    let parts: Vec<&str> = text.split('.').collect();
    for changed in 0..5 {
        let mut bytes = base64url::decode(parts[changed]).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let mut other: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
        other[changed] = base64url::encode(&bytes);
        assert!(keys().open(&other.join(".")).is_err(), "part {changed}");
    }
    let stranger = RSA_OAEP.encrypter_from_der(spki(&test_keys::rsa(2048))).unwrap();
    let text = sealed(b"text", &stranger, |_| {});
    assert_eq!(keys().open(&text), Err(JweError::Undecryptable));
}

#[test]
fn a_named_key_must_be_there_and_one_must_be_named_among_several() {
    let other = encrypted(b"text", |header| header.set_key_id("enc-2"));
    assert_eq!(keys().open(&other), Err(JweError::NoKey));
    let pem = test_keys::rsa_2048().private_key_to_pem_pkcs8().unwrap();
    let key = || DecryptionKey::from_pem(&pem).unwrap();
    let two = DecryptionKeys::of([key().with_id("enc-1"), key().with_id("enc-2")]);
    assert_eq!(two.open(&encrypted(b"text", |_| {})), Err(JweError::NoKey));
    assert!(two.open(&other).is_ok());
    assert_eq!(DecryptionKeys::of([]).open(&other), Err(JweError::NoKey));
}

#[test]
fn a_header_member_twice_or_another_number_of_parts_is_malformed() {
    let twice = base64url::encode(br#"{"alg":"RSA-OAEP","alg":"RSA-OAEP","enc":"A256GCM"}"#);
    for text in [&format!("{twice}.AA.AA.AA.AA"), "a.b.c", "....", "", "a.b.c.d.e.f"] {
        assert_eq!(keys().open(text), Err(JweError::Malformed), "{text}");
    }
}

#[test]
fn weak_and_foreign_keys_do_not_decrypt_anything() {
    let pem = |key: PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
    let read = |pem: &[u8]| DecryptionKey::from_pem(pem).err();
    assert_eq!(read(&pem(test_keys::rsa(1024))), Some(KeyError::Weak));
    assert_eq!(read(&pem(test_keys::p256())), Some(KeyError::Unsupported));
    assert_eq!(read(b"no PEM"), Some(KeyError::Malformed));
}
