//! `RequireRole`: the certificate holds the role that the API is for.

use std::sync::Arc;

use http::request::Parts;

use super::register::Confirmation;
use super::{OrganizationId, PspIdentity, PspRole, RegisterUnavailable, RoleRegister};
use crate::context::Context;
use crate::gate::{Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::token::{AccessToken, BoundToken, require};

/// Demands a PSD2 role of the certificate and the scopes that go with it of the token.
///
/// # Passes when
///
/// The certificate holds the role, and the token every one of the scopes. The scopes default to
/// those of the UK profile, and are a list that can be replaced. "Unspecified", and a role that
/// this crate does not know, let nobody pass. After [`confirmed_by`](Self::confirmed_by) the
/// register, too, must give the provider the role, now; it is asked when all else is in order.
///
/// # Needs and leaves
///
/// Needs [`PspIdentity`], [`AccessToken`] and [`BoundToken`]; leaves [`PermittedRole`].
///
/// # Does not check
///
/// Without a register, whether the authority has withdrawn the role since the certificate was
/// issued. No role stands for another: a bank that acts as third party holds more than that of account servicing.
///
/// # Rejections
///
/// [`Reason::RoleMissing`]; [`Reason::ScopeInsufficient`], naming the scopes that are due;
/// [`Reason::ServiceUnavailable`] where the register does not answer.
///
/// # Specification
///
/// ETSI TS 119 495, 5.1; PSD2, articles 65 to 67.
#[derive(Clone, Debug)]
pub struct RequireRole {
    role: PspRole,
    scopes: Arc<[String]>,
    register: Option<RoleRegister>,
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
        Self { role, scopes: scopes.into_iter().map(Into::into).collect(), register: None }
    }

    /// Demands other scopes.
    #[must_use]
    pub fn scopes<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        Self { register: self.register, ..Self::of(self.role, scopes) }
    }

    /// Demands the role of the register as well.
    #[must_use]
    pub fn confirmed_by(self, register: RoleRegister) -> Self {
        Self { register: Some(register), ..self }
    }

    fn permit(&self, identity: &PspIdentity, token: &AccessToken) -> Result<(), Rejection> {
        // An unknown or unspecified role is no permission, even if somebody demands it.
        let grants = !matches!(self.role, PspRole::Unknown(_) | PspRole::Unspecified);
        if !grants || !identity.has_role(self.role) {
            return Err(role_missing(format!("{} is due", self.role)));
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
        context: &Context,
    ) -> Verdict<PermittedRole> {
        if let Err(rejection) = self.permit(identity, token) {
            return Verdict::reject(rejection);
        }
        let role = self.role;
        let Some(register) = &self.register else {
            return Verdict::pass(PermittedRole { role });
        };
        let Ok(provider) = OrganizationId::parse(identity.organization_identifier()) else {
            return Verdict::reject(role_missing("the register knows no such identifier".into()));
        };
        match register.confirms(provider, role, context.now()) {
            Confirmation::Now(confirmed) => permitted(role, confirmed).into(),
            Confirmation::Later(search) => Verdict::Later(Box::pin(async move {
                permitted(role, search.await).map_err(Halt::from)
            })),
        }
    }
}

fn permitted(
    role: PspRole,
    confirmed: Result<bool, RegisterUnavailable>,
) -> Result<PermittedRole, Rejection> {
    match confirmed {
        Ok(true) => Ok(PermittedRole { role }),
        Ok(false) => Err(role_missing(format!("the register does not give {role}"))),
        Err(error) => Err(Rejection::new(Reason::ServiceUnavailable).source(error)),
    }
}

