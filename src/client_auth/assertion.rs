//! The assertion of `private_key_jwt`, as a client makes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::crypto::{Algorithm, NoRandomness, SigningKey, random};
use crate::jose::{Audience, Claims, MakeError, NewHeader, NumericDate, encode_base64url};

/// The one value of `client_assertion_type` (RFC 7523, section 2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The `typ` of draft-ietf-oauth-rfc7523bis.
pub(super) const TYP: &str = "client-authentication+jwt";

/// Makes the assertions with which a client authenticates (`private_key_jwt`): each good for one
/// request, for a minute.
///
/// ```
/// use tower_open_banking::{client_auth::ClientAssertions, crypto::{Algorithm, SigningKey}};
/// # use rustls_pki_types::UnixTime;
///
/// # let pem = rcgen::KeyPair::generate()?.serialize_pem();
/// let key = SigningKey::from_pem(pem.as_bytes())?;
/// let client = ClientAssertions::of("tpp", key, "kid-1", Algorithm::Es256);
/// let form = client.parameters("https://as.bank.example", UnixTime::now())?;
/// assert_eq!(form[0], ("client_id", "tpp".to_owned()));
/// assert_ne!(form, client.parameters("https://as.bank.example", UnixTime::now())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientAssertions {
    client_id: String,
    key: Arc<SigningKey>,
    kid: String,
    algorithm: Algorithm,
    typ: Option<&'static str>,
}

/// Why an assertion was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// The claims could not be written.
    #[error("the assertion could not be written")]
    Claims,
    /// The key did not sign.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// There is no fresh `jti`.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl ClientAssertions {
    /// Of a client with this key, known to the server as `kid`.
    pub fn of(
        client_id: impl Into<String>,
        key: impl Into<Arc<SigningKey>>,
        kid: impl Into<String>,
        algorithm: Algorithm,
    ) -> Self {
        let (client_id, key, kid) = (client_id.into(), key.into(), kid.into());
        Self { client_id, key, kid, algorithm, typ: None }
    }

    /// Adds `typ: client-authentication+jwt`, as draft-ietf-oauth-rfc7523bis asks of new clients.
    /// Servers that know no types but `JWT` refuse it, hence not the default.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { typ: Some(TYP), ..self }
    }

    /// Whose they are.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Makes one for a server. The audience is its issuer identifier, character by character;
    /// never a URL that another party named.
    ///
    /// Signs here and now, which takes a millisecond with RSA.
    ///
    /// # Errors
    ///
    /// When the key does not sign with the algorithm, or there are no random numbers.
    pub fn make(&self, audience: &str, now: UnixTime) -> Result<String, AssertionError> {
        let expires = Duration::from_secs(now.as_secs().saturating_add(LIFETIME.as_secs()));
        let claims = Claims {
            issuer: Some(self.client_id.clone()),
            subject: Some(self.client_id.clone()),
            audience: Some(Audience::of(audience)),
            id: Some(encode_base64url(&random::<16>()?)),
            issued_at: Some(NumericDate::of(now)),
            expires_at: Some(NumericDate::of(UnixTime::since_unix_epoch(expires))),
            ..Claims::default()
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| AssertionError::Claims)?;
        let header = NewHeader::new(self.algorithm, &self.kid);
        let header = self.typ.into_iter().fold(header, NewHeader::typ);
        Ok(header.sign_compact(&self.key, &payload)?)
    }

    /// The parameters that authenticate a request, for its form: `client_id`,
    /// `client_assertion_type` and a fresh `client_assertion`.
    ///
    /// # Errors
    ///
    /// As [`make`](Self::make).
    pub fn parameters(
        &self,
        audience: &str,
        now: UnixTime,
    ) -> Result<[(&'static str, String); 3], AssertionError> {
        Ok([
            ("client_id", self.client_id.clone()),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE.to_owned()),
            ("client_assertion", self.make(audience, now)?),
        ])
    }
}

impl fmt::Debug for ClientAssertions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAssertions")
            .field("client_id", &self.client_id)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Long enough for one request and its retries, too short for a log to be worth reading.
const LIFETIME: Duration = Duration::from_secs(60);
