//! Dates, key, signature: what any certificate is looked at for.
use rustls_pki_types::UnixTime;

use super::Report;
use crate::cert::{Certificate, Digest, KeyStrength, Oid, time::to_rfc3339};

pub(super) fn inspect(certificate: &Certificate, at: UnixTime, report: &mut Report) {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if not_after < not_before {
        report.error("validity_reversed", "the validity period ends before it begins");
    }
    if at < not_before {
        report.error("not_yet_valid", format!("not valid before {}", to_rfc3339(not_before)));
    }
    if at > not_after {
        report.error("expired", format!("expired at {}", to_rfc3339(not_after)));
    }
    inspect_key(certificate.key_strength(), report);
    inspect_signature(certificate.signature_algorithm().digest(), report);
    inspect_use(certificate, report);
    if [AUTHORITY_INFORMATION, CRL_DISTRIBUTION]
        .iter()
        .all(|it| certificate.extension(*it).is_none())
    {
        report.warning(
            "revocation_source_missing",
            "the certificate names no place to ask whether it is revoked",
        );
    }
}

pub(super) fn inspect_key(key: KeyStrength, report: &mut Report) {
    if key.is_sufficient() {
        return;
    }
    let text = match key {
        KeyStrength::Ec { bits } => format!("the elliptic-curve key of {bits} bits is too short"),
        KeyStrength::Rsa { bits } => format!("the RSA key of {bits} bits is too short"),
        _ => "the public key is of an unknown kind".to_owned(),
    };
    report.error("weak_key", text);
}

pub(super) fn inspect_signature(digest: Digest, report: &mut Report) {
    match digest {
        Digest::Md5 => report.error("weak_signature", "the certificate is signed over MD5"),
        Digest::Sha1 => report.error("weak_signature", "the certificate is signed over SHA-1"),
        Digest::Sha224 => report.error("weak_signature", "the certificate is signed over SHA-224"),
        Digest::Other => {
            report
                .error("unknown_signature", "the certificate is signed with an unknown algorithm");
        }
        _ => {}
    }
}

fn inspect_use(certificate: &Certificate, report: &mut Report) {
    if certificate.is_ca() {
        report.error("ca_certificate", "this is the certificate of an issuer, not of a provider");
    }
    match certificate.key_usage() {
        None => report.error("key_usage_missing", "there is no key usage extension"),
        Some(usage) if !usage.digital_signature() && !usage.content_commitment() => report.error(
            "key_usage_cannot_sign",
            "the key usage allows neither digital signatures nor content commitment",
        ),
        Some(_) => {}
    }
}

const AUTHORITY_INFORMATION: Oid = Oid::literal("1.3.6.1.5.5.7.1.1");
const CRL_DISTRIBUTION: Oid = Oid::literal("2.5.29.31");
