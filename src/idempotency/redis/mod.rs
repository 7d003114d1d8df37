//! The store in Redis.

use std::fmt;
use std::time::Duration;

use redis::{Script, ScriptInvocation};
use rustls_pki_types::UnixTime;

use self::link::Link;
use self::words::{Words, unreadable};
use super::remote::{ClockCheck, Patience};
use super::{
    Abandoned, Claim, Claimed, Held, IdempotencyStore, Lease, Record, Settlement, StoreError,
    StoreFuture, StoreKey,
};
use crate::context::relaxed;
use crate::crypto;
use crate::replay::{Insertion, ReplayKey, ReplayStore};

mod link;
mod words;

/// Keeps claims and outcomes in a Redis server (7.0 or later), for any number of processes.
///
/// Each act is one script, which Redis runs alone: of a crowd of claims one is new. Each request
/// has one key, `{prefix}:idempotency:` or `:replay:` and a hash in braces, so that it sits in one
/// slot of a cluster whatever else is stored. This client speaks to one server, or to a proxy in
/// front of a cluster: it does not follow a cluster's redirections.
///
/// # What it does not promise
///
/// Redis answers before its data is safe. A server that loses power forgets what it had not synced:
/// set `appendonly yes` and `appendfsync always`, or the last second of claims may be forgotten and
/// their payments run again. Replication is asynchronous: when a replica is promoted, what it had
/// not received is gone, and those payments can run again. [`replicas`](Self::replicas) waits until
/// some have the write (`WAIT`), which makes the loss rare and not impossible: a replica without
/// the write may still be promoted. Where that is not good enough, use PostgreSQL with synchronous
/// replication.
///
/// A server that evicts keys is refused at the connection (`maxmemory-policy` other than
/// `noeviction`); one whose memory is used up answers [`StoreError::Full`].
///
/// # Time
///
/// Windows and leases go by the times of the claims. Redis' own clock only clears records away, a
/// day after their window ended (see [`retain`](Self::retain)), and serves to refuse claims of a
/// process whose clock is off (see [`clock_tolerance`](Self::clock_tolerance)).
///
/// # Connection
///
/// One connection carries all requests, and is made anew when it breaks. `redis://` and `unix://`
/// URLs; `rediss://` where the application switches a TLS feature of the crate `redis` on.
pub struct RedisStore {
    link: Link,
    scripts: Scripts,
    prefix: String,
    patience: Patience,
    clock: ClockCheck,
    retain: Duration,
    record_limit: usize,
}

struct Scripts {
    claim: Script,
    settle: Script,
    release: Script,
    look_up: Script,
    insert_once: Script,
}

