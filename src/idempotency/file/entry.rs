//! An entry as bytes: what decides the next claim at fixed places, then the outcome.

use std::time::Duration;

use bytes::{Buf, BufMut};
use rustls_pki_types::UnixTime;

use crate::idempotency::held::Entry;
use crate::idempotency::{Claimant, Fingerprint, Held, Record, StoreError};

pub(super) fn encode(entry: &Entry, outcome: Option<&[u8]>) -> Vec<u8> {
    let outcome = outcome.unwrap_or_default();
    let mut bytes = Vec::with_capacity(HEAD + outcome.len());
    bytes.put_slice(entry.fingerprint.as_bytes());
    bytes.put_slice(entry.claimant.as_bytes());
    let held = &entry.held;
    for time in [held.since(), held.lease_until(), held.window_ends()] {
        bytes.put_u64(time.as_secs());
    }
    bytes.put_slice(outcome);
    bytes
}

/// A claim in flight has no outcome; an outcome is never empty.
pub(super) fn decode(mut bytes: &[u8]) -> Result<Entry, StoreError> {
    let cut = |_| StoreError::Unreadable("an entry that breaks off");
    let (mut fingerprint, mut claimant) = ([0; 32], [0; 16]);
    bytes.try_copy_to_slice(&mut fingerprint).map_err(cut)?;
    bytes.try_copy_to_slice(&mut claimant).map_err(cut)?;
    let mut time = || {
        let seconds = bytes.try_get_u64().map_err(cut)?;
        Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    };
    let (since, lease_until, window_ends) = (time()?, time()?, time()?);
    let outcome = if bytes.is_empty() { None } else { Some(Record::from_bytes(bytes)?) };
    Ok(Entry {
        fingerprint: Fingerprint::from(fingerprint),
        claimant: Claimant::from(claimant),
        held: Held::restore(since, lease_until, window_ends, outcome),
    })
}

const HEAD: usize = 32 + 16 + 3 * 8;
