//! The error body of the UK Read/Write API, `OBErrorResponse1` (profile 3.1 and 4.0).

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

use super::challenge::{bare, natural_status, shortened, with_json};
use super::{ErrorFormat, Reason, Rejection};
use crate::gate::Passport;
use crate::header::InteractionId;

/// `OBErrorResponse1`.
///
/// A 401 has no body, but for an expired token under 4.0 (profile, "Return & Error Codes"). A
/// reused idempotency key is 400, and under 4.0.1 a 422 with a `Url` (OBL's FAQ; the profile itself names
/// no status). A missing role
/// is 403 with a code of our own, `Role.Missing` or `V001`, because the standard has none; a refusal
/// by a rule of the application is `Policy.Refused` or `V002`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Obie {
    /// 3.1 to 3.1.11: codes such as `UK.OBIE.Header.Missing`.
    V3_1,
    /// 4.0: codes of four characters such as `U007`.
    V4_0,
    /// 4.0.1: as 4.0, but for a reused idempotency key.
    V4_0_1,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    errors: [Fault<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fault<'a> {
    error_code: &'static str,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'static str>,
}

impl ErrorFormat for Obie {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let reason = undisclosed(rejection.reason());
        let status = self.status(reason);
        if status == StatusCode::UNAUTHORIZED && !self.explains(reason) {
            return bare(status, rejection, passport);
        }
        let (long, short) = codes(reason);
        let (id, path) =
            (passport.find::<InteractionId>().map(InteractionId::as_str), path(rejection));
        let body = match self {
            Self::V3_1 => {
                let message = reason.message();
                let fault = Fault { error_code: long, message: message.into(), path, url: None };
                let code = Some(code_line(status));
                Body { code, id, message: Some(message), errors: [fault] }
            }
            Self::V4_0 | Self::V4_0_1 => {
                let url = (status == StatusCode::UNPROCESSABLE_ENTITY).then_some(IDEMPOTENCY);
                // As the profile's example: the long code, which no longer has a place of its own.
                let message = format!("{long} - {}", reason.message()).into();
                let fault = Fault { error_code: short, message, path, url };
                Body { code: None, id, message: None, errors: [fault] }
            }
        };
        with_json(status, "application/json", &body, rejection, passport)
    }
}

impl Obie {
    fn explains(self, reason: Reason) -> bool {
        self != Self::V3_1 && reason == Reason::TokenExpired
    }

    fn status(self, reason: Reason) -> StatusCode {
        match reason {
            // A well-formed but unknown resource id (profile, "400 v/s 404").
            Reason::ResourceUnknown => StatusCode::BAD_REQUEST,
            Reason::IdempotencyKeyReused if self == Self::V4_0_1 => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Reason::IdempotencyKeyReused => StatusCode::BAD_REQUEST,
            _ => natural_status(reason),
        }
    }
}

/// What is wrong with the certificate behind a signature is for the log.
pub(super) fn undisclosed(reason: Reason) -> Reason {
    match reason {
        Reason::SigningCertificateExpired
        | Reason::SigningCertificateInvalid
        | Reason::SigningCertificateRevoked => Reason::SignatureInvalid,
        other => other,
    }
}

/// `400 BadRequest`, as the profile's example writes it.
fn code_line(status: StatusCode) -> String {
    let words = status.canonical_reason().unwrap_or_default();
    format!("{} {}", status.as_u16(), words.replace(' ', ""))
}

fn path(rejection: &Rejection) -> Option<&str> {
    match rejection.reason() {
        Reason::SignatureInvalid
        | Reason::SignatureMalformed
        | Reason::SignatureMissing
        | Reason::SignatureUnexpected
        | Reason::SigningCertificateExpired
        | Reason::SigningCertificateInvalid
        | Reason::SigningCertificateRevoked => Some("x-jws-signature"),
        Reason::IdempotencyInFlight
        | Reason::IdempotencyKeyReused
        | Reason::IdempotencyOutcomeUnknown => Some("x-idempotency-key"),
        // The place of a missing scope is no header and no field.
        Reason::ScopeInsufficient => None,
        _ => rejection.place_of_fault().map(shortened),
    }
}

