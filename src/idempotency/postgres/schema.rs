//! The tables, and how they come to be.

use tokio_postgres::Client;

use super::pool::failure;
use crate::idempotency::StoreError;
use crate::idempotency::remote::Failure;

/// Brings the schema up to the newest version, in one transaction. Two at once wait for each other.
pub(super) async fn migrate(client: &mut Client) -> Result<(), Failure> {
    let transaction = client.transaction().await.map_err(failure)?;
    transaction.batch_execute(PREPARE).await.map_err(failure)?;
    let row = transaction.query_one(VERSION, &[]).await.map_err(failure)?;
    let version: i32 = row.try_get(0).map_err(failure)?;
    if version > NEWEST {
        return Err(newer());
    }
    for (number, step) in (1..).zip(STEPS).filter(|(number, _)| *number > version) {
        transaction.batch_execute(step).await.map_err(failure)?;
        let done = "INSERT INTO open_banking.migration (version) VALUES ($1)";
        transaction.execute(done, &[&number]).await.map_err(failure)?;
    }
    transaction.commit().await.map_err(failure)
}

/// Refuses a schema that this version does not know.
pub(super) async fn check(client: &Client) -> Result<(), Failure> {
    let row = client.query_one(VERSION, &[]).await.map_err(failure)?;
    match row.try_get::<_, i32>(0).map_err(failure)? {
        NEWEST => Ok(()),
        version if version > NEWEST => Err(newer()),
        _ => Err(Failure::Final(StoreError::unavailable("the schema is old: run the migration"))),
    }
}

fn newer() -> Failure {
    Failure::Final(StoreError::unavailable("the schema is that of a newer version"))
}

/// The lock is for this transaction; its number is `open_banking` in ASCII, cut short.
const PREPARE: &str = "\
    SELECT pg_advisory_xact_lock(x'6f70656e5f62616e'::bigint);\
    CREATE SCHEMA IF NOT EXISTS open_banking;\
    CREATE TABLE IF NOT EXISTS open_banking.migration (\
      version integer PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT now());";
const VERSION: &str = "SELECT coalesce(max(version), 0) FROM open_banking.migration";
const STEPS: [&str; 1] = [include_str!("schema-1.sql")];
const NEWEST: i32 = 1;
