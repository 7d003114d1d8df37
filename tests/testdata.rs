//! The corpora of public test data: certificates met in practice, and seeds of fuzzers.
//!
//! They are read from the directory that `OPEN_BANKING_TESTDATA` names; without it these tests
//! pass, and say that they looked at nothing.
#[cfg(feature = "trusted-list")]
#[path = "testdata/trusted_lists.rs"]
mod trusted_lists;

use std::{
    collections::HashSet,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tower_open_banking::{
    cert::{Certificate, KeyUsage, Name, NameOrder, Oid, RegisteredName, pem, time},
    eidas::{
        OrganizationId, Psd2Statement, PspRole, QcStatements, RolesEncoding, StatementsEncoding,
        findings,
    },
};

#[test]
fn etsi_lint_facts_are_equal() {
    facts_are_equal("certs/etsi-lint");
}

#[test]
fn zlint_qc_facts_are_equal() {
    facts_are_equal("certs/zlint-qc");
}

#[test]
fn psd2_wild_facts_are_equal() {
    facts_are_equal("certs/psd2-wild");
}

#[test]
fn what_the_linters_refuse_in_the_statements_is_found() {
    let etsi = |case: &Value| strings(&case["etsi_errors"]);
    assert_errors_are_found("certs/etsi-lint", etsi, &ETSI_ERRORS);
    let zlint = |case: &Value| {
        let results = case["lint_results"].as_object();
        let refused = |result: &Value| result == "Error" || result == "Warn";
        let lints = results.into_iter().flatten().filter(|(_, result)| refused(result));
        lints.map(|(lint, _)| lint.clone()).collect()
    };
    assert_errors_are_found("certs/zlint-qc", zlint, &LINTS);
}

#[test]
fn no_seed_of_a_fuzzer_causes_a_panic() {
    let Some(directory) = corpus("fuzz-seeds") else { return };
    let (mut seeds, mut read) = (0, 0);
    for folder in fs::read_dir(directory).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let seed = fs::read(file.unwrap().path()).unwrap();
            seeds += 1;
            read += usize::from(feed(&seed));
            // Parsers have to survive a damaged input as well as an odd one.
            for length in 0..seed.len().min(600) {
                feed(&seed[..length]);
            }
        }
    }
    assert_ne!(read, 0);
    say(format_args!("fuzz-seeds: {seeds} without a panic, {read} of them certificates"));
}

/// Feeds every parser; says whether it was a certificate.
fn feed(seed: &[u8]) -> bool {
    let _ = pem::all_certificates(seed);
    if let Ok(name) = Name::from_der(seed) {
        assert!(name.canonical().is_none() || name.matches(&name));
        let _ = Name::parse(&name.to_string());
    }
    let text = String::from_utf8_lossy(seed);
    let _ = RegisteredName::parse(&text, NameOrder::AllowReversed);
    let _ = OrganizationId::parse(&text);
    if let Ok(statements) = QcStatements::from_der(seed) {
        let _ = (statements.kind(), statements.psd2(), statements.cc_legislation());
    }
    let der = pem::first_certificate(seed);
    let der = der.as_ref().map_or(seed, |der| der.as_ref());
    let Ok(certificate) = Certificate::from_der(der) else { return false };
    for finding in findings(&certificate, certificate.not_after()) {
        assert!(!finding.to_string().is_empty());
    }
    true
}

/// For every error of a linter that is in the table, one of the findings beside it.
fn assert_errors_are_found(
    corpus_path: &str,
    errors: impl Fn(&Value) -> Vec<String>,
    table: &[(&str, &[&str])],
) {
    let Some(directory) = corpus(corpus_path) else { return };
    let mut found = 0;
    for case in cases(&directory) {
        let certificate = certificate(&directory, &case);
        let findings = findings(&certificate, certificate.not_before());
        let codes: Vec<_> = findings.iter().map(|finding| finding.code()).collect();
        for error in errors(&case) {
            let Some((_, answers)) = table.iter().find(|(known, _)| *known == error) else {
                continue;
            };
            let answered = answers.iter().any(|code| codes.contains(code));
            assert!(answered, "{}: {error}, but only {codes:?}", case["file"]);
            found += 1;
        }
    }
    assert_ne!(found, 0);
    say(format_args!("{corpus_path}: {found} errors of the linter found"));
}

