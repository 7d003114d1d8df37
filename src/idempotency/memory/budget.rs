use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::idempotency::{ClientTag, StoreError};

/// The room of a store, in records and in bytes, shared by its shards.
#[derive(Debug)]
pub(super) struct Budget {
    records: AtomicUsize,
    bytes: AtomicUsize,
    share: Option<Share>,
}

/// How many records one client may have, and how many each has.
#[derive(Debug)]
struct Share {
    most: usize,
    taken: Mutex<HashMap<ClientTag, usize>>,
}

impl Budget {
    pub(super) fn new(records: usize, bytes: usize) -> Self {
        Self { records: records.into(), bytes: bytes.into(), share: None }
    }

    pub(super) fn bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes.into(), ..self }
    }

    pub(super) fn share(self, most: usize) -> Self {
        Self { share: Some(Share { most, taken: Mutex::default() }), ..self }
    }

    /// Takes the room of one record; takes nothing if there is too little.
    pub(super) fn take(&self, bytes: usize, client: Option<ClientTag>) -> Result<(), StoreError> {
        if let Some(share) = &self.share {
            share.take(client)?;
        }
        let taken = take(&self.records, 1) && {
            let taken = take(&self.bytes, bytes);
            if !taken {
                self.records.fetch_add(1, Ordering::Relaxed);
            }
            taken
        };
        if !taken {
            self.give_back_share(client);
            return Err(StoreError::Full);
        }
        Ok(())
    }

    /// Takes more room for a record; takes nothing if there is too little.
    #[must_use]
    pub(super) fn take_bytes(&self, bytes: usize) -> bool {
        take(&self.bytes, bytes)
    }

    /// Gives back the room of one record.
    pub(super) fn give_back(&self, bytes: usize, client: Option<ClientTag>) {
        self.records.fetch_add(1, Ordering::Relaxed);
        self.give_back_bytes(bytes);
        self.give_back_share(client);
    }

    /// Gives back what a record took up less than was set aside for it.
    pub(super) fn give_back_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back_share(&self, client: Option<ClientTag>) {
        if let (Some(share), Some(client)) = (&self.share, client) {
            share.give_back(client);
        }
    }
}

impl Share {
    /// A claim that names no client has no share: it would be a way around.
    fn take(&self, client: Option<ClientTag>) -> Result<(), StoreError> {
        let client = client.filter(|_| self.most > 0).ok_or(StoreError::OverQuota)?;
        let mut taken = self.taken.lock().map_err(|_| StoreError::OverQuota)?;
        let count = taken.entry(client).or_default();
        if *count >= self.most {
            return Err(StoreError::OverQuota);
        }
        *count += 1;
        Ok(())
    }

    fn give_back(&self, client: ClientTag) {
        let Ok(mut taken) = self.taken.lock() else { return };
        let Some(count) = taken.get_mut(&client) else { return };
        *count -= 1;
        if *count == 0 {
            taken.remove(&client);
        }
    }
}

// Relaxed: the counters guard an amount, the shards' locks guard the records.
fn take(left: &AtomicUsize, amount: usize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_record_takes_nothing() {
        let budget = Budget::new(2, 10).share(2);
        let client = Some(ClientTag::of("", "a"));
        budget.take(8, client).unwrap();
        assert!(matches!(budget.take(3, client), Err(StoreError::Full)));
        budget.take(2, client).unwrap();
        assert!(matches!(budget.take(0, client), Err(StoreError::OverQuota)));
        assert!(matches!(budget.take(0, Some(ClientTag::of("", "b"))), Err(StoreError::Full)));
        budget.give_back(2, client);
        budget.take(2, client).unwrap();
    }

    #[test]
    fn each_client_has_its_share_and_a_nameless_one_none() {
        let budget = Budget::new(10, 10).share(1);
        let [a, b] = ["a", "b"].map(|client| Some(ClientTag::of("bank", client)));
        budget.take(1, a).unwrap();
        assert!(matches!(budget.take(1, a), Err(StoreError::OverQuota)));
        budget.take(1, b).unwrap();
        assert!(matches!(budget.take(1, None), Err(StoreError::OverQuota)));
        budget.give_back(1, a);
        budget.take(1, a).unwrap();
    }
}