impl RedisStore {
    /// A store in this server. No connection is made before it is needed.
    ///
    /// # Errors
    ///
    /// When the URL is not one of a Redis server.
    pub fn at(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            link: Link::new(url).map_err(StoreError::unavailable)?,
            scripts: Scripts {
                claim: link::script(include_str!("claim.lua")),
                settle: link::script(include_str!("settle.lua")),
                release: link::script(include_str!("release.lua")),
                look_up: link::script(LOOK_UP),
                insert_once: link::script(include_str!("insert_once.lua")),
            },
            prefix: "open-banking".into(),
            patience: Patience::default(),
            clock: ClockCheck::DEFAULT,
            retain: Duration::from_secs(24 * 60 * 60),
            record_limit: 64 * 1024,
        })
    }

    /// Connects, to find out at start-up whether the server can be used.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, or may evict keys.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.patience.attempt(|| self.link.check()).await
    }

    /// Sets what the keys begin with; `open-banking` if not set.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Sets how long an act may take, with all its attempts; three seconds if not set.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { patience: Patience(deadline), ..self }
    }

    /// Has each claim and outcome acknowledged by this many replicas within the time, or fails.
    ///
    /// While it waits the connection serves nobody else.
    #[must_use]
    pub fn replicas(mut self, replicas: u32, within: Duration) -> Self {
        self.link.replicas = replicas;
        self.link.replicas_within = within;
        self
    }

    /// Sets how long records are kept after their window, by Redis' clock; a day if not set. If
    /// that clock is set forward by more than this, live records are lost.
    #[must_use]
    pub fn retain(self, retain: Duration) -> Self {
        Self { retain, ..self }
    }

    /// Sets by how much the clock of this process may differ from that of the server before claims
    /// are refused; five minutes if not set.
    #[must_use]
    pub fn clock_tolerance(self, tolerance: Duration) -> Self {
        Self { clock: ClockCheck::Within(tolerance), ..self }
    }

    /// Sets the bytes of the largest record that is kept, its body and its headers; 64 KiB if not
    /// set.
    #[must_use]
    pub fn record_limit(self, bytes: usize) -> Self {
        Self { record_limit: bytes, ..self }
    }

    /// Compares no clocks: for tests that bring their own time. A process whose clock is ahead by a
    /// day takes every record for expired and runs every payment again.
    #[must_use]
    pub fn danger_any_clock(self) -> Self {
        relaxed("RedisStore", "danger_any_clock");
        Self { clock: ClockCheck::Off, ..self }
    }

    /// Uses a server that may evict keys: what it evicts runs again.
    #[must_use]
    pub fn danger_allow_eviction(mut self) -> Self {
        relaxed("RedisStore", "danger_allow_eviction");
        self.link.allows_eviction = true;
        self
    }

    async fn run<const N: usize>(
        &self,
        script: &Script,
        key: String,
        arguments: [Vec<u8>; N],
    ) -> Result<Words, StoreError> {
        let mut invocation: ScriptInvocation<'_> = script.key(key);
        for argument in arguments {
            invocation.arg(argument);
        }
        let is_change = |words: &Vec<Vec<u8>>| {
            words.first().is_some_and(|word| CHANGES.contains(&word.as_slice()))
        };
        let run = || async {
            let words = self.link.run(&invocation, is_change).await?;
            match words.first().map(Vec::as_slice) {
                Some(b"clock") => Err(ClockCheck::refused()),
                _ => Ok(Words::of(words)),
            }
        };
        self.patience.attempt(run).await
    }

    fn key(&self, kind: &str, hash: &[u8; 32]) -> String {
        let mut key = format!("{}:{kind}:{{", self.prefix);
        for byte in hash {
            // Writing to a string does not fail.
            let _ = fmt::Write::write_fmt(&mut key, format_args!("{byte:02x}"));
        }
        key.push('}');
        key
    }

    fn tolerance(&self) -> Vec<u8> {
        self.clock.seconds().map(|seconds| seconds.to_string().into_bytes()).unwrap_or_default()
    }

    /// How long Redis keeps what counts until then.
    fn lifetime(&self, now: UnixTime, until: UnixTime) -> Vec<u8> {
        let left = Duration::from_secs(until.as_secs().saturating_sub(now.as_secs()));
        let lifetime = left.saturating_add(self.retain).max(Duration::from_secs(1)).min(A_CENTURY);
        lifetime.as_millis().to_string().into_bytes()
    }

    async fn claim_now(&self, claim: Claim) -> Result<Claimed, StoreError> {
        let key = self.key(CLAIMS, claim.key().as_bytes());
        let takes_over = matches!(claim.on_abandoned(), Abandoned::TakeOver);
        let arguments = [
            claim.fingerprint().as_bytes().to_vec(),
            claim.claimant().as_bytes().to_vec(),
            digits(claim.now()),
            digits(claim.lease_until()),
            digits(claim.window_ends()),
            if takes_over { b"1".to_vec() } else { b"0".to_vec() },
            self.lifetime(claim.now(), claim.window_ends()),
            self.tolerance(),
        ];
        let words = self.run(&self.scripts.claim, key, arguments).await?;
        match words.first() {
            b"abandoned" => Ok(Claimed::Abandoned { since: words.time(1)? }),
            b"in flight" => Ok(Claimed::InFlight { since: words.time(1)?, until: words.time(2)? }),
            b"mismatch" => Ok(Claimed::Mismatch),
            b"new" => Ok(Claimed::New(Lease::grant(&claim, words.time(1)?))),
            b"settled" => Ok(Claimed::Settled(Record::from_bytes(words.get(1)?)?)),
            _ => Err(unreadable()),
        }
    }

    async fn look_up_now(&self, key: StoreKey, now: UnixTime) -> Result<Option<Held>, StoreError> {
        let key = self.key(CLAIMS, key.as_bytes());
        let words = self.run(&self.scripts.look_up, key, []).await?;
        if words.is_empty() {
            return Ok(None);
        }
        let outcome = match words.get(3) {
            Ok(bytes) => Some(Record::from_bytes(bytes)?),
            Err(_) => None,
        };
        let held = Held::restore(words.time(0)?, words.time(1)?, words.time(2)?, outcome);
        Ok(Some(held).filter(|held| now <= held.window_ends()))
    }
}

impl IdempotencyStore for RedisStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(self.claim_now(claim))
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        Box::pin(async move {
            let (size, limit) = (record.size(), self.record_limit);
            if size > limit {
                return Err(StoreError::TooLarge { size, limit });
            }
            let key = self.key(CLAIMS, lease.key().as_bytes());
            let arguments = [lease.claimant().as_bytes().to_vec(), record.to_bytes().to_vec()];
            self.run(&self.scripts.settle, key, arguments).await?.settlement()
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        Box::pin(async move {
            let key = self.key(CLAIMS, lease.key().as_bytes());
            let arguments = [lease.claimant().as_bytes().to_vec()];
            self.run(&self.scripts.release, key, arguments).await?.settlement()
        })
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        Box::pin(self.look_up_now(key, now))
    }
}

impl ReplayStore for RedisStore {
    fn insert_once(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, Insertion> {
        Box::pin(async move {
            // So that an attempt whose answer was lost is known again by the next one.
            let nonce: [u8; 16] = crypto::random().map_err(StoreError::unavailable)?;
            let key = self.key("replay", key.as_bytes());
            let lifetime = self.lifetime(now, until);
            let arguments =
                [nonce.to_vec(), digits(until), digits(now), lifetime, self.tolerance()];
            let words = self.run(&self.scripts.insert_once, key, arguments).await?;
            match words.first() {
                b"fresh" => Ok(Insertion::Fresh),
                b"seen" => Ok(Insertion::Seen),
                _ => Err(unreadable()),
            }
        })
    }
}

impl fmt::Debug for RedisStore {
    /// Shows no URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

fn digits(time: UnixTime) -> Vec<u8> {
    time.as_secs().to_string().into_bytes()
}

const CLAIMS: &str = "idempotency";
const LOOK_UP: &str = "\
    local old = redis.call('HMGET', KEYS[1], 'since', 'lease', 'window', 'outcome')\n\
    if not old[3] then return {} end\n\
    if not old[4] then return { old[1], old[2], old[3] } end\n\
    return old";
/// The answers after which something is different.
const CHANGES: [&[u8]; 4] = [b"already", b"done", b"fresh", b"new"];
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
