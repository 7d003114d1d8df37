//! `VerifyDpop`: whoever sends the token holds the key that it names.

use http::request::Parts;

use super::super::{AccessToken, BoundToken};
use super::proofs::{DpopProofs, Proven};
use crate::context::Context;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Demands that the access token is bound to the key of a DPoP proof, and that the proof is for this
/// request.
///
/// # Passes when
///
/// In this order: there is one header `DPoP`; the token came under the scheme `DPoP`; the proof is a
/// compact JWS of `typ` `dpop+jwt`, by an algorithm of [`DpopProofs`], whose `jwk` is public and
/// verifies it; `htm` is the method, case-sensitively; `htu` is the address, in normal form and
/// without query and fragment; `nonce` is one of this server's, where they are required; `iat` lies in
/// the window; `ath` is the hash of the token; the token's `cnf.jkt` is the thumbprint of the key,
/// compared in constant time; and `jti` was not used before with that key.
///
/// # Needs and leaves
///
/// Needs [`AccessToken`], by a [`VerifyToken`](super::super::VerifyToken) that takes the scheme
/// `DPoP`; leaves [`BoundToken`].
///
/// # Does not check
///
/// A certificate: a token that names one as well is refused, because both would have to hold; where
/// such tokens are due, [`ConstrainSender`](super::super::ConstrainSender) demands both. Nor the query
/// of the request, which no proof covers.
///
/// # Rejections
///
/// [`Reason::DpopProofInvalid`]; [`Reason::DpopNonceRequired`] for no nonce, an old one or another
/// server's; [`Reason::TokenNotBound`] for a token of another key;
/// [`Reason::ServiceUnavailable`] where the replay store does not answer or is full.
///
/// # Specification
///
/// RFC 9449, 4.3, 7.1 and 9; RFC 7638; RFC 3986, 6.2. The order is this, but that `jti` is spent
/// last: a proof that is refused spends nothing.
///
/// ```
/// use http::{Method, Request};
/// use tower_open_banking::{gate::Rule, replay::MemoryReplayStore, token::dpop::*};
///
/// let origin = ExternalOrigin::parse("https://api.bank.example")?;
/// let proofs = DpopProofs::at(origin, MemoryReplayStore::with_capacity(100_000));
/// let rule = VerifyDpop::by(proofs);
/// # let _ = rule;
/// # Ok::<(), DpopConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct VerifyDpop(DpopProofs);

impl VerifyDpop {
    /// Judges by these.
    pub fn by(proofs: DpopProofs) -> Self {
        Self(proofs)
    }
}

impl Rule for VerifyDpop {
    const NAME: &'static str = "VerifyDpop";
    type Needs = AccessToken;
    type Leaves = BoundToken;

    fn check(
        &self,
        token: Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<BoundToken> {
        let proven = prove(&self.0, token, request, context);
        let proven = proven.and_then(|proven| match token.names_certificate() {
            true => Err(not_bound("bound to a certificate as well")),
            false => Ok(proven),
        });
        spend(&self.0, proven, context)
    }
}

/// Judges a proof beside its token: what is left is to spend it.
pub(in crate::token) fn prove(
    proofs: &DpopProofs,
    token: &AccessToken,
    request: &Parts,
    context: &Context,
) -> Result<Proven, Rejection> {
    let hash = token.dpop_hash().ok_or_else(|| not_bound("not under the scheme DPoP"))?;
    let proven = proofs.judge(request, context.now())?;
    proven.is_for(hash)?;
    let named = token.confirmation().and_then(|confirmation| confirmation.key);
    // Thumbprints compare in constant time.
    match named == Some(proven.key) {
        true => Ok(proven),
        false => Err(not_bound("bound to another key")),
    }
}

/// Spends the proof, and leaves the evidence.
pub(in crate::token) fn spend(
    proofs: &DpopProofs,
    proven: Result<Proven, Rejection>,
    context: &Context,
) -> Verdict<BoundToken> {
    match proven {
        Ok(proven) => {
            let spending = proofs.spend(&proven, context.now());
            Verdict::Later(Box::pin(async move {
                spending.await.map(|()| BoundToken::assertion()).map_err(Halt::from)
            }))
        }
        Err(rejection) => Verdict::reject(rejection),
    }
}

fn not_bound(why: &'static str) -> Rejection {
    Rejection::new(Reason::TokenNotBound).detail(why)
}

rule_layers!(VerifyDpop);
