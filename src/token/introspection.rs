//! Token introspection (RFC 7662, RFC 9701): asking the authorization server, and answering for
//! one's own.

mod answer;
mod cache;
mod endpoint;
mod form;
mod signed;

use std::error::Error;
use std::sync::Arc;

use rustls_pki_types::UnixTime;
use serde::de::MapAccess;

pub use self::answer::{IntrospectionAnswer, IntrospectionSigner};
pub use self::endpoint::{CallerAuthentication, IntrospectionEndpoint};
use crate::gate::BoxFuture;
use crate::jose::{Claims, Members, read_claims};

/// Asks the authorization server about a token.
///
/// [`IntrospectionEndpoint`] asks over HTTP. An implementation of one's own authenticates itself,
/// posts the token, and hands the body of a 200 to [`introspection_response`]. It must not keep an
/// answer for longer than `exp`, and keeps none for payments.
pub trait Introspect: Send + Sync + 'static {
    /// What the server says. `now` is the time of the request.
    fn introspect<'a>(
        &'a self,
        token: &'a str,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>>;
}

impl<T: Introspect + ?Sized> Introspect for Arc<T> {
    fn introspect<'a>(
        &'a self,
        token: &'a str,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        (**self).introspect(token, now)
    }
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

/// The server did not answer, or not in the way of RFC 7662 or RFC 9701. The request is refused with
/// a 503.
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

/// Reads the JSON body of an introspection answer (RFC 7662, 2.2). Only `"active": true`, a boolean,
/// counts as active.
///
/// # Errors
///
/// A body that is no JSON object, names a member twice, or has no boolean `active`.
pub fn introspection_response(body: &[u8]) -> Result<Introspected, IntrospectionError> {
    read_claims::<Answer>(body).map_err(IntrospectionError::new)?.judge()
}

/// The members of an answer.
#[derive(Default)]
struct Answer {
    active: Option<bool>,
    claims: Claims,
}

impl Answer {
    fn judge(self) -> Result<Introspected, IntrospectionError> {
        match self.active {
            Some(true) => Ok(Introspected::Active(Box::new(self.claims))),
            Some(false) => Ok(Introspected::Inactive),
            None => Err(IntrospectionError::new("`active` is missing")),
        }
    }
}

impl Members for Answer {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "active" => self.active = Some(values.next_value()?),
            _ => return self.claims.read(name, values),
        }
        Ok(true)
    }
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
