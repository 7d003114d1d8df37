//! `MatchConsent`: the order is for the consent that the token was given for, and is what was
//! consented to.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;

use super::in_body;
use crate::body::{BodyBytes, BoxError};
use crate::cert::RegisteredClient;
use crate::context::Context;
use crate::gate::{Audit, BoxFuture, Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::signature::{ConsentUse, EndpointTable};
use crate::token::AccessToken;

/// Matches an order with its consent.
///
/// # Passes when
///
/// On an endpoint that uses a consent by its table: the body names one consent id in
/// `Data.ConsentId`, the access token was given for that id (`openbanking_intent_id`), and the
/// application ([`Consents`]) says that the order is what was consented to. On other endpoints a
/// request passes unseen.
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`], [`AccessToken`] and [`RegisteredClient`]; leaves [`MatchedConsent`]. It
/// stands behind `VerifySignature`, so that a stranger cannot make the application look consents
/// up, and before `RunOnce`, so that a refused order takes no key.
///
/// # Does not check
///
/// Whether the consent was used up or has ended: a retry of a payment that was made meets a consent
/// that is used up, and must get its answer all the same. [`ExclusiveResource`] behind `RunOnce`
/// and the handler look at that.
///
/// [`ExclusiveResource`]: crate::idempotency::ExclusiveResource
///
/// # Rejections
///
/// [`Reason::FieldMissing`] and [`Reason::FieldInvalid`] at `Data.ConsentId`;
/// [`Reason::ConsentNotPermitted`] for a token of another consent, or of none, and for a consent
/// that the application does not know as this client's; [`Reason::ConsentMismatch`] with the place
/// that the application names; [`Reason::ServiceUnavailable`] where it does not answer.
///
/// # Specification
///
/// Open Banking UK Read/Write profile, payment initiation, "Payment order consent": the order's
/// `Initiation` and `Risk` must match the consent's; "403 (Forbidden)".
#[derive(Clone)]
pub struct MatchConsent {
    consents: Arc<dyn Consents>,
    table: EndpointTable,
}

/// The application's consents.
pub trait Consents: Send + Sync + 'static {
    /// Whether this submission is what was consented to.
    ///
    /// Compare field by field what the profile demands to be equal (`Initiation` and `Risk` in the
    /// UK). Do not look at whether the consent is still to be used: this is asked about retries too.
    fn compare(&self, submission: Submission) -> BoxFuture<'static, Result<(), ConsentFault>>;
}

impl<C: Consents + ?Sized> Consents for Arc<C> {
    fn compare(&self, submission: Submission) -> BoxFuture<'static, Result<(), ConsentFault>> {
        (**self).compare(submission)
    }
}

/// An order that names a consent. The token was given for that consent, to this client.
#[derive(Clone)]
#[non_exhaustive]
pub struct Submission {
    /// The registered client.
    pub client_id: String,
    /// The consent.
    pub consent_id: String,
    /// The path of the request.
    pub path: String,
    /// The body as received.
    pub body: Bytes,
}

/// Shows no body: it holds the payment of a person.
impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("client_id", &self.client_id)
            .field("consent_id", &self.consent_id)
            .finish_non_exhaustive()
    }
}

/// Why an order is not what was consented to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsentFault {
    /// A part of it differs.
    #[error("the order differs from the consent at {place}")]
    Differs {
        /// The place in the body, such as `Data.Initiation.InstructedAmount`. It appears on the
        /// wire and must not repeat what the peer sent.
        place: Cow<'static, str>,
    },
    /// The consents cannot be looked at.
    #[error("the consents are unavailable")]
    Unavailable {
        /// What the application's own library says.
        source: BoxError,
    },
    /// There is no such consent of this client.
    #[error("the client has no such consent")]
    Unknown,
}

impl MatchConsent {
    /// Lets the application compare, on the endpoints of the UK table.
    pub fn compared_by(consents: impl Consents) -> Self {
        Self { consents: Arc::new(consents), table: EndpointTable::OBIE }
    }

    /// Takes the endpoints that use a consent from another table.
    #[must_use]
    pub fn on(self, table: EndpointTable) -> Self {
        Self { table, ..self }
    }
}

impl Rule for MatchConsent {
    const NAME: &'static str = "MatchConsent";
    type Needs = (BodyBytes, AccessToken, RegisteredClient);
    type Leaves = MatchedConsent;

    fn check(
        &self,
        (body, token, client): Refs<'_, Self::Needs>,
        request: &mut Parts,
        _: &Context,
    ) -> Verdict<MatchedConsent> {
        let path = request.uri.path();
        let is_single_use = match self.table.demands(&request.method, path).consent {
            ConsentUse::None => return Verdict::pass(MatchedConsent(None)),
            ConsentUse::Once => true,
            ConsentUse::Repeatedly => false,
        };
        let consent_id = match named(body.bytes(), token) {
            Ok(id) => id,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let compared = self.consents.compare(Submission {
            client_id: client.client_id().to_owned(),
            consent_id: consent_id.clone(),
            path: path.to_owned(),
            body: body.bytes().clone(),
        });
        Verdict::Later(Box::pin(async move {
            match compared.await {
                Ok(()) => Ok(MatchedConsent(Some(Matched { consent_id, is_single_use }))),
                Err(fault) => Err(Halt::Reject(refused(fault))),
            }
        }))
    }
}

/// The consent of the body, if the token was given for it.
fn named(body: &[u8], token: &AccessToken) -> Result<String, Rejection> {
    let consent_id = in_body::consent_id(body)?;
    match token.openbanking_intent_id() {
        Some(intent) if intent == consent_id => Ok(consent_id),
        _ => Err(Rejection::new(Reason::ConsentNotPermitted).place(in_body::PLACE)),
    }
}

fn refused(fault: ConsentFault) -> Rejection {
    match fault {
        ConsentFault::Differs { place } => Rejection::new(Reason::ConsentMismatch).place(place),
        ConsentFault::Unavailable { .. } => {
            Rejection::new(Reason::ServiceUnavailable).source(fault)
        }
        ConsentFault::Unknown => {
            Rejection::new(Reason::ConsentNotPermitted).place(in_body::PLACE).source(fault)
        }
    }
}

/// The order is what was consented to, or its endpoint uses no consent.
#[derive(Debug)]
pub struct MatchedConsent(Option<Matched>);

#[derive(Debug)]
struct Matched {
    consent_id: String,
    is_single_use: bool,
}

impl MatchedConsent {
    /// The consent, where the endpoint uses one.
    pub fn consent_id(&self) -> Option<&str> {
        self.0.as_ref().map(|matched| matched.consent_id.as_str())
    }

    /// The consent, where the request uses it up.
    pub(crate) fn used_up(&self) -> Option<&str> {
        let matched = self.0.as_ref().filter(|matched| matched.is_single_use);
        matched.map(|matched| matched.consent_id.as_str())
    }

    /// The consent that a body names, with nothing compared: for the drill that switches the rule
    /// off.
    pub(crate) fn unmatched(request: &Parts, body: &[u8]) -> Result<Self, Rejection> {
        let demands = EndpointTable::OBIE.demands(&request.method, request.uri.path());
        let is_single_use = match demands.consent {
            ConsentUse::None => return Ok(Self(None)),
            ConsentUse::Once => true,
            ConsentUse::Repeatedly => false,
        };
        let consent_id = in_body::consent_id(body)?;
        Ok(Self(Some(Matched { consent_id, is_single_use })))
    }

    #[cfg(test)]
    pub(crate) fn assertion(consent_id: &str) -> Self {
        Self(Some(Matched { consent_id: consent_id.to_owned(), is_single_use: true }))
    }
}

impl Evidence for MatchedConsent {
    fn audit(&self, line: &mut Audit) {
        if let Some(id) = self.consent_id() {
            line.field("consent_id", id.to_owned());
        }
    }
}

impl fmt::Debug for MatchConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatchConsent").finish_non_exhaustive()
    }
}

rule_layers!(MatchConsent);

#[cfg(test)]
mod tests;
