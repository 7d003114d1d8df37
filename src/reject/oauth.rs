//! OAuth errors: the body of RFC 6749, 5.2 and the challenge of RFC 6750, 3.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

use super::authorization_server;
use super::challenge::{bearer_error, natural_status, with_json};
use super::{ErrorFormat, Rejection};
use crate::gate::Passport;

/// `{"error": …, "error_description": …}` and `WWW-Authenticate: Bearer …`, as a resource server
/// of FAPI 1.0 answers (Baseline, 6.2.1).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct OAuth;

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl ErrorFormat for OAuth {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let reason = rejection.reason();
        let status = natural_status(reason);
        let error =
            bearer_error(reason).or(authorization_server::error(reason)).unwrap_or(match status {
                // RFC 6750, 3.1 gives no code to a request without credentials; the body says it.
                StatusCode::UNAUTHORIZED => "invalid_token",
                StatusCode::FORBIDDEN => "access_denied",
                StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
                StatusCode::INTERNAL_SERVER_ERROR => "server_error",
                _ => "invalid_request",
            });
        let body = Body { error, error_description: reason.message() };
        with_json(status, "application/json", &body, rejection, passport)
    }
}
