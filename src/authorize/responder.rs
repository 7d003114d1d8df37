//! What goes back through the browser.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderName, LOCATION, PRAGMA, REFERRER_POLICY};
use http::{HeaderValue, Response, StatusCode};
use rustls_pki_types::UnixTime;
use serde_json::{Map, Value};

use super::id_token::{Authenticated, NewIdToken};
use super::proven::ProvenRequest;
use super::request::AuthorizationRequest;
use super::response_type::{Delivery, ResponseType};
use crate::client_auth::Parameters;
use crate::crypto::{Algorithm, KeyError, SigningKey};
use crate::jose::NewHeader;

/// Makes the answers of the authorisation endpoint: a redirection to a proven URI, with `iss` (RFC
/// 9207), in the query, the fragment or a signed JWT (JARM), as the request asked.
///
/// There is no way to name another place: an answer is made from the evidence that the client and its
/// redirection URI are proven.
#[derive(Clone)]
pub struct Responder(Arc<Issuing>);

struct Issuing {
    issuer: String,
    signer: Option<Signer>,
}

pub(super) struct Signer {
    pub(super) key: Arc<SigningKey>,
    pub(super) algorithm: Algorithm,
    pub(super) kid: String,
}

/// Why an answer was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// An access token where none was asked for, or none where one was.
    #[error("the answer does not fit the response type")]
    NotAsked,
    /// The pushed request was answered before, or its time is over.
    #[error("the request URI is used up")]
    RequestUriSpent,
    /// Whether the pushed request was answered before cannot be told.
    #[error("the store of pushed requests is not available")]
    StoreUnavailable,
    /// The redirection URI is no header value.
    #[error("the redirection URI cannot be sent")]
    RedirectUri,
    /// An answer that must be signed, and no key that signs.
    #[error("no key signs the answer")]
    Unsigned,
}

/// An access token for the browser, which no profile here has.
#[derive(Clone, Copy)]
pub struct FrontChannelToken<'a> {
    /// The token.
    pub token: &'a str,
    /// For how many seconds it is good.
    pub expires_in: u64,
}

/// Where an answer goes.
pub(super) struct Target<'a> {
    client_id: &'a str,
    redirect_uri: &'a str,
    state: Option<&'a str>,
    delivery: Delivery,
}

impl ProvenRequest {
    fn target(&self) -> Target<'_> {
        Target {
            client_id: self.client.client_id(),
            redirect_uri: &self.redirect_uri,
            state: self.claims.state.as_deref(),
            delivery: self.delivery(),
        }
    }
}

impl AuthorizationRequest {
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            client_id: self.client_id(),
            redirect_uri: &self.redirect_uri,
            state: self.state(),
            delivery: self.delivery,
        }
    }
}

impl Responder {
    /// Answers in the name of this issuer.
    pub fn of(issuer: impl Into<String>) -> Self {
        Self(Arc::new(Issuing { issuer: issuer.into(), signer: None }))
    }

    /// Signs ID tokens and JARM answers with this key, which is published under `kid`.
    ///
    /// # Errors
    ///
    /// A key that cannot make the algorithm's signatures.
    pub fn signing_with(
        self,
        key: impl Into<Arc<SigningKey>>,
        algorithm: Algorithm,
        kid: impl Into<String>,
    ) -> Result<Self, KeyError> {
        let key = key.into();
        if !key.public_key().fits(algorithm) {
            return Err(KeyError::Unsupported);
        }
        let signer = Some(Signer { key, algorithm, kid: kid.into() });
        Ok(Self(Arc::new(Issuing { issuer: self.0.issuer.clone(), signer })))
    }

    /// Gives the client its code; with it, where the response type has one, an ID token over both. A
    /// pushed request is used up by it: of several pages for one, the first that is answered counts.
    ///
    /// # Errors
    ///
    /// When a signature is due and cannot be made, the access token does not fit the response type, or
    /// the pushed request was used before; then no code goes anywhere.
    pub async fn grant(
        &self,
        request: &AuthorizationRequest,
        code: &str,
        user: Authenticated<'_>,
        token: Option<FrontChannelToken<'_>>,
        now: UnixTime,
    ) -> Result<Response<Bytes>, AnswerError> {
        if let Some(unspent) = &request.unspent {
            let first = unspent.spend(now).await.map_err(|_| AnswerError::StoreUnavailable)?;
            if !first {
                return Err(AnswerError::RequestUriSpent);
            }
        }
        let mut answer = vec![("code", code)];
        let lifetime = token.map(|token| token.expires_in.to_string()).unwrap_or_default();
        match (request.response_type(), token) {
            (ResponseType::Code | ResponseType::CodeIdToken, None) => {}
            (ResponseType::CodeIdTokenToken, Some(token)) => answer.extend([
                ("access_token", token.token),
                ("token_type", "Bearer"),
                ("expires_in", lifetime.as_str()),
            ]),
            _ => return Err(AnswerError::NotAsked),
        }
        let id_token = match request.response_type() {
            ResponseType::Code => None,
            ResponseType::CodeIdToken | ResponseType::CodeIdTokenToken => {
                let mut made = NewIdToken::answering(request, user).beside(code, request.state());
                if let Some(token) = token {
                    made = made.access_token(token.token);
                }
                Some(self.id_token(&made, now)?)
            }
        };
        answer.extend(id_token.as_deref().map(|token| ("id_token", token)));
        self.send(&request.target(), answer, now)
    }

