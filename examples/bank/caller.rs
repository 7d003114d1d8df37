//! What a handler knows of its caller: only what the gate has proved.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tower_open_banking::cert::RegisteredClient;
use tower_open_banking::gate::Passport;
use tower_open_banking::header::IdempotencyKey;
use tower_open_banking::idempotency::ClaimedKey;
use tower_open_banking::reject::{Reason, Rejection};
use tower_open_banking::token::AccessToken;

/// The passport of the request.
pub struct Caller(Passport);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    /// A route without gate has no callers: 500.
    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let passport = Passport::of(&head.extensions).cloned();
        passport.map(Self).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Caller {
    /// Writes a JSON answer, or the refusal as the profile wants it.
    pub fn answer(&self, result: Result<(StatusCode, Value), Rejection>) -> Response {
        match result {
            Ok((status, body)) => (status, axum::Json(body)).into_response(),
            Err(rejection) => self.refuse(&rejection),
        }
    }

    /// The client whose certificate and token these are.
    pub fn client_id(&self) -> Result<&str, Rejection> {
        let client = self.0.find::<RegisteredClient>().map(RegisteredClient::client_id);
        client.ok_or_else(|| Rejection::new(Reason::Misassembled).detail("no RegisteredClient"))
    }

    /// The consent that the token was given for.
    pub fn intent(&self) -> Option<&str> {
        self.0.find::<AccessToken>()?.openbanking_intent_id()
    }

    /// The key under which this request runs once.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.find::<ClaimedKey>()?.key().map(IdempotencyKey::as_str)
    }

    fn refuse(&self, rejection: &Rejection) -> Response {
        self.0.refuse(rejection).map(axum::body::Body::from)
    }
}

/// A body that is JSON.
pub struct Document(pub Value);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut head, body) = request.into_parts();
        let caller =
            Caller::from_request_parts(&mut head, state).await.map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(head, body);
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            let reason = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Reason::BodyTooLarge,
                _ => Reason::BodyUnreadable,
            };
            caller.refuse(&Rejection::new(reason).source(error))
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(json) => Ok(Self(json)),
            Err(error) => {
                Err(caller.refuse(&Rejection::new(Reason::FieldInvalid).place("$").source(error)))
            }
        }
    }
}
