//! The revocation lists of BoringSSL's tests, and the seeds of its fuzzers.
//!
//! They are read from the directory that `OPEN_BANKING_TESTDATA` names; without it these tests
//! pass, and say that they looked at nothing.

use std::io::Write;
use std::path::PathBuf;
use std::{env, fs};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use openssl::{hash::MessageDigest, pkey::PKey, sign::Verifier};
use serde_json::Value;

use super::*;
use crate::revocation::crl::distribution_points;

/// The one thing in which this crate differs from the corpus: its keys have 1024 bits, and this
/// crate refuses them. Everything else of a list is judged as ever.
fn by_short_key(
    spki: &[u8],
    algorithm: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    const SHA256_WITH_RSA: [u8; 15] =
        [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0];
    assert_eq!(algorithm, SHA256_WITH_RSA);
    let key = PKey::public_key_from_der(spki).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    match verifier.verify_oneshot(signature, message) {
        Ok(true) => Ok(()),
        _ => Err(InvalidSignature),
    }
}

type Verify = fn(&[u8], &[u8], &[u8], &[u8]) -> Result<(), InvalidSignature>;

/// The verdict as the corpus has it: a list of the certificate's issuer, by any key of this name in
/// the path.
fn verdict(case: &Case, verify: Verify, freshness: Freshness) -> &'static str {
    let list = case.issuers.iter().find_map(|issuer| {
        let issuer = Issuer::from_der(issuer).unwrap();
        RevocationList::verify_by(&case.list, &issuer, verify).ok()
    });
    let Some(list) = list else { return "UNKNOWN" };
    if list.is_current(at_second(case.now), &freshness).is_err() {
        return "UNKNOWN";
    }
    match list.status_of(&Certificate::from_der(&case.certificate).unwrap()) {
        ListStatus::Good => "GOOD",
        ListStatus::NotCovered(_) => "UNKNOWN",
        ListStatus::Revoked { .. } => "REVOKED",
    }
}

struct Case {
    file: String,
    expected: String,
    now: u64,
    max_age: u64,
    list: Vec<u8>,
    issuers: Vec<Vec<u8>>,
    certificate: Vec<u8>,
}

#[test]
fn verdicts_are_those_of_the_corpus() {
    let Some(cases) = cases() else { return };
    let mut different = Vec::new();
    for case in &cases {
        // Its lists are believed for a week, with or without nextUpdate.
        let week = Duration::from_secs(case.max_age);
        let freshness = Freshness::default().max_age(week).allow_no_next_update(week);
        let verdict = verdict(case, by_short_key, freshness);
        if verdict != case.expected {
            different.push(format!("{}: {verdict}, not {}", case.file, case.expected));
        }
    }
    let equal = cases.len() - different.len();
    say(format_args!("revocation/crl: {equal} of {} equal", cases.len()));
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(cases.len(), 33);
}

#[test]
fn by_default_the_lists_without_next_update_are_not_believed() {
    let Some(cases) = cases() else { return };
    let stricter = cases.iter().filter(|case| {
        let verdict = verdict(case, by_short_key, Freshness::default());
        case.expected == "GOOD" && verdict == "UNKNOWN"
    });
    let stricter: Vec<_> = stricter.map(|case| case.file.as_str()).collect();
    assert_eq!(stricter, ["good_fake_extension_no_nextupdate.pem", "good_no_nextupdate.pem"]);
}

#[test]
fn keys_of_1024_bits_say_nothing() {
    let Some(cases) = cases() else { return };
    for case in &cases {
        let week = Duration::from_secs(case.max_age);
        let freshness = Freshness::default().allow_no_next_update(week);
        assert_eq!(verdict(case, verify_signed, freshness), "UNKNOWN", "{}", case.file);
    }
}

#[test]
fn no_list_cut_short_or_changed_causes_a_panic() {
    let Some(cases) = cases() else { return };
    let issuers: Vec<_> =
        cases.iter().map(|case| Issuer::from_der(&case.issuers[0]).unwrap()).collect();
    let mut fed = 0;
    let mut feed = |list: &[u8], issuer: &Issuer| {
        fed += 1;
        // As if the issuer had signed it, so that all of it is read.
        let list = RevocationList::verify_by(list, issuer, |_, _, _, _| Ok(()));
        let Ok(list) = list else { return };
        for case in cases.iter().step_by(11) {
            let _ = list.status_of(&Certificate::from_der(&case.certificate).unwrap());
        }
    };
    for (case, issuer) in cases.iter().zip(&issuers) {
        for length in 0..case.list.len() {
            feed(&case.list[..length], issuer);
        }
        for place in 0..case.list.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff, case.list[place] ^ 1, case.list[place] ^ 0x20] {
                let mut changed = case.list.clone();
                changed[place] = value;
                feed(&changed, issuer);
            }
        }
    }
    say(format_args!("revocation/crl: {fed} cut short or changed without a panic"));
}

