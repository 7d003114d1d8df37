//! `[token.introspection]`: asking the authorization server about tokens.

use std::sync::Arc;

use http::Uri;
use http::uri::InvalidUri;
use serde::Deserialize;

use super::fetch::Over;
use super::{Config, ConfigError, Token};
use crate::jose::KeySource;
use crate::token::{
    CallerAuthentication, IntrospectionEndpoint, TokenAudience, TokenIssuer, VerifyToken,
};

/// Asks the authorization server about each token (RFC 7662), with the certificate of
/// [`Fetch`](super::Fetch). No answer is kept, since the gates stand in front of payments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introspection {
    /// Where, over https.
    pub endpoint: String,
    /// The id of this resource server at the authorization server.
    pub client_id: String,
    /// Demands signed answers (RFC 9701), verified with the keys of [`Token`].
    #[serde(default)]
    pub signed: bool,
}

impl Config {
    /// Whoever writes down a key believes that it has an effect.
    pub(super) fn judge_introspection(&self) -> Result<(), ConfigError> {
        let Some(introspection) = &self.token.introspection else { return Ok(()) };
        let refuse = |key: &str, why: &str| Err(ConfigError::value(key, why));
        if introspection.client_id.is_empty() {
            return refuse("token.introspection.client_id", "empty");
        }
        if self.fetch.as_ref().is_none_or(|fetch| fetch.certificate.is_none()) {
            return refuse("fetch.certificate", "due to ask about tokens");
        }
        if self.token.allow_untyped {
            return refuse("token.allow_untyped", "has no effect with introspection");
        }
        let named =
            [("keys", self.token.keys.is_some()), ("jwks_uri", self.token.jwks_uri.is_some())];
        match named.iter().find(|(_, is_named)| *is_named) {
            None if introspection.signed => {
                refuse("token.keys", "due for signed answers, or `jwks_uri`")
            }
            Some((name, _)) if !introspection.signed => {
                let why = "has no effect with introspection, unless the answers are signed";
                refuse(&format!("token.{name}"), why)
            }
            _ => Ok(()),
        }
    }
}

impl Introspection {
    /// The rule; `keys` are those of signed answers.
    pub(super) fn rule(
        &self,
        token: &Token,
        keys: Option<Arc<dyn KeySource>>,
        over: &Over,
    ) -> Result<VerifyToken, ConfigError> {
        let wrong = |why: &dyn ToString| {
            ConfigError::value("token.introspection.endpoint", why.to_string())
        };
        let uri: Uri = self.endpoint.parse().map_err(|why: InvalidUri| wrong(&why))?;
        let over = over.clone().ok_or_else(|| wrong(&"nothing is fetched"))?;
        let caller = CallerAuthentication::MutualTls(self.client_id.clone());
        let endpoint = IntrospectionEndpoint::at(uri, over, caller).map_err(|why| wrong(&why))?;
        let issuer = || TokenIssuer(token.issuer.clone());
        let audience = || TokenAudience(token.audience.clone());
        let endpoint = match keys {
            Some(keys) => endpoint.signed_by(issuer(), audience(), keys),
            None => endpoint,
        };
        Ok(VerifyToken::introspected_by(issuer(), audience(), endpoint))
    }
}

#[cfg(test)]
mod tests;
