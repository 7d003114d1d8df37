//! `RequireScope`: the token is good for this API.

use std::sync::Arc;

use http::request::Parts;

use super::{AccessToken, BoundToken};
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Demands scopes of the access token.
///
/// # Passes when
///
/// The token holds every one of the scopes, and there is at least one.
///
/// # Needs and leaves
///
/// Needs [`AccessToken`] and [`BoundToken`]; leaves [`PermittedScope`].
///
/// # Does not check
///
/// The role in the certificate: that is `RequireRole`, which demands scopes as well.
///
/// # Rejections
///
/// [`Reason::ScopeInsufficient`], naming the scopes that are due.
///
/// # Specification
///
/// RFC 6750, 3.1; FAPI 1.0 Baseline, 6.2.1 (5).
#[derive(Clone, Debug)]
pub struct RequireScope(Arc<[String]>);

impl RequireScope {
    /// Demands all of these; an empty list lets nobody pass.
    pub fn all<T: Into<String>>(scopes: impl IntoIterator<Item = T>) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

/// The access token holds the scopes of this API.
#[derive(Debug)]
pub struct PermittedScope(());

impl Evidence for PermittedScope {}

impl Rule for RequireScope {
    const NAME: &'static str = "RequireScope";
    type Needs = (AccessToken, BoundToken);
    type Leaves = PermittedScope;

    fn check(
        &self,
        (token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<PermittedScope> {
        require(token, &self.0).map(|()| PermittedScope(())).into()
    }
}

pub(crate) fn require(token: &AccessToken, scopes: &[String]) -> Result<(), Rejection> {
    match !scopes.is_empty() && scopes.iter().all(|scope| token.has_scope(scope)) {
        true => Ok(()),
        false => Err(Rejection::new(Reason::ScopeInsufficient).place(scopes.join(" "))),
    }
}

rule_layers!(RequireScope);

#[cfg(test)]
mod tests {
    use super::super::test_tokens::access_token;
    use super::*;
    use crate::cert::test_pki::NOW;
    use crate::gate::test_support::{at, judged, request};

    fn refused(scope: Option<&str>, due: &[&str]) -> Option<Rejection> {
        let token = access_token(|claims| {
            claims.remove("scope");
            if let Some(scope) = scope {
                claims.insert("scope".to_owned(), scope.into());
            }
        });
        let rule = RequireScope::all(due.iter().copied());
        let needs = (&token, &BoundToken::assertion());
        judged(rule.check(needs, &mut request(), &at(NOW))).err()
    }

    #[test]
    fn a_token_with_every_scope_passes_in_any_order() {
        for scope in ["payments", "openid payments", "payments  openid", "accounts payments"] {
            assert!(refused(Some(scope), &["payments"]).is_none(), "{scope}");
        }
        assert!(refused(Some("payments accounts"), &["accounts", "payments"]).is_none());
    }

    #[test]
    fn a_token_without_one_of_the_scopes_is_refused_and_told_which_are_due() {
        for (scope, due) in [
            (None, vec!["payments"]),
            (Some(""), vec!["payments"]),
            (Some("payment"), vec!["payments"]),
            (Some("paymentss"), vec!["payments"]),
            (Some("Payments"), vec!["payments"]),
            (Some("payments:read"), vec!["payments"]),
            (Some("payments,openid"), vec!["payments"]),
            (Some("payments\taccounts"), vec!["payments"]),
            (Some("payments"), vec!["payments", "accounts"]),
            (Some("accounts"), vec!["payments", "accounts"]),
        ] {
            let rejection = refused(scope, &due).unwrap();
            assert_eq!(rejection.reason(), Reason::ScopeInsufficient, "{scope:?}");
            assert_eq!(rejection.place_of_fault(), Some(due.join(" ").as_str()), "{scope:?}");
        }
    }

    #[test]
    fn an_empty_list_of_scopes_and_an_empty_scope_let_nobody_pass() {
        for due in [&[][..], &[""], &["payments", ""], &["openid payments"]] {
            let rejection = refused(Some("openid payments"), due).unwrap();
            assert_eq!(rejection.reason(), Reason::ScopeInsufficient, "{due:?}");
        }
    }
}
