//! The verification of an assertion, from its text to the spent `jti`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::super::assertion::TYP;
use super::{AssertionAudience, failed};
use crate::cert::Client;
use crate::crypto::Algorithm;
use crate::jose::{Accept, Audience, Claims, Compact, Header, NumericDate, decode_base64url};
use crate::reject::{Reason, Rejection};
use crate::replay::{Insertion, ReplayKey, ReplayStore};

/// What an assertion is held against.
#[derive(Clone)]
pub(super) struct Verifier {
    issuer: String,
    spent: Arc<dyn ReplayStore>,
    pub(super) audience: AssertionAudience,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) longest: Duration,
}

impl Verifier {
    pub(super) fn new(issuer: String, spent: Arc<dyn ReplayStore>) -> Self {
        Self {
            issuer,
            spent,
            audience: AssertionAudience::IssuerSole,
            algorithms: vec![Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa],
            longest: LONGEST_LIFE,
        }
    }

    pub(super) async fn verify(
        &self,
        assertion: &str,
        client: &Client,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let jws = read(assertion)?;
        judge_header(jws.header())?;
        let kid = jws.header().key_id().ok_or_else(|| failed("no kid"))?;
        let keys = client.signing_keys().ok_or_else(|| failed("the client registered no keys"))?;
        let found = keys.find(kid, now).answer().await;
        let key = found
            .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
            .ok_or_else(|| failed("no key of this kid"))?;
        let own = client.algorithms();
        let accepted: Vec<_> =
            self.algorithms.iter().copied().filter(|known| own.contains(known)).collect();
        let verified = jws
            .verify(&key, Accept::algorithms(&accepted))
            .map_err(|error| failed("assertion").source(error))?;
        let claims =
            Claims::parse(verified.payload()).map_err(|error| failed("assertion").source(error))?;
        let once = self.judge(&claims, client.client_id(), now)?;
        self.spend(client.client_id(), once, now).await
    }

    /// What RFC 7523, 3 demands of the claims; gives what may be used once.
    fn judge<'a>(
        &self,
        claims: &'a Claims,
        client_id: &str,
        now: UnixTime,
    ) -> Result<Once<'a>, Rejection> {
        let is_client = |claim: &Option<String>| claim.as_deref() == Some(client_id);
        if !is_client(&claims.issuer) || !is_client(&claims.subject) {
            return Err(failed("iss or sub is not the client"));
        }
        if !claims.audience.as_ref().is_some_and(|audience| self.is_meant(audience)) {
            return Err(failed("meant for nobody, for another audience, or for several"));
        }
        let now = now.as_secs();
        let skewed = now.saturating_add(SKEW.as_secs());
        let until = claims.expires_at.ok_or_else(|| failed("exp is missing"))?.seconds();
        if until <= now {
            return Err(failed("expired"));
        }
        // Who signs for a year in advance gives a stolen log a year.
        if until > skewed.saturating_add(self.longest.as_secs()) {
            return Err(failed("exp lies too far ahead"));
        }
        let ahead = |date: NumericDate| date.seconds() > skewed;
        if claims.issued_at.is_some_and(ahead) || claims.not_before.is_some_and(ahead) {
            return Err(failed("iat or nbf lies ahead"));
        }
        match claims.id.as_deref() {
            Some(id) if (1..=LONGEST_ID).contains(&id.len()) => Ok(Once { id, until }),
            _ => Err(failed("jti is missing, empty or over 256 bytes")),
        }
    }

    fn is_meant(&self, audience: &Audience) -> bool {
        let urls = match &self.audience {
            AssertionAudience::IssuerSole => &[][..],
            AssertionAudience::IssuerOrEndpoint(urls) => urls,
        };
        let own = |name: &str| name == self.issuer || urls.iter().any(|url| url == name);
        match (&self.audience, audience.sole()) {
            (_, Some(name)) => !name.is_empty() && own(name),
            (AssertionAudience::IssuerSole, None) => false,
            (AssertionAudience::IssuerOrEndpoint(_), None) => {
                audience.names().next().is_some() && audience.names().all(own)
            }
        }
    }

    async fn spend(&self, client_id: &str, once: Once<'_>, now: UnixTime) -> Result<(), Rejection> {
        let key = ReplayKey::compose("client_assertion", client_id, once.id);
        let until = UnixTime::since_unix_epoch(Duration::from_secs(once.until));
        match self.spent.insert_once(key, until, now).await {
            Ok(Insertion::Fresh) => Ok(()),
            Ok(Insertion::Seen) => Err(failed("the jti was used before")),
            Err(error) => Err(Rejection::new(Reason::ServiceUnavailable).source(error)),
        }
    }
}

/// The `jti` of an assertion in order, and the second until which nobody may use it again.
struct Once<'a> {
    id: &'a str,
    until: u64,
}

/// The client that an unverified assertion says it is from: good for finding its keys.
pub(super) fn claimed_client(assertion: &str) -> Result<String, Rejection> {
    read(assertion)?;
    let payload = assertion.split('.').nth(1).and_then(decode_base64url);
    let payload = payload.ok_or_else(|| failed("the payload is not base64url"))?;
    let claims = Claims::parse(&payload).map_err(|error| failed("assertion").source(error))?;
    claims.subject.ok_or_else(|| failed("no client_id and no sub"))
}

fn read(assertion: &str) -> Result<Compact<'_>, Rejection> {
    if assertion.len() > LONGEST {
        return Err(failed("the assertion is over 16 KiB"));
    }
    Compact::parse(assertion).map_err(|error| failed("assertion").source(error))
}

fn judge_header(header: &Header) -> Result<(), Rejection> {
    let typ = header.typ().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    // A JWT of another explicit type was signed for another purpose (RFC 8725, 3.11).
    if typ.is_some_and(|typ| !["JWT", TYP].iter().any(|due| typ.eq_ignore_ascii_case(due))) {
        return Err(failed("typ is that of another kind of JWT"));
    }
    // What a message says of its key is for whoever likes to verify forgeries.
    match header.names().find(|name| ["jku", "jwk", "x5u"].contains(name)) {
        Some(_) => Err(failed("the header brings a key along")),
        None => Ok(()),
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

/// FAPI 2.0, 5.3.2.1: clocks differ by up to ten seconds; beyond sixty is refused by everyone.
const SKEW: Duration = Duration::from_secs(10);
const LONGEST_LIFE: Duration = Duration::from_secs(5 * 60);
const LONGEST: usize = 16 * 1024;
const LONGEST_ID: usize = 256;
