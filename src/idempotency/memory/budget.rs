use std::sync::atomic::{AtomicUsize, Ordering};

/// The room of a store, in records and in bytes, shared by its shards.
#[derive(Debug)]
pub(super) struct Budget {
    records: AtomicUsize,
    bytes: AtomicUsize,
}

impl Budget {
    pub(super) fn new(records: usize, bytes: usize) -> Self {
        Self { records: records.into(), bytes: bytes.into() }
    }

    pub(super) fn bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes.into(), ..self }
    }

    /// Takes the room of one record; takes nothing if there is too little.
    #[must_use]
    pub(super) fn take(&self, bytes: usize) -> bool {
        if !take(&self.records, 1) {
            return false;
        }
        if !take(&self.bytes, bytes) {
            self.records.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Takes more room for a record; takes nothing if there is too little.
    #[must_use]
    pub(super) fn take_bytes(&self, bytes: usize) -> bool {
        take(&self.bytes, bytes)
    }

    /// Gives back the room of one record.
    pub(super) fn give_back(&self, bytes: usize) {
        self.records.fetch_add(1, Ordering::Relaxed);
        self.give_back_bytes(bytes);
    }

    /// Gives back what a record took up less than was set aside for it.
    pub(super) fn give_back_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
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
        let budget = Budget::new(2, 10);
        assert!(budget.take(8));
        assert!(!budget.take(3));
        assert!(budget.take(2));
        assert!(!budget.take(0));
        budget.give_back(2);
        assert!(budget.take(2));
    }
}
