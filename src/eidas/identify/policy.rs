//! What a certificate must say of its holder, and what is let pass by name.

use super::Identity;
use crate::cert::Certificate;
use crate::eidas::{
    Kind, NotAnOrganizationId, OrganizationId, Psd2Statement, QcError, QcStatements, RoleDefect,
    RoleOfPsp, RolesEncoding, Scheme, StatementsEncoding,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) seal: Admit,
    pub(super) concatenated_roles: Admit,
    pub(super) unwrapped_statement: Admit,
    pub(super) role_names: Admit,
    pub(super) directory_ids: Admit,
    pub(super) other_schemes: Admit,
    pub(super) defects: Admit,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admit {
    No,
    Yes,
}

/// Why no provider is identified.
#[derive(Debug, thiserror::Error)]
pub(super) enum Defect {
    #[error("the qcStatements are critical (EN 319 412-5, QCS-4.1-02)")]
    Critical,
    #[error("no PSD2 statement")]
    NoPsd2,
    #[error("no qcStatements")]
    NoStatements,
    #[error("{0} organizationIdentifiers in the subject")]
    NotOneIdentifier(usize),
    #[error("QcType makes it {0:?}")]
    OtherKind(Kind),
    #[error("the authority of the statement is not that of the organizationIdentifier")]
    OtherAuthority,
    #[error("the organizationIdentifier is of the scheme {0}")]
    OtherScheme(Box<str>),
    #[error(transparent)]
    Identifier(#[from] NotAnOrganizationId),
    #[error(transparent)]
    Roles(RoleDefect),
    #[error("all roles stand in one entry")]
    RolesConcatenated,
    #[error(transparent)]
    Statements(#[from] QcError),
    #[error("a statement is given more than once")]
    StatementTwice,
    #[error("a single statement without the sequence around it")]
    Unwrapped,
}

impl Policy {
    pub(super) fn read(self, certificate: &Certificate) -> Result<Identity, Defect> {
        let extension = certificate.qc_statements().ok_or(Defect::NoStatements)?;
        if extension.is_critical() && self.defects == Admit::No {
            return Err(Defect::Critical);
        }
        let statements =
            QcStatements::from_certificate(certificate)?.ok_or(Defect::NoStatements)?;
        if !statements.duplicates().is_empty() && self.defects == Admit::No {
            return Err(Defect::StatementTwice);
        }
        let unwrapped = statements.encoding() == StatementsEncoding::UnwrappedSingleStatement;
        if unwrapped && self.unwrapped_statement == Admit::No {
            return Err(Defect::Unwrapped);
        }
        let kind = statements.kind()?;
        match kind {
            Kind::Qwac => {}
            Kind::QSeal if self.seal == Admit::Yes => {}
            _ if unwrapped || self.defects == Admit::Yes => {}
            other => return Err(Defect::OtherKind(other)),
        }
        let psd2 = statements.psd2()?.ok_or(Defect::NoPsd2)?;
        self.roles(&psd2)?;
        let organization = self.organization(certificate, &psd2)?;
        Ok(Identity {
            organization: organization.as_str().to_owned(),
            authorisation_number: organization.authorisation_number().map(str::to_owned),
            kind,
            roles: psd2.roles().iter().map(RoleOfPsp::role).collect(),
        })
    }

    fn roles(self, psd2: &Psd2Statement) -> Result<(), Defect> {
        let concatenated = psd2.roles_encoding() == RolesEncoding::Concatenated;
        if concatenated && self.concatenated_roles == Admit::No {
            return Err(Defect::RolesConcatenated);
        }
        match psd2.role_defect() {
            None => Ok(()),
            Some(RoleDefect::NameMismatch) if self.role_names == Admit::Yes => Ok(()),
            Some(_) if self.defects == Admit::Yes => Ok(()),
            Some(defect) => Err(Defect::Roles(defect)),
        }
    }

    fn organization(
        self,
        certificate: &Certificate,
        psd2: &Psd2Statement,
    ) -> Result<OrganizationId, Defect> {
        let identifiers = certificate.organization_identifiers();
        let [text] = identifiers.as_slice() else {
            return Err(Defect::NotOneIdentifier(identifiers.len()));
        };
        let organization = OrganizationId::parse(text)?;
        if self.defects == Admit::Yes {
            return Ok(organization);
        }
        match organization.scheme() {
            Scheme::Psd => {}
            _ if self.other_schemes == Admit::Yes => return Ok(organization),
            other => return Err(Defect::OtherScheme(other.as_str().into())),
        }
        let from_directory = || {
            self.directory_ids == Admit::Yes
                && psd2.nca_id() == "GB-FCA"
                && organization
                    .nca()
                    .is_some_and(|nca| nca.country() == "GB" && nca.authority() == "OB")
        };
        // International institutions have no authority to compare (TS 119 495 V1.8.1).
        match psd2.nca_agrees(&organization) || psd2.is_without_nca() || from_directory() {
            true => Ok(organization),
            false => Err(Defect::OtherAuthority),
        }
    }
}
