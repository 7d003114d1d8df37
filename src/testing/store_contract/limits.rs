//! What happens when there is no room.

use super::suite::{DAY, Suite};
use crate::idempotency::{IdempotencyStore, Settlement, StoreError};

pub(super) async fn a_full_store_refuses_and_evicts_nothing<S: IdempotencyStore>(on: Suite<S>) {
    let settled = on.take(on.claim("1", 0)).await;
    on.settle(&settled, Settlement::Done).await;
    let released = on.take(on.claim("2", 0)).await;
    on.take(on.claim("3", 0)).await;
    full(&on, "4", DAY).await;
    on.replayed(on.claim("1", DAY)).await;
    on.abandoned(on.claim("2", DAY)).await;
    on.abandoned(on.claim("3", DAY)).await;
    on.release(&released, Settlement::Done).await;
    on.take(on.claim("4", 0)).await;
    full(&on, "5", DAY).await;
    for name in ["5", "6", "7"] {
        on.take(on.claim(name, DAY + 1)).await;
    }
    full(&on, "8", DAY + 1).await;
}

async fn full<S: IdempotencyStore>(on: &Suite<S>, name: &str, now: u64) {
    let answer = on.store.claim(on.claim(name, now)).await;
    assert!(matches!(answer, Err(StoreError::Full)), "the store is full, it said {answer:?}");
}
