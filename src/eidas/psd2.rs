//! The PSD2 statement.
use der::{
    Decode, Reader, SliceReader, Tag, Tagged,
    asn1::{Any, ObjectIdentifier, Utf8StringRef},
};

use super::{NcaId, OrganizationId, PspRole};
use crate::cert::Oid;

/// The roles of a payment service provider and the authority that gave them (ETSI TS 119 495,
/// Annex A).
///
/// ```text
/// PSD2QcType ::= SEQUENCE { rolesOfPSP RolesOfPSP, nCAName UTF8String, nCAId UTF8String }
/// RolesOfPSP ::= SEQUENCE OF SEQUENCE { roleOfPspOid OID, roleOfPspName UTF8String }
/// ```
///
/// Read does not mean right: [`role_defect`](Self::role_defect) says what is wrong with the roles,
/// [`nca`](Self::nca) and [`nca_agrees`](Self::nca_agrees) with the authority.
#[derive(Clone, Debug)]
pub struct Psd2Statement {
    roles: Vec<RoleOfPsp>,
    roles_encoding: RolesEncoding,
    nca_name: String,
    nca_id: String,
}

impl Psd2Statement {
    /// The entries in order, as many as there are.
    #[must_use]
    pub fn roles(&self) -> &[RoleOfPsp] {
        &self.roles
    }

    /// Which of the encodings met in practice the roles have.
    #[must_use]
    pub fn roles_encoding(&self) -> RolesEncoding {
        self.roles_encoding
    }

    /// The first thing wrong with the roles as a whole.
    ///
    /// Unknown roles are not an error (GEN-5.2.2-4), and neither is the
    /// [`roles_encoding`](Self::roles_encoding).
    #[must_use]
    pub fn role_defect(&self) -> Option<RoleDefect> {
        let unspecified = self.roles.iter().any(|entry| entry.role == PspRole::Unspecified);
        if self.roles.is_empty() {
            Some(RoleDefect::Empty)
        } else if self.roles.iter().any(|entry| !entry.name_agrees()) {
            Some(RoleDefect::NameMismatch)
        } else if unspecified && self.roles.len() > 1 {
            Some(RoleDefect::UnspecifiedBesideOthers)
        } else {
            None
        }
    }

    /// The authority's name, for people to read; nothing is decided by it.
    #[must_use]
    pub fn nca_name(&self) -> &str {
        &self.nca_name
    }

    /// The authority's identifier as it stands.
    #[must_use]
    pub fn nca_id(&self) -> &str {
        &self.nca_id
    }

    /// The authority, if its identifier has the right form.
    #[must_use]
    pub fn nca(&self) -> Option<NcaId> {
        self.nca_id.parse().ok()
    }

    /// Whether the statement names no authority and needs none: name and identifier are `NA`, and
    /// every role is an international body's (since V1.8.1).
    #[must_use]
    pub fn is_without_nca(&self) -> bool {
        let international = |entry: &RoleOfPsp| {
            matches!(
                entry.role,
                PspRole::InternationalCentralBank | PspRole::InternationalPublicAuthority
            )
        };
        self.nca_id == "NA"
            && self.nca_name == "NA"
            && !self.roles.is_empty()
            && self.roles.iter().all(international)
    }

    /// Passes when the authority is the one of the organization identifier: same country, same
    /// short name.
    ///
    /// Identifiers of other schemes name no authority and never pass.
    #[must_use]
    pub fn nca_agrees(&self, organization: &OrganizationId) -> bool {
        match (self.nca(), organization.nca()) {
            (Some(this), Some(other)) => this == *other,
            _ => false,
        }
    }

    pub(super) fn read(info: &Any) -> der::Result<Self> {
        if info.tag() != Tag::Sequence {
            return Err(info.tag().unexpected_error(Some(Tag::Sequence)).into());
        }
        let mut reader = SliceReader::new(info.value())?;
        let (roles, roles_encoding) = reader.sequence(read_roles)?;
        let nca_name = read_text(&mut reader)?;
        let nca_id = read_text(&mut reader)?;
        reader.finish()?;
        Ok(Self { roles, roles_encoding, nca_name, nca_id })
    }
}

/// One entry of the roles: the identifier decides, the name should say the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleOfPsp {
    role: PspRole,
    name: String,
}

impl RoleOfPsp {
    /// The role the identifier stands for.
    #[must_use]
    pub fn role(&self) -> PspRole {
        self.role
    }

    /// The name as it stands.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the name is the one that belongs to the identifier (REG-5.2.2-5). The name of an
    /// unknown role is anyone's.
    #[must_use]
    pub fn name_agrees(&self) -> bool {
        self.role.name().is_none_or(|name| name == self.name)
    }
}

/// How the roles are divided.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RolesEncoding {
    /// All identifiers and names in a single entry, as the UK directory has issued them.
    Concatenated,
    /// As TS 119 495 has it: one entry for each role.
    Standard,
}

/// What is wrong with the roles of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleDefect {
    /// No role at all (GEN-5.2.2-1).
    #[error("the PSD2 statement has no role")]
    Empty,
    /// A name that belongs to another identifier, or to none (REG-5.2.2-5).
    #[error("the name of a role does not belong to its identifier")]
    NameMismatch,
    /// The entry that means no role, next to roles.
    #[error("the unspecified role stands beside others")]
    UnspecifiedBesideOthers,
}

fn read_roles(reader: &mut SliceReader<'_>) -> der::Result<(Vec<RoleOfPsp>, RolesEncoding)> {
    let mut roles = Vec::new();
    let mut entries = 0_usize;
    while !reader.is_finished() {
        reader.sequence(|entry| read_entry(entry, &mut roles))?;
        entries = entries.saturating_add(1);
    }
    // One entry with all the roles has been met; a mixture has not, and could hide something.
    match (entries, roles.len()) {
        (entries, count) if entries == count => Ok((roles, RolesEncoding::Standard)),
        (1, _) => Ok((roles, RolesEncoding::Concatenated)),
        _ => Err(Tag::Sequence.value_error().into()),
    }
}

/// Reads all pairs of an entry, not only the first: a shorter list would be a wrong one.
fn read_entry(entry: &mut SliceReader<'_>, roles: &mut Vec<RoleOfPsp>) -> der::Result<()> {
    loop {
        if roles.len() == MAX_ROLES {
            return Err(Tag::Sequence.length_error().into());
        }
        let oid = Oid::of(ObjectIdentifier::decode(entry)?);
        let name = read_text(entry)?;
        roles.push(RoleOfPsp { role: PspRole::from_oid(oid), name });
        if entry.is_finished() {
            return Ok(());
        }
    }
}

/// `UTF8String (SIZE (1..256))`
fn read_text(reader: &mut SliceReader<'_>) -> der::Result<String> {
    let text = Utf8StringRef::decode(reader)?;
    match text.as_str().chars().count() {
        1..=256 => Ok(text.as_str().to_owned()),
        _ => Err(Tag::Utf8String.length_error().into()),
    }
}

/// TS 119 495 defines nine.
const MAX_ROLES: usize = 64;

#[cfg(test)]
mod tests;
