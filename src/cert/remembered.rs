//! What was found out about a certificate, by its thumbprint.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// A bounded memory of findings. Forgetting one costs work and decides nothing.
pub(crate) struct Remembered<T> {
    findings: RwLock<HashMap<[u8; 32], T>>,
    capacity: usize,
}

impl<T: Clone> Remembered<T> {
    /// For findings about certificates that are trusted.
    pub(crate) fn new() -> Self {
        Self::at_most(CAPACITY)
    }

    /// For what anybody may send.
    pub(crate) fn at_most(capacity: usize) -> Self {
        Self { findings: RwLock::default(), capacity }
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

const CAPACITY: usize = 10_000;

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
        let memory = Remembered::new();
        for number in 0..CAPACITY + 1 {
            memory.put(thumbprint(number), number);
        }
        assert_eq!(memory.get(&thumbprint(CAPACITY)), Some(CAPACITY));
        assert_eq!(memory.get(&thumbprint(0)), None);
    }
}
