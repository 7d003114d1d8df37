//! One flight for each question: whoever asks what is being asked already waits for that.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::question::QuestionKey;
use crate::gate::BoxFuture;

/// A question under way. It goes on while anybody waits for it.
pub(super) type Flight = Shared<BoxFuture<'static, ()>>;

/// The questions under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<QuestionKey, WeakShared<BoxFuture<'static, ()>>>>);

impl Flights {
    /// Joins the flight with this question, or starts it.
    pub(super) fn join(
        &self,
        question: QuestionKey,
        ask: impl FnOnce() -> BoxFuture<'static, ()>,
    ) -> Flight {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = flights.get(&question).and_then(WeakShared::upgrade);
        if let Some(flight) = running.filter(|flight| flight.peek().is_none()) {
            return flight;
        }
        flights.retain(|_, flight| flight.upgrade().is_some());
        let flight = ask().shared();
        flights.extend(flight.downgrade().map(|weak| (question, weak)));
        flight
    }
}
