//! What a row says.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::idempotency::held::{Entry, Judgement};
use crate::idempotency::remote::{ClockCheck, Failure};
use crate::idempotency::{Claim, Claimant, Claimed, Fingerprint, Held, Lease, Record, StoreError};

pub(super) fn answer(row: &Row, claim: &Claim) -> Result<Claimed, Failure> {
    if column(row, "too_far").map_err(Failure::Final)? {
        return Err(ClockCheck::refused());
    }
    if let Some(granted) = column::<Option<i64>>(row, "granted").map_err(Failure::Final)? {
        return Ok(Claimed::New(Lease::grant(claim, time(granted).map_err(Failure::Final)?)));
    }
    let again = || Failure::Passing("another claim came between".into());
    if column::<Option<&[u8]>>(row, "claimant").map_err(Failure::Final)?.is_none() {
        return Err(again());
    }
    match Entry::judge(Some(&entry(row).map_err(Failure::Final)?), claim) {
        Judgement::Answer(Claimed::New(_)) | Judgement::Take { .. } => Err(again()),
        Judgement::Answer(answer) => Ok(answer),
    }
}

pub(super) fn entry(row: &Row) -> Result<Entry, StoreError> {
    let fingerprint: [u8; 32] = bytes(row, "fingerprint")?;
    let outcome: Option<&[u8]> = column(row, "outcome")?;
    Ok(Entry {
        fingerprint: Fingerprint::from(fingerprint),
        claimant: Claimant::from(bytes(row, "claimant")?),
        held: Held::restore(
            time(column(row, "since")?)?,
            time(column(row, "lease_until")?)?,
            time(column(row, "window_ends")?)?,
            outcome.map(Record::from_bytes).transpose()?,
        ),
    })
}

fn bytes<const N: usize>(row: &Row, name: &str) -> Result<[u8; N], StoreError> {
    column::<&[u8]>(row, name)?.try_into().map_err(|_| UNREADABLE)
}

pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, StoreError> {
    row.try_get(name).map_err(|_| UNREADABLE)
}

/// As PostgreSQL counts: what lies beyond the year 292 277 026 596 lies at its end.
pub(super) fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn time(seconds: i64) -> Result<UnixTime, StoreError> {
    let seconds = u64::try_from(seconds).map_err(|_| UNREADABLE)?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

pub(super) const UNREADABLE: StoreError =
    StoreError::Unreadable("a row of another form in PostgreSQL");
