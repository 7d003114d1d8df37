//! `VerifyToken`: an access token of this bank, for this bank, in its time.

mod evidence;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use rustls_pki_types::UnixTime;

pub use self::evidence::AccessToken;
use super::bearer::{self, TokenSchemes};
use super::dpop::token_hash;
use super::introspection::{Introspect, Introspected, IntrospectionError};
use crate::context::{Context, relaxed};
use crate::crypto::Algorithm;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::jose::{Accept, Claims, Compact, FoundKey, KeyLookup, KeySource};
use crate::reject::{Challenge, Reason, Rejection, Scheme};

/// Verifies the access token.
///
/// # Passes when
///
/// The request carries one bearer token, of at most 16 KiB, in the `Authorization` header and none in
/// the query; or one under the scheme `DPoP`, if the gate is made for it ([`under`](Self::under)).
/// A token whose `cnf` names a `jkt` came under `DPoP`, and no other did. And
///
/// - [`issued_by`](Self::issued_by): it is a JWT whose `typ` is `at+jwt`, signed with an allowed
///   algorithm by the key that its `kid` names; `iss` is the issuer and `aud`
///   contains the audience, character by character; `exp` lies ahead; `iat` and `nbf`, where there,
///   do not lie ahead by more than ten seconds; `sub`, `client_id`, `iat` and `jti` are there;
/// - [`introspected_by`](Self::introspected_by): the authorization server says `active: true` and
///   names `client_id` and `exp`, and what it says of `iss`, `aud`, `exp`, `iat` and `nbf` passes
///   the same way.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`AccessToken`].
///
/// # Does not check
///
/// The binding to the certificate ([`BindToken`](super::BindToken)) or to the key
/// ([`VerifyDpop`](super::dpop::VerifyDpop)), the scope ([`RequireScope`](super::RequireScope)), and
/// whether a JWT has been revoked.
///
/// # Rejections
///
/// [`Reason::TokenMissing`], [`Reason::TokenMalformed`], [`Reason::TokenExpired`],
/// [`Reason::TokenInvalid`]; [`Reason::TokenNotBound`] for a token under the wrong scheme; [`Reason::ServiceUnavailable`] where keys or introspection do not
/// answer.
///
/// # Specification
///
/// RFC 6750; RFC 9068, 4; RFC 7662, 2.2; FAPI 1.0 Baseline, 6.2.1.
///
/// ```
/// # use rustls_pki_types::UnixTime;
/// use http::Request;
/// use serde_json::json;
/// use tower_open_banking::{context::Context, crypto::*, gate::{Rule, Verdict}, jose::*, token::*};
///
/// # let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
/// # let now = UnixTime::now().as_secs();
/// let keys = KeySet::of([Key::new(key.public_key().clone()).with_id("as-1")])?;
/// let (issuer, audience) = (TokenIssuer("https://as".into()), TokenAudience("https://api".into()));
/// let rule = VerifyToken::issued_by(issuer, audience, keys);
/// let judged = |audience: &str| {
///     let claims = json!({ "iss": "https://as", "aud": audience, "client_id": "tpp", "sub": "alice",
///         "jti": "1", "iat": now, "exp": now + 300 });
///     let header = NewHeader::new(Algorithm::Es256, "as-1").typ("at+jwt");
///     let token = header.sign_compact(&key, claims.to_string().as_bytes()).unwrap();
///     let request = Request::get("/accounts").header("authorization", format!("Bearer {token}"));
///     rule.check((), &mut request.body(()).unwrap().into_parts().0, &Context::default())
/// };
/// assert!(matches!(judged("https://api"), Verdict::Now(Ok(token)) if token.client_id() == "tpp"));
/// assert!(matches!(judged("https://elsewhere"), Verdict::Now(Err(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VerifyToken(Arc<Verifier>);

struct Verifier {
    issuer: String,
    audience: String,
    source: Source,
    algorithms: Vec<Algorithm>,
    typ: Typ,
    schemes: TokenSchemes,
}

enum Source {
    Keys(Arc<dyn KeySource>),
    Introspection(Arc<dyn Introspect>),
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Typ {
    AccessToken,
    Untyped,
}

/// The `iss` of tokens.
#[derive(Clone, Debug)]
pub struct TokenIssuer(pub String);

/// The name of this resource server in `aud`.
#[derive(Clone, Debug)]
pub struct TokenAudience(pub String);

impl VerifyToken {
    /// Verifies JWT access tokens with the keys of their issuer. PS256, ES256 and EdDSA are
    /// allowed.
    pub fn issued_by(issuer: TokenIssuer, audience: TokenAudience, keys: impl KeySource) -> Self {
        Self::new(issuer, audience, Source::Keys(Arc::new(keys)))
    }

