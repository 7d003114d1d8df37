//! The store in PostgreSQL.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls_pki_types::UnixTime;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

pub use self::builder::PostgresStoreBuilder;
use self::pool::{Pool, Query};
use self::rows::{UNREADABLE, column, seconds};
use super::remote::{ClockCheck, Failure, Patience};
use super::{
    Abandoned, Claim, Claimed, Held, IdempotencyStore, Lease, Record, Settlement, StoreError,
    StoreFuture, StoreKey,
};
use crate::crypto;
use crate::replay::{Insertion, ReplayKey, ReplayStore};

mod builder;
mod pool;
mod rows;
mod schema;

/// Keeps claims and outcomes in PostgreSQL (12 or later), for any number of processes.
///
/// Each act is one statement, and what it answered is on the server's disk; with synchronous
/// replication also on that of a standby. The tables are in a schema of their own, `open_banking`,
/// which [`migrate`](Self::migrate) creates and brings up to date. A pool that gives each
/// transaction another session (as PgBouncer may) must support prepared statements.
///
/// Expired rows are deleted by later claims, some hundred at a time and beside them: no pause. A
/// table that lost its disk answers [`StoreError::Full`].
///
/// # Time
///
/// Windows and leases go by the times of the claims. The server's clock serves to refuse claims of
/// a process whose clock is off (see [`clock_tolerance`](PostgresStoreBuilder::clock_tolerance)),
/// and only rows are deleted that have ended by both clocks.
///
/// # Connection
///
/// As many connections as acts at a time, up to
/// [`connections`](PostgresStoreBuilder::connections). URLs or keyword lists as of `libpq`. Without
/// `sslmode=require` only a socket or a loopback address is accepted; certificates are verified
/// against the system's trust store, and the host's name too.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: Pool,
    patience: Patience,
    clock: ClockCheck,
    record_limit: usize,
    claims: AtomicU32,
}

impl PostgresStore {
    /// A store in this database. No connection is made before it is needed.
    ///
    /// # Errors
    ///
    /// When the URL is not one of a database.
    pub fn at(url: &str) -> Result<PostgresStoreBuilder, StoreError> {
        PostgresStoreBuilder::new(url)
    }

    /// Creates the schema, or brings it up to date. The role needs the right to create schemas; the
    /// role that serves requests needs only to read and write the tables.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, or the schema is that of a newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrate = || async {
            let mut client = self.0.pool.client().await?;
            schema::migrate(&mut client).await
        };
        self.0.patience.attempt(migrate).await
    }

    /// Connects, to find out at start-up whether the database can be used.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, or its schema is not that of this version.
    pub async fn check(&self) -> Result<(), StoreError> {
        let check = || async { schema::check(&self.0.pool.client().await?).await };
        self.0.patience.attempt(check).await
    }

    /// Deletes some of what has ended, and says how many rows. Claims do this by themselves, now
    /// and then; a table that was left alone for long may want more.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached.
    pub async fn sweep(&self, now: UnixTime) -> Result<u64, StoreError> {
        let (now, most) = (seconds(now), SWEEP);
        let row = self.row(Query::Sweep, &[&now, &most]).await?;
        let removed: i64 = column(&row, "removed")?;
        Ok(u64::try_from(removed).unwrap_or_default())
    }

    async fn row(
        &self,
        query: Query,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, StoreError> {
        let row = || async {
            let row = self.0.pool.query(query, parameters).await?;
            row.ok_or(Failure::Final(UNREADABLE))
        };
        self.0.patience.attempt(row).await
    }

    async fn claim_now(&self, claim: Claim) -> Result<Claimed, StoreError> {
        let (key, fingerprint, claimant) = (claim.key(), claim.fingerprint(), claim.claimant());
        let parameters: [&(dyn ToSql + Sync); 8] = [
            &key.as_bytes().as_slice(),
            &fingerprint.as_bytes().as_slice(),
            &claimant.as_bytes().as_slice(),
            &seconds(claim.now()),
            &seconds(claim.lease_until()),
            &seconds(claim.window_ends()),
            &matches!(claim.on_abandoned(), Abandoned::TakeOver),
            &self.0.clock.seconds().and_then(|seconds| i64::try_from(seconds).ok()),
        ];
        let act = || async {
            let row = self.0.pool.query(Query::Claim, &parameters).await?;
            rows::answer(&row.ok_or(Failure::Final(UNREADABLE))?, &claim)
        };
        let claimed = self.0.patience.attempt(act).await?;
        self.sweep_now_and_then(&claim);
        Ok(claimed)
    }

    fn sweep_now_and_then(&self, claim: &Claim) {
        if self.0.claims.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            let (store, now) = (self.clone(), claim.now());
            tokio::spawn(async move {
                if let Err(error) = store.sweep(now).await {
                    tracing::warn!(%error, "expired idempotency keys are not removed");
                }
            });
        }
    }

    /// Settles or releases.
    async fn finish(
        &self,
        query: Query,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Settlement, StoreError> {
        let act = || async {
            let row = self.0.pool.query(query, parameters).await?;
            let row = row.ok_or(Failure::Final(UNREADABLE))?;
            let fact = |name| column::<bool>(&row, name).map_err(Failure::Final);
            match (fact("done")?, fact("held")?, fact("settled")?) {
                (true, _, _) => Ok(Settlement::Done),
                (false, true, true) => Ok(Settlement::Already),
                (false, false, _) => Ok(Settlement::Superseded),
                // An earlier attempt of this very act came between snapshot and change.
                (false, true, false) => Err(Failure::Passing("the claim just changed".into())),
            }
        };
        self.0.patience.attempt(act).await
    }

    async fn look_up_now(&self, key: StoreKey, now: UnixTime) -> Result<Option<Held>, StoreError> {
        let key = key.as_bytes().as_slice();
        let act = || async { self.0.pool.query(Query::LookUp, &[&key]).await };
        let Some(row) = self.0.patience.attempt(act).await? else { return Ok(None) };
        let held = rows::entry(&row)?.held;
        Ok(Some(held).filter(|held| now <= held.window_ends()))
    }
}

