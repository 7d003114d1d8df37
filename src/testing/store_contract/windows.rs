//! How long a key stays taken.

use std::time::Duration;

use super::suite::{DAY, MINUTE, OTHER_BODY, Suite, time};
use crate::idempotency::{IdempotencyStore, Settlement};

pub(super) async fn the_window_is_anchored_at_the_first_claim<S: IdempotencyStore>(on: Suite<S>) {
    let lease = on.take(on.claim("window", 0)).await;
    on.settle(&lease, Settlement::Done).await;
    for now in [MINUTE, DAY / 2, DAY - MINUTE, DAY] {
        on.replayed(on.claim("window", now)).await;
    }
    let again = on.take(on.claim_for("window", OTHER_BODY, DAY + 1)).await;
    assert_eq!(again.window_ends(), time(2 * DAY + 1));
    on.running(on.claim_for("window", OTHER_BODY, DAY + 2)).await;
}

pub(super) async fn a_take_over_does_not_move_the_window<S: IdempotencyStore>(on: Suite<S>) {
    let _first = on.take(on.claim("moved", 0)).await;
    let second = on.take(on.take_over("moved", MINUTE)).await;
    assert_eq!(second.window_ends(), time(DAY));
    on.settle(&second, Settlement::Done).await;
    on.replayed(on.claim("moved", DAY)).await;
    on.take(on.claim("moved", DAY + 1)).await;
}

pub(super) async fn a_take_over_at_the_last_second_still_runs_alone<S: IdempotencyStore>(
    on: Suite<S>,
) {
    let _first = on.take(on.claim("last second", 0)).await;
    let second = on.take(on.take_over("last second", DAY)).await;
    assert_eq!(second.window_ends(), time(DAY + MINUTE));
    on.running(on.claim("last second", DAY + 1)).await;
    on.settle(&second, Settlement::Done).await;
    on.replayed(on.claim("last second", DAY + MINUTE)).await;
    on.take(on.claim("last second", DAY + MINUTE + 1)).await;
}

pub(super) async fn a_claim_brings_its_own_window_and_lease<S: IdempotencyStore>(on: Suite<S>) {
    let claim = |now| {
        let minutes = |count| Duration::from_secs(count * MINUTE);
        on.claim("own", now).window(minutes(48 * 60)).lease(minutes(5))
    };
    let lease = on.take(claim(0)).await;
    assert_eq!(lease.window_ends(), time(2 * DAY));
    on.running(claim(5 * MINUTE - 1)).await;
    on.abandoned(claim(5 * MINUTE)).await;
    on.settle(&lease, Settlement::Done).await;
    on.replayed(on.claim("own", 2 * DAY)).await;
    on.take(claim(2 * DAY + 1)).await;
}

/// Stores that clear away what has ended must not take with it what was claimed under the same key
/// later on.
pub(super) async fn what_was_claimed_anew_does_not_end_with_what_was_there_before<S>(on: Suite<S>)
where
    S: IdempotencyStore,
{
    let released = on.take(on.claim("released", 0)).await;
    on.release(&released, Settlement::Done).await;
    on.take(on.claim("released", MINUTE)).await;
    on.take(on.claim("taken over", 0)).await;
    on.take(on.take_over("taken over", DAY)).await;
    on.take(on.claim("expired", 0)).await;
    on.take(on.claim("expired", DAY + 1)).await;
    for other in 0..8 {
        on.take(on.claim(&format!("other {other}"), DAY + 2)).await;
    }
    on.abandoned_since(on.claim("released", DAY + 2), MINUTE).await;
    on.running(on.claim("taken over", DAY + 2)).await;
    on.running(on.claim("expired", DAY + 2)).await;
}
