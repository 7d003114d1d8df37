//! The answer of the token endpoint (RFC 6749, 5.1).

use std::fmt;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderValue, Response};
use serde::Serialize;

use crate::jose::{Confirmation, Scope};

/// The tokens that a client gets, in JSON that nobody stores.
///
/// ```
/// # use std::time::Duration;
/// # use tower_open_banking::{client_auth::TokenAnswer, jose::{Confirmation, Scope}};
/// let scope = Scope::parse("accounts").ok_or("not a scope")?;
/// let answer = TokenAnswer::of("eyJ…", &Confirmation::default(), Duration::from_secs(300), &scope);
/// let response = answer.refresh_token("…").into_response();
/// assert_eq!(response.headers()["cache-control"], "no-store");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Serialize)]
#[must_use]
pub struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

impl TokenAnswer {
    /// An access token that is bound so, lives so long and has this scope. Its type is `DPoP` where
    /// it is bound to a key (RFC 9449, 5), else `Bearer`.
    pub fn of(
        access_token: impl Into<String>,
        confirmation: &Confirmation,
        lifetime: std::time::Duration,
        scope: &Scope,
    ) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: if confirmation.key.is_some() { "DPoP" } else { "Bearer" },
            expires_in: lifetime.as_secs(),
            scope: scope.as_str().to_owned(),
            refresh_token: None,
            id_token: None,
        }
    }

    /// Adds a refresh token.
    pub fn refresh_token(self, token: impl Into<String>) -> Self {
        Self { refresh_token: Some(token.into()), ..self }
    }

    /// Adds an ID token.
    pub fn id_token(self, token: impl Into<String>) -> Self {
        Self { id_token: Some(token.into()), ..self }
    }

    /// The response: 200, `no-store`.
    pub fn into_response(self) -> Response<Bytes> {
        // Texts and a number: nothing that does not become JSON.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::jose::Thumbprint;

    fn answer(confirmation: &Confirmation) -> TokenAnswer {
        let scope = Scope::parse("openid accounts").unwrap();
        TokenAnswer::of("a", confirmation, Duration::from_secs(300), &scope)
    }

    #[test]
    fn the_type_says_how_the_token_is_bound_and_nobody_stores_it() {
        let thumbprint = Some(Thumbprint::of_certificate(b"x"));
        let by_key = Confirmation { key: thumbprint, certificate: None };
        let by_certificate = Confirmation { key: None, certificate: thumbprint };
        for (confirmation, token_type) in [(by_key, "DPoP"), (by_certificate, "Bearer")] {
            let response = answer(&confirmation).into_response();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.headers()["cache-control"], "no-store");
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            let due = json!({ "access_token": "a", "token_type": token_type, "expires_in": 300,
                "scope": "openid accounts" });
            assert_eq!(body, due);
        }
    }

    #[test]
    fn other_tokens_come_along_and_none_is_in_the_log() {
        let answer = answer(&Confirmation::default()).refresh_token("s3cret").id_token("eyJ");
        assert!(!format!("{answer:?}").contains("s3cret"));
        let body: Value = serde_json::from_slice(answer.into_response().body()).unwrap();
        assert_eq!((&body["refresh_token"], &body["id_token"]), (&"s3cret".into(), &"eyJ".into()));
    }
}
