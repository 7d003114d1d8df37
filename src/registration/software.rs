//! What the bank knows of software that registers: its keys, and whether it is wanted.

use std::sync::Arc;

use super::statement::SoftwareStatement;
use crate::gate::BoxFuture;
use crate::jose::KeySource;

/// Knows the keys of software, by what the directory says of it.
pub trait SoftwareKeys: Send + Sync + 'static {
    /// The keys, such as a fetched set of its `software_jwks_endpoint` where that is an address of
    /// the directory's own key store. None refuses.
    fn keys(&self, statement: &SoftwareStatement) -> Option<Arc<dyn KeySource>>;
}

impl<F> SoftwareKeys for F
where
    F: Fn(&SoftwareStatement) -> Option<Arc<dyn KeySource>> + Send + Sync + 'static,
{
    fn keys(&self, statement: &SoftwareStatement) -> Option<Arc<dyn KeySource>> {
        self(statement)
    }
}

/// What the bank says of software.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Approval {
    /// It may register.
    Approve,
    /// It may not: withdrawn, for tests only, or not wanted.
    Refuse,
}

/// The approval did not answer: refused as unavailable.
#[derive(Debug, thiserror::Error)]
#[error("the approval of software is not available")]
pub struct ApprovalUnavailable;

/// Asks whether software may register: a directory's list of withdrawn statements, its mode, a
/// contract.
pub trait ApproveSoftware: Send + Sync + 'static {
    /// Decides on a verified statement.
    fn approve<'a>(
        &'a self,
        statement: &'a SoftwareStatement,
    ) -> BoxFuture<'a, Result<Approval, ApprovalUnavailable>>;
}
