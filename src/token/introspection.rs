//! Token introspection (RFC 7662), through a trait: the crate opens no connection.

use std::error::Error;

use serde::Deserialize;

use crate::gate::BoxFuture;
use crate::jose::{Claims, ClaimsError};

/// Asks the authorization server about a token.
///
/// An implementation authenticates itself, posts the token, and hands the body of a 200 to
/// [`introspection_response`]. It must not keep an answer for longer than `exp`, and keeps none for
/// payments.
pub trait Introspect: Send + Sync + 'static {
    /// What the server says.
    fn introspect<'a>(
        &'a self,
        token: &'a str,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>>;
}

/// What the authorization server said of a token.
#[derive(Debug)]
#[non_exhaustive]
pub enum Introspected {
    /// It is good; the claims are the members of the answer.
    Active(Box<Claims>),
    /// It is not, for whatever reason.
    Inactive,
}

/// The server did not answer, or not in the way of RFC 7662. The request is refused with a 503.
#[derive(Debug, thiserror::Error)]
#[error("introspection failed")]
pub struct IntrospectionError {
    source: Box<dyn Error + Send + Sync>,
}

impl IntrospectionError {
    /// Keeps the cause for the log.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

impl From<ClaimsError> for IntrospectionError {
    fn from(error: ClaimsError) -> Self {
        Self::new(error)
    }
}

/// Reads the JSON body of an introspection answer (RFC 7662, 2.2). Only `"active": true`, a boolean,
/// counts as active.
///
/// # Errors
///
/// A body that is no JSON object, names a claim twice, or has no boolean `active`.
pub fn introspection_response(body: &[u8]) -> Result<Introspected, IntrospectionError> {
    #[derive(Deserialize)]
    struct Answer {
        active: bool,
    }
    let claims = Claims::parse(body)?;
    let answer: Answer = serde_json::from_slice(body).map_err(IntrospectionError::new)?;
    Ok(match answer.active {
        true => Introspected::Active(Box::new(claims)),
        false => Introspected::Inactive,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_boolean_true_is_active() {
        let good = introspection_response(br#"{"active":true,"client_id":"c"}"#).unwrap();
        assert!(matches!(good, Introspected::Active(claims) if claims.client_id.is_some()));
        let no = introspection_response(br#"{"active":false,"client_id":"c"}"#).unwrap();
        assert!(matches!(no, Introspected::Inactive));
        for hostile in [
            &br#"{}"#[..],
            br#"{"active":"true"}"#,
            br#"{"active":1}"#,
            br#"{"active":true,"active":false}"#,
            br#"[true]"#,
            b"",
        ] {
            assert!(introspection_response(hostile).is_err());
        }
    }
}
