use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::idempotency::{Settlement, StoreError};

/// The answer of a script.
pub(super) struct Words(Vec<Vec<u8>>);

impl Words {
    pub(super) fn of(words: Vec<Vec<u8>>) -> Self {
        Self(words)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn first(&self) -> &[u8] {
        self.get(0).unwrap_or_default()
    }

    pub(super) fn get(&self, index: usize) -> Result<&[u8], StoreError> {
        self.0.get(index).map(Vec::as_slice).ok_or_else(unreadable)
    }

    pub(super) fn time(&self, index: usize) -> Result<UnixTime, StoreError> {
        let text = str::from_utf8(self.get(index)?).map_err(|_| unreadable())?;
        let seconds = text.parse().map_err(|_| unreadable())?;
        Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }

    pub(super) fn settlement(&self) -> Result<Settlement, StoreError> {
        match self.first() {
            b"already" => Ok(Settlement::Already),
            b"done" => Ok(Settlement::Done),
            b"superseded" => Ok(Settlement::Superseded),
            _ => Err(unreadable()),
        }
    }
}

pub(super) fn unreadable() -> StoreError {
    StoreError::Unreadable("a key of another form in Redis")
}
