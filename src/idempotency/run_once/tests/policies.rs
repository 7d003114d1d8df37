//! What a bank may choose: header, window, waiting, taking over, sameness, events.

use std::sync::Mutex;

use super::*;
use crate::idempotency::{KeyEvent, KeyHeader, SameRequest};

fn rule() -> RunOnce {
    RunOnce::per_key(MemoryStore::with_capacity(100))
}

/// A request of the draft, whose key stands in another header.
async fn send_ietf(bank: &Bank, key: &str) -> Reply {
    let mut request = Payment { keys: vec![], ..Payment::new() }.request();
    request.headers_mut().insert("idempotency-key", HeaderValue::from_str(key).unwrap());
    let handler = service_fn(|_: Request<Full<Bytes>>| async {
        let mut answer = Response::new(Full::new(Bytes::from_static(b"{}")));
        *answer.status_mut() = StatusCode::CREATED;
        Ok::<_, Failed>(answer)
    });
    let (head, body) = bank.gate.layer(handler).oneshot(request).await.unwrap().into_parts();
    let reason = head.extensions.get::<Rejection>().map(Rejection::reason);
    let body = body.collect().await.unwrap().to_bytes();
    Reply { status: head.status, headers: head.headers, body, reason }
}

#[tokio::test]
async fn the_header_of_the_ietf_draft_holds_the_key_in_quotes() {
    let bank = Bank::with(rule().header(KeyHeader::ietf()));
    assert_eq!(send_ietf(&bank, "\"k\"").await.status, StatusCode::CREATED);
    let unquoted = send_ietf(&bank, "k").await;
    assert_eq!(unquoted.reason, Some(Reason::HeaderInvalid));
    let other = bank.send(Payment::new()).await;
    assert_eq!(other.reason, Some(Reason::HeaderMissing));
    let body: serde_json::Value = serde_json::from_slice(&other.body).unwrap();
    assert_eq!(body["place"], "idempotency-key");
}

#[tokio::test]
async fn a_window_may_be_longer_than_a_day_and_never_shorter() {
    for (window, last) in [(2 * DAY, 2 * DAY), (MINUTE, DAY)] {
        let bank = Bank::with(rule().window(Duration::from_secs(window)));
        let first = bank.send(Payment::new()).await;
        bank.wait_until(last);
        assert!(bank.send(Payment::new()).await.replays(&first), "{window}");
        bank.wait_until(last + 1);
        assert!(bank.send(Payment::new()).await.is_new(), "{window}");
    }
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_retry_may_wait_for_the_first_request() {
    let bank = Arc::new(Bank::with(rule().wait(Duration::from_secs(60))));
    let running = bank.clone();
    let first = tokio::spawn(async move { running.send(Payment::mode(Mode::Wait)).await });
    while bank.runs() == 0 {
        tokio::task::yield_now().await;
    }
    let waiting = bank.clone();
    let retry = tokio::spawn(async move { waiting.send(Payment::new()).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    bank.goes_on.add_permits(1);
    let first = first.await.unwrap();
    assert!(retry.await.unwrap().replays(&first));
    assert_eq!(bank.runs(), 1);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_retry_does_not_wait_longer_than_it_may() {
    let bank = Arc::new(Bank::with(rule().wait(Duration::from_millis(200))));
    let running = bank.clone();
    let first = tokio::spawn(async move { running.send(Payment::mode(Mode::Wait)).await });
    while bank.runs() == 0 {
        tokio::task::yield_now().await;
    }
    let retry = bank.send(Payment::new()).await;
    assert_eq!(retry.reason, Some(Reason::IdempotencyInFlight));
    bank.goes_on.add_permits(1);
    assert!(first.await.unwrap().is_new());
}

#[tokio::test]
async fn a_request_that_was_abandoned_runs_again_only_where_that_is_allowed() {
    let abandoned = |rule: RunOnce| async {
        let bank = Bank::with(rule.lease(Duration::from_secs(10)));
        bank.send(Payment::mode(Mode::Panic)).await;
        bank.wait_until(MINUTE);
        bank.send(Payment::new()).await
    };
    let refused = abandoned(rule()).await;
    assert_eq!(refused.reason, Some(Reason::IdempotencyOutcomeUnknown));
    assert!(abandoned(rule().allow_take_over()).await.is_new());
}

#[tokio::test]
async fn json_that_is_written_differently_is_the_same_request_where_that_is_allowed() {
    let bank = Bank::with(rule().same_request(SameRequest::Json));
    let first = bank.send(Payment::new()).await;
    let body = r#"{ "Data" : { "Amount" : "165.88" } }"#;
    assert!(bank.send(Payment { body, ..Payment::new() }).await.replays(&first));
    let body = r#"{"Data":{"Amount":"965.88"}}"#;
    let changed = bank.send(Payment { body, ..Payment::new() }).await;
    assert_eq!(changed.reason, Some(Reason::IdempotencyKeyReused));
}

#[tokio::test]
async fn what_happens_to_keys_is_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = told.clone();
    let rule = rule().on_event(move |event| hears.lock().unwrap().push(event));
    let bank = Bank::with(rule.lease(Duration::from_secs(10)));
    let other = Payment { body: "{}", ..Payment::new() };
    let failing = Payment { mode: Mode::Answer(StatusCode::BAD_GATEWAY), ..Payment::key("key 2") };
    let freed =
        Payment { mode: Mode::Answer(StatusCode::INTERNAL_SERVER_ERROR), ..Payment::key("key 3") };
    for payment in [Payment::new(), Payment::new(), other, failing, Payment::key("key 2"), freed] {
        bank.send(payment).await;
    }
    bank.wait_until(MINUTE);
    bank.send(Payment::key("key 2")).await;
    use KeyEvent::*;
    let expected = [
        Claimed, Settled, Replayed, Conflicted, Claimed, CutOff, InFlight, Claimed, Released,
        Abandoned,
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}
