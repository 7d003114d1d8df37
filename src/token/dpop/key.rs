//! `ProveDpopKey`: the key to which a token is about to be bound is the client's.

use http::request::Parts;

use super::proofs::DpopProofs;
use crate::context::Context;
use crate::gate::{Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::jose::Thumbprint;
use crate::reject::{Reason, Rejection};

/// Proves the client's DPoP key at the token endpoint and at that for pushed requests, where there
/// is no access token yet.
///
/// # Passes when
///
/// There is one proof, and it is what [`VerifyDpop`](super::VerifyDpop) demands but for what that
/// says of a token; or, if it is [`optional`](Self::optional), there is none.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`DpopKey`].
///
/// # Does not check
///
/// Whose key it is: for that the client must have authenticated. Nor whether the client must use
/// DPoP, and which key its code or refresh token is bound to: whoever issues the token asks
/// [`DpopKey`].
///
/// # Rejections
///
/// [`Reason::DpopProofInvalid`], [`Reason::DpopNonceRequired`]; [`Reason::ServiceUnavailable`] where
/// the replay store does not answer or is full.
///
/// # Specification
///
/// RFC 9449, 5 and 10.
#[derive(Clone, Debug)]
pub struct ProveDpopKey {
    proofs: DpopProofs,
    absent: Absent,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Absent {
    Leave,
    Refuse,
}

impl ProveDpopKey {
    /// Judges by these, and demands a proof.
    pub fn by(proofs: DpopProofs) -> Self {
        Self { proofs, absent: Absent::Refuse }
    }

    /// Passes a request without proof as well: for an endpoint that also serves clients whose tokens
    /// are bound to certificates. Whoever issues the token must refuse a client without either.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { absent: Absent::Leave, ..self }
    }
}

/// The key that the client proved to hold, if it did.
#[derive(Debug)]
pub struct DpopKey(Option<Thumbprint>);

impl DpopKey {
    /// The greppable door for tests of rules that need one.
    #[cfg(test)]
    pub(crate) fn assertion(key: Option<Thumbprint>) -> Self {
        Self(key)
    }

    /// Its thumbprint: the `jkt` of the token that is issued.
    pub fn thumbprint(&self) -> Option<&Thumbprint> {
        self.0.as_ref()
    }

    /// The key to which the code of a pushed request is bound: the one proved, or the one that the
    /// parameter `dpop_jkt` names. Where both are there they must agree (RFC 9449, 10.1).
    ///
    /// # Errors
    ///
    /// [`Reason::DpopProofInvalid`] where they do not agree; [`Reason::ParameterInvalid`] where the
    /// parameter is no thumbprint.
    pub fn for_code(&self, dpop_jkt: Option<&str>) -> Result<Option<Thumbprint>, Rejection> {
        let Some(text) = dpop_jkt else { return Ok(self.0) };
        let named = Thumbprint::from_base64url(text)
            .ok_or_else(|| Rejection::new(Reason::ParameterInvalid).place("dpop_jkt"))?;
        match self.0.is_none_or(|proved| proved == named) {
            true => Ok(Some(named)),
            false => Err(Rejection::new(Reason::DpopProofInvalid).place("dpop_jkt")),
        }
    }

    /// Passes when this is the key to which a code or a refresh token is bound; without one there is
    /// nothing to be wrong.
    ///
    /// # Errors
    ///
    /// [`Reason::DpopProofInvalid`] for another key or none (RFC 9449, 10).
    pub fn redeems(&self, bound_to: Option<&Thumbprint>) -> Result<(), Rejection> {
        match bound_to.is_none_or(|bound| self.0 == Some(*bound)) {
            true => Ok(()),
            false => Err(Rejection::new(Reason::DpopProofInvalid).detail("another key")),
        }
    }
}

impl Evidence for DpopKey {}

impl Rule for ProveDpopKey {
    const NAME: &'static str = "ProveDpopKey";
    type Needs = ();
    type Leaves = DpopKey;

    fn check(&self, (): Refs<'_, ()>, request: &mut Parts, context: &Context) -> Verdict<DpopKey> {
        if self.absent == Absent::Leave && !DpopProofs::shown(&request.headers) {
            return Verdict::pass(DpopKey(None));
        }
        let now = context.now();
        match self.proofs.judge(request, now) {
            Ok(proven) => {
                let (spending, key) = (self.proofs.spend(&proven, now), proven.key);
                Verdict::Later(Box::pin(async move {
                    spending.await.map(|()| DpopKey(Some(key))).map_err(Halt::from)
                }))
            }
            Err(rejection) => Verdict::reject(rejection),
        }
    }
}

rule_layers!(ProveDpopKey);
