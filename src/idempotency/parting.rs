//! How a request lets go of a key: at once, or once the store is back.

use std::sync::Arc;

use super::{IdempotencyStore, Lease, Record, Settlement, StoreError};

/// The last act under a lease. A store may be asked for it again and again.
pub(super) enum Parting {
    /// Nothing was done.
    Release,
    /// This came of it.
    Settle(Record),
}

/// What the store says in the end.
pub(super) type Told = Result<Settlement, StoreError>;

impl Parting {
    /// Asks the store, and tells what it says.
    ///
    /// A store that does not answer in its own time is asked again beside the requests, for some
    /// minutes: until then the key stays taken, and else for the rest of its window. Nobody waits
    /// for that; `late` is called where it begins.
    pub(super) async fn act(
        self,
        store: &Arc<dyn IdempotencyStore>,
        lease: &Lease,
        late: impl FnOnce(),
        tell: impl FnOnce(Told) + Send + 'static,
    ) {
        match self.once(store, lease).await {
            Err(StoreError::Unavailable { source }) => {
                let error = StoreError::Unavailable { source };
                match later::place() {
                    Some(place) => {
                        late();
                        tracing::warn!(key = ?lease.key(), %error, "the store is asked again");
                        later::act(place, self, store.clone(), lease.copy(), tell);
                    }
                    None => tell(Err(error)),
                }
            }
            told => tell(told),
        }
    }

    async fn once(&self, store: &Arc<dyn IdempotencyStore>, lease: &Lease) -> Told {
        match self {
            Self::Release => store.release(lease).await,
            Self::Settle(record) => store.settle(lease, record.clone()).await,
        }
    }
}

#[cfg(feature = "tokio")]
mod later {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::runtime::Handle;
    use tokio::time::{Instant, sleep};

    use super::{Parting, Told};
    use crate::idempotency::{IdempotencyStore, Lease, StoreError};

    /// How many acts wait for their stores, and with each of them its outcome.
    static WAITING: AtomicUsize = AtomicUsize::new(0);

    /// A place among those that wait, where there is one and a runtime to wait on.
    pub(super) struct Place(Handle);

    pub(super) fn place() -> Option<Place> {
        let runtime = Handle::try_current().ok()?;
        let free = |waiting| (waiting < MOST).then_some(waiting + 1);
        WAITING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok()?;
        Some(Place(runtime))
    }

    impl Drop for Place {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn act(
        place: Place,
        act: Parting,
        store: Arc<dyn IdempotencyStore>,
        lease: Lease,
        tell: impl FnOnce(Told) + Send + 'static,
    ) {
        let runtime = place.0.clone();
        runtime.spawn(async move {
            let _place = place;
            let (until, mut pause) = (Instant::now() + PATIENCE, FIRST_PAUSE);
            loop {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                match act.once(&store, &lease).await {
                    Err(StoreError::Unavailable { .. }) if Instant::now() < until => {}
                    told => return tell(told),
                }
            }
        });
    }

    const MOST: usize = 1_000;
    const PATIENCE: Duration = Duration::from_secs(10 * 60);
    const FIRST_PAUSE: Duration = Duration::from_millis(100);
    const LONGEST_PAUSE: Duration = Duration::from_secs(15);
}

#[cfg(not(feature = "tokio"))]
mod later {
    use std::sync::Arc;

    use super::{Parting, Told};
    use crate::idempotency::{IdempotencyStore, Lease};

    pub(super) enum Place {}

    pub(super) fn place() -> Option<Place> {
        None
    }

    pub(super) fn act(
        place: Place,
        _: Parting,
        _: Arc<dyn IdempotencyStore>,
        _: Lease,
        _: impl FnOnce(Told) + Send + 'static,
    ) {
        match place {}
    }
}
