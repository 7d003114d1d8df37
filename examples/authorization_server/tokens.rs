//! The access tokens that are alive.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use tower_open_banking::crypto::Algorithm;
use tower_open_banking::gate::BoxFuture;
use tower_open_banking::jose::{Accept, Claims, Compact, Key};
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::token::{Introspect, Introspected, IntrospectionError};

/// Knows each access token by its `jti`, with the authorisation that it was given for: what is not
/// here is not active, whoever signed it.
pub struct Tokens {
    key: Key,
    algorithm: Algorithm,
    alive: Mutex<Alive>,
}

#[derive(Default)]
struct Alive {
    tokens: HashMap<String, Issued>,
    /// Authorisations whose code was used twice: nothing more is given for them.
    revoked: HashSet<String>,
}

struct Issued {
    authorisation: String,
    until: u64,
}

impl Tokens {
    /// Tokens signed by this key.
    pub fn of(key: Key, algorithm: Algorithm) -> Self {
        Self { key, algorithm, alive: Mutex::default() }
    }

    /// Remembers a token that was issued for an authorisation.
    pub fn remember(&self, token: &str, authorisation: &str, now: UnixTime) {
        let Some(claims) = self.read(token) else { return };
        let (Some(id), Some(end)) = (claims.id, claims.expires_at) else { return };
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.tokens.retain(|_, issued| issued.until > now.as_secs());
        let authorisation = authorisation.to_owned();
        alive.tokens.insert(id, Issued { authorisation, until: end.seconds() });
    }

    /// Whether an authorisation still stands.
    pub fn stands(&self, authorisation: &str) -> bool {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        !alive.revoked.contains(authorisation)
    }

    /// Revokes everything that was given for an authorisation.
    pub fn revoke_authorisation(&self, authorisation: &str) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.tokens.retain(|_, issued| issued.authorisation != authorisation);
        alive.revoked.insert(authorisation.to_owned());
    }

    /// Revokes one token.
    pub fn revoke(&self, id: &str) {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).tokens.remove(id);
    }

    /// What an active token says.
    pub fn active(&self, token: &str, now: UnixTime) -> Option<Claims> {
        let claims = self.read(token)?;
        let id = claims.id.as_deref()?;
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let issued = alive.tokens.get(id)?;
        (issued.until > now.as_secs()).then_some(claims)
    }

    fn read(&self, token: &str) -> Option<Claims> {
        let jws = Compact::parse(token).ok()?;
        if jws.header().typ() != Some("at+jwt") {
            return None;
        }
        let verified = jws.verify(&self.key, Accept::algorithms(&[self.algorithm])).ok()?;
        Claims::parse(verified.payload()).ok()
    }
}

impl Introspect for Tokens {
    fn introspect<'a>(
        &'a self,
        token: &'a str,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        let known = match self.active(token, now) {
            Some(claims) => Introspected::Active(Box::new(claims)),
            None => Introspected::Inactive,
        };
        Box::pin(async move { Ok(known) })
    }
}
