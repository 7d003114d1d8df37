//! The path validation cases of x509-limbo, read from the directory that `OPEN_BANKING_TESTDATA`
//! names; without it this test passes, and says that it looked at nothing.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::cert::pem;

#[test]
fn every_case_of_limbo_has_its_verdict_but_for_those_named() {
    let Some(directory) = env::var_os("OPEN_BANKING_TESTDATA") else {
        eprintln!("OPEN_BANKING_TESTDATA is not set: no case of limbo was looked at");
        return;
    };
    let file = fs::read(PathBuf::from(directory).join("path/limbo.json")).unwrap();
    let limbo: Value = serde_json::from_slice(&file).unwrap();
    let (mut agreed, mut differed) = (0, HashSet::new());
    for case in limbo["testcases"].as_array().unwrap() {
        let (id, expected) = (case["id"].as_str().unwrap(), &case["expected_result"]);
        let verdict = verdict_of(case);
        if (expected == "SUCCESS") == verdict.is_ok() {
            agreed += 1;
        } else {
            assert!(DIFFERENT.iter().any(|(named, _)| *named == id), "{id}: {verdict:?}");
            differed.insert(id);
        }
    }
    for (id, why) in DIFFERENT {
        assert!(differed.contains(id), "{id} need not be named: {why}");
    }
    eprintln!("limbo: {agreed} verdicts are equal, {} differ as stated", differed.len());
}

/// What this crate says: of the anchors when they are loaded, or of the client.
fn verdict_of(case: &Value) -> Result<(), String> {
    let ders = |key: &str| -> Vec<_> { case[key].as_array().unwrap().iter().map(der).collect() };
    let now = case["validation_time"].as_str().map_or(NOW, |text| {
        let seconds = format!("{}Z", &text[..19]).parse::<der::DateTime>().unwrap();
        seconds.unix_duration().as_secs()
    });
    let lists: Vec<_> = case["crls"].as_array().unwrap().iter().map(list).collect();
    let revocation = match lists.is_empty() {
        true => Revocation::danger_off(),
        false => Revocation::by_lists(lists).unwrap(),
    };
    let anchors = Anchors::of(ders("trusted_certs")).map_err(|error| error.to_string())?;
    let rule = TrustCertificate::anchored_in(anchors, revocation);
    let leaf = Certificate::from_der(&der(&case["peer_certificate"])).unwrap();
    let client = ClientCertificate::new(Arc::new(leaf), ders("untrusted_intermediates").into());
    let verdict = judged(rule.check(&client, &mut request(), &at(now)));
    verdict.map(|_| ()).map_err(|rejection| rejection.why().to_string())
}

fn der(text: &Value) -> CertificateDer<'static> {
    pem::all_certificates(text.as_str().unwrap().as_bytes()).unwrap().remove(0)
}

fn list(text: &Value) -> Vec<u8> {
    pem::all_revocation_lists(text.as_str().unwrap().as_bytes()).unwrap().remove(0)
}

const ANY_DEPTH: &str =
    "the caller's own limit on the depth; this crate has one limit, of six issuers";
const CLIENTS: &str = "a client's certificate is what is wanted here";
const CLOSED: &str = "stricter: refused, although RFC 5280 lets it pass";
const DATES_OF_ANCHORS: &str =
    "the dates of an anchor do not count: trusted lists name authorities that have expired";
const FORM_OF_ROOTS: &str =
    "how a root wrote its own certificate does not count: RFC 5280, 6.1 takes its name and key";
const OF_SERVERS: &str = "the names of a server: a client is not identified by them";
const PEDANTIC: &str = "a rule of the browsers' forum for servers; RFC 5280, 4.2.1.12 allows it";

/// Where the verdict differs, and why.
const DIFFERENT: [(&str, &str); 29] = [
    ("pathlen::max-chain-depth-0-exhausted", ANY_DEPTH),
    ("pathlen::max-chain-depth-1-exhausted", ANY_DEPTH),
    ("rfc5280::aki::cross-signed-root-missing-aki", FORM_OF_ROOTS),
    ("rfc5280::eku::ee-wrong-eku", CLIENTS),
    // Constraints on e-mail addresses are refused, not processed.
    ("rfc5280::nc::nc-permits-email-literal-double-asterisk", CLOSED),
    // An authority that signed itself a new key is held to the constraints on its subjects.
    ("rfc5280::nc::permitted-self-issued", CLOSED),
    ("rfc5280::root-non-critical-basic-constraints", FORM_OF_ROOTS),
    ("rfc5280::san::ip-in-dns", OF_SERVERS),
    ("rfc5280::ski::root-missing-ski", FORM_OF_ROOTS),
    ("rfc5280::validity::expired-root", DATES_OF_ANCHORS),
    ("webpki::aki::root-with-aki-authoritycertissuer", FORM_OF_ROOTS),
    ("webpki::aki::root-with-aki-authoritycertserialnumber", FORM_OF_ROOTS),
    ("webpki::aki::root-with-aki-missing-keyidentifier", FORM_OF_ROOTS),
    ("webpki::cn::ipv4-hex-mismatch", OF_SERVERS),
    ("webpki::cn::ipv4-leading-zeros-mismatch", OF_SERVERS),
    ("webpki::cn::ipv6-non-rfc5952-mismatch", OF_SERVERS),
    ("webpki::cn::not-in-san", OF_SERVERS),
    ("webpki::cn::punycode-not-in-san", OF_SERVERS),
    ("webpki::eku::ee-critical-eku", PEDANTIC),
    ("webpki::san::mismatch-apex-subdomain-san", OF_SERVERS),
    ("webpki::san::mismatch-subdomain-apex-san", OF_SERVERS),
    ("webpki::san::mismatch-subdomain-san", OF_SERVERS),
    ("webpki::san::no-san", OF_SERVERS),
    ("webpki::san::public-suffix-multi-label-wildcard-san", OF_SERVERS),
    ("webpki::san::public-suffix-private-namespace-wildcard-san", OF_SERVERS),
    ("webpki::san::wildcard-embedded-leftmost-san", OF_SERVERS),
    ("webpki::san::wildcard-embedded-ulabel-san", OF_SERVERS),
    ("webpki::san::wildcard-match-across-labels-san", OF_SERVERS),
    ("webpki::san::wildcard-not-in-leftmost-san", OF_SERVERS),
];
