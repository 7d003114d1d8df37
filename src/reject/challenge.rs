//! What all formats share: the challenges and the response head.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::{Reason, Rejection};
use crate::gate::Passport;
use crate::token::AccessToken;
use crate::token::dpop::ALGS;

/// The error code of RFC 6750, 3.1 for a reason that has one.
pub(super) fn bearer_error(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::TokenMalformed => Some("invalid_request"),
        Reason::ScopeInsufficient => Some("insufficient_scope"),
        Reason::CertificateExpired
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
        | Reason::TokenNotBound => Some("invalid_token"),
        _ => None,
    }
}

/// The error code of RFC 9449, 7.1 and 9, or of RFC 6750, for a reason that has one.
fn dpop_error(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::DpopNonceRequired => Some("use_dpop_nonce"),
        Reason::DpopProofInvalid => Some("invalid_dpop_proof"),
        reason => bearer_error(reason),
    }
}

/// A scheme of `Authorization`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

/// Which schemes a refusal asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Challenge {
    /// A client that used neither may choose.
    Either,
    Only(Scheme),
}

impl Default for Challenge {
    fn default() -> Self {
        Self::Only(Scheme::Bearer)
    }
}

impl Challenge {
    /// Told by the rule, by the reason, or by the token that an earlier rule took.
    fn of(rejection: &Rejection, passport: &Passport) -> Self {
        if let Some(told) = rejection.challenge {
            return told;
        }
        match rejection.reason() {
            Reason::DpopNonceRequired | Reason::DpopProofInvalid => Self::Only(Scheme::Dpop),
            _ => passport
                .find::<AccessToken>()
                .map_or_else(Self::default, |token| Self::Only(token.scheme())),
        }
    }

    fn schemes(self) -> &'static [Scheme] {
        match self {
            Self::Either => &[Scheme::Dpop, Scheme::Bearer],
            Self::Only(Scheme::Bearer) => &[Scheme::Bearer],
            Self::Only(Scheme::Dpop) => &[Scheme::Dpop],
        }
    }
}

/// The values of `WWW-Authenticate`, one a scheme, for a 401 and wherever RFC 6750 names an error.
///
/// RFC 6750, 3.1: without credentials no error code. Who sent a malformed token has shown it, in
/// whatever place.
fn challenges(status: StatusCode, rejection: &Rejection, passport: &Passport) -> Vec<HeaderValue> {
    let reason = rejection.reason();
    if status != StatusCode::UNAUTHORIZED && bearer_error(reason).is_none() {
        return Vec::new();
    }
    let shown = passport.credentials_shown() || reason == Reason::TokenMalformed;
    let value = |scheme: &Scheme| {
        let text = match scheme {
            // RFC 6750, 3: a challenge has at least one parameter, hence the realm.
            Scheme::Bearer => {
                let realm = "realm=\"open-banking\"".to_owned();
                let error = shown.then(|| bearer_error(reason)).flatten();
                parameters("Bearer", Some(realm), error, rejection, None)
            }
            Scheme::Dpop => {
                let error = shown.then(|| dpop_error(reason)).flatten();
                parameters("DPoP", None, error, rejection, Some(format!("algs=\"{ALGS}\"")))
            }
        };
        HeaderValue::from_str(&text).ok()
    };
    Challenge::of(rejection, passport).schemes().iter().filter_map(value).collect()
}

fn parameters(
    scheme: &str,
    first: Option<String>,
    error: Option<&str>,
    rejection: &Rejection,
    last: Option<String>,
) -> String {
    let scope = rejection.place_of_fault().filter(|scope| {
        error.is_some() && rejection.reason() == Reason::ScopeInsufficient && is_scope(scope)
    });
    let error = error.map(|error| format!("error=\"{error}\""));
    let scope = scope.map(|scope| format!("scope=\"{scope}\""));
    let all: Vec<_> = [first, error, scope, last].into_iter().flatten().collect();
    format!("{scheme} {}", all.join(", "))
}

/// RFC 6749, 3.3, with blanks between tokens: no quote and no backslash.
fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// A refusal without body.
pub(super) fn bare(
    status: StatusCode,
    rejection: &Rejection,
    passport: &Passport,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for value in challenges(status, rejection, passport) {
        headers.append(WWW_AUTHENTICATE, value);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE
        || matches!(rejection.reason(), Reason::IdempotencyInFlight | Reason::ResourceInUse)
    {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A refusal with a JSON body.
pub(super) fn with_json(
    status: StatusCode,
    media_type: &'static str,
    body: &impl Serialize,
    rejection: &Rejection,
    passport: &Passport,
) -> Response<Bytes> {
    let mut response = bare(status, rejection, passport);
    // The bodies are structs of strings: serialising them cannot fail, and if it did the status
    // alone still refuses.
    if let Ok(json) = serde_json::to_vec(body) {
        *response.body_mut() = Bytes::from(json);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    response
}

/// A place on the wire, in the 500 characters that the schemas have for it.
pub(super) fn shortened(place: &str) -> &str {
    match place.char_indices().nth(500) {
        Some((end, _)) => place.get(..end).unwrap_or_default(),
        None => place,
    }
}

/// The statuses of RFC 9110 and RFC 6750, from which the profiles deviate.
pub(super) fn natural_status(reason: Reason) -> StatusCode {
    match reason {
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
        | Reason::BodyUnreadable
        | Reason::CertificateHeaderInvalid
        | Reason::ConsentMismatch
        | Reason::ConsentStatusInvalid
        | Reason::FieldInvalid
        | Reason::FieldMissing
        | Reason::HeaderInvalid
        | Reason::HeaderMissing
        | Reason::SignatureClaimInvalid
        | Reason::SignatureClaimMissing
        | Reason::SignatureInvalid
        | Reason::SignatureMalformed
        | Reason::SignatureMissing
        | Reason::SignatureUnexpected
        | Reason::SigningCertificateExpired
        | Reason::SigningCertificateInvalid
        | Reason::SigningCertificateRevoked
        | Reason::TokenMalformed => StatusCode::BAD_REQUEST,
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
        | Reason::TokenNotBound => StatusCode::UNAUTHORIZED,
        Reason::AccessDenied
        | Reason::CertificateBlocked
        | Reason::ConsentNotPermitted
        | Reason::FinancialIdWrong
        | Reason::OrganisationMismatch
        | Reason::PolicyRefused
        | Reason::RoleMissing
        | Reason::ScopeInsufficient => StatusCode::FORBIDDEN,
        Reason::ResourceUnknown => StatusCode::NOT_FOUND,
        Reason::MethodUnsupported => StatusCode::METHOD_NOT_ALLOWED,
        Reason::AcceptUnsupported => StatusCode::NOT_ACCEPTABLE,
        Reason::IdempotencyInFlight | Reason::IdempotencyOutcomeUnknown | Reason::ResourceInUse => {
            StatusCode::CONFLICT
        }
        Reason::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::ContentTypeUnsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Reason::HandlerAborted | Reason::Misassembled | Reason::ResponseUnreadable => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Reason::RevocationUnknown | Reason::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
