//! Evidence, and the passport, as axum extractors: a handler that demands evidence cannot run
//! without the gate.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::gate::{Evidence, Fact, Passport};

/// Evidence of type `E`, taken from the request's passport.
///
/// A route that was added after `.layer(gate)` has no gate in front of it, and nothing warns of
/// that; a handler that takes `Proof<BoundToken>` answers 500 there instead of paying. `Option<Proof<E>>`
/// is for handlers that also run without. The [`Passport`] itself is an extractor too, for
/// [`Passport::refuse`].
pub struct Proof<E>(Arc<E>);

impl<E> Deref for Proof<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E> Clone for Proof<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: fmt::Debug> fmt::Debug for Proof<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The request came to a handler without the evidence that it demands. The answer, a 500, says
/// nothing; the log names the evidence.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceMissing(Fact);

impl IntoResponse for EvidenceMissing {
    fn into_response(self) -> Response {
        tracing::error!(evidence = self.0.name(), "a handler runs without its evidence");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

impl<E: Evidence, S: Send + Sync> FromRequestParts<S> for Proof<E> {
    type Rejection = EvidenceMissing;

    async fn from_request_parts(request: &mut Parts, _: &S) -> Result<Self, EvidenceMissing> {
        let found = Passport::of(&request.extensions).and_then(Passport::share::<E>);
        found.map(Self).ok_or_else(|| EvidenceMissing(Fact::of::<E>()))
    }
}

impl<E: Evidence, S: Send + Sync> OptionalFromRequestParts<S> for Proof<E> {
    type Rejection = EvidenceMissing;

    async fn from_request_parts(
        request: &mut Parts,
        _: &S,
    ) -> Result<Option<Self>, EvidenceMissing> {
        Ok(Passport::of(&request.extensions).and_then(Passport::share::<E>).map(Self))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Passport {
    type Rejection = EvidenceMissing;

    async fn from_request_parts(request: &mut Parts, _: &S) -> Result<Self, EvidenceMissing> {
        Self::of(&request.extensions).cloned().ok_or_else(|| EvidenceMissing(Fact::passport()))
    }
}
