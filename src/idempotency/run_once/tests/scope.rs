//! Where a key counts.

use super::*;

/// Scenario `other-client-same-key`.
#[tokio::test]
async fn the_key_of_another_client_is_another_key() {
    let bank = Bank::open();
    assert!(bank.send(Payment::new()).await.is_new());
    let other = bank.send(Payment { client: Some("client B"), ..Payment::new() }).await;
    assert!(other.is_new());
    assert_eq!(bank.runs(), 2);
}

/// Scenario `other-endpoint-same-key`.
#[tokio::test]
async fn a_key_at_another_path_or_with_another_method_is_another_key() {
    let bank = Bank::open();
    assert!(bank.send(Payment::new()).await.is_new());
    for (method, path) in [
        (Method::POST, "/open-banking/v3.1/pisp/domestic-payment-consents"),
        (Method::POST, "/open-banking/v4.0/pisp/domestic-payments"),
        (Method::POST, "/file-payment-consents/1/file"),
        (Method::POST, "/file-payment-consents/2/file"),
        (Method::PATCH, PATH),
    ] {
        let elsewhere = Payment { method, path: path.to_owned(), ..Payment::new() };
        assert!(bank.send(elsewhere).await.is_new(), "{path}");
    }
    assert_eq!(bank.runs(), 6);
}

#[tokio::test]
async fn a_query_does_not_make_it_another_request() {
    let bank = Bank::open();
    let first = bank.send(Payment::new()).await;
    let path = format!("{PATH}?retry=1");
    assert!(bank.send(Payment { path, ..Payment::new() }).await.replays(&first));
}

#[tokio::test]
async fn keys_are_opaque_and_case_counts() {
    let bank = Bank::open();
    assert!(bank.send(Payment::key("key")).await.is_new());
    assert!(bank.send(Payment::key("KEY")).await.is_new());
}

#[tokio::test]
async fn tenants_of_one_store_do_not_meet() {
    let store = Arc::new(MemoryStore::with_capacity(10));
    let bank = |tenant: &str| Bank::with(RunOnce::per_key(store.clone()).tenant(tenant));
    let (one, two) = (bank("one"), bank("two"));
    let first = one.send(Payment::new()).await;
    assert!(two.send(Payment::new()).await.is_new());
    assert!(bank("one").send(Payment::new()).await.replays(&first));
}

/// Scenario `key-on-get`.
#[tokio::test]
async fn where_no_key_is_due_it_is_ignored_whatever_it_says() {
    let bank = Bank::open();
    for (method, path) in [
        (Method::GET, "/domestic-payments/1"),
        (Method::POST, "/domestic-vrp-consents/1/funds-confirmation"),
        (Method::POST, "/account-access-consents"),
        (Method::POST, "/funds-confirmations"),
        (Method::PUT, "/callback-urls/1"),
        (Method::DELETE, "/domestic-vrp-consents/1"),
    ] {
        for keys in [vec![], vec!["key 1".to_owned()], vec!["k".repeat(41)], vec![String::new()]] {
            let request = Payment {
                method: method.clone(),
                path: path.to_owned(),
                keys: [&keys[..], &keys[..]].concat(),
                ..Payment::new()
            };
            let runs = bank.runs();
            for _ in 0..2 {
                let reply = bank.send(request.clone()).await;
                assert!(reply.is_new(), "{path}");
                assert!(reply.body.ends_with(br#""Key":None}"#), "no key is claimed");
            }
            assert_eq!(bank.runs(), runs + 2);
        }
    }
}
