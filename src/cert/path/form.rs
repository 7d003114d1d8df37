//! What a certificate says of itself, and must say to stand in a path: nothing here looks at another
//! certificate. webpki leaves these out.

use der::Decode;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::name::GeneralName;

use crate::cert::{Certificate, Oid};

/// An anchor is the certificate of an authority.
///
/// How an authority wrote its own certificate is not judged further: RFC 5280, 6.1 takes a name and a
/// key from it. That is why an identifier may be missing and the basic constraints not be critical.
pub(in crate::cert) fn of_anchor(certificate: &Certificate) -> Result<(), &'static str> {
    authority(certificate)?;
    extensions_are_known(certificate)
}

/// An issuer below an anchor is the certificate of an authority, and in order (RFC 5280, 4).
pub(super) fn of_issuer(certificate: &Certificate) -> Result<(), &'static str> {
    authority(certificate)?;
    in_order(certificate)?;
    // RFC 5280, 4.2.1.11 and 4.2.1.14. webpki passes over one that is not critical: what it forbids
    // would be allowed.
    for policies in [INHIBIT_ANY_POLICY, POLICY_CONSTRAINTS] {
        if certificate.extension(policies).is_some_and(|extension| !extension.is_critical()) {
            return Err("constraints on policies that are not critical");
        }
    }
    Ok(())
}

/// A leaf is not the certificate of an authority, and in order (RFC 5280, 4).
pub(in crate::cert) fn of_leaf(certificate: &Certificate) -> Result<(), &'static str> {
    in_order(certificate)
}

/// Whether the certificate forbids to use it without processing its policies.
pub(super) fn has_critical_policies(certificate: &Certificate) -> bool {
    certificate.critical_extensions().any(|extension| POLICIES.contains(&extension))
}

fn authority(certificate: &Certificate) -> Result<(), &'static str> {
    if !certificate.is_ca() {
        return Err("not the certificate of an authority");
    }
    // RFC 5280, 6.1.4 (n): webpki looks at the basic constraints and leaves this out.
    if certificate.key_usage().is_some_and(|usage| !usage.cert_sign()) {
        return Err("key usage without keyCertSign");
    }
    // RFC 5280, 4.1.2.6: an authority without a name could be anybody's issuer.
    if certificate.subject().is_empty() {
        return Err("an authority without a name");
    }
    match certificate.extension(NAME_CONSTRAINTS) {
        Some(constraints) => name_constraints(constraints.value()),
        None => Ok(()),
    }
}

/// RFC 5280, 4.2.1.10: constraints name at least one subtree, and that of a host has no leading dot.
/// What an authority meant by another one is nobody's guess.
fn name_constraints(value: &[u8]) -> Result<(), &'static str> {
    let malformed = "malformed name constraints";
    let constraints = NameConstraints::from_der(value).map_err(|_| malformed)?;
    let subtrees = [constraints.permitted_subtrees, constraints.excluded_subtrees];
    let bases = || subtrees.iter().flatten().flatten().map(|subtree| &subtree.base);
    let dotted = |base: &GeneralName| matches!(base, GeneralName::DnsName(name) if name.as_str().starts_with('.'));
    let empty = bases().next().is_none() || subtrees.iter().flatten().any(Vec::is_empty);
    match empty || bases().any(dotted) {
        true => Err(malformed),
        false => Ok(()),
    }
}

fn in_order(certificate: &Certificate) -> Result<(), &'static str> {
    // Without extensions nothing restricts what its key is for.
    if !certificate.is_version_3() {
        return Err("not of version 3");
    }
    // RFC 5280, 4.1.2.2. Lists and responders name certificates by it.
    if certificate.serial().first().is_none_or(|first| first & 0x80 != 0) {
        return Err("the serial number is negative");
    }
    extensions_are_known(certificate)
}

/// RFC 5280, 4.2: who does not know a critical extension must refuse the certificate. OpenSSL knows
/// others.
fn extensions_are_known(certificate: &Certificate) -> Result<(), &'static str> {
    let known = |extension: Oid| CHECKED.contains(&extension) || POLICIES.contains(&extension);
    match certificate.critical_extensions().all(known) {
        true => Ok(()),
        false => Err("an unknown critical extension"),
    }
}

/// What webpki knows.
const CHECKED: [Oid; 6] = [
    Oid::literal("2.5.29.15"), // keyUsage
    Oid::literal("2.5.29.17"), // subjectAltName
    Oid::literal("2.5.29.19"), // basicConstraints
    NAME_CONSTRAINTS,
    Oid::literal("2.5.29.31"), // cRLDistributionPoints
    Oid::literal("2.5.29.37"), // extKeyUsage
];
/// What [`policies`](super::policies) processes.
const POLICIES: [Oid; 4] = [
    Oid::literal("2.5.29.32"), // certificatePolicies
    POLICY_MAPPINGS,
    POLICY_CONSTRAINTS,
    INHIBIT_ANY_POLICY,
];
pub(super) const INHIBIT_ANY_POLICY: Oid = Oid::literal("2.5.29.54");
const NAME_CONSTRAINTS: Oid = Oid::literal("2.5.29.30");
pub(super) const POLICY_CONSTRAINTS: Oid = Oid::literal("2.5.29.36");
pub(super) const POLICY_MAPPINGS: Oid = Oid::literal("2.5.29.33");
