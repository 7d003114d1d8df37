//! What an authorization server keeps of the grants that it gave: codes and refresh tokens.

mod memory;
mod record;
mod store;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use self::record::Record;
pub use self::{
    memory::MemoryGrantStore,
    store::{GrantKey, GrantStore, Taken},
};
use super::{AuthenticatedClient, CodeChallenge, CodeVerifier, Grant, PermittedGrant};
use crate::crypto::{NoRandomness, random};
use crate::idempotency::StoreError;
use crate::jose::{Scope, Thumbprint, encode_base64url};
use crate::reject::{Reason, Rejection};

/// What was granted to a client: a scope, and what else the server wants to know when it issues the
/// tokens.
#[derive(Clone, Eq, PartialEq)]
pub struct Granted {
    client_id: String,
    scope: Scope,
    data: String,
}

impl Granted {
    /// A scope for a client.
    pub fn to(client_id: impl Into<String>, scope: Scope) -> Self {
        Self { client_id: client_id.into(), scope, data: String::new() }
    }

    /// Adds what the server itself reads later: the user, the consent, the nonce, the tokens to
    /// revoke. It is kept as it is, so a store that others read needs it sealed.
    #[must_use]
    pub fn carrying(self, data: impl Into<String>) -> Self {
        Self { data: data.into(), ..self }
    }

    /// The client.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The scope: after a refresh, the one that was asked for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What the server [carries](Self::carrying).
    pub fn data(&self) -> &str {
        &self.data
    }
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the server carries names a person.
        f.debug_struct("Granted").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A code to be issued: what it grants, and what its client must show for it.
#[derive(Clone, Debug)]
pub struct NewCode {
    granted: Granted,
    redirect_uri: String,
    challenge: Option<CodeChallenge>,
    key: Option<Thumbprint>,
}

impl NewCode {
    /// A code that is sent to this redirection URI.
    pub fn of(granted: Granted, redirect_uri: impl Into<String>) -> Self {
        Self { granted, redirect_uri: redirect_uri.into(), challenge: None, key: None }
    }

    /// Demands the verifier of this challenge.
    #[must_use]
    pub fn challenge(self, challenge: CodeChallenge) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// Demands a proof of this key (`dpop_jkt`, RFC 9449, 10).
    #[must_use]
    pub fn bound_to(self, key: Thumbprint) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// Issues codes and refresh tokens, and redeems them.
///
/// Both are 256 random bits, of which a store learns a hash. A code lives for sixty seconds and is
/// spent by the first attempt of its client, right or wrong; for ten minutes more a second attempt is
/// told, so that the server can revoke what it gave (RFC 6749, 4.1.2). A refresh token is the
/// client's, not its certificate's or key's, so that these can be renewed (RFC 8705, 7.1; RFC 9449,
/// 5), and is not rotated (FAPI 2.0, 5.3.2.1).
///
/// Does not authenticate the client, and issues no access token.
///
/// ```
/// # use rustls_pki_types::UnixTime;
/// use tower_open_banking::{client_auth::{Grants, Granted, MemoryGrantStore, NewCode}, jose::Scope};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let grants = Grants::kept_in(MemoryGrantStore::with_capacity(100_000));
/// let scope = Scope::parse("openid accounts").ok_or("not a scope")?;
/// let granted = Granted::to("tpp", scope).carrying(r#"{"consent":"58923"}"#);
/// let code = grants.issue_code(NewCode::of(granted, "https://tpp/cb"), UnixTime::now()).await?;
/// assert_eq!(code.len(), 43);
/// // Behind the gate of the token endpoint: grants.redeem(&client, &permitted, None, now).await
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Grants(Arc<dyn GrantStore>);

/// Why a code or a refresh token was not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// There are no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store did not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a grant was not redeemed.
#[derive(Debug)]
pub struct Unredeemed {
    rejection: Rejection,
    used_before: Option<Granted>,
}

impl Unredeemed {
    /// The refusal.
    pub fn rejection(&self) -> &Rejection {
        &self.rejection
    }

    /// What a code granted that was used before. Somebody has it who should not: revoke what it gave.
    pub fn used_before(&self) -> Option<&Granted> {
        self.used_before.as_ref()
    }
}

impl From<Rejection> for Unredeemed {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, used_before: None }
    }
}

impl From<Unredeemed> for Rejection {
    fn from(unredeemed: Unredeemed) -> Self {
        unredeemed.rejection
    }
}

impl Grants {
    /// Keeps them here.
    pub fn kept_in(store: impl GrantStore + 'static) -> Self {
        Self(Arc::new(store))
    }

    /// Issues a code.
    ///
    /// # Errors
    ///
    /// When there are no random numbers, or the store does not keep it.
    pub async fn issue_code(&self, code: NewCode, now: UnixTime) -> Result<String, GrantError> {
        let expires_at = after(now, CODE_LIFE);
        let record = Record {
            redirect_uri: Some(code.redirect_uri),
            challenge: code.challenge,
            key: code.key,
            ..Record::of(code.granted, expires_at)
        };
        self.keep(Kind::Code, record, after(expires_at, REMEMBERED), now).await
    }

