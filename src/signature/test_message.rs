//! A signed message as a client makes it: put together by hand and signed by openssl, with nothing
//! of this crate's own signing.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::openssl::hash::MessageDigest;
use ::openssl::pkey::{PKey, Private};
use ::openssl::rsa::Padding;
use ::openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request};
use rustls_pki_types::UnixTime;
use serde_json::{Map, Value, json};

use super::{HEADER, ObieSigning};
use crate::cert::{CertificateMatch, Client};
use crate::context::{Context, Surroundings};
use crate::crypto::{Algorithm, test_keys};
use crate::jose::{Key, KeySet, obie};

pub(super) const NOW: u64 = 1_700_000_000;
pub(super) const BODY: &str = r#"{"Data":{"ConsentId":"58923","Amount":"165.88"},"Risk":{}}"#;
pub(super) const PATH: &str = "/open-banking/v3.1/pisp/domestic-payments";

/// What a client sends; each test changes one thing.
pub(super) struct Message {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) content_types: Vec<&'static str>,
    pub(super) header: Map<String, Value>,
    /// The JOSE header as text, where an object cannot say it.
    pub(super) header_text: Option<String>,
    pub(super) signed: Vec<u8>,
    /// What arrives, where it is not what was signed.
    pub(super) body: Option<Vec<u8>>,
    pub(super) key: PKey<Private>,
    /// Makes the lines of the HTTP header from `H..S`.
    pub(super) lines: fn(&str) -> Vec<String>,
}

impl Message {
    /// One that is accepted.
    pub(super) fn by(signing: ObieSigning) -> Self {
        let mut message = Self {
            method: Method::POST,
            path: PATH,
            content_types: vec!["application/json"],
            header: Map::new(),
            header_text: None,
            signed: BODY.into(),
            body: None,
            key: test_keys::rsa_2048().clone(),
            lines: |value| vec![value.to_owned()],
        };
        message.set("alg", json!("PS256"));
        message.set("kid", json!("k1"));
        message.set(obie::IAT, json!(NOW - 5));
        message.set(obie::ISS, json!("org1/soft1"));
        message.set(obie::TAN, json!("openbanking.org.uk"));
        message.set("crit", json!([obie::IAT, obie::ISS, obie::TAN]));
        if signing == ObieSigning::V3_1_0 {
            message.set("b64", json!(false));
            message.set("crit", json!(["b64", obie::IAT, obie::ISS, obie::TAN]));
        }
        message
    }

    pub(super) fn set(&mut self, member: &str, value: Value) {
        self.header.insert(member.to_owned(), value);
    }

    pub(super) fn remove(&mut self, member: &str) {
        self.header.remove(member);
    }

    pub(super) fn text(&self) -> String {
        Value::Object(self.header.clone()).to_string()
    }

    pub(super) fn received(&self) -> &[u8] {
        self.body.as_deref().unwrap_or(&self.signed)
    }

    /// The request as it arrives, without its body.
    pub(super) fn request(&self) -> Parts {
        let request = Request::builder().method(&self.method).uri(self.path);
        let mut request = request.body(()).unwrap().into_parts().0;
        for content_type in &self.content_types {
            request.headers.append(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for line in (self.lines)(&self.value()) {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            request.headers.append(HEADER, line);
        }
        request
    }

    pub(super) fn encoded_header(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.header_text.clone().unwrap_or_else(|| self.text()))
    }

    pub(super) fn encoded_body(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.signed)
    }

    fn value(&self) -> String {
        let header = self.encoded_header();
        let unencoded = self.header.get("b64") == Some(&json!(false));
        let input = signing_input(&header, &self.signed, unencoded);
        format!("{header}..{}", URL_SAFE_NO_PAD.encode(sign(&self.key, &input)))
    }
}

/// RFC 7515, 5.1 and RFC 7797, 3, spelt out.
fn signing_input(header: &str, body: &[u8], unencoded: bool) -> Vec<u8> {
    let mut input = format!("{header}.").into_bytes();
    match unencoded {
        true => input.extend_from_slice(body),
        false => input.extend_from_slice(URL_SAFE_NO_PAD.encode(body).as_bytes()),
    }
    input
}

/// PS256, or ES256 for a key on a curve.
fn sign(key: &PKey<Private>, input: &[u8]) -> Vec<u8> {
    if let Ok(key) = key.ec_key() {
        let digest = ::openssl::sha::sha256(input);
        let signature = ::openssl::ecdsa::EcdsaSig::sign(&digest, &key).unwrap();
        let number = |number: &::openssl::bn::BigNumRef| number.to_vec_padded(32).unwrap();
        return [number(signature.r()), number(signature.s())].concat();
    }
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    signer.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
    signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(32)).unwrap();
    signer.sign_oneshot_to_vec(input).unwrap()
}

/// Whether `H..S` is a PS256 signature by `key` over `body`, as openssl sees it.
pub(super) fn is_signed(value: &str, key: &PKey<Private>, body: &[u8], unencoded: bool) -> bool {
    let (header, signature) = value.split_once("..").unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), key).unwrap();
    verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    verifier.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
    verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(32)).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    verifier.verify_oneshot(&signature, &signing_input(header, body, unencoded)).unwrap()
}

pub(super) fn other_rsa() -> &'static PKey<Private> {
    static KEY: OnceLock<PKey<Private>> = OnceLock::new();
    KEY.get_or_init(|| test_keys::rsa(2048))
}

pub(super) fn p256() -> &'static PKey<Private> {
    static KEY: OnceLock<PKey<Private>> = OnceLock::new();
    KEY.get_or_init(test_keys::p256)
}

/// The keys of the client: `k1` signs PS256, `ec` ES256.
pub(super) fn keys() -> KeySet {
    KeySet::of([key("k1", test_keys::rsa_2048()), key("ec", p256())]).unwrap()
}

pub(super) fn key(id: &str, key: &PKey<Private>) -> Key {
    Key::new(test_keys::signing(key).public_key().clone()).with_id(id)
}

/// The client that the token of every message was issued to.
pub(super) fn client() -> Client {
    Client::new("client 1", CertificateMatch::Thumbprint([0; 32]))
        .in_directory("org1", "soft1")
        .signs_with(keys(), [Algorithm::Ps256])
}

pub(super) fn at(seconds: u64) -> Context {
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    Context::new(Surroundings { clock: Arc::new(move || time), ..Surroundings::default() })
}