fn facts_are_equal(corpus_path: &str) {
    let Some(directory) = corpus(corpus_path) else { return };
    let cases = cases(&directory);
    let mut differences = Vec::new();
    for case in &cases {
        let actual = facts(&certificate(&directory, case));
        let expected_facts = case["facts"].as_object().unwrap();
        for (fact, value) in actual.as_object().unwrap() {
            let silent = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if !silent && !expected_facts.contains_key(fact) {
                differences.push(format!("{}: {fact} is {value}, not told", case["file"]));
            }
        }
        for (fact, expected) in expected_facts {
            let different = match fact.as_str() {
                // Only which statements cannot be read is compared, not how another parser failed.
                "qc_errors" => {
                    let unreadable = strings(&actual[fact]);
                    !expected.as_object().unwrap().keys().eq(&unreadable)
                }
                _ => actual[fact] != *expected,
            };
            if different {
                differences
                    .push(format!("{}: {fact} is {}, not {expected}", case["file"], actual[fact]));
            }
        }
    }
    let unequal: HashSet<_> =
        differences.iter().filter_map(|text| text.split(':').next()).collect();
    say(format_args!("{corpus_path}: {} of {} equal", cases.len() - unequal.len(), cases.len()));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What the corpora say about a certificate, as this crate sees it.
fn facts(certificate: &Certificate) -> Value {
    let common_name = "2.5.4.3".parse().unwrap();
    let subject = certificate.subject();
    let statements = QcStatements::from_certificate(certificate).unwrap();
    let mut facts = json!({
        "sha256": hex(certificate.thumbprint()),
        "serial_hex": hex(certificate.serial()).trim_start_matches('0'),
        "subject": subject
            .attributes()
            .map(|attribute| json!([attribute.oid().to_string(), attribute.text()]))
            .collect::<Vec<_>>(),
        "organization_identifier": certificate.organization_identifiers(),
        "common_name": subject.values(common_name).collect::<Vec<_>>(),
        "not_before": date(&time::to_rfc3339(certificate.not_before())),
        "not_after": date(&time::to_rfc3339(certificate.not_after())),
        "key_usage": certificate.key_usage().map(key_usage),
        "ext_key_usage": dotted(certificate.extended_key_usage()),
        "policies": dotted(certificate.policies()),
        "san_dns": certificate.subject_alternative_names().map(|names| names.dns()),
        "qc_statements_present": statements.is_some(),
        "qc_statements_critical": certificate.qc_statements().map(|found| found.is_critical()),
    });
    if let Some(statements) = statements {
        facts.as_object_mut().unwrap().append(qc_facts(&statements).as_object_mut().unwrap());
    }
    facts
}

fn qc_facts(statements: &QcStatements) -> Value {
    let ids: Vec<_> = statements.ids().map(|id| id.to_string()).collect();
    let types = statements.types();
    let errors = types.as_ref().err().map(|_| "0.4.0.1862.1.6");
    let types = types.unwrap_or_default();
    json!({
        "qc_statements_encoding": match statements.encoding() {
            StatementsEncoding::Standard => "standard",
            StatementsEncoding::UnwrappedSingleStatement => "unwrapped_single_statement",
        },
        "qc_compliance": ids.iter().any(|id| id == "0.4.0.1862.1.1"),
        "qc_sscd": statements.sscd().unwrap(),
        "qc_types": types.map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "qc_cc_legislation": statements.cc_legislation().unwrap(),
        "qc_errors": errors.into_iter().collect::<Vec<_>>(),
        "qc_statement_ids": ids,
        "psd2": statements.psd2().unwrap().as_ref().map(psd2_facts),
    })
}

fn psd2_facts(psd2: &Psd2Statement) -> Value {
    let roles: Vec<_> = psd2
        .roles()
        .iter()
        .map(|entry| match entry.role() {
            PspRole::Unknown(oid) => {
                json!({ "oid": oid.to_string(), "name": entry.name(), "oid_role": null })
            }
            PspRole::Unspecified => {
                json!({ "oid": "0.4.0.19495.1.0", "name": entry.name(), "oid_role": "unspecified" })
            }
            known => {
                let oid = format!("0.4.0.19495.1.{}", arc(known));
                json!({ "oid": oid, "name": entry.name(), "oid_role": known.to_string() })
            }
        })
        .collect();
    let standard = psd2.roles_encoding() == RolesEncoding::Standard;
    json!({
        "roles": roles,
        "roles_encoding": if standard { "standard" } else { "concatenated" },
        "nca_name": psd2.nca_name(),
        "nca_id": psd2.nca_id(),
        "well_formed": standard,
        "second_parser_agrees": true,
    })
}

fn arc(role: PspRole) -> u8 {
    match role {
        PspRole::AccountServicing => 1,
        PspRole::PaymentInitiation => 2,
        PspRole::AccountInformation => 3,
        PspRole::CardBasedInstruments => 4,
        other => panic!("{other} is in no corpus"),
    }
}

/// In alphabetical order, as in the corpora.
fn key_usage(usage: KeyUsage) -> Vec<&'static str> {
    [
        (usage.crl_sign(), "crl_sign"),
        (usage.digital_signature(), "digital_signature"),
        (usage.key_agreement(), "key_agreement"),
        (usage.cert_sign(), "key_cert_sign"),
        (usage.key_encipherment(), "key_encipherment"),
        (usage.content_commitment(), "non_repudiation"),
    ]
    .into_iter()
    .filter_map(|(allowed, name)| allowed.then_some(name))
    .collect()
}

