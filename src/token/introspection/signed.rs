//! Signed answers (RFC 9701).

use std::sync::Arc;

use rustls_pki_types::UnixTime;
use serde::de::MapAccess;

use super::{Answer, Introspected, IntrospectionError};
use crate::crypto::Algorithm;
use crate::jose::{
    Accept, Audience, Compact, KeySource, Lookup, Members, NumericDate, Strict, read_claims,
};

/// The media type of a signed answer; without `application/`, its `typ`.
pub(super) const SIGNED: &str = "application/token-introspection+jwt";
pub(super) const TYP: &str = "token-introspection+jwt";
/// FAPI 2.0, 5.3.2.1: clocks differ by up to ten seconds.
const SKEW: u64 = 10;
/// An answer that is older was made for another question.
const MAX_AGE: u64 = 60;

/// Who signs, and for whom.
pub(super) struct Signed {
    pub(super) issuer: String,
    /// The names of this resource server at that issuer.
    pub(super) audience: [String; 2],
    pub(super) keys: Arc<dyn KeySource>,
}

impl Signed {
    pub(super) async fn read(
        &self,
        body: &[u8],
        now: UnixTime,
    ) -> Result<Introspected, IntrospectionError> {
        let text = std::str::from_utf8(body).map_err(IntrospectionError::new)?;
        let jws = Compact::parse(text).map_err(IntrospectionError::new)?;
        let typ = jws.header().typ().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        if !typ.is_some_and(|typ| typ.eq_ignore_ascii_case(TYP)) {
            return Err(wrong("typ"));
        }
        let found = match self.keys.find(jws.header().key_id().ok_or(wrong("kid"))?, now) {
            Lookup::Now(found) => found,
            Lookup::Later(search) => search.await,
        };
        let key = found.map_err(IntrospectionError::new)?.ok_or(wrong("kid"))?;
        let verified = jws.verify(&key, ACCEPTED).map_err(IntrospectionError::new)?;
        let claims: SignedClaims =
            read_claims(verified.payload()).map_err(IntrospectionError::new)?;
        self.judge(claims, now.as_secs())
    }

    fn judge(&self, claims: SignedClaims, now: u64) -> Result<Introspected, IntrospectionError> {
        if claims.issuer.as_ref() != Some(&self.issuer) {
            return Err(wrong("iss"));
        }
        let meant = |audience: Audience| self.audience.iter().any(|name| audience.contains(name));
        if !claims.audience.is_some_and(meant) {
            return Err(wrong("aud"));
        }
        let issued_at = claims.issued_at.ok_or(wrong("iat"))?.seconds();
        if issued_at > now.saturating_add(SKEW) || issued_at.saturating_add(MAX_AGE) < now {
            return Err(wrong("iat"));
        }
        claims.introspection.ok_or(wrong("token_introspection"))?.judge()
    }
}

const ACCEPTED: Accept<'static> =
    Accept::algorithms(&[Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa]);

fn wrong(what: &'static str) -> IntrospectionError {
    IntrospectionError::new(format!("{what} of the signed answer is missing or wrong"))
}

/// The claims of the answer itself. What it says of the token stands inside; `sub` and `exp` beside
/// it are nobody's (RFC 9701, 5).
#[derive(Default)]
struct SignedClaims {
    issuer: Option<String>,
    audience: Option<Audience>,
    issued_at: Option<NumericDate>,
    introspection: Option<Answer>,
}

impl Members for SignedClaims {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "iss" => self.issuer = Some(values.next_value()?),
            "aud" => self.audience = Some(values.next_value()?),
            "iat" => self.issued_at = Some(values.next_value()?),
            "token_introspection" => {
                self.introspection = Some(values.next_value::<Strict<Answer>>()?.0);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
