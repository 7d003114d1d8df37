//! Questions that failed, and when each may be asked again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls_pki_types::UnixTime;

use super::question::QuestionKey;

/// The negative cache: 30 seconds after the first failure, twice that after each further one, at
/// most five minutes.
///
/// Forgetting an entry costs a question and decides nothing.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<QuestionKey, Failure>>);

#[derive(Clone, Copy)]
struct Failure {
    count: u32,
    since: u64,
}

impl Failure {
    fn delay(self) -> u64 {
        FIRST_DELAY.saturating_mul(1 << self.count.min(16)).min(LONGEST_DELAY)
    }

    /// Also where the clock was set back: then nothing is known of when it was.
    fn is_over(self, now: u64) -> bool {
        !(self.since..self.since.saturating_add(self.delay())).contains(&now)
    }
}

impl Failures {
    pub(super) fn may_ask(&self, question: &QuestionKey, now: UnixTime) -> bool {
        self.lock().get(question).is_none_or(|failure| failure.is_over(now.as_secs()))
    }

    pub(super) fn failed(&self, question: QuestionKey, now: UnixTime) {
        let (mut failures, now) = (self.lock(), now.as_secs());
        if failures.len() >= CAPACITY && !failures.contains_key(&question) {
            failures.retain(|_, failure| !failure.is_over(now));
            if failures.len() >= CAPACITY {
                failures.clear();
            }
        }
        let failure = failures.get(&question).map_or(0, |failure| failure.count.saturating_add(1));
        failures.insert(question, Failure { count: failure, since: now });
    }

    pub(super) fn succeeded(&self, question: &QuestionKey) {
        self.lock().remove(question);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QuestionKey, Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const CAPACITY: usize = 10_000;
const FIRST_DELAY: u64 = 30;
const LONGEST_DELAY: u64 = 300;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn each_failure_doubles_the_pause_up_to_five_minutes() {
        let (failures, key) = (Failures::default(), [1; 32]);
        let mut now = 1000;
        for pause in [30, 60, 120, 240, 300, 300] {
            assert!(failures.may_ask(&key, at(now)));
            failures.failed(key, at(now));
            assert!(!failures.may_ask(&key, at(now)));
            assert!(!failures.may_ask(&key, at(now + pause - 1)));
            now += pause;
        }
        assert!(failures.may_ask(&[2; 32], at(1000)), "another question");
        failures.succeeded(&key);
        failures.failed(key, at(now));
        assert!(failures.may_ask(&key, at(now + 30)), "a success starts it anew");
        assert!(failures.may_ask(&key, at(now - 1)), "the clock was set back");
    }

    #[test]
    fn the_memory_of_failures_is_bounded() {
        let failures = Failures::default();
        for number in 0..=CAPACITY {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            failures.failed(key, at(1000));
        }
        assert!(failures.lock().len() <= CAPACITY);
    }
}