    /// Asks the authorization server about each token.
    pub fn introspected_by(
        issuer: TokenIssuer,
        audience: TokenAudience,
        server: impl Introspect,
    ) -> Self {
        Self::new(issuer, audience, Source::Introspection(Arc::new(server)))
    }

    fn new(issuer: TokenIssuer, audience: TokenAudience, source: Source) -> Self {
        let algorithms = vec![Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];
        let (issuer, audience) = (issuer.0, audience.0);
        let (typ, schemes) = (Typ::AccessToken, TokenSchemes::Bearer);
        Self(Arc::new(Verifier { issuer, audience, source, algorithms, typ, schemes }))
    }

    /// Takes tokens under these schemes; under `Bearer` if nothing is said. `DPoP` needs
    /// [`VerifyDpop`](super::dpop::VerifyDpop) behind it.
    #[must_use]
    pub fn under(self, schemes: TokenSchemes) -> Self {
        self.with(|verifier| verifier.schemes = schemes)
    }

    /// Also takes tokens from before RFC 9068: without `typ`, or with `typ: JWT`, and without
    /// `sub`, `iat` or `jti`. Any other explicit type stays refused.
    #[must_use]
    pub fn allow_untyped(self) -> Self {
        relaxed(Self::NAME, "allow_untyped");
        self.with(|verifier| verifier.typ = Typ::Untyped)
    }

    /// Restricts the algorithms to these of PS256, ES256 and EdDSA. No others can be added; an
    /// empty list lets nobody pass.
    #[must_use]
    pub fn algorithms(self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        let kept = algorithms.into();
        self.with(|verifier| verifier.algorithms.retain(|algorithm| kept.contains(algorithm)))
    }

    fn with(self, change: impl FnOnce(&mut Verifier)) -> Self {
        let mut verifier = Verifier::clone_of(&self.0);
        change(&mut verifier);
        Self(Arc::new(verifier))
    }
}

impl Rule for VerifyToken {
    const NAME: &'static str = "VerifyToken";
    type Needs = ();
    type Leaves = AccessToken;

    fn check(
        &self,
        (): Refs<'_, ()>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<AccessToken> {
        let (scheme, token) = match bearer::token(request, self.0.schemes) {
            Ok(shown) => shown,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let shown = Shown::new(scheme, token);
        let verdict = match &self.0.source {
            Source::Introspection(server) => self.introspect(server, token, shown, context),
            Source::Keys(keys) => self.verify(keys, token, shown, context),
        };
        self.0.asking(scheme, verdict)
    }
}

impl VerifyToken {
    fn verify(
        &self,
        keys: &Arc<dyn KeySource>,
        token: &str,
        shown: Shown,
        context: &Context,
    ) -> Verdict<AccessToken> {
        let jws = match self.0.read(token) {
            Ok(jws) => jws,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let Some(kid) = jws.header().key_id() else {
            return Verdict::reject(invalid().detail("no kid"));
        };
        match keys.find(kid, context.now()) {
            KeyLookup::Now(found) => self.0.judge(jws, found, shown, context.now()).into(),
            KeyLookup::Later(search) => {
                let (verifier, token, now) = (self.0.clone(), token.to_owned(), context.now());
                Verdict::Later(Box::pin(async move {
                    let found = search.await;
                    let jws = verifier.read(&token)?;
                    verifier.judge(jws, found, shown, now).map_err(Halt::from)
                }))
            }
        }
    }

    fn introspect(
        &self,
        server: &Arc<dyn Introspect>,
        token: &str,
        shown: Shown,
        context: &Context,
    ) -> Verdict<AccessToken> {
        let (verifier, server, now) = (self.0.clone(), server.clone(), context.now());
        let token = token.to_owned();
        Verdict::Later(Box::pin(async move {
            match server.introspect(&token, now).await {
                Ok(Introspected::Active(claims)) => {
                    verifier.facts(*claims, shown, now).map_err(Halt::from)
                }
                Ok(Introspected::Inactive) => Err(invalid().detail("inactive").into()),
                // RFC 7662 has no answer for it: never a 401, never a pass.
                Err(error @ IntrospectionError { .. }) => {
                    Err(Rejection::new(Reason::ServiceUnavailable).source(error).into())
                }
            }
        }))
    }
}

/// How a token was shown: under `DPoP` with the hash that its proof must repeat.
#[derive(Clone, Copy)]
struct Shown {
    dpop_hash: Option<[u8; 32]>,
}

impl Shown {
    fn new(scheme: Scheme, token: &str) -> Self {
        Self { dpop_hash: (scheme == Scheme::Dpop).then(|| token_hash(token)) }
    }
}

impl Verifier {
    fn clone_of(other: &Self) -> Self {
        Self {
            issuer: other.issuer.clone(),
            audience: other.audience.clone(),
            source: match &other.source {
                Source::Keys(keys) => Source::Keys(keys.clone()),
                Source::Introspection(server) => Source::Introspection(server.clone()),
            },
            algorithms: other.algorithms.clone(),
            typ: other.typ,
            schemes: other.schemes,
        }
    }

