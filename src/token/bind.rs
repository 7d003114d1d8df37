//! `BindToken`: the token belongs to the certificate of this connection.

use http::request::Parts;

use super::AccessToken;
use crate::cert::TrustedCertificate;
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::jose::Thumbprint;
use crate::reject::{Reason, Rejection};

/// Demands that the access token is bound to the client certificate.
///
/// # Passes when
///
/// The token's `cnf` names, in `x5t#S256`, the SHA-256 thumbprint of the certificate. Compared in
/// constant time.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`] and [`AccessToken`]; leaves [`BoundToken`].
///
/// # Does not check
///
/// Any confirmation by DPoP: a token that names `jkt` as well is refused, because both would have
/// to hold.
///
/// # Rejections
///
/// [`Reason::TokenNotBound`]: another certificate, no `cnf`, or a confirmation of another kind.
///
/// # Specification
///
/// RFC 8705, 3; FAPI 1.0 Advanced, 6.2.1 and 8.2.
#[derive(Clone, Copy, Debug)]
pub struct BindToken(());

impl BindToken {
    /// Binds to the certificate (RFC 8705).
    pub fn to_certificate() -> Self {
        Self(())
    }
}

/// The access token and the certificate belong together.
#[derive(Debug)]
pub struct BoundToken(());

impl BoundToken {
    /// The greppable door for a drill without the check.
    pub(crate) fn assertion() -> Self {
        Self(())
    }
}

impl Evidence for BoundToken {}

impl Rule for BindToken {
    const NAME: &'static str = "BindToken";
    type Needs = (TrustedCertificate, AccessToken);
    type Leaves = BoundToken;

    fn check(
        &self,
        (certificate, token): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<BoundToken> {
        bind(certificate.certificate().thumbprint(), token).into()
    }
}

fn bind(thumbprint: &[u8; 32], token: &AccessToken) -> Result<BoundToken, Rejection> {
    let refused = |why| Rejection::new(Reason::TokenNotBound).detail(why);
    let confirmation = token.confirmation().ok_or_else(|| refused("no cnf"))?;
    if confirmation.key.is_some() {
        return Err(refused("bound to a DPoP key as well"));
    }
    let bound: &Thumbprint =
        confirmation.certificate.as_ref().ok_or_else(|| refused("no x5t#S256 in cnf"))?;
    match crate::crypto::constant_time_eq(bound.as_bytes(), thumbprint) {
        true => Ok(BoundToken(())),
        false => Err(refused("bound to another certificate")),
    }
}

rule_layers!(BindToken);
