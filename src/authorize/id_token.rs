//! ID tokens, which sign the answer that they come with.

use rustls_pki_types::UnixTime;
use serde::Serialize;

use super::request::AuthorizationRequest;
use super::responder::{AnswerError, Responder};
use crate::crypto::{Algorithm, sha256};
use crate::jose::encode_base64url;

/// What an ID token says of the user.
#[derive(Clone, Copy, Debug)]
pub struct Authenticated<'a> {
    subject: &'a str,
    acr: Option<&'a str>,
    at: Option<UnixTime>,
}

impl<'a> Authenticated<'a> {
    /// A user by the `sub` that this client knows; under OBIE it may be the consent's id.
    pub fn user(subject: &'a str) -> Self {
        Self { subject, acr: None, at: None }
    }

    /// How the user authenticated, such as `urn:openbanking:psd2:sca`.
    #[must_use]
    pub fn by(self, acr: &'a str) -> Self {
        Self { acr: Some(acr), ..self }
    }

    /// When (`auth_time`): due where the request has `max_age`.
    #[must_use]
    pub fn at(self, time: UnixTime) -> Self {
        Self { at: Some(time), ..self }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openbanking_intent_id: Option<&'a str>,
}

impl Responder {
    /// An ID token for the client of a request, good for five minutes.
    ///
    /// With the `nonce` of the request; with `c_hash` and `at_hash` of what it comes with, and beside
    /// a code with the `s_hash` of `state` (FAPI 1.0 Advanced, 5.2.2.1); with the consent's id as a
    /// plain string (OBIE). Not encrypted: keep personal data out of one that passes the browser.
    ///
    /// # Errors
    ///
    /// When there is no key, or none for PS256 or ES256.
    pub fn id_token(
        &self,
        request: &AuthorizationRequest,
        user: Authenticated<'_>,
        code: Option<&str>,
        access_token: Option<&str>,
        now: UnixTime,
    ) -> Result<String, AnswerError> {
        let signer = self.signer()?;
        let hash =
            |value: Option<&str>| value.map(|value| left_half(signer.algorithm, value)).transpose();
        let claims = Claims {
            iss: self.issuer(),
            sub: user.subject,
            aud: request.client_id(),
            iat: now.as_secs(),
            exp: now.as_secs().saturating_add(LIFETIME),
            auth_time: user.at.map(|time| time.as_secs()),
            acr: user.acr,
            nonce: request.nonce(),
            c_hash: hash(code)?,
            at_hash: hash(access_token)?,
            s_hash: hash(code.and(request.state()))?,
            openbanking_intent_id: request.openbanking_intent_id(),
        };
        signer.sign(&serde_json::to_vec(&claims).map_err(|_| AnswerError::Unsigned)?)
    }
}

/// OpenID Connect Core, 3.3.2.11: the left half of the hash that the algorithm has, in base64url.
fn left_half(algorithm: Algorithm, value: &str) -> Result<String, AnswerError> {
    match algorithm {
        Algorithm::Es256 | Algorithm::Ps256 => {
            let hash = sha256(value.as_bytes());
            let (left, _) = hash.split_at(hash.len() / 2);
            Ok(encode_base64url(left))
        }
        _ => Err(AnswerError::Unsigned),
    }
}

const LIFETIME: u64 = 300;
