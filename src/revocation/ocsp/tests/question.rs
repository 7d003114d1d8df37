//! Requests, and where they go.

use super::super::request::Request;
use super::*;

use openssl::sha;
use rcgen::CustomExtension;

fn asked(hash: IdHash, nonce: Option<[u8; 32]>) -> Request {
    request(&CLIENT, &ISSUER, hash, nonce).unwrap()
}

/// What RFC 6960, 4.1.1 makes of a certificate identifier and extensions.
fn expected(hash: &[u8], name: &[u8], key: &[u8], extensions: &[u8]) -> Vec<u8> {
    let id = tlv(0x30, &[hash, &tlv(4, &[name]), &tlv(4, &[key]), &tlv(2, &[&[0x7f; 20]])]);
    let list = tlv(0x30, &[&tlv(0x30, &[&id])]);
    tlv(0x30, &[&tlv(0x30, &[&list, extensions])])
}

#[test]
fn a_question_names_the_issuer_by_name_and_bare_key() {
    let (name, key) = (CLIENT.issuer_der(), key(&ISSUING));
    assert_eq!(
        asked(IdHash::Sha1, None).der(),
        expected(SHA1, &sha::sha1(name), &sha::sha1(&key), &[])
    );
    assert_eq!(
        asked(IdHash::Sha256, None).der(),
        expected(SHA256, &sha::sha256(name), &sha::sha256(&key), &[])
    );
}

#[test]
fn a_nonce_is_wrapped_twice_and_not_critical() {
    let request = asked(IdHash::Sha1, Some([9; 32]));
    let nonce = extension(NONCE, false, &tlv(4, &[&[9; 32]]));
    let extensions = tlv(0xa2, &[&tlv(0x30, &[&nonce])]);
    let (name, key) = (sha::sha1(CLIENT.issuer_der()), sha::sha1(&key(&ISSUING)));
    assert_eq!(request.der(), expected(SHA1, &name, &key, &extensions));
    assert_eq!(request.nonce(), Some(&[9; 32][..]));
    assert_eq!(asked(IdHash::Sha1, None).nonce(), None);
}

#[test]
fn the_get_form_escapes_the_base64_of_the_question() {
    // Serials until the encoding has all three characters that mean something in a path.
    let escaped = (0..=u8::MAX).find_map(|byte| {
        let certificate = client(&[0x7f, byte, 0xff, 0xfe]);
        let request = request(&certificate, &ISSUER, IdHash::Sha1, None).unwrap();
        let url = request.get_url("http://ocsp.example/path/").unwrap();
        let all = ["%2B", "%2F", "%3D"].iter().all(|escape| url.contains(escape));
        all.then_some((url, request))
    });
    let (url, request) = escaped.unwrap();
    let path = url.strip_prefix("http://ocsp.example/path/").unwrap();
    assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{path}");
    let base64 = path.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    assert_eq!(openssl::base64::decode_block(&base64).unwrap(), request.der());
}

#[test]
fn the_get_form_is_shorter_than_255_bytes() {
    let request = asked(IdHash::Sha1, None);
    let room = 254 - request.get_url("http://a").unwrap().len();
    let host = |letters: usize| format!("http://a{}", "b".repeat(letters));
    assert_eq!(request.get_url(&host(room)).unwrap().len(), 254);
    assert_eq!(request.get_url(&host(room + 1)), None);
}

#[test]
fn a_responder_with_a_query_has_no_get_form() {
    assert_eq!(asked(IdHash::Sha1, None).get_url("http://ocsp.example/?ca=1"), None);
    assert_eq!(asked(IdHash::Sha1, None).get_url("http://ocsp.example/#1"), None);
}

fn urls(places: &[(&str, u8, &str)]) -> Vec<String> {
    let places: Vec<_> = places
        .iter()
        .map(|(method, tag, place)| tlv(0x30, &[&oid(method), &tlv(*tag, &[place.as_bytes()])]))
        .collect();
    urls_of(tlv(0x30, &[&places.concat()]))
}

fn urls_of(access: Vec<u8>) -> Vec<String> {
    let access = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access);
    responder_urls(&parsed(
        &ISSUING.issues(|parameters| parameters.custom_extensions = vec![access]),
    ))
}

const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

#[test]
fn responders_are_those_that_the_certificate_names_each_once_in_order() {
    let found = urls(&[
        (OCSP, 0x86, "http://one.example/ocsp"),
        (CA_ISSUERS, 0x86, "http://ca.example/ca.der"),
        (OCSP, 0x86, "HTTPS://two.example"),
        (OCSP, 0x86, "http://one.example/ocsp"),
    ]);
    assert_eq!(found, ["http://one.example/ocsp", "HTTPS://two.example"]);
}

#[test]
fn what_is_not_an_address_of_http_is_no_responder() {
    for place in [
        "ldap://a.example",
        "file:///etc",
        "ftp://a",
        "/ocsp",
        "a.example",
        "",
        "http:",
        "ht tp://a",
    ] {
        assert!(urls(&[(OCSP, 0x86, place)]).is_empty(), "{place}");
    }
    // A DNS name, and text that is no URI.
    assert!(urls(&[(OCSP, 0x82, "http://a.example")]).is_empty());
}

#[test]
fn a_certificate_without_a_readable_access_extension_names_no_responder() {
    assert!(urls_of(vec![0x30, 5, 0]).is_empty());
    assert!(responder_urls(&CLIENT).is_empty());
    let mut trailing = tlv(0x30, &[&tlv(0x30, &[&oid(OCSP), &tlv(0x86, &[b"http://a"])])]);
    assert_eq!(urls_of(trailing.clone()), ["http://a"]);
    trailing.push(0);
    assert!(urls_of(trailing).is_empty());
}
