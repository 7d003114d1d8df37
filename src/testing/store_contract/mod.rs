use self::suite::Suite;
use crate::idempotency::IdempotencyStore;

mod answers;
mod crowds;
mod fences;
mod kept;
mod limits;
mod suite;
mod windows;

/// Runs every clause of the contract of [`IdempotencyStore`], each against a store from `make`.
///
/// `make` may return the same store each time, and the store may hold what an earlier run left:
/// every clause uses keys of its own. The suite brings its own time, which starts in 2023 and runs
/// for days, and no runtime: await it in the one the store needs. A store that compares or expires
/// by a clock of its own must be built with that clock out of the way.
///
/// Does not prove that a store is atomic between processes: the simultaneous claims are made from
/// one task.
///
/// # Panics
///
/// Panics at the first clause that the store breaks, and when the store returns an error.
pub async fn store_contract<S, F>(make: impl Fn() -> F)
where
    S: IdempotencyStore,
    F: Future<Output = S>,
{
    let suite = async || Suite::on(make().await);
    answers::a_first_claim_is_new_and_its_outcome_is_replayed(suite().await).await;
    answers::another_body_is_a_mismatch_in_every_state(suite().await).await;
    answers::a_running_request_is_reported(suite().await).await;
    answers::a_lease_that_ran_out_is_reported(suite().await).await;
    answers::a_lease_that_ran_out_can_still_be_settled(suite().await).await;
    answers::a_released_key_is_free(suite().await).await;
    answers::each_scope_is_its_own(suite().await).await;
    answers::a_look_tells_the_state_and_changes_nothing(suite().await).await;
    fences::a_claimant_may_ask_again(suite().await).await;
    fences::a_claimant_that_lost_the_key_is_not_new_again(suite().await).await;
    fences::a_claim_whose_answer_was_lost_can_be_released(suite().await).await;
    fences::a_late_finisher_cannot_overwrite(suite().await).await;
    fences::an_expired_lease_touches_nothing(suite().await).await;
    fences::an_outcome_is_final(suite().await).await;
    fences::a_key_is_freed_once(suite().await).await;
    windows::the_window_is_anchored_at_the_first_claim(suite().await).await;
    windows::a_take_over_does_not_move_the_window(suite().await).await;
    windows::a_take_over_at_the_last_second_still_runs_alone(suite().await).await;
    windows::a_claim_brings_its_own_window_and_lease(suite().await).await;
    windows::what_was_claimed_anew_does_not_end_with_what_was_there_before(suite().await).await;
    kept::every_byte_of_an_outcome_is_kept(suite().await).await;
    kept::debug_output_shows_no_outcome(suite().await).await;
    crowds::of_fifty_simultaneous_claims_one_is_new(suite().await).await;
    crowds::of_fifty_simultaneous_bodies_one_is_new(suite().await).await;
    crowds::of_fifty_simultaneous_take_overs_one_is_new(suite().await).await;
    crowds::of_fifty_simultaneous_outcomes_one_is_kept(suite().await).await;
}

/// Opens a store that survives, claims and settles, closes it by dropping it, opens it again, and
/// finds everything as it was.
///
/// # Panics
///
/// Panics when something was lost.
pub async fn restart_contract<S, F>(open: impl Fn() -> F)
where
    S: IdempotencyStore,
    F: Future<Output = S>,
{
    kept::everything_survives_a_restart(open).await;
}

/// Holds a store that has room for exactly three records to refusing the fourth, and to keeping the
/// three.
///
/// # Panics
///
/// Panics when the store evicts or lets the fourth in.
pub async fn capacity_contract<S: IdempotencyStore>(room_for_three: S) {
    limits::a_full_store_refuses_and_evicts_nothing(Suite::on(room_for_three)).await;
}
