//! Whether the rest of the certificate fits its type.
use super::Report;
use crate::{
    cert::{Certificate, KeyUsage, Oid, RawExtension},
    eidas::QcStatements,
};

pub(super) fn inspect_qwac(
    certificate: &Certificate,
    statements: &QcStatements,
    report: &mut Report,
) {
    if statements.sscd() == Ok(true) {
        report
            .error("qc_sscd_in_qwac", "QcSSCD stands in a certificate for website authentication");
    }
    if certificate.key_usage().is_some_and(|usage| !usage.digital_signature()) {
        report.error(
            "qwac_key_usage",
            "the key usage of a certificate for website authentication lacks digitalSignature",
        );
    }
    match certificate.extended_key_usage() {
        None => report.error("eku_missing", "a QWAC without extended key usage"),
        Some(purposes) if !purposes.contains(&SERVER_AUTH) => {
            report.error(
                "eku_without_server_auth",
                "a QWAC whose extended key usage lacks serverAuth",
            );
        }
        Some(_) => {}
    }
    if certificate.extension(EXTENDED_KEY_USAGE).is_some_and(RawExtension::is_critical) {
        report.warning("eku_critical", "the extended key usage of a QWAC is critical");
    }
    if certificate.subject_alternative_names().is_none_or(|names| names.dns().is_empty()) {
        report.warning("san_without_dns", "a QWAC without a DNS name");
    }
    inspect_policies(certificate, &QWAC_POLICIES, report);
}

/// EN 319 412-3, 4.2.1: what the subject of a legal person's certificate has exactly once.
pub(super) fn inspect_seal(certificate: &Certificate, report: &mut Report) {
    let subject = certificate.subject();
    for (name, oid) in
        [("country", COUNTRY), ("organization", ORGANIZATION), ("common name", COMMON_NAME)]
    {
        let count = subject.values(oid).count();
        if count != 1 {
            report.error(
                "seal_subject",
                format!("the subject of a QSealC has {count} attributes for the {name}, not one"),
            );
        }
    }
    if certificate.key_usage().is_some_and(|usage| !is_seal_usage(usage)) {
        report.error("seal_key_usage", "the key usage of a QSealC is none of the allowed ones");
    }
    if certificate.extended_key_usage().is_some_and(|purposes| purposes.contains(&SERVER_AUTH)) {
        report.warning("seal_for_server_auth", "a QSealC whose extended key usage has serverAuth");
    }
    inspect_policies(certificate, &SEAL_POLICIES, report);
}

/// Types A to D and F of EN 319 412-2, table 1; type E does not sign.
fn is_seal_usage(usage: KeyUsage) -> bool {
    let (encipherment, agreement) = (usage.key_encipherment(), usage.key_agreement());
    let commitment_alone = usage.content_commitment() && !encipherment && !agreement;
    let signs = usage.digital_signature() || commitment_alone;
    let issues = usage.cert_sign() || usage.crl_sign();
    let exchanges_twice = encipherment && agreement;
    signs && !issues && !exchanges_twice
}

/// A policy of EN 319 411-2 that belongs to another type contradicts QcType.
fn inspect_policies(certificate: &Certificate, fitting: &[Oid], report: &mut Report) {
    for policy in certificate.policies().unwrap_or_default() {
        if QUALIFIED_POLICIES.contains(policy) && !fitting.contains(policy) {
            report.error(
                "policy_contradicts_type",
                format!("the policy {policy} belongs to another type than QcType names"),
            );
        }
    }
}

const COMMON_NAME: Oid = Oid::literal("2.5.4.3");
const COUNTRY: Oid = Oid::literal("2.5.4.6");
const EXTENDED_KEY_USAGE: Oid = Oid::literal("2.5.29.37");
const ORGANIZATION: Oid = Oid::literal("2.5.4.10");
const SERVER_AUTH: Oid = Oid::literal("1.3.6.1.5.5.7.3.1");

const QCP_L: Oid = Oid::literal("0.4.0.194112.1.1");
const QCP_L_QSCD: Oid = Oid::literal("0.4.0.194112.1.3");
const QCP_N: Oid = Oid::literal("0.4.0.194112.1.0");
const QCP_N_QSCD: Oid = Oid::literal("0.4.0.194112.1.2");
const QCP_W_PSD2: Oid = Oid::literal("0.4.0.19495.3.1");
const QEVCP_W: Oid = Oid::literal("0.4.0.194112.1.4");
const QNCP_W: Oid = Oid::literal("0.4.0.194112.1.5");
const QNCP_W_GEN: Oid = Oid::literal("0.4.0.194112.1.6");

const QUALIFIED_POLICIES: [Oid; 8] =
    [QCP_L, QCP_L_QSCD, QCP_N, QCP_N_QSCD, QCP_W_PSD2, QEVCP_W, QNCP_W, QNCP_W_GEN];
const QWAC_POLICIES: [Oid; 4] = [QCP_W_PSD2, QEVCP_W, QNCP_W, QNCP_W_GEN];
const SEAL_POLICIES: [Oid; 2] = [QCP_L, QCP_L_QSCD];
