//! Revocation at one's own authorization server (RFC 7009).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Response, StatusCode};

use crate::jose::Claims;
use crate::reject::{Reason, Rejection};

/// The token that an authenticated client may have revoked, if there is one (RFC 7009, 2.1): its own.
///
/// `token` is what the server knows of the token that was sent. Of one that it does not know there is
/// nothing to revoke, which is no error (RFC 7009, 2.2): the client has what it wants either way, and
/// gets the [same answer](revoked).
///
/// # Errors
///
/// [`Reason::ClientUnauthorized`] for a token of another client, or of nobody.
pub fn revocable<'a>(
    token: Option<&'a Claims>,
    client_id: &str,
) -> Result<Option<&'a Claims>, Rejection> {
    match token {
        Some(token) if token.client_id.as_deref() != Some(client_id) => {
            Err(Rejection::new(Reason::ClientUnauthorized).detail("a token of another client"))
        }
        own => Ok(own),
    }
}

/// The answer to a client whose token is revoked, or never was one: 200, and nothing else
/// (RFC 7009, 2.2).
pub fn revoked() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_revokes_its_own_tokens_and_no_others() {
        let of = |json: &str| Claims::parse(json.as_bytes()).unwrap();
        let own = of(r#"{"client_id":"tpp","jti":"1"}"#);
        let to_revoke = revocable(Some(&own), "tpp").unwrap().unwrap();
        assert_eq!(to_revoke.id.as_deref(), Some("1"));
        for other in [r#"{"client_id":"other"}"#, r#"{"client_id":"TPP"}"#, "{}"] {
            let refused = revocable(Some(&of(other)), "tpp").unwrap_err();
            assert_eq!(refused.reason(), Reason::ClientUnauthorized, "{other}");
        }
    }

    #[test]
    fn a_token_that_is_unknown_is_no_error() {
        assert!(revocable(None, "tpp").unwrap().is_none());
        let answer = revoked();
        assert_eq!((answer.status(), answer.body().len()), (StatusCode::OK, 0));
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
}
