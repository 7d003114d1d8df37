//! What a proof must be, whoever asks for one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::claims::ProofClaims;
use super::nonce::DpopNonces;
use super::target::is_target;
use super::{ALGORITHMS, DPOP, DpopConfigError, ExternalOrigin, TYP};
use crate::crypto::constant_time_eq;
use crate::header::single_text;
use crate::jose::{Accept, Compact, Key, Thumbprint, decode_base64url};
use crate::reject::{Reason, Rejection};
use crate::replay::{Insertion, ReplayKey, ReplayStore};

/// The proofs that a server takes.
///
/// A proof is one header `DPoP` of at most 8 KiB with a compact JWS whose `typ` is `dpop+jwt`, signed
/// with PS256, ES256 or EdDSA by the public key in its `jwk`. `htm` is the method, `htu` the
/// address. `iat` is at most 60 seconds old and 10 ahead. `jti`, of 1 to 256 bytes, is good once for
/// that key.
#[derive(Clone)]
pub struct DpopProofs(Arc<Policy>);

#[derive(Clone)]
struct Policy {
    origin: ExternalOrigin,
    replays: Arc<dyn ReplayStore>,
    nonces: Option<DpopNonces>,
    back: u64,
    ahead: u64,
}

impl DpopProofs {
    /// Proofs for addresses under this origin. The store must be one for all instances of the
    /// service, or a proof is good once at each of them.
    pub fn at(origin: ExternalOrigin, replays: impl ReplayStore + 'static) -> Self {
        let replays = Arc::new(replays);
        Self(Arc::new(Policy { origin, replays, nonces: None, back: BACK, ahead: AHEAD }))
    }

    /// Demands a nonce of this server in each proof, so that none can be made in advance. The gate
    /// needs [`OfferDpopNonce`](super::OfferDpopNonce) as well, or no client ever learns one.
    #[must_use]
    pub fn requiring(self, nonces: DpopNonces) -> Self {
        Self(Arc::new(Policy { nonces: Some(nonces), ..Policy::clone(&self.0) }))
    }

    /// Takes a proof whose `iat` lies at most so far back and ahead. Each `jti` is remembered for as
    /// long.
    ///
    /// # Errors
    ///
    /// Nothing back, more than 5 minutes back, or more than 1 minute ahead.
    pub fn window(self, back: Duration, ahead: Duration) -> Result<Self, DpopConfigError> {
        let (back, ahead) = (back.as_secs(), ahead.as_secs());
        if !(1..=LONGEST_BACK).contains(&back) || ahead > LONGEST_AHEAD {
            return Err(DpopConfigError::Window);
        }
        Ok(Self(Arc::new(Policy { back, ahead, ..Policy::clone(&self.0) })))
    }

    /// The nonces that are required.
    pub fn nonces(&self) -> Option<&DpopNonces> {
        self.0.nonces.as_ref()
    }

    /// Whether a request carries something that claims to be a proof.
    pub(super) fn shown(headers: &HeaderMap) -> bool {
        headers.contains_key(DPOP)
    }

