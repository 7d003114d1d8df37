//! The corpus of responses that the makers of a browser test theirs with.

use std::{env, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{hash::MessageDigest, pkey::PKey, sign::Verifier};
use rustls_pki_types::InvalidSignature;
use serde_json::Value;

use super::*;

#[test]
fn the_corpus_gets_its_verdicts() {
    let Some(cases) = cases() else { return };
    let mut agreed = 0;
    for case in &cases {
        let verdict = read_verified_by(sha1_as_well, &case.response, &case.reading());
        assert_eq!(word(&verdict), case.status, "{}: {verdict:?}", case.file);
        if let Some((_, error)) = ERRORS.iter().find(|(file, _)| *file == case.file) {
            assert_eq!(verdict.unwrap_err(), *error, "{}", case.file);
        }
        agreed += 1;
    }
    assert_eq!(agreed, cases.len());
    println!("revocation/ocsp: {agreed} of {} by verdict, SHA-1 signatures let in", cases.len());
}

/// The corpus is signed with SHA-1, which this crate lets no authority sign with.
#[test]
fn as_it_is_the_corpus_is_refused_for_its_sha1_signatures() {
    let Some(cases) = cases() else { return };
    let (mut as_told, mut for_sha1) = (0, 0);
    for case in &cases {
        match read(&case.response, &case.reading()) {
            Ok(answer) => panic!("{}: {answer:?}", case.file),
            Err(_) if case.status == "UNKNOWN" => as_told += 1,
            Err(error) => {
                assert_eq!(error, OcspError::BadSignature, "{}", case.file);
                for_sha1 += 1;
            }
        }
    }
    println!("revocation/ocsp: {as_told} refused as told, {for_sha1} more for SHA-1, 0 accepted");
}

#[test]
fn the_requests_of_the_corpus_are_what_would_be_sent() {
    let Some(cases) = cases() else { return };
    for case in &cases {
        let request = request(&case.certificate, &case.issuer, IdHash::Sha1, None).unwrap();
        assert_eq!(request.der(), case.request, "{}", case.file);
    }
}

pub(super) struct Case {
    file: String,
    status: String,
    pub(super) response: Vec<u8>,
    request: Vec<u8>,
    certificate: Certificate,
    issuer: Issuer,
    now: u64,
}

impl Case {
    /// With the one week that the corpus takes for the greatest age.
    pub(super) fn reading(&self) -> Reading<'_> {
        Reading {
            max_age: Duration::from_secs(7 * DAY),
            no_next_update_age: Duration::from_secs(7 * DAY),
            ..Reading::new(&self.certificate, &self.issuer, at(self.now))
        }
    }
}

pub(super) fn cases() -> Option<Vec<Case>> {
    let Ok(root) = env::var("OPEN_BANKING_TESTDATA") else {
        println!("left out: revocation/ocsp, because OPEN_BANKING_TESTDATA is not set");
        return None;
    };
    let folder = format!("{root}/revocation/ocsp");
    let expected = fs::read(format!("{folder}/expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_slice(&expected).unwrap();
    let cases = expected.iter().map(|case| {
        let file = case["file"].as_str().unwrap().to_owned();
        let text = fs::read_to_string(format!("{folder}/{file}")).unwrap();
        Case {
            status: case["status"].as_str().unwrap().to_owned(),
            response: block(&text, "OCSP RESPONSE"),
            request: block(&text, "OCSP REQUEST"),
            certificate: Certificate::from_der(&block(&text, "CERTIFICATE")).unwrap(),
            issuer: Issuer::from_der(&block(&text, "CA CERTIFICATE")).unwrap(),
            now: case["check_time_unix"].as_u64().unwrap(),
            file,
        }
    });
    Some(cases.collect())
}

fn block(text: &str, label: &str) -> Vec<u8> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----")).unwrap();
    let (base64, _) = rest.split_once("-----END").unwrap();
    STANDARD.decode(base64.split_whitespace().collect::<String>()).unwrap()
}

fn word(verdict: &Result<Answer, OcspError>) -> &'static str {
    match verdict.as_ref().map(|answer| answer.status) {
        Ok(Status::Good) => "GOOD",
        Ok(Status::Revoked { .. }) => "REVOKED",
        Ok(Status::Unknown) | Err(_) => "UNKNOWN",
    }
}

/// As the crate verifies, and RSA with SHA-1 besides.
fn sha1_as_well(
    spki: &[u8],
    algorithm: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    if algorithm != SHA1_WITH_RSA {
        return crypto::verify_signed(spki, algorithm, message, signature);
    }
    let key = PKey::public_key_from_der(spki).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha1(), &key).unwrap();
    match verifier.verify_oneshot(signature, message) {
        Ok(true) => Ok(()),
        _ => Err(InvalidSignature),
    }
}

/// `sha1WithRSAEncryption` with the parameters left out.
const SHA1_WITH_RSA: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];

/// Why the corpus's cases are refused, where there is an answer to refuse.
const ERRORS: [(&str, OcspError); 9] = [
    ("bad_ocsp_type.pem", OcspError::UnknownType),
    ("bad_status.pem", OcspError::Malformed),
    ("invalid_response.pem", OcspError::Malformed),
    ("malformed_request.pem", OcspError::NoInformation(ResponseStatus::MalformedRequest)),
    ("no_response.pem", OcspError::NotForThisCertificate),
    ("ocsp_sign_bad_indirect.pem", OcspError::SignerNotAuthorized(SignerFault::NotForOcsp)),
    ("old_response.pem", OcspError::Stale),
    ("produced_early_response.pem", OcspError::TimesContradict),
    ("stale_response.pem", OcspError::TimesContradict),
];