#[test]
fn no_seed_of_a_fuzzer_causes_a_panic() {
    let Some(seeds) = seeds() else { return };
    let issuer = issuing();
    for seed in &seeds {
        for length in 0..=seed.len() {
            let seed = &seed[..length];
            let _ = Fields::of(seed);
            let _ = ListExtensions::read(Some(seed));
            let _ = Scope::read(seed);
            // Of the list of entries, and of the whole list.
            if let Ok(entries) = Entries::of(Some(seed)) {
                let _ = entries.collect::<Result<Vec<_>, _>>();
            }
            let list = issued(|list| {
                list.revoked = seed.to_vec();
                list.extensions.clear();
            });
            let _ = RevocationList::verify(&list, &issuer);
        }
        let point = extension("2.5.29.28", true, seed);
        let _ = verified(|list| list.extensions = extensions(&[point]));
        let points = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 31], seed.clone());
        let certificate = ISSUING.issues(|parameters| parameters.custom_extensions.push(points));
        let certificate = read(&certificate);
        let _ = distribution_points(&certificate);
        let _ = verified(|_| {}).unwrap().status_of(&certificate);
    }
    say(format_args!("fuzz-seeds: {} of lists and points without a panic", seeds.len()));
}

fn cases() -> Option<Vec<Case>> {
    let directory = corpus("revocation/crl")?;
    let expected = fs::read(directory.join("expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_slice(&expected).unwrap();
    let case = |case: &Value| {
        let file = case["file"].as_str().unwrap().to_owned();
        let text = fs::read_to_string(directory.join(&file)).unwrap();
        let mut blocks = blocks(&text);
        let mut take = |label: &str| {
            let at = blocks.iter().position(|(known, _)| known == label)?;
            Some(blocks.remove(at).1)
        };
        Case {
            expected: case["status"].as_str().unwrap().to_owned(),
            now: case["check_time_unix"].as_u64().unwrap(),
            max_age: case["max_age_seconds"].as_u64().unwrap(),
            list: take("CRL").unwrap(),
            certificate: take("CERTIFICATE").unwrap(),
            issuers: [take("CA CERTIFICATE"), take("CA CERTIFICATE 2")]
                .into_iter()
                .flatten()
                .collect(),
            file,
        }
    };
    Some(expected.iter().map(case).collect())
}

/// The blocks of PEM text by their labels, which are not the registered ones.
fn blocks(text: &str) -> Vec<(String, Vec<u8>)> {
    let block = |block: &str| {
        let (label, rest) = block.split_once("-----").unwrap();
        let (content, _) = rest.split_once("-----END").unwrap();
        let content: String = content.split_whitespace().collect();
        (label.to_owned(), BASE64_STANDARD.decode(content).unwrap())
    };
    text.split("-----BEGIN ").skip(1).map(block).collect()
}

fn seeds() -> Option<Vec<Vec<u8>>> {
    let directory = corpus("fuzz-seeds")?;
    let mut seeds = Vec::new();
    for folder in fs::read_dir(directory).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name();
        let name = name.to_str().unwrap();
        if ["crl_", "parse_crldp", "parse_authority"].iter().any(|of| name.starts_with(of)) {
            let files = fs::read_dir(folder.path()).unwrap();
            seeds.extend(files.map(|file| fs::read(file.unwrap().path()).unwrap()));
        }
    }
    assert_ne!(seeds.len(), 0);
    Some(seeds)
}

fn corpus(path: &str) -> Option<PathBuf> {
    let Some(root) = env::var_os("OPEN_BANKING_TESTDATA") else {
        say(format_args!("OPEN_BANKING_TESTDATA is not set: {path} is left out"));
        return None;
    };
    Some(PathBuf::from(root).join(path))
}

/// To where it is seen without asking for it.
fn say(line: fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
