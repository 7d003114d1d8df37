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
/// The token holds every one of the scopes.
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
    /// Demands all of these.
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
