//! Errors of an authorization server's own endpoints (RFC 6749, 5.2; RFC 7591, 3.2.2; RFC 9126, 2.3).

use bytes::Bytes;
use http::header::{ALLOW, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::challenge::{natural_status, with_json};
use super::{ErrorFormat, Reason, Rejection};
use crate::gate::Passport;

/// `{"error": …, "error_description": …}`, for the endpoints that a client calls itself: token,
/// pushed authorisation request, introspection, revocation, registration.
///
/// A failed client authentication is 401 `invalid_client`, and so is a certificate that is refused,
/// since it is what authenticates. There is no challenge: none of the methods of FAPI has an HTTP
/// scheme. A DPoP proof is refused with 400 (RFC 9449, 5). A description names the parameter at
/// fault and never its value.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AuthorizationServer;

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl ErrorFormat for AuthorizationServer {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let reason = rejection.reason();
        let (status, error) = answer(reason);
        let description = description(rejection);
        let body = Body { error, error_description: &description };
        let mut response = with_json(status, "application/json", &body, rejection, passport);
        let headers = response.headers_mut();
        headers.remove(WWW_AUTHENTICATE);
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

/// What is wrong, with the name of the parameter at fault.
pub(super) fn description(rejection: &Rejection) -> String {
    let message = rejection.reason().message();
    match rejection.place_of_fault() {
        Some(place) if is_name(place) => format!("{message} ({place})"),
        _ => message.to_owned(),
    }
}

/// The name of a parameter: `error_description` has no quote and no backslash (RFC 6749, 5.2).
fn is_name(place: &str) -> bool {
    place.len() <= 64
        && place.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

fn answer(reason: Reason) -> (StatusCode, &'static str) {
    let bad = StatusCode::BAD_REQUEST;
    if let Some(error) = error(reason) {
        return (bad, error);
    }
    match natural_status(reason) {
        status @ StatusCode::UNAUTHORIZED => (status, "invalid_client"),
        status @ StatusCode::FORBIDDEN => (status, "access_denied"),
        status @ StatusCode::SERVICE_UNAVAILABLE => (status, "temporarily_unavailable"),
        status @ StatusCode::INTERNAL_SERVER_ERROR => (status, "server_error"),
        status => (status, "invalid_request"),
    }
}

/// The error codes that have a name of their own; all of them go with 400 at these endpoints.
pub(super) fn error(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::ClientMetadataInvalid => "invalid_client_metadata",
        Reason::ClientUnauthorized => "unauthorized_client",
        Reason::DpopNonceRequired => "use_dpop_nonce",
        Reason::DpopProofInvalid => "invalid_dpop_proof",
        Reason::GrantInvalid => "invalid_grant",
        Reason::GrantTypeUnsupported => "unsupported_grant_type",
        Reason::RedirectUriInvalid => "invalid_redirect_uri",
        Reason::RequestObjectInvalid => "invalid_request_object",
        Reason::RequestObjectUnsupported => "request_not_supported",
        Reason::RequestUriInvalid => "invalid_request_uri",
        Reason::RequestUriUnsupported => "request_uri_not_supported",
        Reason::ResponseTypeUnsupported => "unsupported_response_type",
        Reason::ScopeInvalid => "invalid_scope",
        Reason::SoftwareStatementInvalid => "invalid_software_statement",
        Reason::SoftwareStatementUnapproved => "unapproved_software_statement",
        _ => return None,
    })
}
