//! Problem details (RFC 9457), with the statuses of RFC 9110 and RFC 6750.

use bytes::Bytes;
use http::Response;
use serde::Serialize;

use super::challenge::{natural_status, with_json};
use super::{ErrorFormat, Rejection};
use crate::gate::Passport;

/// `application/problem+json`: `type`, `title`, `status`, `detail`, and two members of our own,
/// `code` (the reason's stable code) and `place`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Problem;

#[derive(Serialize)]
struct Details<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
}

impl ErrorFormat for Problem {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let status = natural_status(rejection.reason());
        let details = Details {
            // RFC 9457, 4.2.1: no type but the status, whose phrase is the title; `code` tells more.
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: rejection.reason().message(),
            code: rejection.reason().code(),
            place: rejection.place_of_fault(),
        };
        with_json(status, "application/problem+json", &details, rejection, passport)
    }
}