fn role_missing(why: String) -> Rejection {
    Rejection::new(Reason::RoleMissing).detail(why)
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

#[cfg(test)]
mod tests {
    use super::super::test_psp::identity;
    use super::*;
    use crate::cert::test_pki::NOW;
    use crate::gate::test_support::{at, judged, request};
    use crate::token::test_tokens::access_token;

    const AS: (&str, &str) = ("0.4.0.19495.1.1", "PSP_AS");
    const PI: (&str, &str) = ("0.4.0.19495.1.2", "PSP_PI");
    const AI: (&str, &str) = ("0.4.0.19495.1.3", "PSP_AI");
    const IC: (&str, &str) = ("0.4.0.19495.1.4", "PSP_IC");
    const UNKNOWN: (&str, &str) = ("0.4.0.19495.1.99", "PSP_PI");
    const UNSPECIFIED: (&str, &str) = ("0.4.0.19495.1.0", "Unspecified");

    fn permit(
        rule: &RequireRole,
        roles: &[(&str, &str)],
        scope: &str,
    ) -> Result<PspRole, Rejection> {
        let identity = identity(roles);
        let token = access_token(|claims| drop(claims.insert("scope".to_owned(), scope.into())));
        let needs = (&identity, &token, &BoundToken::assertion());
        judged(rule.check(needs, &mut request(), &at(NOW))).map(|permitted| permitted.role())
    }

    fn refused(rule: &RequireRole, roles: &[(&str, &str)], scope: &str) -> Option<Reason> {
        permit(rule, roles, scope).err().map(|rejection| rejection.reason())
    }

    #[test]
    fn each_role_opens_its_own_api_with_its_own_scope() {
        for (rule, role, scope, permitted) in [
            (RequireRole::payment_initiation(), PI, "payments", PspRole::PaymentInitiation),
            (RequireRole::account_information(), AI, "accounts", PspRole::AccountInformation),
            (
                RequireRole::card_based_instruments(),
                IC,
                "fundsconfirmations",
                PspRole::CardBasedInstruments,
            ),
        ] {
            assert_eq!(permit(&rule, &[role], scope).unwrap(), permitted);
            assert_eq!(permit(&rule, &[AS, PI, AI, IC], scope).unwrap(), permitted);
            let every_scope = "payments accounts fundsconfirmations";
            for other in [AS, PI, AI, IC, UNKNOWN, UNSPECIFIED] {
                if other != role {
                    let refused = refused(&rule, &[other], every_scope);
                    assert_eq!(refused, Some(Reason::RoleMissing), "{other:?}");
                }
            }
            for other in ["payments", "accounts", "fundsconfirmations"] {
                if other != scope {
                    let refused = refused(&rule, &[PI, AI, IC], other);
                    assert_eq!(refused, Some(Reason::ScopeInsufficient), "{other}");
                }
            }
        }
    }

    #[test]
    fn the_role_is_answered_before_the_scope() {
        let refused = refused(&RequireRole::payment_initiation(), &[AI], "accounts");
        assert_eq!(refused, Some(Reason::RoleMissing));
    }

    #[test]
    fn a_missing_scope_is_named_and_a_missing_role_is_not() {
        let rule = RequireRole::payment_initiation().scopes(["payments", "openid"]);
        let rejection = permit(&rule, &[PI], "payments").unwrap_err();
        assert_eq!(rejection.place_of_fault(), Some("payments openid"));
        assert!(permit(&rule, &[PI], "openid payments").is_ok());
        let rejection = permit(&rule, &[AI], "payments").unwrap_err();
        assert_eq!(rejection.place_of_fault(), None);
    }

    #[test]
    fn an_empty_list_of_scopes_lets_nobody_pass() {
        let rule = RequireRole::payment_initiation().scopes([""; 0]);
        assert_eq!(refused(&rule, &[PI], "payments"), Some(Reason::ScopeInsufficient));
    }

    #[test]
    fn roles_that_are_none_open_nothing_even_where_they_are_demanded() {
        for role in [UNKNOWN, UNSPECIFIED] {
            let demanded = PspRole::from_oid(role.0.parse().unwrap());
            let rule = RequireRole::of(demanded, ["payments"]);
            assert_eq!(refused(&rule, &[role], "payments"), Some(Reason::RoleMissing));
        }
    }
}
