//! The OCSP answers that are held.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::ocsp::{Answer, Status};
use super::question::certificate_key;
use super::standing::{ASK_AGAIN, Standing, after};
use crate::cert::Link;

/// The last word of the responders on each certificate, by the key and name of its issuer and its
/// serial number.
///
/// Bounded. Good words are forgotten when it is full, which costs a question; a revocation is not
/// forgotten before the certificate expires: a cache full of those takes nothing more, and what
/// cannot be kept is refused.
pub(super) struct Answers {
    held: RwLock<HashMap<[u8; 32], Arc<Held>>>,
    capacity: usize,
}

/// A word on one certificate.
pub(super) struct Held {
    pub(super) link: Link,
    pub(super) answer: Answer,
    /// The last second at which it counts as good.
    last: UnixTime,
    /// The second from which on there may be a newer word.
    pub(super) ask_again: UnixTime,
    pub(super) taken: UnixTime,
    /// Whether anybody wanted to know since it was asked for.
    pub(super) was_wanted: AtomicBool,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum AnswerRefused {
    #[error("no room for another answer")]
    Full,
    #[error("an older answer than the one at hand")]
    RolledBack,
}

impl Answers {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { held: RwLock::default(), capacity }
    }

    /// What is held about a certificate.
    pub(super) fn about(&self, link: &Link) -> Option<Arc<Held>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        // The key is a digest: nothing is hashed where nobody asked anything.
        if held.is_empty() { None } else { held.get(&certificate_key(link)).cloned() }
    }

    pub(super) fn all(&self) -> Vec<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Takes an answer. Answers whether what was held good may now be wrong.
    pub(super) fn take(
        &self,
        link: &Link,
        answer: Answer,
        max_age: Option<Duration>,
        now: UnixTime,
    ) -> Result<bool, AnswerRefused> {
        let key = certificate_key(link);
        let new = Arc::new(Held::new(link.clone(), answer, max_age, now));
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        match held.get(&key) {
            Some(old) if !old.gives_way_to(&new, now) => return Err(AnswerRefused::RolledBack),
            Some(_) => {}
            None => {
                make_room(&mut held, self.capacity, now);
                if held.len() >= self.capacity {
                    return Err(AnswerRefused::Full);
                }
            }
        }
        let is_bad = !matches!(new.answer.status, Status::Good);
        held.insert(key, new);
        Ok(is_bad)
    }
}

impl Held {
    fn new(link: Link, answer: Answer, max_age: Option<Duration>, now: UnixTime) -> Self {
        // An answer that serves only once serves those who wait for it.
        let last = answer.good_until.max(after(now, FLIGHT));
        let lasts = match answer.status {
            // A hold may be lifted: once there is a newer word, it is asked for.
            Status::Revoked { .. } => answer.next_update.unwrap_or_else(|| after(now, SOON)),
            Status::Good | Status::Unknown => last,
        };
        let soonest = after(now, ASK_AGAIN);
        let ask_again = max_age.map_or(lasts, |age| lasts.min(after(now, age)));
        Self {
            link,
            answer,
            last,
            ask_again: ask_again.max(soonest),
            taken: now,
            was_wanted: AtomicBool::new(true),
        }
    }

    /// Only a newer word takes the place of another, and an "unknown" that of no revocation: an
    /// answer that was recorded is played back when it suits.
    fn gives_way_to(&self, new: &Self, now: UnixTime) -> bool {
        let (old, new) = (&self.answer, &new.answer);
        match (old.status, new.status) {
            (Status::Revoked { .. }, Status::Revoked { .. }) => new.this_update >= old.this_update,
            (Status::Revoked { .. }, Status::Good) => new.this_update > old.this_update,
            (Status::Revoked { .. }, Status::Unknown) => false,
            (Status::Unknown, Status::Good) if now > self.last => true,
            _ => new.this_update >= old.this_update,
        }
    }

    /// What it tells of the certificate, before anybody looked at a delegate.
    pub(super) fn standing(&self, now: UnixTime) -> Standing {
        self.was_wanted.store(true, Ordering::Relaxed);
        match self.answer.status {
            Status::Revoked { .. } => Standing::Revoked { final_word: now < self.ask_again },
            Status::Unknown if now <= self.last => Standing::Unknown,
            Status::Unknown => Standing::Nothing,
            Status::Good if now > self.last => Standing::Stale { last: self.last },
            Status::Good if now >= self.ask_again => Standing::Aging { until: self.last },
            Status::Good => Standing::Fresh { until: self.last.min(self.ask_again) },
        }
    }

    /// Whether there is no newer word to be had by now.
    pub(super) fn is_current(&self, now: UnixTime) -> bool {
        let ends = match self.answer.status {
            Status::Revoked { .. } => self.ask_again,
            Status::Good | Status::Unknown => self.last.min(self.ask_again),
        };
        now < ends
    }

    /// The signer, where it has to be looked at as well.
    pub(super) fn delegate(&self) -> Option<Link> {
        let certificate = self.answer.delegate.clone()?;
        Some(Link { certificate, issuer: self.link.issuer.clone() })
    }

    fn may_be_forgotten(&self, now: UnixTime) -> bool {
        match self.answer.status {
            Status::Revoked { .. } => now > self.link.certificate.not_after(),
            Status::Good | Status::Unknown => true,
        }
    }
}

/// First what is of no use any more, then one good word in eight.
fn make_room(held: &mut HashMap<[u8; 32], Arc<Held>>, capacity: usize, now: UnixTime) {
    if held.len() < capacity {
        return;
    }
    let is_over = |one: &Held| now > after(one.last, LONGEST_STALE) && one.may_be_forgotten(now);
    held.retain(|_, one| !is_over(one));
    if held.len() < capacity {
        return;
    }
    let mut surplus = capacity.div_ceil(8);
    held.retain(|_, one| {
        let goes = surplus > 0 && one.may_be_forgotten(now);
        surplus -= usize::from(goes);
        !goes
    });
}

/// When there is a newer word than one that does not say so.
const SOON: Duration = Duration::from_secs(300);
/// How long a question is on its way at most.
const FLIGHT: Duration = Duration::from_secs(5);
/// For how long an old good word may be of use to a policy.
const LONGEST_STALE: Duration = Duration::from_secs(7 * 86_400);