    /// Tells the client that there is no authorisation: an error code of RFC 6749, 4.1.2.1 or OpenID
    /// Connect Core, 3.1.2.6, such as `access_denied` or `login_required`. A pushed request is used up
    /// by it as well.
    ///
    /// # Errors
    ///
    /// When a signature is due and cannot be made.
    pub async fn deny(
        &self,
        request: &AuthorizationRequest,
        error: &str,
        now: UnixTime,
    ) -> Result<Response<Bytes>, AnswerError> {
        if let Some(unspent) = &request.unspent {
            // Whether it was used before or cannot be told: a refusal gives nothing away.
            let _ = unspent.spend(now).await;
        }
        self.send(&request.target(), vec![("error", error)], now)
    }

    /// A refusal by a rule.
    pub(crate) fn refuse(
        &self,
        proven: &ProvenRequest,
        error: &str,
        description: &str,
        now: UnixTime,
    ) -> Result<Response<Bytes>, AnswerError> {
        let answer = vec![("error", error), ("error_description", description)];
        self.send(&proven.target(), answer, now)
    }

    pub(super) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(super) fn signer(&self) -> Result<&Signer, AnswerError> {
        self.0.signer.as_ref().ok_or(AnswerError::Unsigned)
    }

    pub(super) fn send<'a>(
        &'a self,
        target: &Target<'a>,
        mut answer: Vec<(&'static str, &'a str)>,
        now: UnixTime,
    ) -> Result<Response<Bytes>, AnswerError> {
        answer.extend(target.state.map(|state| ("state", state)));
        answer.push(("iss", self.issuer()));
        let parameters = match target.delivery.signed {
            false => Parameters::from_iter(answer),
            true => {
                let jwt = self.jarm(target.client_id, answer, now)?;
                Parameters::from_iter([("response", jwt)])
            }
        };
        let uri = target.redirect_uri;
        let joint = match (target.delivery.in_fragment, uri.contains('?')) {
            (true, _) => "#",
            (false, true) => "&",
            (false, false) => "?",
        };
        redirect(&format!("{uri}{joint}{parameters}"))
    }

    /// JARM, 2.1: `iss`, `aud`, `exp` and the answer.
    fn jarm(
        &self,
        client_id: &str,
        answer: Vec<(&'static str, &str)>,
        now: UnixTime,
    ) -> Result<String, AnswerError> {
        let mut claims: Map<String, Value> =
            answer.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        claims.insert("aud".to_owned(), client_id.into());
        claims.insert("exp".to_owned(), now.as_secs().saturating_add(JARM_LIFETIME).into());
        claims.insert("iat".to_owned(), now.as_secs().into());
        self.signer()?.sign(Value::from(claims).to_string().as_bytes())
    }
}

impl Signer {
    pub(super) fn sign(&self, claims: &[u8]) -> Result<String, AnswerError> {
        let header = NewHeader::new(self.algorithm, &self.kid);
        header.sign_compact(&self.key, claims).map_err(|_| AnswerError::Unsigned)
    }
}

/// 303: the browser comes with a GET, whatever it came with here (RFC 9700, 4.12). The address holds
/// what nobody else may see, so no cache keeps it and no `Referer` names it.
fn redirect(location: &str) -> Result<Response<Bytes>, AnswerError> {
    let location = HeaderValue::from_str(location).map_err(|_| AnswerError::RedirectUri)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    for (name, value) in PRIVATE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Of answers that are one person's.
pub(crate) const PRIVATE: [(HeaderName, &str); 3] =
    [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache"), (REFERRER_POLICY, "no-referrer")];

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

/// JARM, 2.1 advises ten minutes at most; a browser is there in seconds.
const JARM_LIFETIME: u64 = 300;
