//! `[token.introspection]`: asking the authorization server about tokens.

use std::path::PathBuf;
use std::sync::Arc;

use http::Uri;
use http::uri::InvalidUri;
use serde::Deserialize;

use super::fetch::Over;
use super::load::Files;
use super::{Config, ConfigError, Token};
use crate::client_auth::ClientAssertions;
use crate::crypto::{Algorithm, SigningKey};
use crate::jose::KeySource;
use crate::token::{
    CallerAuthentication, IntrospectionEndpoint, TokenAudience, TokenIssuer, VerifyToken,
};

/// Asks the authorization server about each token (RFC 7662). No answer is kept, since the gates stand
/// in front of payments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introspection {
    /// Where, over https.
    pub endpoint: String,
    /// The id of this resource server at the authorization server.
    pub client_id: String,
    /// A file with the private key, PEM, with which it signs its assertions (`private_key_jwt`). It
    /// authenticates by the certificate of [`Fetch`](super::Fetch) if absent.
    pub key: Option<PathBuf>,
    /// The id of that key at the authorization server.
    pub kid: Option<String>,
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
        let shows = self.fetch.as_ref().is_some_and(|fetch| fetch.certificate.is_some());
        let has_kid = introspection.kid.as_ref().is_some_and(|kid| !kid.is_empty());
        match (&introspection.key, &introspection.kid) {
            (None, None) if !shows => {
                return refuse("fetch.certificate", "due to ask about tokens without a `key`");
            }
            (None, Some(_)) => {
                return refuse("token.introspection.kid", "has no effect without `key`");
            }
            (Some(_), _) if !has_kid => return refuse("token.introspection.kid", "due with `key`"),
            _ => {}
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
        files: &Files<'_>,
        token: &Token,
        keys: Option<Arc<dyn KeySource>>,
        over: &Over,
    ) -> Result<VerifyToken, ConfigError> {
        let wrong = |why: &dyn ToString| {
            ConfigError::value("token.introspection.endpoint", why.to_string())
        };
        let uri: Uri = self.endpoint.parse().map_err(|why: InvalidUri| wrong(&why))?;
        let over = over.clone().ok_or_else(|| wrong(&"nothing is fetched"))?;
        let caller = self.caller(files, token)?;
        let endpoint = IntrospectionEndpoint::at(uri, over, caller).map_err(|why| wrong(&why))?;
        let issuer = || TokenIssuer(token.issuer.clone());
        let audience = || TokenAudience(token.audience.clone());
        let endpoint = match keys {
            Some(keys) => endpoint.signed_by(issuer(), audience(), keys),
            None => endpoint,
        };
        Ok(VerifyToken::introspected_by(issuer(), audience(), endpoint))
    }

    fn caller(
        &self,
        files: &Files<'_>,
        token: &Token,
    ) -> Result<CallerAuthentication, ConfigError> {
        let Some(path) = &self.key else {
            return Ok(CallerAuthentication::MutualTls(self.client_id.clone()));
        };
        let key = files.parsed("token.introspection.key", path, SigningKey::from_pem)?;
        let allowed = [Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];
        let algorithm = allowed.into_iter().find(|one| key.public_key().fits(*one));
        let algorithm = algorithm.ok_or_else(|| {
            ConfigError::value("token.introspection.key", "signs with none of PS256, ES256, EdDSA")
        })?;
        let kid = self.kid.clone().unwrap_or_default();
        let assertions = ClientAssertions::of(&self.client_id, key, kid, algorithm);
        Ok(CallerAuthentication::PrivateKeyJwt(assertions, TokenIssuer(token.issuer.clone())))
    }
}

#[cfg(test)]
mod tests;
