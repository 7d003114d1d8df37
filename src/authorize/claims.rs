//! The claims of a request object: what a client writes and a server reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess};
use serde::{Serialize, Serializer};

use super::requested::{RequestedClaim, RequestedClaims};
use crate::client_auth::{CodeChallenge, Parameters};
use crate::jose::{Members, NumericDate, ObjectError, Strict, parse_object};

/// The parameters of an authorisation request (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2.1 and 5.5;
/// RFC 7636; RFC 9449, 10), with the claims of the JWT that carries them (RFC 9101, 4).
///
/// One struct for both halves: a client fills it and [signs](super::NewRequestObject) it, a server
/// reads it strictly. Every member is optional and nothing is compared here. What is unknown is left
/// alone, and of `claims` only what a bank needs is read.
#[derive(Clone, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub struct RequestClaims {
    /// `iss`: the client.
    #[serde(rename = "iss", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `aud`: the authorization server's issuer identifier.
    #[serde(rename = "aud", skip_serializing_if = "Audiences::is_empty")]
    pub audience: Audiences,
    /// `exp`, in seconds since 1970.
    #[serde(rename = "exp", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// `nbf`, in seconds since 1970.
    #[serde(rename = "nbf", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// `iat`, in seconds since 1970.
    #[serde(rename = "iat", skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<u64>,
    /// `jti`.
    #[serde(rename = "jti", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `client_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `response_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_type: Option<String>,
    /// `response_mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<String>,
    /// `redirect_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// `scope`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `nonce`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// `code_challenge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// `code_challenge_method`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge_method: Option<String>,
    /// `dpop_jkt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// `max_age`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// `prompt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// `acr_values`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// `login_hint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// `id_token_hint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<String>,
    /// `ui_locales`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// `claims`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<RequestedClaims>,
    /// Whether one of the members stands there that this crate refuses rather than ignores.
    #[serde(skip)]
    pub(super) refused: Option<&'static str>,
}

/// `aud`: one name as a string, several as an array.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Audiences(pub Vec<String>);

/// Why the claims of a request were refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestClaimsError {
    /// A member twice.
    #[error("the member {0:?} stands there twice")]
    Duplicate(String),
    /// Not one JSON object, or one of more than 64 members.
    #[error("not an object of claims")]
    Malformed,
    /// A member has a value of another type.
    #[error("the member {0:?} has a wrong value")]
    Wrong(String),
}

impl RequestClaims {
    /// Reads the payload of a request object, after its signature verified.
    ///
    /// # Errors
    ///
    /// When it is not one JSON object, has a member twice, or one of another type.
    pub fn parse(json: &[u8]) -> Result<Self, RequestClaimsError> {
        parse_object(json).map(|(claims, _)| claims).map_err(RequestClaimsError::from)
    }

    /// Reads parameters that no object carries (RFC 6749, 4.1.1).
    ///
    /// # Errors
    ///
    /// When `max_age` is no number, or `claims` no JSON object.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, RequestClaimsError> {
        let own = |name: &str| parameters.get(name).map(str::to_owned);
        let wrong = |name: &str| RequestClaimsError::Wrong(name.to_owned());
        let max_age = parameters.get("max_age").map(str::parse).transpose();
        let claims = parameters.get("claims").map(|json| parse_object(json.as_bytes()));
        Ok(Self {
            client_id: own("client_id"),
            response_type: own("response_type"),
            response_mode: own("response_mode"),
            redirect_uri: own("redirect_uri"),
            scope: own("scope"),
            state: own("state"),
            nonce: own("nonce"),
            code_challenge: own("code_challenge"),
            code_challenge_method: own("code_challenge_method"),
            dpop_jkt: own("dpop_jkt"),
            max_age: max_age.map_err(|_| wrong("max_age"))?,
            prompt: own("prompt"),
            acr_values: own("acr_values"),
            login_hint: own("login_hint"),
            id_token_hint: own("id_token_hint"),
            ui_locales: own("ui_locales"),
            claims: claims.transpose().map_err(|_| wrong("claims"))?.map(|(claims, _)| claims),
            refused: REFUSED.into_iter().find(|name| parameters.get(name).is_some()),
            ..Self::default()
        })
    }

    /// Names the consent to authorise (`openbanking_intent_id`), in the ID token and in userinfo.
    pub fn demand_intent(&mut self, intent_id: &str) {
        let requested = self.claims.get_or_insert_default();
        for members in [&mut requested.id_token, &mut requested.userinfo] {
            let claim = RequestedClaim::of(intent_id);
            members.get_or_insert_default().openbanking_intent_id = Some(claim);
        }
    }

    /// Binds the code to a verifier, by S256.
    pub fn prove_by(&mut self, challenge: &CodeChallenge) {
        self.code_challenge = Some(challenge.to_string());
        self.code_challenge_method = Some("S256".to_owned());
    }

    /// The scopes, in order.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().flat_map(|scope| scope.split(' ')).filter(|name| !name.is_empty())
    }
}

/// What would change the meaning of a request if it were ignored: an object inside the object (RFC
/// 9101, 4), details of the authorisation (RFC 9396, 5), and a registration on the way.
const REFUSED: [&str; 4] = ["request", "request_uri", "authorization_details", "registration"];

impl From<ObjectError> for RequestClaimsError {
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

impl Members for RequestClaims {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        if let Some(refused) = REFUSED.into_iter().find(|refused| *refused == name) {
            self.refused = Some(refused);
            return Ok(false);
        }
        let text = match name {
            "aud" => {
                self.audience = values.next_value()?;
                return Ok(true);
            }
            "exp" | "nbf" | "iat" => {
                let date = Some(values.next_value::<NumericDate>()?.seconds());
                *match name {
                    "exp" => &mut self.expires_at,
                    "nbf" => &mut self.not_before,
                    _ => &mut self.issued_at,
                } = date;
                return Ok(true);
            }
            "max_age" => {
                self.max_age = Some(values.next_value()?);
                return Ok(true);
            }
            "claims" => {
                self.claims = Some(values.next_value::<Strict<_>>()?.0);
                return Ok(true);
            }
            "iss" => &mut self.issuer,
            "jti" => &mut self.id,
            "client_id" => &mut self.client_id,
            "response_type" => &mut self.response_type,
            "response_mode" => &mut self.response_mode,
            "redirect_uri" => &mut self.redirect_uri,
            "scope" => &mut self.scope,
            "state" => &mut self.state,
            "nonce" => &mut self.nonce,
            "code_challenge" => &mut self.code_challenge,
            "code_challenge_method" => &mut self.code_challenge_method,
            "dpop_jkt" => &mut self.dpop_jkt,
            "prompt" => &mut self.prompt,
            "acr_values" => &mut self.acr_values,
            "login_hint" => &mut self.login_hint,
            "id_token_hint" => &mut self.id_token_hint,
            "ui_locales" => &mut self.ui_locales,
            _ => return Ok(false),
        };
        *text = Some(values.next_value()?);
        Ok(true)
    }
}

impl Audiences {
    /// Whether the name is among them, character by character.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|audience| audience == name)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Audiences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(String),
            Several(Vec<String>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::One(name) => vec![name],
            Form::Several(names) => names,
        }))
    }
}

impl Serialize for Audiences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl fmt::Debug for RequestClaims {
    /// Whose request it is; state, nonce, hints and the consent are nobody else's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestClaims")
            .field("client_id", &self.client_id)
            .field("response_type", &self.response_type)
            .finish_non_exhaustive()
    }
}