    /// Judges everything in a proof but what it says of a token and that it is the first of its
    /// `jti`: checks 1 and 3 to 7 of RFC 9449, 4.3, the cheap ones of the header before the
    /// signature.
    pub(super) fn judge(&self, request: &Parts, now: UnixTime) -> Result<Proven, Rejection> {
        let text = text(&request.headers)?;
        let jws = Compact::parse(text).map_err(|error| refused().source(error))?;
        if jws.header().typ() != Some(TYP) {
            return Err(refused().detail("typ is not dpop+jwt"));
        }
        let jwk = jws.header().jwk().ok_or_else(|| refused().detail("no jwk"))?;
        let key = Key::from_jwk(jwk).map_err(|error| refused().source(error))?;
        let verified = jws
            .verify(&key, Accept::algorithms(ALGORITHMS))
            .map_err(|error| refused().source(error))?;
        let claims = ProofClaims::parse(verified.payload())
            .map_err(|error| refused().detail(format!("claims: {error:?}")))?;
        if claims.htm.as_deref() != Some(request.method.as_str()) {
            return Err(refused().detail("htm is another method"));
        }
        let target = self.0.origin.target(&request.uri);
        let target = target.ok_or_else(|| refused().detail("the request target is not normal"))?;
        if !claims.htu.as_deref().is_some_and(|htu| is_target(htu, &target)) {
            return Err(refused().detail("htu is another address"));
        }
        if let Some(nonces) = &self.0.nonces
            && !claims.nonce.as_deref().is_some_and(|nonce| nonces.accept(nonce, now))
        {
            let why = if claims.nonce.is_some() { "another nonce" } else { "no nonce" };
            return Err(Rejection::new(Reason::DpopNonceRequired).detail(why));
        }
        let issued_at = claims.iat.ok_or_else(|| refused().detail("no iat"))?;
        let seconds = now.as_secs();
        if issued_at > seconds.saturating_add(self.0.ahead) {
            return Err(refused().detail("iat lies ahead"));
        }
        if seconds.saturating_sub(issued_at) > self.0.back {
            return Err(refused().detail("iat lies too far back"));
        }
        let id = claims.jti.filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        let id = id.ok_or_else(|| refused().detail("no jti, or none of 1 to 256 bytes"))?;
        let key = Thumbprint::of_key(key.public_key());
        Ok(Proven { key, id, issued_at, token_hash: claims.ath })
    }

    /// Claims the `jti`, once nothing else can refuse the proof: one that is refused spends nothing.
    pub(super) fn spend(
        &self,
        proven: &Proven,
        now: UnixTime,
    ) -> impl Future<Output = Result<(), Rejection>> + Send + 'static {
        let key = ReplayKey::compose("dpop", &proven.key.to_string(), &proven.id);
        // Longer than the window by what the clocks of two instances may differ.
        let last = proven.issued_at.saturating_add(self.0.back).saturating_add(LONGEST_AHEAD);
        let until = UnixTime::since_unix_epoch(Duration::from_secs(last));
        let replays = self.0.replays.clone();
        async move {
            match replays.insert_once(key, until, now).await {
                Ok(Insertion::Fresh) => Ok(()),
                Ok(Insertion::Seen) => Err(refused().detail("a jti that was used before")),
                // Whether this is the first use is unknown: never a pass.
                Err(error) => Err(Rejection::new(Reason::ServiceUnavailable).source(error)),
            }
        }
    }
}

/// A proof that holds for this request, not yet spent.
pub(in crate::token) struct Proven {
    pub(super) key: Thumbprint,
    id: String,
    issued_at: u64,
    token_hash: Option<String>,
}

impl Proven {
    /// Passes when `ath` is the hash of the token beside which the proof came.
    pub(super) fn is_for(&self, token: &[u8; 32]) -> Result<(), Rejection> {
        let hash = self.token_hash.as_deref().and_then(decode_base64url);
        match hash.is_some_and(|hash| constant_time_eq(&hash, token)) {
            true => Ok(()),
            false => Err(refused().detail("ath is not the hash of the token")),
        }
    }
}

fn text(headers: &HeaderMap) -> Result<&str, Rejection> {
    let text = single_text(headers, &DPOP).map_err(|error| refused().source(error))?;
    let text = text.ok_or_else(|| refused().detail("no DPoP header"))?;
    match text.len() <= LONGEST {
        true => Ok(text),
        false => Err(refused().detail("over 8 KiB")),
    }
}

fn refused() -> Rejection {
    Rejection::new(Reason::DpopProofInvalid).place("DPoP")
}

impl fmt::Debug for DpopProofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopProofs").field("origin", &self.0.origin).finish_non_exhaustive()
    }
}

/// In bytes. A proof by a key of 8192 bits has some four thousand.
const LONGEST: usize = 8 * 1024;
const LONGEST_ID: usize = 256;
/// In seconds, as the four below: what a proof takes to arrive, and what clocks differ by.
const BACK: u64 = 60;
const AHEAD: u64 = 10;
const LONGEST_BACK: u64 = 300;
const LONGEST_AHEAD: u64 = 60;
