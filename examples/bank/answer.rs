//! JSON in and out, with refusals as the profile wants them.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tower_open_banking::gate::Passport;
use tower_open_banking::reject::{Reason, Rejection};

/// Writes an answer with this status, or the refusal.
pub fn answer(
    passport: &Passport,
    status: StatusCode,
    result: Result<Value, Rejection>,
) -> Response {
    match result {
        Ok(body) => (status, axum::Json(body)).into_response(),
        Err(rejection) => refuse(passport, &rejection),
    }
}

fn refuse(passport: &Passport, rejection: &Rejection) -> Response {
    passport.refuse(rejection).map(Body::from)
}

/// A body that is JSON.
pub struct Document(pub Value);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut head, body) = request.into_parts();
        let passport = Passport::from_request_parts(&mut head, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(head, body);
        read(request, state).await.map(Self).map_err(|rejection| refuse(&passport, &rejection))
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Value, Rejection> {
    let bytes = Bytes::from_request(request, state).await.map_err(|error| {
        let reason = match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Reason::BodyTooLarge,
            _ => Reason::BodyUnreadable,
        };
        Rejection::new(reason).source(error)
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Rejection::new(Reason::FieldInvalid).place("$").source(error))
}
