//! The revocation lists that are held, by the authority that signed them.

mod known;
mod offline;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use http::Uri;
use rustls_pki_types::UnixTime;

pub(super) use self::known::Fetched;
use self::known::{At, Known};
use self::offline::Offline;
use super::RevocationError;
use super::crl::{Freshness, ListError, RevocationList};
use super::standing::Standing;
use crate::cert::{Certificate, Issuer};

/// Lists from files, which are verified when the first path leads through their issuer, and lists
/// that were fetched for one.
///
/// Reading takes a lock for the time of one lookup. Verifying holds another one, so that a hundred
/// requests that need the same list verify it once.
pub(super) struct Lists {
    held: RwLock<Held>,
    verifying: Mutex<()>,
    freshness: Freshness,
    /// The most bytes that fetched lists may have had, together.
    room: usize,
    /// With how many authorities those without lists are let go.
    many: usize,
}

#[derive(Default)]
struct Held {
    offline: Arc<[Arc<Offline>]>,
    /// By the digest of the authority's key.
    authorities: HashMap<[u8; 32], Vec<Authority>>,
}

/// One authority and what it said, the newest first.
#[derive(Clone)]
struct Authority {
    issuer: Arc<Issuer>,
    lists: Arc<[Known]>,
}

/// Why a fetched list is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListRefused {
    #[error("not a list of the issuer: {0}")]
    NotOfIssuer(#[from] ListError),
    #[error("the list is out of date, or from the future")]
    NotCurrent,
    #[error("an older list than the one at hand")]
    RolledBack,
    #[error("no room for another list")]
    NoRoom,
}

impl Lists {
    pub(super) fn new(freshness: Freshness) -> Self {
        Self {
            held: RwLock::default(),
            verifying: Mutex::default(),
            freshness,
            room: ROOM,
            many: MANY,
        }
    }

    /// What the lists of this issuer say of the certificate: the word of the newest that covers it.
    pub(super) fn standing(
        &self,
        issuer: &Arc<Issuer>,
        certificate: &Certificate,
        now: UnixTime,
    ) -> Standing {
        known::standing(&self.of(issuer), certificate, self.at(now))
    }

    /// Whether the address was fetched from for this issuer, and need not be before its time.
    pub(super) fn is_fresh_from(&self, uri: &Uri, issuer: &Arc<Issuer>, now: UnixTime) -> bool {
        self.of(issuer).iter().any(|known| known.is_fresh_from(uri, now))
    }