    /// Issues a refresh token that lives so long.
    ///
    /// # Errors
    ///
    /// As [`issue_code`](Self::issue_code).
    pub async fn issue_refresh_token(
        &self,
        granted: Granted,
        life: Duration,
        now: UnixTime,
    ) -> Result<String, GrantError> {
        let expires_at = after(now, life);
        self.keep(Kind::RefreshToken, Record::of(granted, expires_at), expires_at, now).await
    }

    /// What a permitted request is granted: for a code or a refresh token what was kept with it, for
    /// the client itself what it asks for.
    ///
    /// `key` is the client's DPoP key, if it proved one.
    ///
    /// # Errors
    ///
    /// [`Reason::GrantInvalid`] for a code or token that is unknown, another client's, expired, or
    /// used before, and for another redirection URI, a wrong verifier, or none where there was a
    /// challenge or one where there was not, and another key; [`Reason::ScopeInvalid`] for a refresh
    /// that asks for more; [`Reason::ServiceUnavailable`] where the store does not answer.
    pub async fn redeem(
        &self,
        client: &AuthenticatedClient,
        permitted: &PermittedGrant,
        key: Option<&Thumbprint>,
        now: UnixTime,
    ) -> Result<Granted, Unredeemed> {
        let client_id = client.client_id();
        match permitted.grant() {
            Grant::ClientCredentials { scope } => Ok(Granted::to(client_id, scope.clone())),
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let record = self.take(client_id, code, now).await?;
                proven(&record, redirect_uri, code_verifier.as_ref(), key)?;
                in_time(&record, now)?;
                Ok(record.granted)
            }
            Grant::RefreshToken { refresh_token, scope } => {
                let name = Kind::RefreshToken.key(client_id, refresh_token);
                let bytes = self.0.look_up(name, now).await.map_err(unavailable)?;
                let record = Record::read(&bytes.ok_or_else(|| invalid("no such token"))?)?;
                in_time(&record, now)?;
                Ok(narrowed(record.granted, scope.as_ref())?)
            }
        }
    }

    /// Forgets a refresh token of a client (RFC 7009). Another client's stays.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn revoke(&self, client_id: &str, token: &str) -> Result<(), StoreError> {
        self.0.forget(Kind::RefreshToken.key(client_id, token)).await
    }

    async fn keep(
        &self,
        kind: Kind,
        record: Record,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<String, GrantError> {
        let secret = encode_base64url(&random::<32>()?);
        let key = kind.key(&record.granted.client_id, &secret);
        self.0.keep(key, record.write()?, until, now).await?;
        Ok(secret)
    }

    async fn take(&self, client_id: &str, code: &str, now: UnixTime) -> Result<Record, Unredeemed> {
        match self.0.take(Kind::Code.key(client_id, code), now).await.map_err(unavailable)? {
            Taken::First(bytes) => Ok(Record::read(&bytes)?),
            Taken::Again(bytes) => Err(Unredeemed {
                rejection: invalid("the code was used before"),
                used_before: Some(Record::read(&bytes)?.granted),
            }),
            Taken::Nothing => Err(invalid("no such code").into()),
        }
    }
}

/// What a client must show for its code.
fn proven(
    record: &Record,
    redirect_uri: &str,
    verifier: Option<&CodeVerifier>,
    key: Option<&Thumbprint>,
) -> Result<(), Rejection> {
    if record.redirect_uri.as_deref() != Some(redirect_uri) {
        return Err(invalid("another redirect_uri"));
    }
    match (&record.challenge, verifier) {
        (None, None) => {}
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => {}
        (Some(_), _) => return Err(invalid("no code_verifier, or a wrong one")),
        // RFC 9700, 2.1.1: somebody took the challenge out of the request.
        (None, Some(_)) => return Err(invalid("a code_verifier for a code without challenge")),
    }
    match record.key.is_none_or(|bound| key == Some(&bound)) {
        true => Ok(()),
        false => Err(invalid("another DPoP key, or none")),
    }
}

fn in_time(record: &Record, now: UnixTime) -> Result<(), Rejection> {
    if now >= record.expires_at { Err(invalid("expired")) } else { Ok(()) }
}

/// RFC 6749, 6: no more than was granted.
fn narrowed(granted: Granted, asked: Option<&Scope>) -> Result<Granted, Rejection> {
    let Some(asked) = asked else { return Ok(granted) };
    match asked.names().all(|name| granted.scope.contains(name)) {
        true => Ok(Granted { scope: asked.clone(), ..granted }),
        false => Err(Rejection::new(Reason::ScopeInvalid).detail("more than was granted")),
    }
}

fn invalid(why: &'static str) -> Rejection {
    Rejection::new(Reason::GrantInvalid).detail(why)
}

fn unavailable(error: StoreError) -> Rejection {
    Rejection::new(Reason::ServiceUnavailable).source(error)
}

fn after(time: UnixTime, span: Duration) -> UnixTime {
    let seconds = time.as_secs().saturating_add(span.as_secs());
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[derive(Clone, Copy)]
enum Kind {
    Code,
    RefreshToken,
}

impl Kind {
    fn key(self, client_id: &str, secret: &str) -> GrantKey {
        let kind = match self {
            Self::Code => "code",
            Self::RefreshToken => "refresh_token",
        };
        GrantKey::compose(kind, client_id, secret)
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grants").finish_non_exhaustive()
    }
}

/// FAPI 2.0, 5.3.2.1: at most sixty seconds.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// How much later than its end a second use of a code is told.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests;
