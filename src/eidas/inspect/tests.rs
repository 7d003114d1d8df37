use std::time::Duration;

use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    SanType,
};

use super::{
    super::test_der::{AI, ESEAL, PI, WEB, claim, oid, printable, psd2, qc_type, sequence, utf8},
    *,
};

const COMPLIANCE: &str = "0.4.0.1862.1.1";
const IDENTIFIER: &str = "PSDGB-FCA-123456";

/// What a test changes about a certificate that is in order.
struct Case {
    identifiers: Vec<&'static str>,
    parameters: CertificateParams,
    statements: Option<Vec<u8>>,
    critical: bool,
}

fn qwac() -> Case {
    let mut parameters = CertificateParams::default();
    parameters.not_before = rcgen::date_time_ymd(2024, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2025, 1, 1);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.subject_alt_names = vec![SanType::DnsName("tpp.example".try_into().unwrap())];
    parameters.crl_distribution_points =
        vec![rcgen::CrlDistributionPoint { uris: vec!["http://ca.example/crl".into()] }];
    for (kind, value) in [
        (DnType::CountryName, "GB"),
        (DnType::OrganizationName, "TPP"),
        (DnType::CommonName, "tpp.example"),
    ] {
        parameters.distinguished_name.push(kind, value);
    }
    let roles = psd2(&[&[PI], &[AI]], "Authority", "GB-FCA");
    let statements = Some(sequence(&[claim(COMPLIANCE), qc_type(&[WEB]), roles]));
    Case { identifiers: vec![IDENTIFIER], parameters, statements, critical: false }
}

fn seal() -> Case {
    let mut case = qwac();
    case.parameters.extended_key_usages.clear();
    case.parameters.subject_alt_names.clear();
    case.parameters.key_usages.push(KeyUsagePurpose::ContentCommitment);
    case.with(&[claim(COMPLIANCE), qc_type(&[ESEAL]), psd2(&[&[PI]], "Authority", "GB-FCA")])
}

impl Case {
    fn with(mut self, statements: &[Vec<u8>]) -> Self {
        self.statements = Some(sequence(statements));
        self
    }

    fn edit(mut self, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        edit(&mut self.parameters);
        self
    }

    fn codes(self) -> Vec<&'static str> {
        self.codes_at(1_718_000_000)
    }

    fn codes_at(mut self, seconds: u64) -> Vec<&'static str> {
        for identifier in &self.identifiers {
            let kind = DnType::CustomDnType(vec![2, 5, 4, 97]);
            self.parameters.distinguished_name.push(kind, *identifier);
        }
        if let Some(statements) = self.statements {
            let qc_statements = [1, 3, 6, 1, 5, 5, 7, 1, 3];
            let mut extension = CustomExtension::from_oid_content(&qc_statements, statements);
            extension.set_criticality(self.critical);
            self.parameters.custom_extensions.push(extension);
        }
        let key = KeyPair::generate().unwrap();
        let der = self.parameters.self_signed(&key).unwrap().der().to_vec();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let certificate = Certificate::from_der(&der).unwrap();
        findings(&certificate, at).iter().map(Finding::code).collect()
    }
}

#[test]
fn a_certificate_in_order_has_no_findings() {
    assert_eq!(qwac().codes(), [""; 0]);
    assert_eq!(seal().codes(), [""; 0]);
}

#[test]
fn the_validity_period_includes_both_ends() {
    for (seconds, codes) in [
        (1_704_067_199, vec!["not_yet_valid"]),
        (1_704_067_200, vec![]),
        (1_735_689_600, vec![]),
        (1_735_689_601, vec!["expired"]),
    ] {
        assert_eq!(qwac().codes_at(seconds), codes, "{seconds}");
    }
}

#[test]
fn the_identifier_is_looked_at() {
    let missing = Case { identifiers: vec![], ..qwac() };
    assert_eq!(missing.codes(), ["organization_identifier_missing"]);
    for (identifier, expected) in [
        ("PSDGB_FCA_123456", vec!["organization_identifier_malformed"]),
        ("PSDAT-FMA-123456", vec!["psd2_nca_mismatch"]),
        (
            "PSDZZ-FCA-1",
            vec![
                "organization_identifier_country",
                "organization_identifier_nca_unknown",
                "psd2_nca_mismatch",
            ],
        ),
        ("VATEL-1", vec!["organization_identifier_not_psd"]),
        ("LEIDE-1", vec!["organization_identifier_country", "organization_identifier_not_psd"]),
    ] {
        let case = Case { identifiers: vec![identifier], ..qwac() };
        assert_eq!(case.codes(), expected, "{identifier}");
    }
}

