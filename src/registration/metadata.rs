//! Client metadata: what a client wants to be.

use std::fmt;

use serde::de::MapAccess;

use crate::jose::{Audience, Members, NumericDate, ObjectError, parse_object};

/// Why a registration request or a software statement was refused as a text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// A member twice.
    #[error("the member {0:?} stands there twice")]
    Duplicate(String),
    /// Not one JSON object, or one of more than 64 members.
    #[error("not an object")]
    Malformed,
    /// A member has a value of another type.
    #[error("the member {0:?} has a wrong value")]
    Wrong(String),
}

impl From<ObjectError> for MetadataError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Duplicate(name) => Self::Duplicate(name),
            ObjectError::Wrong(name) => Self::Wrong(name),
            ObjectError::NotAnObject | ObjectError::NotJson | ObjectError::TooManyMembers => {
                Self::Malformed
            }
        }
    }
}

/// The claims of a registration request (UK DCR 3.2, "OBClientRegistrationRequest"; RFC 7591, 2),
/// typed. Unknown members are left alone, as RFC 7591 wants.
#[derive(Clone, Default)]
pub struct ClientMetadata {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<Audience>,
    pub(super) issued_at: Option<NumericDate>,
    pub(super) expires_at: Option<NumericDate>,
    pub(super) id: Option<String>,
    pub(super) software_id: Option<String>,
    pub(super) software_statement: Option<String>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) token_endpoint_auth_method: Option<String>,
    pub(super) token_endpoint_auth_signing_alg: Option<String>,
    pub(super) tls_client_auth_subject_dn: Option<String>,
    pub(super) grant_types: Vec<String>,
    pub(super) response_types: Vec<String>,
    pub(super) scope: Option<String>,
    pub(super) application_type: Option<String>,
    pub(super) id_token_signed_response_alg: Option<String>,
    pub(super) request_object_signing_alg: Option<String>,
    pub(super) jwks_uri: Option<String>,
    /// The first member that asks for what the bank does not do, and would be missed.
    pub(super) refused: Option<&'static str>,
}

/// Keys beside those of the directory, certificates known otherwise than by subject, and encryption.
const REFUSED: [&str; 9] = [
    "jwks",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_email",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "authorization_encrypted_response_alg",
];

impl ClientMetadata {
    pub(super) fn parse(json: &[u8]) -> Result<Self, MetadataError> {
        parse_object(json).map(|(metadata, _)| metadata).map_err(MetadataError::from)
    }

    /// `redirect_uris`: each is https and in the software statement.
    pub fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// `application_type`.
    pub fn application_type(&self) -> Option<&str> {
        self.application_type.as_deref()
    }

    /// `id_token_signed_response_alg`.
    pub fn id_token_signed_response_alg(&self) -> Option<&str> {
        self.id_token_signed_response_alg.as_deref()
    }

    /// `request_object_signing_alg`.
    pub fn request_object_signing_alg(&self) -> Option<&str> {
        self.request_object_signing_alg.as_deref()
    }

    /// `response_types`.
    pub fn response_types(&self) -> &[String] {
        &self.response_types
    }
}

impl Members for ClientMetadata {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        let text = match name {
            "aud" => {
                self.audience = Some(values.next_value()?);
                return Ok(true);
            }
            "iat" => {
                self.issued_at = Some(values.next_value()?);
                return Ok(true);
            }
            "exp" => {
                self.expires_at = Some(values.next_value()?);
                return Ok(true);
            }
            "redirect_uris" | "grant_types" | "response_types" => {
                let list = values.next_value()?;
                *match name {
                    "redirect_uris" => &mut self.redirect_uris,
                    "grant_types" => &mut self.grant_types,
                    _ => &mut self.response_types,
                } = list;
                return Ok(true);
            }
            "iss" => &mut self.issuer,
            "jti" => &mut self.id,
            "software_id" => &mut self.software_id,
            "software_statement" => &mut self.software_statement,
            "token_endpoint_auth_method" => &mut self.token_endpoint_auth_method,
            "token_endpoint_auth_signing_alg" => &mut self.token_endpoint_auth_signing_alg,
            "tls_client_auth_subject_dn" => &mut self.tls_client_auth_subject_dn,
            "scope" => &mut self.scope,
            "application_type" => &mut self.application_type,
            "id_token_signed_response_alg" => &mut self.id_token_signed_response_alg,
            "request_object_signing_alg" => &mut self.request_object_signing_alg,
            "jwks_uri" => &mut self.jwks_uri,
            other => {
                let refused = REFUSED.into_iter().find(|refused| *refused == other);
                self.refused = self.refused.or(refused);
                return Ok(false);
            }
        };
        *text = Some(values.next_value()?);
        Ok(true)
    }
}

impl fmt::Debug for ClientMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientMetadata")
            .field("software_id", &self.software_id)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}
