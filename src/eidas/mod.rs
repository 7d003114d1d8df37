//! What an eIDAS certificate says about its holder.
mod country;
mod identify;
mod inspect;
mod nca;
mod organization_id;
mod psd2;
mod qc_statement;
mod qc_type;
mod refuse_blocked;
mod register;
mod require_role;
mod role;
mod stop_list;
pub mod trusted_list;

pub use self::{
    identify::{IdentifyPsp, PspIdentity},
    inspect::{Finding, Severity, findings},
    nca::{NcaId, NotAnNcaId},
    organization_id::{NotAnOrganizationId, OrganizationId, Scheme},
    psd2::{Psd2Statement, RoleDefect, RoleOfPsp, RolesEncoding},
    qc_statement::{QcError, QcStatements, StatementsEncoding},
    qc_type::{Kind, QcType},
    refuse_blocked::{RefuseBlocked, Unblocked},
    register::{FoundRoles, RegisterUnavailable, RoleLookup, RoleRegister, RoleSource},
    require_role::{PermittedRole, RequireRole},
    role::PspRole,
    stop_list::{Block, Blocked, NotABlock, StopList},
};

#[cfg(test)]
mod test_der;
#[cfg(test)]
pub(crate) mod test_psp;
