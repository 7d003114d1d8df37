//! `RequireRole`: the certificate holds the role that the API is for.

use std::sync::Arc;

use http::request::Parts;

use super::{PspIdentity, PspRole};
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::token::{AccessToken, BoundToken, require};

/// Demands a PSD2 role of the certificate and the scopes that go with it of the token.
///
/// # Passes when
///
/// The certificate holds the role, and the token every one of the scopes. The scopes default to
/// those of the UK profile, and are a list that can be replaced.
///
/// # Needs and leaves
///
/// Needs [`PspIdentity`], [`AccessToken`] and [`BoundToken`]; leaves [`PermittedRole`].
///
/// # Does not check
///
/// Whether the authority has withdrawn the role since the certificate was issued. A bank's role of
/// account servicing opens nothing: a bank that acts as third party holds the other roles too.
///
/// # Rejections
///
/// [`Reason::RoleMissing`], [`Reason::ScopeInsufficient`].
///
/// # Specification
///
/// ETSI TS 119 495, 5.1; PSD2, articles 65 to 67.
#[derive(Clone, Debug)]
pub struct RequireRole {
    role: PspRole,
    scopes: Arc<[String]>,
}

impl RequireRole {
    /// `PSP_PI` and the scope `payments`.
    pub fn payment_initiation() -> Self {
        Self::of(PspRole::PaymentInitiation, ["payments"])
    }

    /// `PSP_AI` and the scope `accounts`.
    pub fn account_information() -> Self {
        Self::of(PspRole::AccountInformation, ["accounts"])
    }

    /// `PSP_IC` and the scope `fundsconfirmations`.
    pub fn card_based_instruments() -> Self {
        Self::of(PspRole::CardBasedInstruments, ["fundsconfirmations"])
    }

    /// Another role, with these scopes; an empty list lets nobody pass.
    pub fn of<T: Into<String>>(role: PspRole, scopes: impl IntoIterator<Item = T>) -> Self {
        Self { role, scopes: scopes.into_iter().map(Into::into).collect() }
    }

    /// Demands other scopes.
    #[must_use]
    pub fn scopes<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        Self::of(self.role, scopes)
    }

    fn permit(&self, identity: &PspIdentity, token: &AccessToken) -> Result<(), Rejection> {
        // An unknown or unspecified role is no permission, even if somebody demands it.
        let grants = !matches!(self.role, PspRole::Unknown(_) | PspRole::Unspecified);
        if !grants || !identity.has_role(self.role) {
            let due = format!("{} is due", self.role);
            return Err(Rejection::new(Reason::RoleMissing).detail(due));
        }
        require(token, &self.scopes)
    }
}

impl Rule for RequireRole {
    const NAME: &'static str = "RequireRole";
    type Needs = (PspIdentity, AccessToken, BoundToken);
    type Leaves = PermittedRole;

    fn check(
        &self,
        (identity, token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<PermittedRole> {
        self.permit(identity, token).map(|()| PermittedRole { role: self.role }).into()
    }
}

/// The role in which the provider may act here.
#[derive(Debug)]
pub struct PermittedRole {
    role: PspRole,
}

impl PermittedRole {
    /// The role.
    pub fn role(&self) -> PspRole {
        self.role
    }
}

impl Evidence for PermittedRole {}

rule_layers!(RequireRole);
