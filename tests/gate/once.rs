//! However many ask at once, and however many hang up: one payment.

use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinSet;
use tower_open_banking::reject::Reason;

use crate::support::answer::Answer;
use crate::support::bank::{App, Preset, bank};
use crate::support::payment::Payment;

const CLIENTS: usize = 50;

fn app(takes: Duration) -> App {
    App::slow(Preset::Uk314.payments(&bank()).build().unwrap(), takes)
}

/// The ids of the payments that were answered with 201; every other answer is a 409.
fn payment_ids(answers: &[Answer]) -> Vec<String> {
    let refused = Some((Reason::IdempotencyInFlight, Some("x-idempotency-key")));
    let mut ids = Vec::new();
    for answer in answers {
        match answer.status {
            StatusCode::CREATED => ids.push(answer.payment_id()),
            status => {
                assert_eq!((status, answer.reason()), (StatusCode::CONFLICT, refused));
                assert_eq!(answer.header("retry-after"), "1");
            }
        }
        assert!(answer.is_signed(Preset::Uk314.signing()));
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_identical_payments_are_one_payment() {
    let app = app(Duration::from_millis(50));
    let payment = Payment::good(Preset::Uk314, "key-1");
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (app, request) = (app.clone(), payment.request());
        clients.spawn(async move { app.answer(request).await });
    }
    let ids = payment_ids(&clients.join_all().await);
    assert!(!ids.is_empty() && ids.iter().all(|id| id == "pay-1"), "{ids:?}");
    let retry = app.answer(payment.request()).await;
    assert_eq!((retry.payment_id(), app.ran()), ("pay-1".into(), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_one_payment_when_half_of_the_clients_hang_up() {
    let app = app(Duration::from_millis(50));
    let payment = Payment::good(Preset::Uk314, "key-1");
    let (mut gone, mut clients) = (JoinSet::new(), JoinSet::new());
    for number in 0..CLIENTS {
        let (app, request) = (app.clone(), payment.request());
        let answer = async move { app.answer(request).await };
        match number % 2 {
            0 => gone.spawn(tokio::time::timeout(Duration::from_millis(10), answer)).id(),
            _ => clients.spawn(answer).id(),
        };
    }
    gone.join_all().await;
    let ids = payment_ids(&clients.join_all().await);
    assert!(ids.iter().all(|id| id == "pay-1"), "{ids:?}");
    settled(&app, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_whose_only_client_hung_up_is_made_and_told_to_the_retry() {
    let app = app(Duration::from_millis(50));
    let payment = Payment::good(Preset::Uk314, "key-1");
    // Long enough to be admitted, too short to be answered.
    while app.ran() == 0 {
        let answer = app.answer(payment.request());
        let _ = tokio::time::timeout(Duration::from_millis(20), answer).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    settled(&app, &payment).await;
}

/// Retries as a client does, until the first request has come to its end.
async fn settled(app: &App, payment: &Payment) {
    let retry = loop {
        let retry = app.answer(payment.request()).await;
        match retry.status {
            StatusCode::CONFLICT => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => break retry,
        }
    };
    assert_eq!((retry.status, retry.payment_id()), (StatusCode::CREATED, "pay-1".into()));
    assert_eq!(app.ran(), 1);
}

#[tokio::test]
async fn payments_of_other_keys_clients_and_paths_are_others() {
    let app = app(Duration::ZERO);
    let good = |key| Payment::good(Preset::Uk314, key);
    let elsewhere = good("key-1").with(|payment| payment.path = "/pisp/file-payments".into());
    for (number, payment) in [good("key-1"), good("key-2"), elsewhere].iter().enumerate() {
        let id = format!("pay-{}", number + 1);
        assert_eq!(app.answer(payment.request()).await.payment_id(), id);
        assert_eq!(app.answer(payment.request()).await.payment_id(), id);
    }
    assert_eq!(app.ran(), 3);
}
