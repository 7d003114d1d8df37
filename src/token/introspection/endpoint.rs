//! `IntrospectionEndpoint`: asks the authorization server over HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use rustls_pki_types::UnixTime;

use super::cache::Cache;
use super::signed::{SIGNED, Signed};
use super::{Introspect, Introspected, IntrospectionError, introspection_response};
use crate::client_auth::{ClientAssertions, Parameters};
use crate::fetch::{Fetch, FetchRequest, NotHttps, document, https};
use crate::gate::BoxFuture;
use crate::jose::KeySource;
use crate::token::{TokenAudience, TokenIssuer};

/// The introspection endpoint of the authorization server, asked over [`Fetch`].
///
/// The token is posted as a form, with `token_type_hint=access_token` and what
/// [authenticates](CallerAuthentication) this resource server. Anything but a 200 with an answer of
/// the expected kind is an [`IntrospectionError`]: 503, neither a refusal of the token nor a pass.
///
/// - Nothing is kept: each request asks. Where no money moves, [`keep_for`](Self::keep_for) keeps
///   active answers for up to a minute.
/// - [`signed_by`](Self::signed_by) demands signed answers (RFC 9701), as non-repudiation wants them.
///
/// What the answer says of `iss`, `aud`, `exp` and `nbf` is for
/// [`VerifyToken`](crate::token::VerifyToken) to judge.
///
/// ```
/// # use tower_open_banking::gate::BoxFuture;
/// # use tower_open_banking::fetch::{FetchError, FetchRequest, Fetched};
/// use tower_open_banking::jose::FetchedKeys;
/// use tower_open_banking::token::{
///     CallerAuthentication, IntrospectionEndpoint, TokenAudience, TokenIssuer, VerifyToken,
/// };
///
/// # // With the feature `fetch`: HttpFetch::new().over_tls(…), with the certificate.
/// # let fetch = |_: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
/// #     Box::pin(async { Err(FetchError::Timeout) })
/// # };
/// let (issuer, audience) = (TokenIssuer("https://as".into()), TokenAudience("https://api".into()));
/// let keys = FetchedKeys::at("https://as/jwks".parse()?, fetch)?;
/// let caller = CallerAuthentication::MutualTls("bank-api".into());
/// let server = IntrospectionEndpoint::at("https://as/introspect".parse()?, fetch, caller)?
///     .signed_by(issuer.clone(), audience.clone(), keys);
/// let rule = VerifyToken::introspected_by(issuer, audience, server);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Specification
///
/// RFC 7662; RFC 9701; RFC 8705, 2; RFC 7523, 2.2.
pub struct IntrospectionEndpoint {
    uri: Uri,
    over: Arc<dyn Fetch>,
    caller: CallerAuthentication,
    signed: Option<Signed>,
    cache: Cache,
}

/// How a resource server authenticates to the introspection endpoint.
#[non_exhaustive]
pub enum CallerAuthentication {
    /// By the certificate that the [`Fetch`] shows (RFC 8705, 2), and this `client_id`.
    MutualTls(String),
    /// By an assertion, made for each question to this authorization server (RFC 7523, 2.2).
    PrivateKeyJwt(ClientAssertions, TokenIssuer),
}

impl CallerAuthentication {
    fn client_id(&self) -> &str {
        match self {
            Self::MutualTls(client_id) => client_id,
            Self::PrivateKeyJwt(assertions, _) => assertions.client_id(),
        }
    }
}

impl IntrospectionEndpoint {
    /// Asks here.
    ///
    /// # Errors
    ///
    /// [`NotHttps`]: whoever listens on plain http has the token.
    pub fn at(uri: Uri, over: impl Fetch, caller: CallerAuthentication) -> Result<Self, NotHttps> {
        let (uri, over) = (https(uri)?, Arc::new(over));
        Ok(Self { uri, over, caller, signed: None, cache: Cache::off() })
    }

    /// Demands answers signed by this issuer with one of these keys, for this resource server: `aud`
    /// has its name, or the `client_id` by which the issuer knows it (RFC 9701, 5). They are of type `token-introspection+jwt`, with PS256, ES256 or EdDSA, made within the
    /// last minute. A plain answer is then a failure.
    #[must_use]
    pub fn signed_by(
        self,
        issuer: TokenIssuer,
        audience: TokenAudience,
        keys: impl KeySource,
    ) -> Self {
        let audience = [audience.0, self.caller.client_id().to_owned()];
        let signed = Signed { issuer: issuer.0, audience, keys: Arc::new(keys) };
        Self { signed: Some(signed), ..self }
    }

    /// Keeps active answers for this long, at most a minute and never past `exp`: for so long a token
    /// that was revoked still passes. Not for payments.
    #[must_use]
    pub fn keep_for(mut self, time: Duration) -> Self {
        self.cache.keep_for = time.min(A_MINUTE);
        self
    }

    /// How many answers are kept; 10 000 unless set. When there is no room, none is added.
    #[must_use]
    pub fn capacity(mut self, answers: usize) -> Self {
        self.cache.capacity = answers;
        self
    }

    async fn ask(&self, token: &str, now: UnixTime) -> Result<Introspected, IntrospectionError> {
        let form = self.form(token, now)?;
        let accept = if self.signed.is_some() { SIGNED } else { JSON };
        let request = FetchRequest::post(self.uri.clone(), FORM, form, LIMIT).accept(accept);
        let answer = document(&*self.over, request).await.map_err(IntrospectionError::new)?;
        // A page that says "200" of itself is no answer, and plain JSON is nobody's word.
        if !answer.is(accept) {
            return Err(IntrospectionError::new(format!("the answer is not {accept}")));
        }
        match &self.signed {
            Some(signed) => signed.read(answer.body(), now).await,
            None => introspection_response(answer.body()),
        }
    }

    fn form(&self, token: &str, now: UnixTime) -> Result<Bytes, IntrospectionError> {
        let of_caller = match &self.caller {
            CallerAuthentication::MutualTls(client_id) => vec![("client_id", client_id.clone())],
            CallerAuthentication::PrivateKeyJwt(assertions, server) => {
                assertions.parameters(&server.0, now).map_err(IntrospectionError::new)?.into()
            }
        };
        let token = [("token", token.to_owned()), ("token_type_hint", "access_token".to_owned())];
        let form: Parameters = token.into_iter().chain(of_caller).collect();
        Ok(form.to_string().into())
    }
}

impl Introspect for IntrospectionEndpoint {
    fn introspect<'a>(
        &'a self,
        token: &'a str,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        Box::pin(async move {
            if let Some(claims) = self.cache.get(token, now) {
                return Ok(Introspected::Active(Box::new(claims)));
            }
            let answer = self.ask(token, now).await?;
            if let Introspected::Active(claims) = &answer {
                self.cache.put(token, claims, now);
            }
            Ok(answer)
        })
    }
}

impl fmt::Debug for IntrospectionEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionEndpoint").field("uri", &self.uri).finish_non_exhaustive()
    }
}

const A_MINUTE: Duration = Duration::from_secs(60);
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const LIMIT: usize = 64 << 10;

#[cfg(test)]
mod tests;
