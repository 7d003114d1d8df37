//! The organizationIdentifier.
use super::{super::country::is_country, Report};
use crate::{
    cert::{Certificate, Oid},
    eidas::{OrganizationId, Scheme},
};

/// Reports on the identifier, and hands it on if there is exactly one and it can be read.
pub(super) fn inspect(certificate: &Certificate, report: &mut Report) -> Option<OrganizationId> {
    let text = match certificate.organization_identifiers().as_slice() {
        [] => {
            report.error(
                "organization_identifier_missing",
                "the subject has no organizationIdentifier",
            );
            return None;
        }
        [one] => *one,
        several => {
            report.error(
                "organization_identifier_repeated",
                format!("the subject has {} organizationIdentifiers", several.len()),
            );
            return None;
        }
    };
    if certificate.subject().values(ORGANIZATION).any(|name| name == text) {
        report
            .error("organization_name_is_identifier", "the organization's name is its identifier");
    }
    let Ok(organization) = OrganizationId::parse(text) else {
        report.error(
            "organization_identifier_malformed",
            format!("the organizationIdentifier {text:?} has no form that is known"),
        );
        return None;
    };
    inspect_parts(&organization, report);
    Some(organization)
}

fn inspect_parts(organization: &OrganizationId, report: &mut Report) {
    let country = organization.country();
    let known = match organization.scheme() {
        Scheme::Lei => country == "XG",
        Scheme::Vat => is_country(country) || matches!(country, "EL" | "XI"),
        _ => is_country(country),
    };
    if !known {
        report.error(
            "organization_identifier_country",
            format!("the organizationIdentifier's country {country} is none"),
        );
    }
    match organization.nca() {
        Some(nca) if !nca.is_known() => report.warning(
            "organization_identifier_nca_unknown",
            format!("the organizationIdentifier's authority {nca} is not on the EBA's list"),
        ),
        Some(_) => {}
        None => report.warning(
            "organization_identifier_not_psd",
            format!("the organizationIdentifier {organization} gives no authorisation number"),
        ),
    }
}

const ORGANIZATION: Oid = Oid::literal("2.5.4.10");
