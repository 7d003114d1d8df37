//! What was found out about a certificate, by its thumbprint.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// A bounded memory of findings. Forgetting one costs work and decides nothing.
pub(crate) struct Remembered<T> {
    findings: RwLock<HashMap<[u8; 32], T>>,
    capacity: usize,
}

impl<T: Clone> Remembered<T> {
    /// Of certificates that are trusted: an authority stands between a stranger and an entry.
    pub(crate) fn of_trusted() -> Self {
        Self { findings: RwLock::default(), capacity: TRUSTED }
    }

    /// Of certificates that nothing is known of, and that anybody can make: some 30 KiB for each of
    /// the largest that a header holds.
    pub(crate) fn of_strangers() -> Self {
        Self { findings: RwLock::default(), capacity: STRANGERS }
    }

    pub(crate) fn get(&self, thumbprint: &[u8; 32]) -> Option<T> {
        self.findings.read().unwrap_or_else(PoisonError::into_inner).get(thumbprint).cloned()
    }

    /// Remembers a finding. A full memory is emptied: whoever sends many certificates slows down
    /// others, and gains nothing.
    pub(crate) fn put(&self, thumbprint: [u8; 32], finding: T) {
        let mut findings = self.findings.write().unwrap_or_else(PoisonError::into_inner);
        if findings.len() >= self.capacity && !findings.contains_key(&thumbprint) {
            findings.clear();
        }
        findings.insert(thumbprint, finding);
    }
}

const STRANGERS: usize = 1_000;
const TRUSTED: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbprint(number: usize) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn the_memory_is_bounded_and_a_finding_is_found() {
        for (memory, capacity) in
            [(Remembered::of_strangers(), STRANGERS), (Remembered::of_trusted(), TRUSTED)]
        {
            for number in 0..capacity {
                memory.put(thumbprint(number), number);
            }
            memory.put(thumbprint(0), 0);
            assert_eq!(memory.get(&thumbprint(1)), Some(1));
            memory.put(thumbprint(capacity), capacity);
            assert_eq!(memory.get(&thumbprint(capacity)), Some(capacity));
            assert_eq!(memory.get(&thumbprint(0)), None);
        }
    }
}
