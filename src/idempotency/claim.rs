use std::fmt;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::{Record, StoreKey};
use crate::crypto::{self, NoRandomness, Sha256};

/// What two requests must share to be the same request: a hash of what they ask for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// SHA-256 over media type and body bytes, so that the same bytes of another type differ.
    ///
    /// Strict: a client that writes the same JSON differently sends another request.
    pub fn of(media_type: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(&(media_type.len() as u64).to_be_bytes());
        hash.update(media_type.as_bytes());
        hash.update(body);
        Self(hash.finish())
    }

    /// The bytes, for a store that keeps them elsewhere.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    /// A hash made in another way, such as over one claim of a signed body.
    fn from(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprint").finish_non_exhaustive()
    }
}

/// Who makes a claim: a random number that no other claim has.
///
/// It is what a lease is fenced with: a request that finishes after its claim went to another one
/// cannot overwrite that one's record. And it makes a claim repeatable: after an error nobody knows
/// whether the store took the key, and the same claimant may simply ask again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claimant([u8; 16]);

impl Claimant {
    /// A claimant that nobody was before.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers: the request must be refused.
    pub fn random() -> Result<Self, NoRandomness> {
        crypto::random().map(Self)
    }

    /// The bytes, for a store that keeps them elsewhere.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Claimant {
    /// What a store kept of a claimant.
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimant").finish_non_exhaustive()
    }
}

/// The client behind a claim, hashed: for stores that give no client more than its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientTag([u8; 16]);

impl ClientTag {
    /// The client of this tenant.
    pub fn of(tenant: &str, client: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(&(tenant.len() as u64).to_be_bytes());
        hash.update(tenant.as_bytes());
        hash.update(client.as_bytes());
        let mut tag = [0; 16];
        tag.iter_mut().zip(hash.finish()).for_each(|(to, from)| *to = from);
        Self(tag)
    }
}

/// The wish to be the one request that runs under a key.
#[derive(Clone, Debug)]
pub struct Claim {
    key: StoreKey,
    fingerprint: Fingerprint,
    claimant: Claimant,
    client: Option<ClientTag>,
    now: UnixTime,
    lease: Duration,
    window: Duration,
    abandoned: Abandoned,
}

impl Claim {
    /// A claim made `now`, with a lease of 60 seconds and a window of 24 hours.
    pub fn new(key: StoreKey, fingerprint: Fingerprint, claimant: Claimant, now: UnixTime) -> Self {
        Self {
            key,
            fingerprint,
            claimant,
            client: None,
            now,
            lease: LEASE,
            window: WINDOW,
            abandoned: Abandoned::Refuse,
        }
    }

    /// The same claim, made again at another time by who waits for the first request to end.
    #[must_use]
    pub fn at(self, now: UnixTime) -> Self {
        Self { now, ..self }
    }

    /// Counts the claim against the share of this client, in a store that has shares.
    #[must_use]
    pub fn client(self, client: ClientTag) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Sets how long the request may run before it counts as abandoned: longer than the handler's
    /// own timeout.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Sets how long the key stays taken, counted from the first claim; retries never extend it.
    #[must_use]
    pub fn window(self, window: Duration) -> Self {
        Self { window, ..self }
    }

    /// Sets what happens to a claim whose lease ran out.
    #[must_use]
    pub fn abandoned(self, abandoned: Abandoned) -> Self {
        Self { abandoned, ..self }
    }

    /// The record's name.
    pub fn key(&self) -> StoreKey {
        self.key
    }

    /// What the request asks for.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Who asks.
    pub fn claimant(&self) -> Claimant {
        self.claimant
    }

    /// Whose share it counts against.
    pub fn client_tag(&self) -> Option<ClientTag> {
        self.client
    }

    /// The time of the claim.
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// The time from which the claim counts as abandoned, unless it was settled.
    pub fn lease_until(&self) -> UnixTime {
        later(self.now, self.lease)
    }

    /// The last second of the window, if this is the first claim of the key.
    ///
    /// It is put off until the lease runs out, so that a request never runs beside one that began
    /// at the end of the window.
    pub fn window_ends(&self) -> UnixTime {
        later(self.now, self.window).max(self.lease_until())
    }

    /// What the caller wants done with an abandoned claim.
    pub fn on_abandoned(&self) -> Abandoned {
        self.abandoned
    }
}

/// What to do with a claim whose lease ran out: whether its request took effect is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Abandoned {
    /// Report it. The key stays unusable until its window ends.
    #[default]
    Refuse,
    /// Run the request again. Only for handlers that are transactional or repeatable: elsewhere
    /// this pays twice.
    TakeOver,
}

/// The store's answer to a claim.
#[derive(Debug)]
pub enum Claimed {
    /// The same request was claimed before and its lease ran out: the outcome is unknown.
    Abandoned {
        /// When the request that was abandoned made its claim.
        since: UnixTime,
    },
    /// The same request is running.
    InFlight {
        /// When the running request made its claim.
        since: UnixTime,
        /// When its lease runs out.
        until: UnixTime,
    },
    /// The key was used for another request, which may still be running.
    Mismatch,
    /// The request may run, and holds the lease.
    New(Lease),
    /// The same request has run: this is its outcome.
    Settled(Record),
}

/// The right to settle or release one claim. Not `Clone`: there is one holder.
#[derive(Debug, PartialEq, Eq)]
pub struct Lease {
    key: StoreKey,
    claimant: Claimant,
    window_ends: UnixTime,
}

impl Lease {
    /// The lease that a store grants for `claim`.
    ///
    /// `window_ends` is that of the first claim of the key, which is not this one if an abandoned
    /// claim was taken over. As in [`Claim::window_ends`] it is put off until the lease runs out.
    pub fn grant(claim: &Claim, window_ends: UnixTime) -> Self {
        let window_ends = window_ends.max(claim.lease_until());
        Self { key: claim.key, claimant: claim.claimant, window_ends }
    }

    /// The lease that a store may have granted for `claim` when its answer was lost: good for
    /// [`release`](super::IdempotencyStore::release), which frees nothing that is another's.
    pub fn presumed(claim: &Claim) -> Self {
        Self::grant(claim, claim.window_ends())
    }

    /// For a store that hands the work to another thread, and for acts that are repeated.
    pub(super) fn copy(&self) -> Self {
        Self { ..*self }
    }

    /// The record's name.
    pub fn key(&self) -> StoreKey {
        self.key
    }

    /// Who holds it.
    pub fn claimant(&self) -> Claimant {
        self.claimant
    }

    /// The last second in which the record counts.
    pub fn window_ends(&self) -> UnixTime {
        self.window_ends
    }
}

fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs()).saturating_add(by))
}

const LEASE: Duration = Duration::from_secs(60);
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
