//! Access tokens as an authorization server issues them (RFC 9068).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::Granted;
use crate::crypto::{Algorithm, NoRandomness, SigningKey, random};
use crate::jose::{
    Audience, Claims, Confirmation, MakeError, NewHeader, NumericDate, encode_base64url,
};

/// Issues JWT access tokens: `typ: at+jwt`, with all the claims of RFC 9068, 2.2, each bound to its
/// sender, for five minutes.
///
/// [`VerifyToken`](crate::token::VerifyToken) accepts them. Does not check that the client may have
/// what is issued to it.
#[derive(Clone)]
pub struct AccessTokens {
    issuer: String,
    key: Arc<SigningKey>,
    kid: String,
    algorithm: Algorithm,
    lifetime: Duration,
}

/// An access token to be issued.
#[derive(Clone)]
#[must_use]
pub struct NewAccessToken(Claims);

/// Why an access token was not issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The claims could not be written.
    #[error("the token could not be written")]
    Claims,
    /// The key did not sign.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// There is no fresh `jti`.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// It is bound to nothing (FAPI 1.0 Advanced, 5.2.2; FAPI 2.0, 5.3.2.1).
    #[error("the token is bound to nothing")]
    Unbound,
}

impl NewAccessToken {
    /// A token for what was granted, to be used at this resource server by this sender. Its subject
    /// is the client, unless [set](Self::subject).
    pub fn of(granted: &Granted, audience: &str, confirmation: Confirmation) -> Self {
        Self(Claims {
            subject: Some(granted.client_id().to_owned()),
            audience: Some(Audience::of(audience)),
            client_id: Some(granted.client_id().to_owned()),
            scope: Some(granted.scope().clone()),
            confirmation: Some(confirmation),
            ..Claims::default()
        })
    }

    /// Sets the user that it speaks for.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = Some(subject.into());
        self
    }

    /// Sets the consent that it is given for, as `openbanking_intent_id`.
    pub fn intent_id(mut self, intent_id: impl Into<String>) -> Self {
        self.0.intent_id = Some(intent_id.into());
        self
    }
}

impl AccessTokens {
    /// Of this issuer, signed with this key, which it publishes as `kid`.
    pub fn issued_by(
        issuer: impl Into<String>,
        key: impl Into<Arc<SigningKey>>,
        kid: impl Into<String>,
        algorithm: Algorithm,
    ) -> Self {
        let (issuer, key, kid) = (issuer.into(), key.into(), kid.into());
        Self { issuer, key, kid, algorithm, lifetime: LIFETIME }
    }

    /// Sets how long they live.
    #[must_use]
    pub fn living_for(self, lifetime: Duration) -> Self {
        Self { lifetime, ..self }
    }

    /// How long they live: `expires_in`.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Issues one.
    ///
    /// Signs here and now, which takes a millisecond with RSA.
    ///
    /// # Errors
    ///
    /// When it is bound to nothing, the key does not sign with the algorithm, or there are no random
    /// numbers.
    pub fn issue(&self, token: NewAccessToken, now: UnixTime) -> Result<String, IssueError> {
        let is_bound = |cnf: &Confirmation| cnf.certificate.is_some() || cnf.key.is_some();
        if !token.0.confirmation.as_ref().is_some_and(is_bound) {
            return Err(IssueError::Unbound);
        }
        let ends = Duration::from_secs(now.as_secs().saturating_add(self.lifetime.as_secs()));
        let claims = Claims {
            issuer: Some(self.issuer.clone()),
            id: Some(encode_base64url(&random::<16>()?)),
            issued_at: Some(NumericDate::of(now)),
            expires_at: Some(NumericDate::of(UnixTime::since_unix_epoch(ends))),
            ..token.0
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| IssueError::Claims)?;
        let header = NewHeader::new(self.algorithm, &self.kid).typ("at+jwt");
        Ok(header.sign_compact(&self.key, &payload)?)
    }
}

impl fmt::Debug for NewAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewAccessToken({:?})", self.0)
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("issuer", &self.issuer)
            .field("kid", &self.kid)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// Of the 300 to 900 seconds of Open Finance Brasil the shortest.
const LIFETIME: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;
