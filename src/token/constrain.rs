//! `ConstrainSender`: the token belongs to whoever sends it, by a certificate or by DPoP.

use http::request::Parts;

use super::bind::{bind, names};
use super::dpop::{DpopProofs, prove, spend};
use super::{AccessToken, BoundToken};
use crate::cert::Certificate;
use crate::client_auth::OfferedCertificate;
use crate::context::Context;
use crate::gate::{Refs, Rule, Verdict, rule_layers};
use crate::reject::Scheme;

/// Demands that the access token is bound to its sender, in either way: for a server that serves
/// clients of both kinds.
///
/// # Passes when
///
/// What the token's `cnf` names is proven: `x5t#S256` by the certificate of the connection, which is
/// trusted, as [`BindToken`](super::BindToken) demands it; `jkt` by a proof, as
/// [`VerifyDpop`](super::dpop::VerifyDpop) demands it; both by both. One of them is named.
///
/// # Needs and leaves
///
/// Needs [`OfferedCertificate`] and [`AccessToken`], by a [`VerifyToken`](super::VerifyToken) under
/// [`BearerOrDpop`](super::TokenSchemes::BearerOrDpop); leaves [`BoundToken`].
///
/// # Does not check
///
/// A certificate beside a token that names none, and a proof beside one that names no key.
///
/// # Rejections
///
/// [`Reason::TokenNotBound`](crate::reject::Reason::TokenNotBound), and those of `VerifyDpop`.
///
/// # Specification
///
/// RFC 8705, 3; RFC 9449; FAPI 2.0 Security Profile, 5.3.4.
#[derive(Clone, Debug)]
pub struct ConstrainSender(DpopProofs);

impl ConstrainSender {
    /// Judges proofs by these.
    pub fn by_certificate_or_dpop(proofs: DpopProofs) -> Self {
        Self(proofs)
    }
}

impl Rule for ConstrainSender {
    const NAME: &'static str = "ConstrainSender";
    type Needs = (OfferedCertificate, AccessToken);
    type Leaves = BoundToken;

    fn check(
        &self,
        (offered, token): Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<BoundToken> {
        let thumbprint = offered.trusted().map(Certificate::thumbprint);
        if token.scheme() == Scheme::Bearer {
            return bind(thumbprint, token).into();
        }
        let proven = prove(&self.0, token, request, context);
        let proven = proven.and_then(|proven| match token.names_certificate() {
            true => names(thumbprint, token).map(|()| proven),
            false => Ok(proven),
        });
        spend(&self.0, proven, context)
    }
}

rule_layers!(ConstrainSender);
