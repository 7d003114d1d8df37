//! The error body of the Berlin Group, `tppMessages`.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

use super::challenge::{bare, shortened, with_json};
use super::{ErrorFormat, Reason, Rejection};
use crate::gate::Passport;

/// `{"tppMessages": [{"category", "code", "text", "path"}]}` of NextGenPSD2 1.3.x.
///
/// Codes and statuses are those of the API definition (`MessageCode400` to `MessageCode429`), which
/// spells `CERTIFICATE_REVOKE`: a missing role and a wrong signature are 401, and so is a missing
/// scope, as of a token that is not valid for the addressed service (`TOKEN_INVALID`); RFC 6750
/// would have 403 there, and the challenge still names the scope. The defects of a signing
/// certificate have the codes of certificates.
///
/// Where the API definition has no codes for a status (413, 415, 500, 503) there is no body. The
/// codes of what the application alone can know, such as `CORPORATE_ID_INVALID`, `PERIOD_INVALID`,
/// `ACCESS_EXCEEDED` (429) and `SERVICE_INVALID` (405), are the application's to send.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BerlinGroup;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    tpp_messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Message<'a> {
    category: &'static str,
    code: &'static str,
    text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

impl ErrorFormat for BerlinGroup {
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes> {
        let reason = rejection.reason();
        let (status, code) = answer(reason);
        let Some(code) = code else { return bare(status, rejection, passport) };
        let path = match reason {
            // A scope is no header and no field.
            Reason::ScopeInsufficient => None,
            _ => rejection.place_of_fault().map(shortened),
        };
        let message = Message { category: "ERROR", code, text: reason.message(), path };
        let body = Body { tpp_messages: [message] };
        with_json(status, "application/json", &body, rejection, passport)
    }
}

fn answer(reason: Reason) -> (StatusCode, Option<&'static str>) {
    let (status, code) = match reason {
        Reason::ClientMetadataInvalid | Reason::ClientUnauthorized | Reason::GrantInvalid | Reason::GrantTypeUnsupported | Reason::ParameterInvalid | Reason::ParameterMissing | Reason::RedirectUriInvalid | Reason::RequestObjectInvalid | Reason::RequestObjectUnsupported | Reason::RequestUriInvalid | Reason::RequestUriUnsupported | Reason::ResponseTypeUnsupported | Reason::ScopeInvalid | Reason::SoftwareStatementInvalid | Reason::SoftwareStatementUnapproved | Reason::BodyUnreadable
        | Reason::CertificateHeaderInvalid
        | Reason::FieldInvalid
        | Reason::FieldMissing
        | Reason::FinancialIdWrong
        | Reason::HeaderInvalid
        | Reason::HeaderMissing
        // RFC 6750, 3.1: 400 where the request as such is malformed.
        | Reason::TokenMalformed => (StatusCode::BAD_REQUEST, "FORMAT_ERROR"),
        Reason::IdempotencyKeyReused => (StatusCode::BAD_REQUEST, "PARAMETER_NOT_CONSISTENT"),
        Reason::SignatureUnexpected => (StatusCode::BAD_REQUEST, "PARAMETER_NOT_SUPPORTED"),
        Reason::CertificateBlocked => (StatusCode::UNAUTHORIZED, "CERTIFICATE_BLOCKED"),
        Reason::CertificateExpired | Reason::SigningCertificateExpired => {
            (StatusCode::UNAUTHORIZED, "CERTIFICATE_EXPIRED")
        }
        Reason::CertificateNotQualified
        | Reason::CertificateNotYetValid
        | Reason::CertificatePurposeWrong
        | Reason::CertificateStatusUnknown
        | Reason::CertificateUntrusted
        | Reason::CertificateWeak
        | Reason::OrganisationMismatch
        | Reason::SigningCertificateInvalid => (StatusCode::UNAUTHORIZED, "CERTIFICATE_INVALID"),
        Reason::CertificateMissing => (StatusCode::UNAUTHORIZED, "CERTIFICATE_MISSING"),
        Reason::CertificateRevoked | Reason::SigningCertificateRevoked => {
            (StatusCode::UNAUTHORIZED, "CERTIFICATE_REVOKE")
        }
        Reason::ConsentMismatch | Reason::ConsentStatusInvalid => {
            (StatusCode::UNAUTHORIZED, "CONSENT_INVALID")
        }
        Reason::RoleMissing => (StatusCode::UNAUTHORIZED, "ROLE_INVALID"),
        Reason::SignatureClaimInvalid
        | Reason::SignatureClaimMissing
        | Reason::SignatureInvalid
        | Reason::SignatureMalformed => (StatusCode::UNAUTHORIZED, "SIGNATURE_INVALID"),
        Reason::SignatureMissing => (StatusCode::UNAUTHORIZED, "SIGNATURE_MISSING"),
        Reason::TokenExpired => (StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED"),
        // A token that is not valid for what is addressed.
        Reason::ScopeInsufficient | Reason::TokenInvalid => {
            (StatusCode::UNAUTHORIZED, "TOKEN_INVALID")
        }
        // A token that cannot be matched with the provider that shows it.
        Reason::ClientAuthenticationFailed | Reason::DpopNonceRequired | Reason::DpopProofInvalid | Reason::ClientMismatch
        | Reason::ClientUnknown
        | Reason::TokenMissing
        | Reason::TokenNotBound => (StatusCode::UNAUTHORIZED, "TOKEN_UNKNOWN"),
        Reason::ConsentNotPermitted => (StatusCode::FORBIDDEN, "CONSENT_UNKNOWN"),
        Reason::AccessDenied | Reason::PolicyRefused => (StatusCode::FORBIDDEN, "SERVICE_BLOCKED"),
        Reason::ResourceUnknown => (StatusCode::NOT_FOUND, "RESOURCE_UNKNOWN"),
        Reason::MethodUnsupported => (StatusCode::METHOD_NOT_ALLOWED, "SERVICE_INVALID"),
        Reason::AcceptUnsupported => (StatusCode::NOT_ACCEPTABLE, "REQUESTED_FORMATS_INVALID"),
        Reason::IdempotencyInFlight
        | Reason::IdempotencyOutcomeUnknown
        | Reason::ResourceInUse => {
            (StatusCode::CONFLICT, "STATUS_INVALID")
        }
        Reason::BodyTooLarge => return (StatusCode::PAYLOAD_TOO_LARGE, None),
        Reason::ContentTypeUnsupported => return (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
        Reason::HandlerAborted | Reason::Misassembled | Reason::ResponseUnreadable => {
            return (StatusCode::INTERNAL_SERVER_ERROR, None);
        }
        Reason::RevocationUnknown | Reason::ServiceUnavailable => {
            return (StatusCode::SERVICE_UNAVAILABLE, None);
        }
    };
    (status, Some(code))
}
