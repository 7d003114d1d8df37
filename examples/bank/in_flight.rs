//! Counts the payments that go on without their client.

use std::sync::Arc;

use tokio::sync::watch;
use tower_open_banking::gate::{BoxFuture, Executor};

/// Runs on tokio what must outlive its client, and knows when it is done.
#[derive(Clone, Default)]
pub struct InFlight(Arc<watch::Sender<usize>>);

impl InFlight {
    /// Waits until nothing is in flight.
    pub async fn none(&self) {
        let mut count = self.0.subscribe();
        // The sender lives in self, so waiting cannot fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

impl Executor for InFlight {
    fn execute(&self, work: BoxFuture<'static, ()>) {
        let entry = Entry::new(self.clone());
        tokio::spawn(async move {
            work.await;
            drop(entry);
        });
    }
}

/// Counted from creation to drop, also when the work panics.
struct Entry(InFlight);

impl Entry {
    fn new(in_flight: InFlight) -> Self {
        in_flight.0.send_modify(|count| *count += 1);
        Self(in_flight)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