#[test]
fn the_extension_is_looked_at() {
    assert_eq!(Case { statements: None, ..qwac() }.codes(), ["qc_statements_missing"]);
    let broken = Case { statements: Some(vec![5, 0]), ..qwac() };
    assert_eq!(broken.codes(), ["qc_statements_malformed"]);
    assert_eq!(Case { critical: true, ..qwac() }.codes(), ["qc_statements_critical"]);
    let unwrapped = Case { statements: Some(qc_type(&[WEB])), ..qwac() };
    assert_eq!(
        unwrapped.codes(),
        ["qc_statements_unwrapped", "qc_compliance_missing", "psd2_statement_missing"]
    );
}

#[test]
fn each_statement_is_looked_at() {
    let roles = || psd2(&[&[PI]], "Authority", "GB-FCA");
    let statement = |id: &str, info: Vec<u8>| sequence(&[oid(id), info]);
    let pds = |url: &str, language: &str| {
        let url = [vec![0x16, u8::try_from(url.len()).unwrap()], url.into()].concat();
        sequence(&[url, printable(language)])
    };
    for (extra, expected) in [
        (vec![qc_type(&[WEB]), claim(COMPLIANCE)], vec!["qc_statement_duplicate"]),
        (vec![qc_type(&[WEB]), claim(WEB)], vec!["qc_type_as_statement"]),
        (vec![], vec!["qc_type_missing"]),
        (vec![qc_type(&[])], vec!["qc_type_empty"]),
        (vec![qc_type(&["0.4.0.1862.1.6.1"])], vec!["qc_type_person"]),
        (vec![qc_type(&[WEB, ESEAL])], vec!["qc_type_multiple"]),
        (vec![qc_type(&["0.4.0.1862.1.2"])], vec!["qc_type_unknown"]),
        (vec![claim("0.4.0.1862.1.6")], vec!["qc_statement_malformed"]),
        (vec![qc_type(&[WEB]), claim("0.4.0.1862.1.4")], vec!["qc_sscd_in_qwac"]),
        (
            vec![qc_type(&[WEB]), statement("0.4.0.1862.1.7", sequence(&[printable("GB")]))],
            vec!["qc_cc_legislation"],
        ),
        (
            vec![qc_type(&[WEB]), statement("0.4.0.1862.1.7", sequence(&[printable("ZZ")]))],
            vec!["qc_cc_legislation", "qc_cc_legislation_country"],
        ),
        (
            vec![qc_type(&[WEB]), statement("0.4.0.1862.1.2", vec![5, 0])],
            vec!["qc_statement_malformed"],
        ),
        (
            vec![
                qc_type(&[WEB]),
                statement("0.4.0.1862.1.2", {
                    sequence(&[printable("EUR"), vec![2, 1, 1], vec![2, 1, 0]])
                }),
                statement("0.4.0.1862.1.3", vec![2, 1, 10]),
                statement("0.4.0.1862.1.5", sequence(&[pds("https://a.example", "en")])),
            ],
            vec![],
        ),
        (
            vec![qc_type(&[WEB]), statement("0.4.0.1862.1.3", utf8("ten"))],
            vec!["qc_statement_malformed"],
        ),
        (
            vec![qc_type(&[WEB]), statement("0.4.0.1862.1.5", sequence(&[]))],
            vec!["qc_statement_malformed"],
        ),
        (
            vec![
                qc_type(&[WEB]),
                statement(
                    "0.4.0.1862.1.5",
                    sequence(&[pds("http://a.example", "EN"), pds("https://a.example", "en")]),
                ),
            ],
            vec!["qc_pds_not_https", "qc_pds_language", "qc_pds_language_repeated"],
        ),
    ] {
        let statements = [vec![claim(COMPLIANCE), roles()], extra].concat();
        assert_eq!(qwac().with(&statements).codes(), expected, "{statements:x?}");
    }
}

