//! What the introspection endpoint of one's own authorization server answers.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use super::signed::TYP;
use crate::crypto::{Algorithm, SigningKey};
use crate::jose::{Claims, MakeError, NewHeader};
use crate::token::TokenAudience;

/// The answer to a resource server that asks about a token.
///
/// Says `active: false`, and nothing else, of a token that is unknown, has ended or not begun, or is
/// for another resource server: to tell these apart is to tell about tokens of others (RFC 7662,
/// 2.2, 4). A token without `exp` or `aud` is nobody's.
///
/// The caller has authenticated the resource server, has read the token, and has looked it up: a
/// token that was revoked or whose signature does not verify is none.
///
/// ```
/// use std::time::Duration;
/// use tower_open_banking::{jose::Claims, pki_types::UnixTime, token::{IntrospectionAnswer, TokenAudience}};
///
/// let token = Claims::parse(br#"{"aud":"https://rs","client_id":"tpp","exp":1000}"#)?;
/// let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
/// let (ours, other) = (TokenAudience("https://rs".into()), TokenAudience("https://other".into()));
///
/// let answer = IntrospectionAnswer::about(Some(&token), &ours, at(999)).plain();
/// assert_eq!(answer.body(), r#"{"active":true,"aud":"https://rs","exp":1000,"client_id":"tpp"}"#);
/// for (server, now) in [(&ours, 1000), (&other, 999)] {
///     let answer = IntrospectionAnswer::about(Some(&token), server, at(now)).plain();
///     assert_eq!(answer.body(), r#"{"active":false}"#);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IntrospectionAnswer<'a> {
    token: Option<&'a Claims>,
    to: &'a TokenAudience,
    now: UnixTime,
}

/// With what an authorization server signs its answers.
#[derive(Clone)]
pub struct IntrospectionSigner {
    /// The authorization server, as `iss`.
    pub issuer: String,
    /// The key.
    pub key: Arc<SigningKey>,
    /// Its id in the published key set.
    pub kid: String,
    /// The algorithm.
    pub algorithm: Algorithm,
}

impl<'a> IntrospectionAnswer<'a> {
    /// About this token, if there is one, to the resource server of this name.
    pub fn about(token: Option<&'a Claims>, to: &'a TokenAudience, now: UnixTime) -> Self {
        let token = token.filter(|token| is_usable(token, &to.0, now.as_secs()));
        Self { token, to, now }
    }

    /// Whether the token is good for who asks.
    pub fn is_active(&self) -> bool {
        self.token.is_some()
    }

    /// In plain JSON (RFC 7662, 2.2).
    pub fn plain(&self) -> Response<Bytes> {
        response("application/json", json(&self.members()))
    }

    /// Signed, to a resource server that accepts `application/token-introspection+jwt` (RFC 9701,
    /// 5).
    ///
    /// # Errors
    ///
    /// When the key does not sign with the algorithm.
    pub fn signed(&self, by: &IntrospectionSigner) -> Result<Response<Bytes>, MakeError> {
        let claims = Signed {
            iss: &by.issuer,
            aud: &self.to.0,
            iat: self.now.as_secs(),
            token_introspection: self.members(),
        };
        let header = NewHeader::new(by.algorithm, &by.kid).typ(TYP);
        let jwt = header.sign_compact(&by.key, &json(&claims))?;
        Ok(response(super::signed::SIGNED, jwt.into_bytes()))
    }

    fn members(&self) -> Members<'a> {
        Members { active: self.is_active(), token: self.token }
    }
}

fn is_usable(token: &Claims, to: &str, now: u64) -> bool {
    token.audience.as_ref().is_some_and(|audience| audience.contains(to))
        && token.expires_at.is_some_and(|ends| now < ends.seconds())
        && token.not_before.is_none_or(|begins| begins.seconds() <= now)
}

#[derive(Serialize)]
struct Members<'a> {
    active: bool,
    #[serde(flatten)]
    token: Option<&'a Claims>,
}

#[derive(Serialize)]
struct Signed<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: u64,
    token_introspection: Members<'a>,
}

/// Strings, numbers and lists of them: nothing that JSON cannot say.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| br#"{"active":false}"#.to_vec())
}

fn response(media_type: &'static str, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::cert::test_pki::NOW;
    use crate::token::test_tokens::{AUDIENCE, claims};

    const ALONE: &str = r#"{"active":false}"#;

    fn said_of(token: &Value, to: &str, now: u64) -> String {
        let token = Claims::parse(token.to_string().as_bytes()).unwrap();
        let (to, now) = (TokenAudience(to.to_owned()), Duration::from_secs(now));
        let now = UnixTime::since_unix_epoch(now);
        let answer = IntrospectionAnswer::about(Some(&token), &to, now);
        let said = answer.plain();
        assert_eq!(
            (said.status(), &said.headers()["cache-control"]),
            (StatusCode::OK, &"no-store".parse().unwrap())
        );
        assert_eq!(said.headers()["content-type"], "application/json");
        let said = String::from_utf8(said.into_body().to_vec()).unwrap();
        assert_eq!(answer.is_active(), said != ALONE);
        said
    }

    /// A token that is in order but for the edit.
    fn token(member: &str, value: Value) -> Value {
        let mut claims = claims();
        claims.insert(member.to_owned(), value);
        claims.into()
    }

    #[test]
    fn a_good_token_is_active_with_all_that_is_known_of_it() {
        let thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
        let mut known = claims();
        known.insert("nbf".to_owned(), NOW.into());
        known.insert("cnf".to_owned(), json!({ "x5t#S256": thumbprint, "jkt": thumbprint }));
        known.insert("openbanking_intent_id".to_owned(), "consent-1".into());
        known.insert("aud".to_owned(), json!([AUDIENCE, "https://other.example"]));
        let said = said_of(&known.clone().into(), AUDIENCE, NOW);
        known.insert("active".to_owned(), true.into());
        assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), Value::from(known));
    }

    #[test]
    fn of_anything_else_nothing_is_said_but_that_it_is_not() {
        let good = Value::from(claims());
        assert_ne!(said_of(&good, AUDIENCE, NOW + 299), ALONE);
        assert_eq!(said_of(&good, AUDIENCE, NOW + 300), ALONE);
        assert_eq!(said_of(&good, "https://other.example", NOW), ALONE);
        assert_eq!(said_of(&token("nbf", (NOW + 1).into()), AUDIENCE, NOW), ALONE);
        for member in ["exp", "aud"] {
            let mut claims = claims();
            claims.remove(member);
            assert_eq!(said_of(&claims.into(), AUDIENCE, NOW), ALONE, "{member}");
        }
        let nobody = TokenAudience(AUDIENCE.to_owned());
        let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
        assert_eq!(IntrospectionAnswer::about(None, &nobody, now).plain().body(), ALONE);
    }

    #[test]
    fn a_binding_of_an_unknown_kind_stays_one() {
        let said = said_of(&token("cnf", json!({ "jwk": {} })), AUDIENCE, NOW);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["cnf"], json!({}));
    }
}
