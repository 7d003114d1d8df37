//! `MatchIntent`: the consent that a request wants authorised is the client's, and awaits it.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::request::AuthorizationRequest;
use crate::context::Context;
use crate::gate::{BoxFuture, Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// A consent as the bank keeps it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Intent {
    /// The client that created it.
    pub client_id: String,
    /// Where it stands.
    pub status: IntentStatus,
    /// The scope that it is good for: `accounts`, `payments` or `fundsconfirmations`.
    pub scope: String,
}

impl Intent {
    /// A consent that a client created, for this scope.
    pub fn new(
        client_id: impl Into<String>,
        scope: impl Into<String>,
        status: IntentStatus,
    ) -> Self {
        Self { client_id: client_id.into(), status, scope: scope.into() }
    }
}

/// Where a consent stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IntentStatus {
    /// `AwaitingAuthorisation`, from version 4.0 on `AWAU`.
    AwaitAuthorisation,
    /// Anything else: authorised, rejected, consumed, expired, revoked.
    Other,
}

/// The consents did not answer: refused as unavailable, never as unknown.
#[derive(Debug, thiserror::Error)]
#[error("the consents are not available")]
pub struct IntentsUnavailable;

/// A consent, none of that id, or no answer.
pub type FoundIntent = Result<Option<Intent>, IntentsUnavailable>;

/// What the application answers.
#[must_use]
pub enum IntentLookup {
    /// After waiting.
    Later(BoxFuture<'static, FoundIntent>),
    /// At once.
    Now(FoundIntent),
}

/// Knows the consents of the bank, by `openbanking_intent_id`.
pub trait Intents: Send + Sync + 'static {
    /// Finds the consent of this id.
    fn find(&self, intent_id: &str) -> IntentLookup;
}

impl<T: Intents + ?Sized> Intents for Arc<T> {
    fn find(&self, intent_id: &str) -> IntentLookup {
        (**self).find(intent_id)
    }
}

/// Looks up the consent that a request names.
///
/// # Passes when
///
/// The request names a consent, and the application knows it: created by this client, awaiting
/// authorisation, and for a scope that the request asks for.
///
/// # Needs and leaves
///
/// Needs [`AuthorizationRequest`]; leaves [`MatchedIntent`].
///
/// # Does not check
///
/// Whose accounts the consent is about: the user is not known yet. Nor that it still awaits
/// authorisation once the user has decided: ask again there.
///
/// # Rejections
///
/// [`Reason::ParameterInvalid`] at `openbanking_intent_id`, the same for a consent that does not exist
/// and for another's; [`Reason::ServiceUnavailable`] where the application does not answer.
///
/// # Specification
///
/// OBIE security profile, `openbanking_intent_id`; UK Read/Write API, consent status.
#[derive(Clone)]
pub struct MatchIntent(Arc<dyn Intents>);

impl MatchIntent {
    /// Looks consents up here.
    pub fn among(intents: impl Intents) -> Self {
        Self(Arc::new(intents))
    }
}

impl Rule for MatchIntent {
    const NAME: &'static str = "MatchIntent";
    type Needs = AuthorizationRequest;
    type Leaves = MatchedIntent;

    fn check(
        &self,
        request: Refs<'_, AuthorizationRequest>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<MatchedIntent> {
        let Some(id) = request.openbanking_intent_id() else {
            let missing = Rejection::new(Reason::ParameterMissing);
            return Verdict::reject(missing.place("openbanking_intent_id"));
        };
        match self.0.find(id) {
            IntentLookup::Now(found) => matching(found, request).into(),
            IntentLookup::Later(search) => {
                let request = request.clone();
                Verdict::Later(Box::pin(async move {
                    matching(search.await, &request).map_err(Halt::from)
                }))
            }
        }
    }
}

fn matching(
    found: FoundIntent,
    request: &AuthorizationRequest,
) -> Result<MatchedIntent, Rejection> {
    let refused =
        |why| Rejection::new(Reason::ParameterInvalid).place("openbanking_intent_id").detail(why);
    let intent = found
        .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
        .ok_or_else(|| refused("unknown"))?;
    if intent.client_id != request.client_id() {
        return Err(refused("of another client"));
    }
    if intent.status != IntentStatus::AwaitAuthorisation {
        return Err(refused("does not await authorisation"));
    }
    if !request.scopes().any(|scope| scope == intent.scope) {
        return Err(refused("for a scope that is not asked for"));
    }
    Ok(MatchedIntent(intent))
}

/// The consent that a request wants authorised.
pub struct MatchedIntent(Intent);

impl MatchedIntent {
    /// As the application keeps it.
    pub fn intent(&self) -> &Intent {
        &self.0
    }
}

impl Evidence for MatchedIntent {}

impl fmt::Debug for MatchedIntent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatchedIntent").finish_non_exhaustive()
    }
}

impl fmt::Debug for MatchIntent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatchIntent").finish_non_exhaustive()
    }
}

rule_layers!(MatchIntent);