    /// How the lists that are fetched came here, each with its issuer.
    pub(super) fn fetched(&self) -> Vec<(Arc<Issuer>, Fetched)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let authorities = held.authorities.values().flatten();
        let fetched = authorities.flat_map(|authority| {
            let fetched = authority.lists.iter().filter_map(Known::fetched);
            fetched.map(|fetched| (authority.issuer.clone(), fetched.clone()))
        });
        fetched.collect()
    }

    /// Takes these for the lists of before. Answers which of them are not taken, because a newer
    /// one of the same issuer and scope was at hand: that one stays.
    ///
    /// # Errors
    ///
    /// No list, or one that cannot be read; then the old ones stay.
    pub(super) fn replace(
        &self,
        lists: impl IntoIterator<Item = Vec<u8>>,
        now: UnixTime,
    ) -> Result<Vec<usize>, RevocationError> {
        let offline = Offline::all(lists, &self.freshness)?;
        let _verifying = self.verifying.lock().unwrap_or_else(PoisonError::into_inner);
        let before = {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            held.authorities.values().flatten().cloned().collect::<Vec<_>>()
        };
        // The authorities that paths led through: their lists are verified here, so that no request
        // waits for that, and so that what is replaced can be compared.
        let mut authorities: HashMap<_, Vec<Authority>> = HashMap::new();
        let mut older = Vec::new();
        for Authority { issuer, lists } in before {
            let new = offline::of_issuer(&offline, &issuer);
            let (kept, refused) = known::replaced(&lists, new, self.at(now));
            older.extend(refused);
            authorities
                .entry(*issuer.spki_sha256())
                .or_default()
                .push(Authority { issuer, lists: kept.into() });
        }
        older.sort_unstable();
        older.dedup();
        for index in &older {
            tracing::warn!(index, "an older revocation list than the one at hand is not taken");
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = Held { offline: offline.into(), authorities };
        Ok(older)
    }

    /// Takes a list that was fetched for this issuer.
    pub(super) fn take(
        &self,
        issuer: &Arc<Issuer>,
        uri: &Uri,
        der: &[u8],
        max_age: Option<Duration>,
        now: UnixTime,
    ) -> Result<(), ListRefused> {
        let list = RevocationList::verify(der, issuer)?;
        let fetched = Known::of_fetched(list, uri.clone(), der.len(), max_age, now);
        let _verifying = self.verifying.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.of_verified(issuer);
        let lists = known::with(&before, fetched, self.at(now))?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let others = held.bytes().saturating_sub(known::bytes(&before));
        if others.saturating_add(known::bytes(&lists)) > self.room {
            return Err(ListRefused::NoRoom);
        }
        held.put(Authority { issuer: issuer.clone(), lists: lists.into() }, self.many);
        Ok(())
    }

    fn at(&self, now: UnixTime) -> At<'_> {
        At { now, freshness: &self.freshness }
    }

    #[cfg(test)]
    pub(super) fn limit(&mut self, room: usize, many: usize) {
        (self.room, self.many) = (room, many);
    }

    /// How many authorities are remembered.
    #[cfg(test)]
    pub(super) fn authorities(&self) -> usize {
        self.held.read().unwrap().authorities.len()
    }

    /// How many lists from files no key has verified yet.
    #[cfg(test)]
    pub(super) fn unverified(&self) -> usize {
        let offline = self.held.read().unwrap().offline.clone();
        offline.iter().filter(|list| list.is_unverified()).count()
    }

    fn of(&self, issuer: &Arc<Issuer>) -> Arc<[Known]> {
        match self.find(issuer) {
            Some(lists) => lists,
            None => {
                let _verifying = self.verifying.lock().unwrap_or_else(PoisonError::into_inner);
                self.of_verified(issuer)
            }
        }
    }

    /// As [`of`](Self::of), under the lock for verifying.
    fn of_verified(&self, issuer: &Arc<Issuer>) -> Arc<[Known]> {
        if let Some(lists) = self.find(issuer) {
            return lists;
        }
        let offline = self.held.read().unwrap_or_else(PoisonError::into_inner).offline.clone();
        let lists: Arc<[Known]> = known::sorted(offline::of_issuer(&offline, issuer)).into();
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.put(Authority { issuer: issuer.clone(), lists: lists.clone() }, self.many);
        lists
    }

    fn find(&self, issuer: &Issuer) -> Option<Arc<[Known]>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let of_key = held.authorities.get(issuer.spki_sha256())?;
        let found = of_key.iter().find(|authority| is_same(&authority.issuer, issuer))?;
        Some(found.lists.clone())
    }
}

impl Held {
    fn put(&mut self, authority: Authority, many: usize) {
        if self.authorities.len() >= many {
            // Those without lists are found again; nothing that a list says is forgotten.
            self.authorities.retain(|_, of_key| {
                of_key.retain(|one| !one.lists.is_empty());
                !of_key.is_empty()
            });
        }
        let of_key = self.authorities.entry(*authority.issuer.spki_sha256()).or_default();
        match of_key.iter_mut().find(|one| is_same(&one.issuer, &authority.issuer)) {
            Some(one) => *one = authority,
            None => of_key.push(authority),
        }
    }

    fn bytes(&self) -> usize {
        self.authorities.values().flatten().map(|one| known::bytes(&one.lists)).sum()
    }
}

/// Two certificates of one authority may differ in whether it may sign lists.
fn is_same(one: &Issuer, other: &Issuer) -> bool {
    one.spki_sha256() == other.spki_sha256()
        && one.name() == other.name()
        && one.signs_lists() == other.signs_lists()
}

const MANY: usize = 1_000;
/// A refusal to take one more list is better than to forget what one of them revoked.
const ROOM: usize = 512 << 20;