    /// A refusal asks for the scheme that was used.
    fn asking(&self, used: Scheme, verdict: Verdict<AccessToken>) -> Verdict<AccessToken> {
        let challenge = self.schemes.challenge(Some(used));
        let asks = move |halt| match halt {
            Halt::Reject(rejection) => Halt::Reject(rejection.challenge(challenge)),
            answer @ Halt::Answer(_) => answer,
        };
        match verdict {
            Verdict::Now(result) => Verdict::Now(result.map_err(asks)),
            Verdict::Later(later) if challenge != Challenge::default() => {
                Verdict::Later(Box::pin(async move { later.await.map_err(asks) }))
            }
            other => other,
        }
    }

    /// Reads a token and judges its type, before any key is touched.
    fn read<'a>(&self, token: &'a str) -> Result<Compact<'a>, Rejection> {
        let jws = Compact::parse(token).map_err(|error| invalid().source(error))?;
        let typ = jws.header().typ().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        // A JWT of another explicit type is no access token, whoever signed it (RFC 8725, 3.11).
        let fits = match typ {
            Some(typ) if typ.eq_ignore_ascii_case("at+jwt") => true,
            Some(typ) => self.typ == Typ::Untyped && typ.eq_ignore_ascii_case("JWT"),
            None => self.typ == Typ::Untyped,
        };
        match fits {
            true => Ok(jws),
            false => Err(invalid().detail("typ is not at+jwt")),
        }
    }

    fn judge(
        &self,
        jws: Compact<'_>,
        found: FoundKey,
        shown: Shown,
        now: UnixTime,
    ) -> Result<AccessToken, Rejection> {
        let key = found
            .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
            .ok_or_else(|| invalid().detail("no key of this kid"))?;
        let verified = jws
            .verify(&key, Accept::algorithms(&self.algorithms))
            .map_err(|error| invalid().source(error))?;
        let claims = Claims::parse(verified.payload()).map_err(|error| invalid().source(error))?;
        if self.typ == Typ::AccessToken {
            let all = claims.subject.is_some() && claims.id.is_some() && claims.issued_at.is_some();
            if !all {
                return Err(invalid().detail("sub, jti or iat is missing (RFC 9068, 2.2)"));
            }
        }
        if claims.issuer.is_none() || claims.audience.is_none() || claims.expires_at.is_none() {
            return Err(invalid().detail("iss, aud or exp is missing"));
        }
        self.facts(claims, shown, now)
    }

    /// What holds for a JWT and for an introspection answer alike.
    fn facts(&self, claims: Claims, shown: Shown, now: UnixTime) -> Result<AccessToken, Rejection> {
        let now = now.as_secs();
        if claims.issuer.as_ref().is_some_and(|issuer| *issuer != self.issuer) {
            return Err(invalid().detail("another issuer"));
        }
        if claims.audience.as_ref().is_some_and(|audience| !audience.contains(&self.audience)) {
            return Err(invalid().detail("another audience"));
        }
        let Some(expires_at) = claims.expires_at else {
            return Err(invalid().detail("exp is missing"));
        };
        if expires_at.seconds() <= now {
            return Err(Rejection::new(Reason::TokenExpired));
        }
        let latest = now.saturating_add(SKEW.as_secs());
        let ahead = |date: crate::jose::NumericDate| date.seconds() > latest;
        if claims.not_before.is_some_and(ahead) || claims.issued_at.is_some_and(ahead) {
            return Err(invalid().detail("nbf or iat lies ahead"));
        }
        let Some(client_id) = claims.client_id.filter(|id| !id.is_empty()) else {
            return Err(invalid().detail("client_id is missing"));
        };
        // RFC 9449, 7.1: a token of a key is not to be had under Bearer, and under DPoP no other.
        let names_key = claims.confirmation.is_some_and(|confirmation| confirmation.key.is_some());
        if names_key != shown.dpop_hash.is_some() {
            return Err(Rejection::new(Reason::TokenNotBound).detail("under the other scheme"));
        }
        Ok(AccessToken {
            dpop_hash: shown.dpop_hash,
            client_id,
            subject: claims.subject,
            scope: claims.scope,
            confirmation: claims.confirmation,
            intent_id: claims.intent_id,
            expires_at: UnixTime::since_unix_epoch(Duration::from_secs(expires_at.seconds())),
        })
    }
}

fn invalid() -> Rejection {
    Rejection::new(Reason::TokenInvalid)
}

impl fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyToken").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

rule_layers!(VerifyToken);

/// FAPI 2.0, 5.3.2.1: clocks differ by up to ten seconds.
const SKEW: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
