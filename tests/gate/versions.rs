//! Two versions of one API on one router: each with its own gate, over one store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use tower::ServiceExt;
use tower_open_banking::extract::Proof;
use tower_open_banking::idempotency::ClaimedKey;
use tower_open_banking::profile::Bank;
use tower_open_banking::reject::Reason;

use crate::support::answer::Answer;
use crate::support::bank::{Preset, bank, consenting_bank};
use crate::support::payment::Payment;

/// The router of a bank that serves two versions, and how often each of them paid.
fn router(bank: &Bank) -> (Router, [Arc<AtomicUsize>; 2]) {
    let paid = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let version = |preset: Preset, name: &'static str, paid: &Arc<AtomicUsize>| {
        let paid = paid.clone();
        let pay = move |key: Proof<ClaimedKey>| async move {
            assert!(key.key().is_some());
            let number = paid.fetch_add(1, Ordering::SeqCst) + 1;
            let id = format!("{name}-{number}");
            let body = serde_json::json!({ "Data": { "DomesticPaymentId": id } });
            (StatusCode::CREATED, axum::Json(body))
        };
        Router::new()
            .route("/pisp/domestic-payments", post(pay))
            .layer(preset.payments(bank).build().unwrap())
    };
    let router = Router::new()
        .nest("/open-banking/v3.1", version(Preset::Uk314, "old", &paid[0]))
        .nest("/open-banking/v4.0", version(Preset::Uk40, "new", &paid[1]));
    (router, paid)
}

async fn answer(router: &Router, payment: &Payment) -> Answer {
    let request: Request<Body> = payment.request().map(Body::new);
    Answer::read(router.clone().oneshot(request).await.unwrap()).await
}

fn old() -> Payment {
    Payment::good(Preset::Uk314, "key-1")
}

fn new() -> Payment {
    Payment::good(Preset::Uk40, "key-1")
        .with(|payment| payment.path = "/open-banking/v4.0/pisp/domestic-payments".into())
}

#[tokio::test]
async fn a_key_of_one_version_is_not_replayed_by_the_other() {
    let (router, paid) = router(&bank());
    for _ in 0..2 {
        assert_eq!(answer(&router, &old()).await.payment_id(), "old-1");
        assert_eq!(answer(&router, &new()).await.payment_id(), "new-1");
    }
    assert_eq!(paid.map(|paid| paid.load(Ordering::SeqCst)), [1, 1]);
}

#[tokio::test]
async fn a_consent_serves_one_order_under_whichever_version() {
    let (router, paid) = router(&consenting_bank());
    assert_eq!(answer(&router, &old()).await.payment_id(), "old-1");
    let refusal = answer(&router, &new()).await;
    assert_eq!(refusal.reason(), Some((Reason::ConsentStatusInvalid, Some("Data.ConsentId"))));
    assert_eq!(paid.map(|paid| paid.load(Ordering::SeqCst)), [1, 0]);
}

#[tokio::test]
async fn each_version_has_its_own_error_codes() {
    let (router, _) = router(&bank());
    let keyless = |mut payment: Payment| {
        payment.headers.remove("x-idempotency-key");
        payment
    };
    for (payment, code) in [(old(), "UK.OBIE.Header.Missing"), (new(), "U007")] {
        let refusal = answer(&router, &keyless(payment)).await;
        let at = Some("x-idempotency-key");
        assert_eq!(refusal.reason(), Some((Reason::HeaderMissing, at)));
        assert_eq!(refusal.code(), code);
        assert!(refusal.is_signed(Preset::Uk314.signing()));
    }
}

#[tokio::test]
async fn a_path_of_neither_version_meets_no_gate() {
    let (router, _) = router(&bank());
    let elsewhere = old().with(|payment| payment.path = "/open-banking/v3.0/pisp".into());
    let lost = answer(&router, &elsewhere).await;
    assert_eq!((lost.status, lost.rejection.is_none()), (StatusCode::NOT_FOUND, true));
}
