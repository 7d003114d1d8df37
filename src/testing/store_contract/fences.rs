//! Who may change what is kept, and what may be repeated.

use super::suite::{DAY, MINUTE, Suite, outcome_of};
use crate::idempotency::{Claimed, IdempotencyStore, Lease, Settlement};

pub(super) async fn a_claimant_may_ask_again<S: IdempotencyStore>(on: Suite<S>) {
    let claim = on.claim("again", 0);
    let first = on.take(claim.clone()).await;
    on.running(on.claim("again", 0)).await;
    let second = on.take(claim.clone()).await;
    assert_eq!(first, second, "the same claimant has the same lease");
    on.running(on.claim("again", 0)).await;
    on.settle(&second, Settlement::Done).await;
    on.replayed(claim).await;
    on.replayed(on.claim("again", 0)).await;
}

pub(super) async fn a_claimant_that_lost_the_key_is_not_new_again<S: IdempotencyStore>(
    on: Suite<S>,
) {
    let claim = on.claim("lost", 0);
    on.take(claim.clone()).await;
    on.take(on.take_over("lost", MINUTE)).await;
    let answer = on.ask(claim).await;
    assert!(matches!(answer, Claimed::InFlight { .. }), "another has it: {answer:?}");
}

pub(super) async fn a_claim_whose_answer_was_lost_can_be_released<S: IdempotencyStore>(
    on: Suite<S>,
) {
    let claim = on.claim("presumed", 0);
    on.release(&Lease::presumed(&claim), Settlement::Superseded).await;
    on.take(claim.clone()).await;
    on.release(&Lease::presumed(&on.claim("presumed", 0)), Settlement::Superseded).await;
    on.running(on.claim("presumed", 1)).await;
    on.release(&Lease::presumed(&claim), Settlement::Done).await;
    on.take(on.claim("presumed", 1)).await;
}

pub(super) async fn a_late_finisher_cannot_overwrite<S: IdempotencyStore>(on: Suite<S>) {
    let first = on.take(on.claim("fence", 0)).await;
    let second = on.take(on.take_over("fence", MINUTE)).await;
    on.settle(&first, Settlement::Superseded).await;
    on.release(&first, Settlement::Superseded).await;
    on.running(on.claim("fence", MINUTE + 1)).await;
    on.settle(&second, Settlement::Done).await;
    on.settle(&first, Settlement::Superseded).await;
    on.release(&first, Settlement::Superseded).await;
    on.replayed(on.claim("fence", 2 * MINUTE)).await;
}

pub(super) async fn an_expired_lease_touches_nothing<S: IdempotencyStore>(on: Suite<S>) {
    let first = on.take(on.claim("expired", 0)).await;
    let second = on.take(on.claim("expired", DAY + 1)).await;
    on.settle(&first, Settlement::Superseded).await;
    on.release(&first, Settlement::Superseded).await;
    on.running(on.claim("expired", DAY + 2)).await;
    on.settle(&second, Settlement::Done).await;
}

pub(super) async fn an_outcome_is_final<S: IdempotencyStore>(on: Suite<S>) {
    let lease = on.take(on.claim("final", 0)).await;
    on.settle_with(&lease, outcome_of(b"first"), Settlement::Done).await;
    on.settle_with(&lease, outcome_of(b"second"), Settlement::Already).await;
    on.release(&lease, Settlement::Already).await;
    assert_eq!(on.replayed(on.claim("final", 1)).await.body(), "first");
}

pub(super) async fn a_key_is_freed_once<S: IdempotencyStore>(on: Suite<S>) {
    let lease = on.take(on.claim("freed", 0)).await;
    on.release(&lease, Settlement::Done).await;
    on.release(&lease, Settlement::Superseded).await;
    on.settle(&lease, Settlement::Superseded).await;
    assert_eq!(on.look_up("freed", 0).await, None);
    on.take(on.claim("freed", 0)).await;
}