#[test]
fn roles_and_authority_are_looked_at() {
    let unspecified = ("0.4.0.19495.1.0", "Unspecified");
    for (statement, expected) in [
        (psd2(&[], "Authority", "GB-FCA"), vec!["psd2_roles_empty"]),
        (psd2(&[&[PI, AI]], "Authority", "GB-FCA"), vec!["psd2_roles_concatenated"]),
        (psd2(&[&[PI], &[PI]], "Authority", "GB-FCA"), vec!["psd2_role_repeated"]),
        (psd2(&[&[(PI.0, AI.1)]], "Authority", "GB-FCA"), vec!["psd2_role_name_mismatch"]),
        (psd2(&[&[("1.2.3", "X")]], "Authority", "GB-FCA"), vec!["psd2_role_unknown"]),
        (psd2(&[&[unspecified], &[PI]], "A", "GB-FCA"), vec!["psd2_unspecified_beside_others"]),
        (psd2(&[&[PI]], "Authority", "NA"), vec!["psd2_nca_id_malformed"]),
        (psd2(&[&[PI]], "Authority", "GB-XX"), vec!["psd2_nca_unknown", "psd2_nca_mismatch"]),
        (
            psd2(&[&[PI]], "Authority", "XY-FCA"),
            vec!["psd2_nca_country", "psd2_nca_unknown", "psd2_nca_mismatch"],
        ),
        (claim("0.4.0.19495.2"), vec!["qc_statement_malformed"]),
        (psd2(&[&[("0.4.0.19495.1.5", "PSP_CB")]], "NA", "NA"), vec![]),
    ] {
        let statements = [claim(COMPLIANCE), qc_type(&[WEB]), statement];
        assert_eq!(qwac().with(&statements).codes(), expected, "{statements:x?}");
    }
}

#[test]
fn the_rest_of_the_certificate_has_to_fit_its_type() {
    let psd2_policy = || {
        let policies = sequence(&[sequence(&[oid("0.4.0.19495.3.1")])]);
        CustomExtension::from_oid_content(&[2, 5, 29, 32], policies)
    };
    assert_eq!(qwac().edit(|p| p.custom_extensions.push(psd2_policy())).codes(), [""; 0]);
    for (case, expected) in [
        (qwac().edit(|p| p.key_usages.clear()), vec!["key_usage_missing"]),
        (
            qwac().edit(|p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
            vec!["key_usage_cannot_sign", "qwac_key_usage"],
        ),
        (qwac().edit(|p| p.extended_key_usages.clear()), vec!["eku_missing"]),
        (
            qwac().edit(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            vec!["eku_without_server_auth"],
        ),
        (qwac().edit(|p| p.subject_alt_names.clear()), vec!["san_without_dns"]),
        (seal().edit(|p| p.custom_extensions.push(psd2_policy())), vec!["policy_contradicts_type"]),
        (
            seal().edit(|p| {
                p.distinguished_name.remove(DnType::CountryName);
            }),
            vec!["seal_subject"],
        ),
        (
            seal().edit(|p| {
                p.key_usages =
                    vec![KeyUsagePurpose::ContentCommitment, KeyUsagePurpose::KeyAgreement];
            }),
            vec!["seal_key_usage"],
        ),
        (qwac().edit(|p| p.crl_distribution_points.clear()), vec!["revocation_source_missing"]),
        (
            seal().edit(|p| p.distinguished_name.push(DnType::OrganizationName, IDENTIFIER)),
            vec!["organization_name_is_identifier"],
        ),
        (
            seal().edit(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
            vec!["seal_for_server_auth"],
        ),
        (
            qwac().edit(|p| p.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)),
            vec!["ca_certificate"],
        ),
    ] {
        assert_eq!(case.codes(), expected);
    }
}

#[test]
fn weak_keys_and_digests_are_told() {
    let mut report = Report::default();
    validity::inspect_key(crate::cert::KeyStrength::Rsa { bits: 1024 }, &mut report);
    validity::inspect_signature(crate::cert::Digest::Sha1, &mut report);
    let told: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["the RSA key of 1024 bits is too short", "the certificate is signed over SHA-1"]
    );
    assert!(report.findings.iter().all(|finding| finding.severity() == Severity::Error));
}
