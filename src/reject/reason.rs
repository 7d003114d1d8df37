//! Why a request is refused: one reason per remedy.

/// Why a request is refused. One variant per remedy that a third-party provider has.
///
/// The status and the wire code belong to the error format; [`code`](Self::code) is for logs,
/// metrics and tests, and does not change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// `Accept` excludes what this API sends.
    AcceptUnsupported,
    /// The resource owner or the bank denies the authorisation (application).
    AccessDenied,
    /// The request body is longer than the gate holds.
    BodyTooLarge,
    /// The request body broke off.
    BodyUnreadable,
    /// The provider is on the bank's stop list.
    CertificateBlocked,
    /// The client certificate is past its end.
    CertificateExpired,
    /// A forwarded certificate that cannot be read, is repeated, or comes from a stranger.
    CertificateHeaderInvalid,
    /// No client certificate.
    CertificateMissing,
    /// No service of the trusted lists stands behind the certificate for this purpose.
    CertificateNotQualified,
    /// The client certificate's time has not come.
    CertificateNotYetValid,
    /// Not a certificate for this purpose: extended key usage, QcType, broken qcStatements.
    CertificatePurposeWrong,
    /// The client certificate is revoked.
    CertificateRevoked,
    /// The issuer does not know the certificate.
    CertificateStatusUnknown,
    /// No path to an anchor that this bank trusts, or a certificate that cannot be read.
    CertificateUntrusted,
    /// The key or the signature of the certificate is too weak.
    CertificateWeak,
    /// The client did not authenticate, or not in the way that it registered.
    ClientAuthenticationFailed,
    /// A member of a registration request that the bank does not accept.
    ClientMetadataInvalid,
    /// The certificate is not one of the client that the token was issued to.
    ClientMismatch,
    /// The client may not use this grant type or flow.
    ClientUnauthorized,
    /// The client of the token is not registered.
    ClientUnknown,
    /// The request differs from the consent (application).
    ConsentMismatch,
    /// The token was given for another consent (application).
    ConsentNotPermitted,
    /// The consent is in the wrong state (application).
    ConsentStatusInvalid,
    /// Wrong media type or coding of the request body.
    ContentTypeUnsupported,
    /// The DPoP proof lacks the nonce that the server asks for.
    DpopNonceRequired,
    /// No DPoP proof, or not one for this request, this token and this moment.
    DpopProofInvalid,
    /// A body field that is wrong (application).
    FieldInvalid,
    /// A body field that is missing (application).
    FieldMissing,
    /// `x-fapi-financial-id` names another bank.
    FinancialIdWrong,
    /// A code or refresh token that is unknown, used, expired, of another client, or not proved by its
    /// verifier.
    GrantInvalid,
    /// A grant type that the server does not have.
    GrantTypeUnsupported,
    /// The handler broke off; what it did is unknown.
    HandlerAborted,
    /// A header with a wrong value.
    HeaderInvalid,
    /// A header that is missing.
    HeaderMissing,
    /// The first request with this idempotency key is still running.
    IdempotencyInFlight,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The first request with this idempotency key never came to an end.
    IdempotencyOutcomeUnknown,
    /// Another HTTP method than the endpoint's.
    MethodUnsupported,
    /// A rule stands where its evidence is missing: our fault.
    Misassembled,
    /// Transport certificate, signing certificate, token and client are not of one organisation.
    OrganisationMismatch,
    /// A request parameter that is wrong, repeated, or does not go with another.
    ParameterInvalid,
    /// A request parameter that is missing.
    ParameterMissing,
    /// A rule of the application refuses.
    PolicyRefused,
    /// A redirection URI that the client did not register.
    RedirectUriInvalid,
    /// A request object that is unsigned, expired, not meant for this server, or against the profile.
    RequestObjectInvalid,
    /// A request object where none is taken.
    RequestObjectUnsupported,
    /// A request URI that is unknown, used, expired, or of another client.
    RequestUriInvalid,
    /// A request URI of a kind that is not taken.
    RequestUriUnsupported,
    /// Another request for the same resource, such as the consent of a payment, is running.
    ResourceInUse,
    /// A resource that does not exist (application).
    ResourceUnknown,
    /// A response type or mode that the profile does not have.
    ResponseTypeUnsupported,
    /// The response could not be read or signed: our fault.
    ResponseUnreadable,
    /// Whether the certificate is revoked cannot be told.
    RevocationUnknown,
    /// The certificate does not hold the role.
    RoleMissing,
    /// The token lacks a scope.
    ScopeInsufficient,
    /// A scope that is unknown, malformed, or not the client's.
    ScopeInvalid,
    /// A store, key source or responder does not answer: our fault.
    ServiceUnavailable,
    /// A member of the JOSE header has a wrong value.
    SignatureClaimInvalid,
    /// A member of the JOSE header is missing.
    SignatureClaimMissing,
    /// The signature does not verify.
    SignatureInvalid,
    /// Not a detached JWS.
    SignatureMalformed,
    /// No message signature where one is due.
    SignatureMissing,
    /// A message signature where none is expected.
    SignatureUnexpected,
    /// The certificate behind the message signature is outside its time.
    SigningCertificateExpired,
    /// The certificate behind the message signature is not trusted, not made for signing, or not the client's.
    SigningCertificateInvalid,
    /// The certificate behind the message signature is revoked.
    SigningCertificateRevoked,
    /// A software statement that does not verify, has expired, or belongs to another.
    SoftwareStatementInvalid,
    /// A software statement that the bank does not accept.
    SoftwareStatementUnapproved,
    /// The token is past its end.
    TokenExpired,
    /// The token is not one of this bank, not meant for it, or altered.
    TokenInvalid,
    /// The token is sent twice, by two methods, or is not a token.
    TokenMalformed,
    /// No bearer token.
    TokenMissing,
    /// The token is bound to another certificate, or to none.
    TokenNotBound,
}

