//! Roles and authority.
use super::{super::country::is_country, Report};
use crate::eidas::{OrganizationId, Psd2Statement, PspRole, QcStatements, RolesEncoding};

pub(super) fn inspect(
    statements: &QcStatements,
    organization: Option<&OrganizationId>,
    report: &mut Report,
) {
    match report.readable(statements.psd2()) {
        Some(Some(psd2)) => {
            inspect_roles(&psd2, report);
            inspect_nca(&psd2, organization, report);
        }
        Some(None) => report.warning(
            "psd2_statement_missing",
            "there is no PSD2 statement: no roles, no authority",
        ),
        None => {}
    }
}

fn inspect_roles(psd2: &Psd2Statement, report: &mut Report) {
    if psd2.roles_encoding() == RolesEncoding::Concatenated {
        report.error("psd2_roles_concatenated", "all roles stand in a single RoleOfPsp");
    }
    if psd2.roles().is_empty() {
        report.error("psd2_roles_empty", "the PSD2 statement has no role");
    }
    for (index, entry) in psd2.roles().iter().enumerate() {
        let role = entry.role();
        if !entry.name_agrees() {
            report.error(
                "psd2_role_name_mismatch",
                format!("the role {role} is named {:?}", entry.name()),
            );
        }
        if matches!(role, PspRole::Unknown(_)) {
            report.warning(
                "psd2_role_unknown",
                format!("the role {role} named {:?} is unknown", entry.name()),
            );
        }
        if role == PspRole::Unspecified && psd2.roles().len() > 1 {
            report.error(
                "psd2_unspecified_beside_others",
                "the unspecified role stands beside others",
            );
        }
        if psd2.roles().iter().take(index).any(|earlier| earlier.role() == role) {
            report.warning("psd2_role_repeated", format!("the role {role} is given again"));
        }
    }
}

fn inspect_nca(psd2: &Psd2Statement, organization: Option<&OrganizationId>, report: &mut Report) {
    if psd2.is_without_nca() {
        return;
    }
    let Some(nca) = psd2.nca() else {
        return report.error(
            "psd2_nca_id_malformed",
            format!("the authority's identifier {:?} has no form that is known", psd2.nca_id()),
        );
    };
    if !is_country(nca.country()) {
        report.error(
            "psd2_nca_country",
            format!("the authority's country {} is none", nca.country()),
        );
    }
    if !nca.is_known() {
        report.warning("psd2_nca_unknown", format!("the authority {nca} is not on the EBA's list"));
    }
    if let Some(other) = organization.and_then(OrganizationId::nca).filter(|other| **other != nca) {
        report.error(
            "psd2_nca_mismatch",
            format!("the PSD2 statement names {nca}, the organizationIdentifier {other}"),
        );
    }
}