fn codes(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::HandlerAborted
        | Reason::Misassembled
        | Reason::ResponseUnreadable
        | Reason::RevocationUnknown
        | Reason::ServiceUnavailable => ("UK.OBIE.UnexpectedError", "U000"),
        Reason::BodyTooLarge | Reason::BodyUnreadable => ("UK.OBIE.Resource.InvalidFormat", "U010"),
        Reason::ClientMetadataInvalid
        | Reason::ClientUnauthorized
        | Reason::GrantInvalid
        | Reason::GrantTypeUnsupported
        | Reason::ParameterInvalid
        | Reason::RedirectUriInvalid
        | Reason::RequestObjectInvalid
        | Reason::RequestObjectUnsupported
        | Reason::RequestUriInvalid
        | Reason::RequestUriUnsupported
        | Reason::ResponseTypeUnsupported
        | Reason::ScopeInvalid
        | Reason::SoftwareStatementInvalid
        | Reason::SoftwareStatementUnapproved
        | Reason::MethodUnsupported
        | Reason::FieldInvalid => ("UK.OBIE.Field.Invalid", "U002"),
        Reason::ParameterMissing | Reason::FieldMissing => ("UK.OBIE.Field.Missing", "U004"),
        Reason::AcceptUnsupported
        | Reason::CertificateHeaderInvalid
        | Reason::ContentTypeUnsupported
        | Reason::FinancialIdWrong
        | Reason::HeaderInvalid
        | Reason::TokenMalformed => ("UK.OBIE.Header.Invalid", "U006"),
        Reason::HeaderMissing => ("UK.OBIE.Header.Missing", "U007"),
        Reason::ConsentMismatch | Reason::ConsentNotPermitted => {
            ("UK.OBIE.Resource.ConsentMismatch", "U008")
        }
        Reason::ConsentStatusInvalid => ("UK.OBIE.Resource.InvalidConsentStatus", "U009"),
        Reason::ResourceUnknown => ("UK.OBIE.Resource.NotFound", "U011"),
        Reason::SignatureInvalid
        | Reason::SigningCertificateExpired
        | Reason::SigningCertificateInvalid
        | Reason::SigningCertificateRevoked => ("UK.OBIE.Signature.Invalid", "U015"),
        Reason::SignatureClaimInvalid => ("UK.OBIE.Signature.InvalidClaim", "U016"),
        Reason::SignatureClaimMissing => ("UK.OBIE.Signature.MissingClaim", "U017"),
        Reason::SignatureMalformed => ("UK.OBIE.Signature.Malformed", "U018"),
        Reason::SignatureMissing => ("UK.OBIE.Signature.Missing", "U019"),
        Reason::SignatureUnexpected => ("UK.OBIE.Signature.Unexpected", "U020"),
        Reason::IdempotencyInFlight
        | Reason::IdempotencyKeyReused
        | Reason::IdempotencyOutcomeUnknown
        | Reason::ResourceInUse => ("UK.OBIE.Rules.ResourceAlreadyExists", "U029"),
        Reason::RoleMissing => ("Role.Missing", "V001"),
        Reason::AccessDenied
        | Reason::CertificateBlocked
        | Reason::OrganisationMismatch
        | Reason::PolicyRefused => ("Policy.Refused", "V002"),
        Reason::ScopeInsufficient => ("UK.OBIE.Reauthenticate", "U028"),
        // Answered without a body, but for the expired token under 4.0.
        Reason::ClientAuthenticationFailed
        | Reason::DpopNonceRequired
        | Reason::DpopProofInvalid
        | Reason::CertificateExpired
        | Reason::CertificateMissing
        | Reason::CertificateNotQualified
        | Reason::CertificateNotYetValid
        | Reason::CertificatePurposeWrong
        | Reason::CertificateRevoked
        | Reason::CertificateStatusUnknown
        | Reason::CertificateUntrusted
        | Reason::CertificateWeak
        | Reason::ClientMismatch
        | Reason::ClientUnknown
        | Reason::TokenExpired
        | Reason::TokenInvalid
        | Reason::TokenMissing
        | Reason::TokenNotBound => ("UK.OBIE.Reauthenticate", "U028"),
    }
}

/// What a client that reuses a key should read: the profile.
const IDEMPOTENCY: &str = "https://openbankinguk.github.io/read-write-api-site3/v4.0.1/profiles/read-write-data-api-profile.html#idempotency";
