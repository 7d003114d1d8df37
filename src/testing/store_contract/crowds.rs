//! Many at once.

use super::suite::{MINUTE, Suite, outcome_of, time};
use crate::idempotency::{Claimed, IdempotencyStore, Lease, Settlement};
use crate::testing::crowd;

pub(super) async fn of_fifty_simultaneous_claims_one_is_new<S: IdempotencyStore>(on: Suite<S>) {
    let claims = (0..50).map(|_| on.store.claim(on.claim("simultaneous", 0)));
    one_is_new(crowd::all(claims).await, |other| matches!(other, Claimed::InFlight { .. }));
}

pub(super) async fn of_fifty_simultaneous_bodies_one_is_new<S: IdempotencyStore>(on: Suite<S>) {
    let claims = (0..50).map(|body| on.store.claim(on.claim_for("bodies", [body; 32], 0)));
    one_is_new(crowd::all(claims).await, |other| matches!(other, Claimed::Mismatch));
}

pub(super) async fn of_fifty_simultaneous_take_overs_one_is_new<S: IdempotencyStore>(on: Suite<S>) {
    on.take(on.claim("take-over", 0)).await;
    let claims = (0..50).map(|_| on.store.claim(on.take_over("take-over", MINUTE)));
    let others = |other: &Claimed| match other {
        Claimed::InFlight { since, until } => (*since, *until) == (time(MINUTE), time(2 * MINUTE)),
        _ => false,
    };
    let lease = one_is_new(crowd::all(claims).await, others);
    on.settle(&lease, Settlement::Done).await;
}

pub(super) async fn of_fifty_simultaneous_outcomes_one_is_kept<S: IdempotencyStore>(on: Suite<S>) {
    let lease = on.take(on.claim("outcomes", 0)).await;
    let settle = |body: u8| on.store.settle(&lease, outcome_of(&[body]));
    let answers = crowd::all((0..50).map(settle)).await;
    let done = answers.iter().filter(|answer| **answer == Settlement::Done).count();
    let already = answers.iter().filter(|answer| **answer == Settlement::Already).count();
    assert_eq!((done, already), (1, 49), "one outcome is kept: {answers:?}");
    on.replayed(on.claim("outcomes", 1)).await;
}

fn one_is_new(answers: Vec<Claimed>, is_due: impl Fn(&Claimed) -> bool) -> Lease {
    let mut new = Vec::new();
    for answer in answers {
        match answer {
            Claimed::New(lease) => new.push(lease),
            other => assert!(is_due(&other), "a simultaneous claim was answered {other:?}"),
        }
    }
    assert_eq!(new.len(), 1, "exactly one of fifty simultaneous claims is new");
    new.remove(0)
}