impl Reason {
    /// The stable code: lower case with underscores.
    pub fn code(self) -> &'static str {
        match self {
            Self::AcceptUnsupported => "accept_unsupported",
            Self::AccessDenied => "access_denied",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyUnreadable => "body_unreadable",
            Self::CertificateBlocked => "certificate_blocked",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateHeaderInvalid => "certificate_header_invalid",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateNotQualified => "certificate_not_qualified",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::CertificatePurposeWrong => "certificate_purpose_wrong",
            Self::CertificateRevoked => "certificate_revoked",
            Self::CertificateStatusUnknown => "certificate_status_unknown",
            Self::CertificateUntrusted => "certificate_untrusted",
            Self::CertificateWeak => "certificate_weak",
            Self::ClientAuthenticationFailed => "client_authentication_failed",
            Self::ClientMetadataInvalid => "client_metadata_invalid",
            Self::ClientMismatch => "client_mismatch",
            Self::ClientUnauthorized => "client_unauthorized",
            Self::ClientUnknown => "client_unknown",
            Self::ConsentMismatch => "consent_mismatch",
            Self::ConsentNotPermitted => "consent_not_permitted",
            Self::ConsentStatusInvalid => "consent_status_invalid",
            Self::ContentTypeUnsupported => "content_type_unsupported",
            Self::DpopNonceRequired => "dpop_nonce_required",
            Self::DpopProofInvalid => "dpop_proof_invalid",
            Self::FieldInvalid => "field_invalid",
            Self::FieldMissing => "field_missing",
            Self::FinancialIdWrong => "financial_id_wrong",
            Self::GrantInvalid => "grant_invalid",
            Self::GrantTypeUnsupported => "grant_type_unsupported",
            Self::HandlerAborted => "handler_aborted",
            Self::HeaderInvalid => "header_invalid",
            Self::HeaderMissing => "header_missing",
            Self::IdempotencyInFlight => "idempotency_in_flight",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyOutcomeUnknown => "idempotency_outcome_unknown",
            Self::MethodUnsupported => "method_unsupported",
            Self::Misassembled => "misassembled",
            Self::OrganisationMismatch => "organisation_mismatch",
            Self::ParameterInvalid => "parameter_invalid",
            Self::ParameterMissing => "parameter_missing",
            Self::PolicyRefused => "policy_refused",
            Self::RedirectUriInvalid => "redirect_uri_invalid",
            Self::RequestObjectInvalid => "request_object_invalid",
            Self::RequestObjectUnsupported => "request_object_unsupported",
            Self::RequestUriInvalid => "request_uri_invalid",
            Self::RequestUriUnsupported => "request_uri_unsupported",
            Self::ResourceInUse => "resource_in_use",
            Self::ResourceUnknown => "resource_unknown",
            Self::ResponseTypeUnsupported => "response_type_unsupported",
            Self::ResponseUnreadable => "response_unreadable",
            Self::RevocationUnknown => "revocation_unknown",
            Self::RoleMissing => "role_missing",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::ScopeInvalid => "scope_invalid",
            Self::ServiceUnavailable => "service_unavailable",
            Self::SignatureClaimInvalid => "signature_claim_invalid",
            Self::SignatureClaimMissing => "signature_claim_missing",
            Self::SignatureInvalid => "signature_invalid",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureUnexpected => "signature_unexpected",
            Self::SigningCertificateExpired => "signing_certificate_expired",
            Self::SigningCertificateInvalid => "signing_certificate_invalid",
            Self::SigningCertificateRevoked => "signing_certificate_revoked",
            Self::SoftwareStatementInvalid => "software_statement_invalid",
            Self::SoftwareStatementUnapproved => "software_statement_unapproved",
            Self::TokenExpired => "token_expired",
            Self::TokenInvalid => "token_invalid",
            Self::TokenMalformed => "token_malformed",
            Self::TokenMissing => "token_missing",
            Self::TokenNotBound => "token_not_bound",
        }
    }

    /// One sentence for the third-party provider. It names the remedy and never what was compared.
    pub fn message(self) -> &'static str {
        match self {
            Self::AcceptUnsupported => "The Accept header excludes what this API sends.",
            Self::AccessDenied => "The authorisation was denied.",
            Self::BodyTooLarge => "The request body is too large.",
            Self::BodyUnreadable => "The request body could not be read.",
            Self::CertificateBlocked => "This provider is blocked.",
            Self::CertificateExpired => "The client certificate has expired.",
            Self::CertificateHeaderInvalid => "The forwarded client certificate is not acceptable.",
            Self::CertificateMissing => "A client certificate is required.",
            Self::CertificateNotQualified => {
                "The client certificate is not qualified for this purpose."
            }
            Self::CertificateNotYetValid => "The client certificate is not valid yet.",
            Self::CertificatePurposeWrong => "The client certificate is not made for this purpose.",
            Self::CertificateRevoked => "The client certificate is revoked.",
            Self::CertificateStatusUnknown => {
                "The issuer of the client certificate does not know it."
            }
            Self::CertificateUntrusted => "The client certificate is not trusted.",
            Self::CertificateWeak => "The client certificate's key is too weak.",
            Self::ClientAuthenticationFailed => "Client authentication failed.",
            Self::ClientMetadataInvalid => "A member of the client metadata is invalid.",
            Self::ClientMismatch => "The client certificate does not belong to this client.",
            Self::ClientUnauthorized => "The client may not use this grant type or flow.",
            Self::ClientUnknown => "The client is not registered.",
            Self::ConsentMismatch => "The request differs from the consent.",
            Self::ConsentNotPermitted => "The access token was not given for this consent.",
            Self::ConsentStatusInvalid => "The consent is not in the required status.",
            Self::ContentTypeUnsupported => {
                "The media type or coding of the body is not supported."
            }
            Self::DpopNonceRequired => "A DPoP nonce of this server is required.",
            Self::DpopProofInvalid => "The DPoP proof is missing or invalid.",
            Self::FieldInvalid => "A field of the body is invalid.",
            Self::FieldMissing => "A field of the body is missing.",
            Self::FinancialIdWrong => "x-fapi-financial-id does not name this institution.",
            Self::GrantInvalid => "The authorisation code or refresh token is invalid.",
            Self::GrantTypeUnsupported => "The grant type is not supported.",
            Self::HandlerAborted => "The request broke off; its outcome is unknown.",
            Self::HeaderInvalid => "A header is invalid.",
            Self::HeaderMissing => "A header is missing.",
            Self::IdempotencyInFlight => "A request with this idempotency key is in progress.",
            Self::IdempotencyKeyReused => "The idempotency key was used for another request.",
            Self::IdempotencyOutcomeUnknown => {
                "The outcome of the first request with this idempotency key is unknown."
            }
            Self::MethodUnsupported => "The endpoint does not support this HTTP method.",
            Self::Misassembled | Self::ResponseUnreadable => "Unexpected error.",
            Self::OrganisationMismatch => {
                "The certificates and the client are not of one organisation."
            }
            Self::ParameterInvalid => "A request parameter is invalid.",
            Self::ParameterMissing => "A request parameter is missing.",
            Self::PolicyRefused => "The request is refused.",
            Self::RedirectUriInvalid => "The redirection URI is not registered.",
            Self::RequestObjectInvalid => "The request object is invalid.",
            Self::RequestObjectUnsupported => "Request objects are not supported here.",
            Self::RequestUriInvalid => "The request URI is invalid.",
            Self::RequestUriUnsupported => "Request URIs of this kind are not supported.",
            Self::ResourceInUse => "Another request for this consent is in progress.",
            Self::ResourceUnknown => "The resource does not exist.",
            Self::ResponseTypeUnsupported => "The response type is not supported.",
            Self::RevocationUnknown => "The status of the client certificate could not be told.",
            Self::RoleMissing => "The client certificate does not hold the required role.",
            Self::ScopeInsufficient => "The access token lacks the required scope.",
            Self::ScopeInvalid => "The scope is invalid.",
            Self::ServiceUnavailable => "The service is not available at the moment.",
            Self::SignatureClaimInvalid => "A member of the signature header is invalid.",
            Self::SignatureClaimMissing => "A member of the signature header is missing.",
            Self::SignatureInvalid => "The message signature is invalid.",
            Self::SignatureMalformed => "The message signature is not a detached JWS.",
            Self::SignatureMissing => "A message signature is required.",
            Self::SignatureUnexpected => "No message signature is expected here.",
            Self::SigningCertificateExpired => {
                "The signing certificate is outside its validity period."
            }
            Self::SigningCertificateInvalid => "The signing certificate is not acceptable.",
            Self::SigningCertificateRevoked => "The signing certificate is revoked.",
            Self::SoftwareStatementInvalid => "The software statement is invalid.",
            Self::SoftwareStatementUnapproved => "The software statement is not approved.",
            Self::TokenExpired => "The access token has expired.",
            Self::TokenInvalid => "The access token is invalid.",
            Self::TokenMalformed => "The access token is malformed or sent more than once.",
            Self::TokenMissing => "An access token is required.",
            Self::TokenNotBound => "The access token is not bound to the sender of this request.",
        }
    }

    /// Whether the bank, not the third-party provider, has something to mend.
    pub fn is_our_fault(self) -> bool {
        matches!(
            self,
            Self::HandlerAborted
                | Self::Misassembled
                | Self::ResponseUnreadable
                | Self::RevocationUnknown
                | Self::ServiceUnavailable
        )
    }

    /// Every reason, for golden tables.
    pub const ALL: &'static [Self] = &[
        Self::AcceptUnsupported,
        Self::AccessDenied,
        Self::BodyTooLarge,
        Self::BodyUnreadable,
        Self::CertificateBlocked,
        Self::CertificateExpired,
        Self::CertificateHeaderInvalid,
        Self::CertificateMissing,
        Self::CertificateNotQualified,
        Self::CertificateNotYetValid,
        Self::CertificatePurposeWrong,
        Self::CertificateRevoked,
        Self::CertificateStatusUnknown,
        Self::CertificateUntrusted,
        Self::CertificateWeak,
        Self::ClientAuthenticationFailed,
        Self::ClientMetadataInvalid,
        Self::ClientMismatch,
        Self::ClientUnauthorized,
        Self::ClientUnknown,
        Self::ConsentMismatch,
        Self::ConsentNotPermitted,
        Self::ConsentStatusInvalid,
        Self::ContentTypeUnsupported,
        Self::DpopNonceRequired,
        Self::DpopProofInvalid,
        Self::FieldInvalid,
        Self::FieldMissing,
        Self::FinancialIdWrong,
        Self::GrantInvalid,
        Self::GrantTypeUnsupported,
        Self::HandlerAborted,
        Self::HeaderInvalid,
        Self::HeaderMissing,
        Self::IdempotencyInFlight,
        Self::IdempotencyKeyReused,
        Self::IdempotencyOutcomeUnknown,
        Self::MethodUnsupported,
        Self::Misassembled,
        Self::OrganisationMismatch,
        Self::ParameterInvalid,
        Self::ParameterMissing,
        Self::PolicyRefused,
        Self::RedirectUriInvalid,
        Self::RequestObjectInvalid,
        Self::RequestObjectUnsupported,
        Self::RequestUriInvalid,
        Self::RequestUriUnsupported,
        Self::ResourceInUse,
        Self::ResourceUnknown,
        Self::ResponseTypeUnsupported,
        Self::ResponseUnreadable,
        Self::RevocationUnknown,
        Self::RoleMissing,
        Self::ScopeInsufficient,
        Self::ScopeInvalid,
        Self::ServiceUnavailable,
        Self::SignatureClaimInvalid,
        Self::SignatureClaimMissing,
        Self::SignatureInvalid,
        Self::SignatureMalformed,
        Self::SignatureMissing,
        Self::SignatureUnexpected,
        Self::SigningCertificateExpired,
        Self::SigningCertificateInvalid,
        Self::SigningCertificateRevoked,
        Self::SoftwareStatementInvalid,
        Self::SoftwareStatementUnapproved,
        Self::TokenExpired,
        Self::TokenInvalid,
        Self::TokenMalformed,
        Self::TokenMissing,
        Self::TokenNotBound,
    ];
}
