//! Times, and how long an answer is kept.

use super::*;

const MINUTE: u64 = 60;

/// A good answer of these times, or why there is none.
fn timed(this: u64, next: Option<u64>, produced: u64) -> Result<Answer, OcspError> {
    told(GOOD, this, next, produced)
}

fn told(status: &[u8], this: u64, next: Option<u64>, produced: u64) -> Result<Answer, OcspError> {
    let mut response = good().saying(|single| {
        single.status = status.to_vec();
        single.this_update = this;
        single.next_update = next;
    });
    response.produced_at = produced;
    read(&response.signed_by(&ISSUING), &reading())
}

fn until(answer: Result<Answer, OcspError>) -> Result<u64, OcspError> {
    answer.map(|answer| answer.good_until.as_secs())
}

#[test]
fn a_response_is_kept_until_its_next_update() {
    assert_eq!(until(timed(NOW - HOUR, Some(NOW + 7), NOW - HOUR)), Ok(NOW + 7));
}

#[test]
fn an_old_response_is_refused_before_its_next_update() {
    let next = Some(NOW + 100 * DAY);
    assert_eq!(until(timed(NOW - 4 * DAY, next, NOW)), Ok(NOW));
    assert_eq!(until(timed(NOW - 3 * DAY, next, NOW)), Ok(NOW + DAY));
    assert_eq!(until(timed(NOW - 4 * DAY - 1, next, NOW)), Err(OcspError::Stale));
}

#[test]
fn a_response_after_its_next_update_serves_within_the_skew_and_is_not_kept() {
    let ended = |ago| timed(NOW - DAY, Some(NOW - ago), NOW - DAY);
    assert_eq!(until(ended(5 * MINUTE)), Ok(NOW - 5 * MINUTE));
    assert_eq!(until(ended(5 * MINUTE + 1)), Err(OcspError::Stale));
}

#[test]
fn without_a_next_update_a_response_serves_for_an_hour_and_is_kept_five_minutes() {
    let aged = |age| timed(NOW - age, None, NOW - age);
    assert_eq!(until(aged(MINUTE)), Ok(NOW + 5 * MINUTE));
    assert_eq!(until(aged(HOUR - MINUTE)), Ok(NOW + MINUTE));
    assert_eq!(until(aged(HOUR)), Ok(NOW));
    assert_eq!(until(aged(HOUR + 1)), Err(OcspError::Stale));
}

#[test]
fn the_greatest_age_holds_without_a_next_update_too() {
    let how = Reading { max_age: Duration::from_secs(MINUTE), ..reading() };
    let aged = |age| {
        let mut response = good().saying(|single| {
            single.this_update = NOW - age;
            single.next_update = None;
        });
        response.produced_at = NOW - age;
        until(read(&response.signed_by(&ISSUING), &how))
    };
    assert_eq!(aged(MINUTE), Ok(NOW));
    assert_eq!(aged(MINUTE + 1), Err(OcspError::Stale));
}

#[test]
fn a_response_from_the_future_is_refused() {
    let ahead = |by| timed(NOW + by, Some(NOW + DAY), NOW + by);
    assert_eq!(until(ahead(5 * MINUTE)), Ok(NOW + DAY));
    assert_eq!(until(ahead(5 * MINUTE + 1)), Err(OcspError::FromTheFuture));
    // Produced in the future about the past.
    let produced = timed(NOW - HOUR, Some(NOW + DAY), NOW + 5 * MINUTE + 1);
    assert_eq!(until(produced), Err(OcspError::FromTheFuture));
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    let contradict = Err(OcspError::TimesContradict);
    assert_eq!(until(timed(NOW, Some(NOW + DAY), NOW - 1)), contradict);
    assert_eq!(until(timed(NOW, Some(NOW - 1), NOW)), contradict);
}

#[test]
fn a_revocation_does_not_age_and_is_kept_until_the_certificate_expires() {
    let status = revoked(NOW - 90 * DAY, None);
    for (this, next) in [(NOW, None), (NOW - 50 * DAY, Some(NOW - 43 * DAY))] {
        let answer = told(&status, this, next, NOW).unwrap();
        assert!(matches!(answer.status, Status::Revoked { .. }));
        assert_eq!(answer.good_until, CLIENT.not_after());
    }
    let future = told(&status, NOW + DAY, None, NOW + DAY);
    assert_eq!(until(future), Err(OcspError::FromTheFuture));
    let contradiction = told(&status, NOW, Some(NOW - 1), NOW);
    assert_eq!(until(contradiction), Err(OcspError::TimesContradict));
}

#[test]
fn unknown_is_kept_for_five_minutes_and_ages() {
    let unknown = |next| until(told(UNKNOWN, NOW - HOUR, Some(next), NOW - HOUR));
    assert_eq!(unknown(NOW + DAY), Ok(NOW + 5 * MINUTE));
    assert_eq!(unknown(NOW + MINUTE), Ok(NOW + MINUTE));
    assert_eq!(unknown(NOW - HOUR), Err(OcspError::Stale));
}

#[test]
fn a_worthless_word_beside_a_good_one_refuses_and_beside_a_revocation_does_not_matter() {
    let mut response = good();
    let mut future = response.singles[0].clone();
    future.this_update = NOW + DAY;
    future.next_update = None;
    response.singles.push(future);
    assert_eq!(verdict(&response), Err(OcspError::TimesContradict));
    response.singles[0].status = revoked(NOW - DAY, None);
    assert_eq!(verdict(&response), Ok(Status::Revoked { since: at(NOW - DAY), reason: None }));
}

#[test]
fn the_word_of_a_signer_ends_with_its_certificate() {
    use crate::cert::test_pki::date;
    let brief = delegate(&ISSUING, |parameters| parameters.not_after = date(NOW + HOUR));
    let mut response = delegated(&brief);
    assert_eq!(until(read(&response.signed_by(&brief), &reading())), Ok(NOW + HOUR));
    response.certificates.clear();
    let responders = [Arc::new(parsed(&brief.der()))];
    let how = Reading { responders: &responders, ..reading() };
    assert_eq!(until(read(&response.signed_by(&brief), &how)), Ok(NOW + HOUR));
}