impl IdempotencyStore for PostgresStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(self.claim_now(claim))
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        Box::pin(async move {
            let (size, limit) = (record.size(), self.0.record_limit);
            if size > limit {
                return Err(StoreError::TooLarge { size, limit });
            }
            let (key, claimant) = (lease.key(), lease.claimant());
            let outcome = record.to_bytes();
            let parameters: [&(dyn ToSql + Sync); 3] =
                [&key.as_bytes().as_slice(), &claimant.as_bytes().as_slice(), &outcome.as_ref()];
            self.finish(Query::Settle, &parameters).await
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        Box::pin(async move {
            let (key, claimant) = (lease.key(), lease.claimant());
            let parameters: [&(dyn ToSql + Sync); 2] =
                [&key.as_bytes().as_slice(), &claimant.as_bytes().as_slice()];
            self.finish(Query::Release, &parameters).await
        })
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        Box::pin(self.look_up_now(key, now))
    }
}

impl ReplayStore for PostgresStore {
    fn insert_once(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, Insertion> {
        Box::pin(async move {
            // So that an attempt whose answer was lost is known again by the next one.
            let nonce: [u8; 16] = crypto::random().map_err(StoreError::unavailable)?;
            let tolerance = self.0.clock.seconds().and_then(|seconds| i64::try_from(seconds).ok());
            let parameters: [&(dyn ToSql + Sync); 5] = [
                &key.as_bytes().as_slice(),
                &nonce.as_slice(),
                &seconds(until),
                &seconds(now),
                &tolerance,
            ];
            let act = || async {
                let row = self.0.pool.query(Query::InsertOnce, &parameters).await?;
                let row = row.ok_or(Failure::Final(UNREADABLE))?;
                if column(&row, "too_far").map_err(Failure::Final)? {
                    return Err(ClockCheck::refused());
                }
                column(&row, "fresh").map_err(Failure::Final)
            };
            match self.0.patience.attempt(act).await? {
                true => Ok(Insertion::Fresh),
                false => Ok(Insertion::Seen),
            }
        })
    }
}

impl fmt::Debug for PostgresStore {
    /// Shows no URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

const SWEEP_EVERY: u32 = 128;
const SWEEP: i64 = 512;
