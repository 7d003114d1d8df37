//! Which outcomes are kept, and what a request meets that comes while the first one runs.

use super::*;

/// Scenario `first-attempt-failed-5xx`.
#[tokio::test]
async fn an_outcome_that_is_not_final_frees_the_key() {
    for mode in [
        Mode::Answer(StatusCode::INTERNAL_SERVER_ERROR),
        Mode::Answer(StatusCode::SERVICE_UNAVAILABLE),
        Mode::Final(StatusCode::INTERNAL_SERVER_ERROR),
        Mode::Answer(StatusCode::BAD_REQUEST),
        Mode::Answer(StatusCode::CONFLICT),
    ] {
        let bank = Bank::open();
        let failed = bank.send(Payment::mode(mode)).await;
        assert!(!failed.status.is_success());
        assert!(failed.header("x-custom").is_some(), "the handler's own answer");
        // The key is as good as new: for another body, too.
        let other = Payment { body: "{}", ..Payment::new() };
        assert!(bank.send(other).await.is_new());
        assert_eq!(bank.runs(), 2);
    }
}

#[tokio::test]
async fn a_final_outcome_is_kept_whatever_it_is() {
    for mode in [
        Mode::Answer(StatusCode::CREATED),
        Mode::Answer(StatusCode::OK),
        Mode::Answer(StatusCode::SEE_OTHER),
        Mode::Final(StatusCode::BAD_REQUEST),
        Mode::Final(StatusCode::FORBIDDEN),
    ] {
        let bank = Bank::open();
        let first = bank.send(Payment::mode(mode)).await;
        assert!(bank.send(Payment::new()).await.replays(&first));
        assert_eq!(bank.runs(), 1);
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came true");
}

#[tokio::test]
async fn a_retry_that_comes_too_soon_is_told_so_and_one_that_differs_is_refused() {
    let bank = Arc::new(Bank::open());
    let running = bank.clone();
    let first = tokio::spawn(async move { running.send(Payment::mode(Mode::Wait)).await });
    until(|| bank.runs() == 1).await;

    let retry = bank.send(Payment::new()).await;
    assert_eq!(retry.reason, Some(Reason::IdempotencyInFlight));
    assert_eq!(retry.status, StatusCode::CONFLICT);
    assert_eq!(retry.header("retry-after"), Some("1"));
    let other = bank.send(Payment { body: "{}", ..Payment::new() }).await;
    assert_eq!(other.reason, Some(Reason::IdempotencyKeyReused));

    bank.goes_on.add_permits(1);
    let first = first.await.unwrap();
    assert!(first.is_new());
    assert!(bank.send(Payment::new()).await.replays(&first));
    assert_eq!(bank.runs(), 1);
}

/// Scenario `concurrent-same-key`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_requests_at_the_same_time_one_runs() {
    let bank = Arc::new(Bank::open());
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let bank = bank.clone();
            tokio::spawn(async move { bank.send(Payment::new()).await })
        })
        .collect();
    let mut created = Vec::new();
    for request in requests {
        let reply = request.await.unwrap();
        match reply.reason {
            None => created.push(reply),
            reason => assert_eq!(reason, Some(Reason::IdempotencyInFlight)),
        }
    }
    assert_eq!(bank.runs(), 1);
    assert_eq!(created.iter().filter(|reply| reply.is_new()).count(), 1);
    assert!(created.iter().all(|reply| reply.body == created[0].body));
}

#[tokio::test]
async fn a_client_that_hangs_up_finds_its_payment_made_once() {
    let bank = Bank::open();
    let hung_up =
        tokio::time::timeout(Duration::from_millis(50), bank.send(Payment::mode(Mode::Wait)));
    assert!(hung_up.await.is_err());
    assert_eq!(bank.runs(), 1);
    let retry = bank.send(Payment::new()).await;
    assert_eq!(retry.reason, Some(Reason::IdempotencyInFlight));

    bank.goes_on.add_permits(1);
    let mut last = None;
    for _ in 0..500 {
        let reply = bank.send(Payment::new()).await;
        if reply.reason.is_none() {
            last = Some(reply);
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let replay = last.unwrap();
    assert_eq!(replay.status, StatusCode::CREATED);
    assert_eq!(replay.header("x-custom"), None, "a replay");
    assert_eq!(bank.runs(), 1);
}

#[tokio::test]
async fn a_handler_that_breaks_off_leaves_the_outcome_unknown() {
    for mode in [Mode::Panic, Mode::Fail] {
        let bank = Bank::with(
            RunOnce::per_key(MemoryStore::with_capacity(10)).lease(Duration::from_secs(10)),
        );
        match (mode, bank.try_send(Payment::mode(mode)).await) {
            (Mode::Panic, Ok(reply)) => {
                assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
                assert_eq!(reply.reason, Some(Reason::HandlerAborted));
                assert_eq!(reply.header("x-fapi-interaction-id"), Some(ID));
                assert!(reply.header("x-jws-signature").is_some());
            }
            (Mode::Fail, Err(Failed)) => {}
            (_, other) => panic!("{other:?}"),
        }
        bank.wait_until(9);
        let retry = bank.send(Payment::new()).await;
        assert_eq!(retry.reason, Some(Reason::IdempotencyInFlight));
        for seconds in [10, DAY] {
            bank.wait_until(seconds);
            let retry = bank.send(Payment::new()).await;
            assert_eq!(retry.reason, Some(Reason::IdempotencyOutcomeUnknown));
            assert_eq!(retry.status, StatusCode::CONFLICT);
            assert_eq!(retry.header("retry-after"), None, "waiting does not help");
        }
        assert_eq!(bank.runs(), 1);
        assert!(bank.send(Payment::key("key 2")).await.is_new());
    }
}

/// Rebuilds the answer from the record, with the status of today.
struct Today;
impl OnReplay for Today {
    fn on_replay<'a>(&'a self, outcome: &'a Record) -> BoxFuture<'a, Response<Bytes>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let body = [&outcome.body()[..], b" today"].concat();
            let mut response = Response::new(body.into());
            *response.status_mut() = outcome.status();
            response
        })
    }
}

#[tokio::test]
async fn the_application_may_answer_a_retry_with_the_state_of_today() {
    let bank = Bank::with(RunOnce::per_key(MemoryStore::with_capacity(10)).on_replay(Today));
    let first = bank.send(Payment::new()).await;
    for _ in 0..2 {
        let retry = bank.send(Payment::new()).await;
        assert_eq!(retry.status, StatusCode::CREATED);
        assert_eq!(retry.body, [&first.body[..], b" today"].concat());
        assert_eq!(retry.header("x-fapi-interaction-id"), Some(ID));
        assert!(retry.header("x-jws-signature").is_some());
    }
    assert_eq!(bank.runs(), 1);
}
