//! What a claim is answered in each state of its key.

use super::suite::{DAY, MINUTE, OTHER_BODY, Suite, outcome, time};
use crate::idempotency::{Abandoned, Claim, Claimed, IdempotencyStore, Settlement};

type On<S> = Suite<S>;

pub(super) async fn a_first_claim_is_new_and_its_outcome_is_replayed<S: IdempotencyStore>(
    on: On<S>,
) {
    let lease = on.take(on.claim("replay", 0)).await;
    on.settle(&lease, Settlement::Done).await;
    let record = on.replayed(on.claim("replay", 5 * MINUTE)).await;
    assert!(record == outcome(), "the outcome is replayed as it was kept");
}

pub(super) async fn another_body_is_a_mismatch_in_every_state<S: IdempotencyStore>(on: On<S>) {
    let other = |now| on.claim_for("mismatch", OTHER_BODY, now);
    let lease = on.take(on.claim("mismatch", 0)).await;
    on.mismatch(other(1), "in flight").await;
    on.mismatch(other(MINUTE), "abandoned").await;
    on.mismatch(other(MINUTE).abandoned(Abandoned::TakeOver), "taken over").await;
    on.settle(&lease, Settlement::Done).await;
    on.mismatch(other(2 * MINUTE), "settled").await;
    on.replayed(on.claim("mismatch", DAY)).await;
}

pub(super) async fn a_running_request_is_reported<S: IdempotencyStore>(on: On<S>) {
    let _lease = on.take(on.claim("running", 0)).await;
    for now in [0, 1, MINUTE - 1] {
        match on.ask(on.claim("running", now)).await {
            Claimed::InFlight { since, until } => {
                assert_eq!((since, until), (time(0), time(MINUTE)));
            }
            other => panic!("the request runs, the store said {other:?}"),
        }
    }
    on.running(on.take_over("running", MINUTE - 1)).await;
}

pub(super) async fn a_lease_that_ran_out_is_reported<S: IdempotencyStore>(on: On<S>) {
    let _lease = on.take(on.claim("abandoned", 0)).await;
    for now in [MINUTE, DAY] {
        on.abandoned(on.claim("abandoned", now)).await;
    }
}

pub(super) async fn a_lease_that_ran_out_can_still_be_settled<S: IdempotencyStore>(on: On<S>) {
    let lease = on.take(on.claim("late", 0)).await;
    on.abandoned(on.claim("late", 2 * MINUTE)).await;
    on.settle(&lease, Settlement::Done).await;
    on.replayed(on.claim("late", 3 * MINUTE)).await;
}

pub(super) async fn a_released_key_is_free<S: IdempotencyStore>(on: On<S>) {
    let first = on.take(on.claim("released", 0)).await;
    on.release(&first, Settlement::Done).await;
    on.take(on.claim_for("released", OTHER_BODY, MINUTE)).await;
    on.settle(&first, Settlement::Superseded).await;
    on.release(&first, Settlement::Superseded).await;
    on.running(on.claim_for("released", OTHER_BODY, MINUTE + 1)).await;
}

pub(super) async fn each_scope_is_its_own<S: IdempotencyStore>(on: On<S>) {
    let claim = |client, route| {
        let sample = on.claim("scope", 0);
        let key = on.in_scope(client, route);
        Claim::new(key, sample.fingerprint(), sample.claimant(), sample.now())
    };
    let scopes = [("client", "/a"), ("other client", "/a"), ("client", "/b"), ("client/", "a")];
    for (client, route) in scopes {
        let lease = on.take(claim(client, route)).await;
        on.settle_with(&lease, super::suite::outcome_of(client.as_bytes()), Settlement::Done).await;
    }
    for (client, route) in scopes {
        assert_eq!(on.replayed(claim(client, route)).await.body(), client.as_bytes());
    }
}

pub(super) async fn a_look_tells_the_state_and_changes_nothing<S: IdempotencyStore>(on: On<S>) {
    assert_eq!(on.look_up("look", 0).await, None, "nothing was claimed");
    let lease = on.take(on.claim("look", 0)).await;
    for now in [0, 2 * MINUTE] {
        let Some(held) = on.look_up("look", now).await else { panic!("a claim is in flight") };
        let times = (held.since(), held.lease_until(), held.window_ends());
        assert_eq!(times, (time(0), time(MINUTE), time(DAY)));
        assert!(held.outcome().is_none());
    }
    on.settle(&lease, Settlement::Done).await;
    let Some(held) = on.look_up("look", DAY).await else { panic!("the claim is settled") };
    assert_eq!((held.since(), held.outcome()), (time(0), Some(&outcome())));
    assert_eq!(on.look_up("look", DAY + 1).await, None, "the window has ended");
    on.replayed(on.claim("look", DAY)).await;
}
