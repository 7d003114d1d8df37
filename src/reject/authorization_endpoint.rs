//! Errors of the authorisation endpoint (RFC 6749, 4.1.2.1): through the browser, or to its user.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::authorization_server;
use super::challenge::natural_status;
use super::{ErrorFormat, Reason, Rejection};
use crate::authorize::{PRIVATE, ProvenRequest, Responder};
use crate::gate::Passport;

/// A redirection with `error`, `state` and `iss` once the client and its redirection URI are proven;
/// before, a plain page for the user.
///
/// The redirection travels as the request asked, signed where JARM is due; where it cannot be
/// signed, the page is shown. The page has no script, no style and nothing that came with the
/// request.
#[derive(Clone, Debug)]
pub struct AuthorizationEndpoint {
    responder: Responder,
}

impl AuthorizationEndpoint {
    /// Answers as this responder does.
    pub fn of(responder: Responder) -> Self {
        Self { responder }
    }
}

impl ErrorFormat for AuthorizationEndpoint {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let reason = rejection.reason();
        let redirected = passport.find::<ProvenRequest>().and_then(|proven| {
            let description = authorization_server::description(rejection);
            let now = passport.context().now();
            self.responder.refuse(proven, code(reason), &description, now).ok()
        });
        redirected.unwrap_or_else(|| page(reason))
    }
}

fn code(reason: Reason) -> &'static str {
    if let Some(code) = authorization_server::error(reason) {
        return code;
    }
    match natural_status(reason) {
        StatusCode::FORBIDDEN => "access_denied",
        StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
        StatusCode::INTERNAL_SERVER_ERROR => "server_error",
        _ => "invalid_request",
    }
}

fn page(reason: Reason) -> Response<Bytes> {
    let status = match natural_status(reason) {
        status @ (StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::SERVICE_UNAVAILABLE) => status,
        _ => StatusCode::BAD_REQUEST,
    };
    let (message, code) = (escaped(reason.message()), code(reason));
    let mut response = Response::new(Bytes::from(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Request refused</title>\n\
         <h1>Request refused</h1>\n<p>{message}</p>\n<p><code>{code}</code></p>\n</html>\n"
    )));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    for (name, value) in PRIVATE.into_iter().chain(PAGE) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}

/// Our own sentences have no markup in them today.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, char| {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}

const PAGE: [(HeaderName, &str); 3] = [
    (
        http::header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (http::header::X_FRAME_OPTIONS, "DENY"),
];
