//! The one place where a request's evidence is kept.

use std::any::{Any, TypeId};
use std::fmt;
#[cfg(feature = "axum")]
use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, Response};

use super::audit::Audit;
use super::decision::{Decision, Outcome};
use super::rule::{Evidence, Fact, Stamp};
use crate::context::Context;
use crate::reject::Rejection;

/// The evidence of one request, in the order in which the rules left it.
///
/// It travels in the request's extensions. Only the gate stamps it. Copying a request's
/// extensions copies the evidence with them: do not copy them onto a request of your own.
#[derive(Clone)]
pub struct Passport {
    context: Context,
    credentials_shown: bool,
    stamps: Vec<(TypeId, Stamp)>,
}

impl Passport {
    /// Takes the passport out of a request that an earlier gate or lone rule has seen, or issues
    /// an empty one.
    pub(crate) fn take(request: &mut Parts, own: Option<&Context>, capacity: usize) -> Self {
        let carried = request.extensions.get_mut::<Option<Self>>().and_then(Option::take);
        match carried {
            Some(mut passport) => {
                if let Some(context) = own {
                    passport.context = context.clone();
                }
                passport.stamps.reserve(capacity);
                passport
            }
            None => Self {
                context: own.cloned().unwrap_or_default(),
                credentials_shown: request.headers.contains_key(AUTHORIZATION),
                stamps: Vec::with_capacity(capacity),
            },
        }
    }

    /// Puts the passport into the request's extensions.
    pub(crate) fn hand_over(self, request: &mut Parts) {
        match request.extensions.get_mut::<Option<Self>>() {
            Some(place) => *place = Some(self),
            None => {
                request.extensions.insert(Some(self));
            }
        }
    }

    /// The passport of a request that has passed a gate.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Option<Self>>().and_then(Option::as_ref)
    }

    pub(crate) fn stamp(&mut self, kind: TypeId, stamp: Stamp) {
        self.stamps.push((kind, stamp));
    }

    /// The evidence of type `E`, if a rule left it.
    pub fn find<E: Evidence>(&self) -> Option<&E> {
        let wanted = TypeId::of::<E>();
        let (_, stamp) = self.stamps.iter().rev().find(|(kind, _)| *kind == wanted)?;
        let any: &dyn Any = stamp.as_ref();
        any.downcast_ref()
    }

    pub(crate) fn has(&self, fact: Fact) -> bool {
        self.stamps.iter().any(|(kind, _)| *kind == fact.id())
    }

    /// The evidence of type `E` to keep, if a rule left it.
    #[cfg(feature = "axum")]
    pub(crate) fn share<E: Evidence>(&self) -> Option<Arc<E>> {
        let wanted = TypeId::of::<E>();
        let (_, stamp) = self.stamps.iter().rev().find(|(kind, _)| *kind == wanted)?;
        let any: Arc<dyn Any + Send + Sync> = stamp.clone();
        any.downcast().ok()
    }

    /// What the gate that issued it told its rules.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether the request carried credentials. RFC 6750, 3.1: a challenge names an error code
    /// only where it did.
    pub fn credentials_shown(&self) -> bool {
        self.credentials_shown
    }

    /// What the evidence says for the log.
    pub fn audit(&self) -> Audit {
        let mut line = Audit::default();
        for (_, stamp) in &self.stamps {
            stamp.audit(&mut line);
        }
        line
    }

    /// Refuses from inside a handler, in the error format of the gate and with its log entry. Under
    /// axum, `.map(Body::from)` makes the response of a handler of it.
    pub fn refuse(&self, rejection: &Rejection) -> Response<Bytes> {
        self.decide("handler", Outcome::Refused(rejection));
        let mut response = self.context.render(rejection, self);
        response.extensions_mut().insert(rejection.clone());
        response
    }

    pub(crate) fn decide(&self, rule: &'static str, outcome: Outcome<'_>) {
        let decision = Decision::new(rule, outcome, self);
        decision.log();
        self.context.observe(&decision);
    }
}

impl fmt::Debug for Passport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passport({})", self.audit())
    }
}