fn dotted(oids: Option<&[Oid]>) -> Option<Vec<String>> {
    oids.map(|oids| oids.iter().map(ToString::to_string).collect())
}

/// From `2024-04-11T14:16:55Z` to the corpora's `2024-04-11 14:16:55+00:00`.
fn date(rfc3339: &str) -> String {
    rfc3339.replace('T', " ").replace('Z', "+00:00")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn corpus(path: &str) -> Option<PathBuf> {
    let Some(root) = env::var_os("OPEN_BANKING_TESTDATA") else {
        say(format_args!("OPEN_BANKING_TESTDATA is not set: {path} is left out"));
        return None;
    };
    Some(PathBuf::from(root).join(path))
}

fn cases(directory: &Path) -> Vec<Value> {
    let expected = fs::read(directory.join("expected.json")).unwrap();
    serde_json::from_slice(&expected).unwrap()
}

fn certificate(directory: &Path, case: &Value) -> Certificate {
    let file = directory.join(case["file"].as_str().unwrap());
    let der = pem::first_certificate(&fs::read(&file).unwrap()).unwrap();
    Certificate::from_der(&der).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

/// The first linter's errors about what this crate reads, and the findings that answer each.
const ETSI_ERRORS: [(&str, &[&str]); 15] = [
    ("etsi.en_319_412_2.qc_statements_extension_absent", &["qc_statements_missing"]),
    (
        "etsi.en_319_412_3.leg-4.2.1-2.organization_identifier_attribute_absent",
        &["organization_identifier_missing"],
    ),
    (
        "etsi.en_319_412_3.leg-4.2.1-6.\
         organization_id_and_organization_name_attribute_values_equal",
        &["organization_name_is_identifier"],
    ),
    ("etsi.en_319_412_4.web-4.1.3-4.eku_extension_is_critical", &["eku_critical"]),
    ("etsi.en_319_412_4.web-4.1.3-4.san_missing", &["san_without_dns", "qc_statements_missing"]),
    ("etsi.en_319_412_5.gen-4.2.4.iso_country_code_invalid", &["qc_cc_legislation_country"]),
    ("etsi.en_319_412_5.gen-4.3.4.url_scheme_not_https", &["qc_pds_not_https"]),
    ("etsi.en_319_412_5.qcs-5.01.qc_sscd_qualified_statement_present", &["qc_sscd_in_qwac"]),
    ("etsi.en_319_412_5.qcs-5.01.qc_type_qualified_statement_absent", &["qc_type_missing"]),
    ("etsi.extensions_field_absent", &["qc_statements_missing"]),
    ("etsi.ts_119_495.gen-5.2-2.invalid_psp_oid", &["psd2_role_unknown"]),
    ("etsi.ts_119_495.gen-5.2-2.invalid_psp_role", &["psd2_role_name_mismatch"]),
    ("etsi.ts_119_495.gen-5.2.2-1.roles_of_psp_empty", &["psd2_roles_empty"]),
    ("etsi.ts_119_495.gen-5.2.2-5.psp_role_mismatch", &["psd2_role_name_mismatch"]),
    ("etsi.ts_119_495.gen-5.2.3-2.invalid_iso_country", &["psd2_nca_country"]),
];

/// The same for the second linter.
const LINTS: [(&str, &[&str]); 8] = [
    ("e_qcstatem_etsi_present_qcs_critical", &["qc_statements_critical"]),
    ("e_qcstatem_etsi_type_as_statem", &["qc_type_as_statement"]),
    ("e_qcstatem_qclimitvalue_valid", &["qc_statement_malformed"]),
    ("e_qcstatem_qcpds_valid", &["qc_pds_language_repeated", "qc_statement_malformed"]),
    ("e_qcstatem_qctype_oneonly", &["qc_type_multiple"]),
    ("e_qcstatem_qctype_valid", &["qc_type_unknown"]),
    ("e_qcstatem_qctype_web", &["seal_for_server_auth"]),
    ("w_qcstatem_qcpds_lang_case", &["qc_pds_language"]),
];

/// Says it past the test harness, which swallows what a passing test prints.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
