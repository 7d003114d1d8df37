//! What the stores with a server share: patience, and the comparison of clocks.

use std::error::Error;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::StoreError;

/// How long an act may take, all its attempts together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience(pub(super) Duration);

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It will fail again.
    Final(StoreError),
    /// Another attempt may succeed: a connection that broke, a server that restarts, a conflict.
    Passing(Box<dyn Error + Send + Sync>),
}

impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_secs(3))
    }
}

impl Patience {
    /// Attempts the act until it succeeds, fails for good, or time is up.
    ///
    /// An attempt whose answer was lost may have succeeded: only acts that can be repeated are
    /// given to this. Each attempt may take half the time, so that one that hangs leaves time for
    /// another.
    pub(super) async fn attempt<T, F>(self, mut act: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let end = Instant::now() + self.0;
        let mut pause = FIRST_PAUSE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let error = match timeout(left.min(self.0 / 2), act()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Failure::Final(error))) => return Err(error),
                Ok(Err(Failure::Passing(error))) => error,
                Err(elapsed) => elapsed.into(),
            };
            if Instant::now() + pause >= end {
                return Err(StoreError::unavailable(error));
            }
            tracing::debug!(%error, "a store does not answer: trying again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// By how much the clocks of this process and of the server may differ.
#[derive(Clone, Copy, Debug)]
pub(super) enum ClockCheck {
    Off,
    Within(Duration),
}

impl ClockCheck {
    pub(super) const DEFAULT: Self = Self::Within(Duration::from_secs(5 * 60));

    pub(super) fn seconds(self) -> Option<u64> {
        match self {
            Self::Off => None,
            Self::Within(tolerance) => Some(tolerance.as_secs()),
        }
    }

    /// A clock that is far off would take every record for expired, and pay everything again.
    pub(super) fn refused() -> Failure {
        tracing::error!("the clocks of this process and of the store's server differ too much");
        Failure::Final(StoreError::unavailable("the clock differs from the server's"))
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
