//! What is kept, and what is shown of it.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderName, StatusCode};

use super::suite::{DAY, MINUTE, Suite, outcome, outcome_of, time};
use crate::idempotency::{IdempotencyStore, Record, Settlement};

pub(super) async fn every_byte_of_an_outcome_is_kept<S: IdempotencyStore>(on: Suite<S>) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let large = all.repeat(60 * 4);
    for (name, body) in [("empty", &[][..]), ("all", &all), ("large", &large)] {
        let header = |name: &HeaderName, value: &[u8]| match HeaderValue::from_bytes(value) {
            Ok(value) => (name.clone(), value),
            Err(error) => panic!("{error}"),
        };
        let headers = vec![
            header(&CONTENT_TYPE, b"application/json; charset=utf-8"),
            header(&LOCATION, b"/a"),
            header(&LOCATION, b"/\xe9\xff"),
            header(&HeaderName::from_static("x-empty"), b""),
        ];
        let body = Bytes::copy_from_slice(body);
        let record = Record::restore(StatusCode::CONFLICT, headers, body, time(7));
        let lease = on.take(on.claim(name, 0)).await;
        on.settle_with(&lease, record.clone(), Settlement::Done).await;
        assert!(on.replayed(on.claim(name, 1)).await == record, "{name}: it is replayed as it was");
    }
}

pub(super) async fn debug_output_shows_no_outcome<S: IdempotencyStore>(on: Suite<S>) {
    let lease = on.take(on.claim("debug", 0)).await;
    on.settle_with(&lease, outcome_of(b"confidential"), Settlement::Done).await;
    let claimed = format!("{:?}", on.ask(on.claim("debug", 1)).await);
    let held = format!("{:?}", on.look_up("debug", 1).await);
    for text in [claimed, held] {
        assert!(!text.contains("confidential") && !text.contains("99, 111, 110"), "{text}");
    }
}

pub(super) async fn everything_survives_a_restart<S, F>(open: impl Fn() -> F)
where
    S: IdempotencyStore,
    F: Future<Output = S>,
{
    let before = Suite::on(open().await);
    let settled = before.take(before.claim("settled", 0)).await;
    before.settle(&settled, Settlement::Done).await;
    let released = before.take(before.claim("released", 0)).await;
    before.release(&released, Settlement::Done).await;
    let running = before.take(before.claim("running", 0)).await;
    let claim = before.claim("unanswered", 0);
    before.take(claim.clone()).await;
    let names = before.reopened(());
    drop(before);

    let after = names.reopened(open().await);
    assert!(after.replayed(after.claim("settled", DAY)).await == outcome());
    after.take(after.claim("released", 1)).await;
    after.running(after.claim("running", 1)).await;
    after.abandoned(after.claim("running", MINUTE)).await;
    after.settle(&running, Settlement::Done).await;
    after.replayed(after.claim("running", MINUTE)).await;
    after.take(claim).await;
    after.settle(&settled, Settlement::Already).await;
}
