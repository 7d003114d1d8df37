//! The error body of WSO2 Open Banking, for clients written against it.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

use super::challenge::{natural_status, with_json};
use super::obie::undisclosed;
use super::{ErrorFormat, Reason, Rejection};
use crate::gate::Passport;

/// `{"errors":[{"Code","Title","Message","Links"}]}` with the 2000xx codes.
///
/// The statuses are the right ones: the product answered 400 for every refusal, which made a
/// revoked certificate look like a syntax error. A reused idempotency key stays 401, as its page
/// says, with the challenge that RFC 9110 demands of a 401.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Wso2;

#[derive(Serialize)]
struct Body<'a> {
    errors: [Fault<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fault<'a> {
    code: &'static str,
    title: &'static str,
    message: &'a str,
    links: Links,
}

#[derive(Serialize)]
struct Links {}

impl ErrorFormat for Wso2 {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let reason = undisclosed(rejection.reason());
        let status = match reason {
            Reason::IdempotencyKeyReused => StatusCode::UNAUTHORIZED,
            _ => natural_status(reason),
        };
        let (code, title) = code(reason);
        let fault = Fault { code, title, message: reason.message(), links: Links {} };
        with_json(status, "application/json", &Body { errors: [fault] }, rejection, passport)
    }
}

fn code(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::ClientAuthenticationFailed
        | Reason::CertificateHeaderInvalid
        | Reason::CertificateNotQualified
        | Reason::CertificateNotYetValid
        | Reason::CertificatePurposeWrong
        | Reason::CertificateStatusUnknown
        | Reason::CertificateUntrusted
        | Reason::CertificateWeak
        | Reason::ClientMismatch
        | Reason::ClientUnknown => ("200003", "Invalid client certificate"),
        Reason::CertificateBlocked | Reason::OrganisationMismatch | Reason::RoleMissing => {
            ("200004", "TPP validation failed")
        }
        Reason::CertificateMissing => ("200007", "Client certificate missing"),
        Reason::CertificateExpired => ("200008", "Client certificate expired"),
        Reason::CertificateRevoked | Reason::RevocationUnknown => {
            ("200009", "Client certificate revoked")
        }
        Reason::SignatureClaimInvalid
        | Reason::SignatureClaimMissing
        | Reason::SignatureInvalid
        | Reason::SignatureMalformed
        | Reason::SignatureMissing
        | Reason::SignatureUnexpected
        | Reason::SigningCertificateExpired
        | Reason::SigningCertificateInvalid
        | Reason::SigningCertificateRevoked => ("200010", "Message signature invalid"),
        Reason::BodyUnreadable => ("200013", "Payload unreadable"),
        // The product has no code of its own for the rest; these are the ones of its gateway.
        Reason::DpopNonceRequired
        | Reason::DpopProofInvalid
        | Reason::TokenExpired
        | Reason::TokenInvalid
        | Reason::TokenMalformed
        | Reason::TokenMissing
        | Reason::TokenNotBound => ("900901", "Invalid credentials"),
        Reason::AccessDenied
        | Reason::ConsentNotPermitted
        | Reason::PolicyRefused
        | Reason::ScopeInsufficient => ("900910", "Not permitted"),
        Reason::HandlerAborted
        | Reason::Misassembled
        | Reason::ResponseUnreadable
        | Reason::ServiceUnavailable => ("900900", "Unexpected error"),
        Reason::ClientMetadataInvalid
        | Reason::ClientUnauthorized
        | Reason::GrantInvalid
        | Reason::GrantTypeUnsupported
        | Reason::ParameterInvalid
        | Reason::ParameterMissing
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
        | Reason::AcceptUnsupported
        | Reason::BodyTooLarge
        | Reason::ConsentMismatch
        | Reason::ConsentStatusInvalid
        | Reason::ContentTypeUnsupported
        | Reason::FieldInvalid
        | Reason::FieldMissing
        | Reason::FinancialIdWrong
        | Reason::HeaderInvalid
        | Reason::HeaderMissing
        | Reason::IdempotencyInFlight
        | Reason::IdempotencyKeyReused
        | Reason::IdempotencyOutcomeUnknown
        | Reason::ResourceInUse
        | Reason::ResourceUnknown => ("900400", "Invalid request"),
    }
}
