//! Answers that were good a moment ago.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::crypto::sha256;
use crate::jose::Claims;

/// Active answers by the SHA-256 of the token, so that the memory holds no token. Bounded: full, it
/// takes no more, which costs a question.
pub(super) struct Cache {
    held: RwLock<Held>,
    pub(super) keep_for: Duration,
    pub(super) capacity: usize,
}

#[derive(Default)]
struct Held {
    answers: HashMap<[u8; 32], Kept>,
    /// The second at which what is over was last thrown out.
    swept: u64,
}

struct Kept {
    claims: Claims,
    taken: u64,
    until: u64,
}

impl Kept {
    /// What was taken later than now was taken before the clock was set back: its age is unknown.
    fn is_good(&self, now: u64) -> bool {
        (self.taken..self.until).contains(&now)
    }
}

impl Cache {
    /// Keeps nothing.
    pub(super) fn off() -> Self {
        Self { held: RwLock::default(), keep_for: Duration::ZERO, capacity: 10_000 }
    }

    pub(super) fn get(&self, token: &str, now: UnixTime) -> Option<Claims> {
        // Nothing is hashed where nothing is kept.
        if self.keep_for.is_zero() {
            return None;
        }
        let key = sha256(token.as_bytes());
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let kept = held.answers.get(&key).filter(|kept| kept.is_good(now.as_secs()));
        kept.map(|kept| kept.claims.clone())
    }

    /// Keeps an active answer, never past `exp`, and not at all without one.
    pub(super) fn put(&self, token: &str, claims: &Claims, now: UnixTime) {
        let Some(expires_at) = claims.expires_at else { return };
        let now = now.as_secs();
        let until = now.saturating_add(self.keep_for.as_secs()).min(expires_at.seconds());
        if until <= now {
            return;
        }
        let (key, mut held) = (sha256(token.as_bytes()), self.write());
        if held.answers.len() >= self.capacity && held.swept != now {
            held.swept = now;
            held.answers.retain(|_, kept| kept.is_good(now));
        }
        if held.answers.len() < self.capacity || held.answers.contains_key(&key) {
            held.answers.insert(key, Kept { claims: claims.clone(), taken: now, until });
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}
