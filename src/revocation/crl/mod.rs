//! Revocation lists (RFC 5280, sections 5 and 6.3): verified once, asked often.

mod distribution_point;
mod entry;
mod error;
mod extension;
mod fields;
mod freshness;
mod index;
mod list;
mod reason;
mod scope;
#[cfg(test)]
pub(super) mod test_lists;

pub(crate) use self::{
    distribution_point::distribution_points,
    error::ListError,
    freshness::Freshness,
    list::{ListStatus, RevocationList, same_name},
    reason::CrlReason,
};
