//! ID tokens, which sign the answer that they come with.

use rustls_pki_types::UnixTime;
use serde::Serialize;

use super::request::AuthorizationRequest;
use super::responder::{AnswerError, Responder};
use crate::jose::half_hash;

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

/// An ID token to be signed (OpenID Connect Core, 2; FAPI 1.0 Advanced, 5.2.2.1).
///
/// Not encrypted: keep personal data out of one that passes through the browser.
#[derive(Clone, Debug)]
pub struct NewIdToken<'a> {
    client_id: &'a str,
    user: Authenticated<'a>,
    nonce: Option<&'a str>,
    intent_id: Option<&'a str>,
    code: Option<&'a str>,
    state: Option<&'a str>,
    access_token: Option<&'a str>,
}

impl<'a> NewIdToken<'a> {
    /// For this client, about this user.
    pub fn of(client_id: &'a str, user: Authenticated<'a>) -> Self {
        Self {
            client_id,
            user,
            nonce: None,
            intent_id: None,
            code: None,
            state: None,
            access_token: None,
        }
    }

    /// For the client of a request, with its `nonce` and `openbanking_intent_id`.
    pub fn answering(request: &'a AuthorizationRequest, user: Authenticated<'a>) -> Self {
        let (nonce, intent_id) = (request.nonce(), request.openbanking_intent_id());
        Self { nonce, intent_id, ..Self::of(request.client_id(), user) }
    }

    /// With the `nonce` of the request, where it had one.
    #[must_use]
    pub fn nonce(self, nonce: Option<&'a str>) -> Self {
        Self { nonce, ..self }
    }

    /// With the consent (`openbanking_intent_id`), where the request named one.
    #[must_use]
    pub fn intent_id(self, intent_id: Option<&'a str>) -> Self {
        Self { intent_id, ..self }
    }

    /// Signs the code that it comes with (`c_hash`), and the `state` beside it (`s_hash`).
    #[must_use]
    pub fn beside(self, code: &'a str, state: Option<&'a str>) -> Self {
        Self { code: Some(code), state, ..self }
    }

    /// Signs the access token that it comes with (`at_hash`).
    #[must_use]
    pub fn access_token(self, token: &'a str) -> Self {
        Self { access_token: Some(token), ..self }
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
    /// Signs an ID token, good for five minutes.
    ///
    /// # Errors
    ///
    /// When there is no key, or none for PS256 or ES256.
    pub fn id_token(&self, token: &NewIdToken<'_>, now: UnixTime) -> Result<String, AnswerError> {
        let signer = self.signer()?;
        let hash = |text: Option<&str>| {
            let hashed = text.map(|text| half_hash(signer.algorithm, text));
            hashed.map(|hash| hash.ok_or(AnswerError::Unsigned)).transpose()
        };
        let claims = Claims {
            iss: self.issuer(),
            sub: token.user.subject,
            aud: token.client_id,
            iat: now.as_secs(),
            exp: now.as_secs().saturating_add(LIFETIME),
            auth_time: token.user.at.map(|time| time.as_secs()),
            acr: token.user.acr,
            nonce: token.nonce,
            c_hash: hash(token.code)?,
            at_hash: hash(token.access_token)?,
            s_hash: hash(token.state)?,
            openbanking_intent_id: token.intent_id,
        };
        signer.sign(&serde_json::to_vec(&claims).map_err(|_| AnswerError::Unsigned)?)
    }
}

const LIFETIME: u64 = 300;
