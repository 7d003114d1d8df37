use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tower_open_banking::idempotency::{
    Claimed, IdempotencyStore, RedisStore, Settlement, StoreError,
};
use tower_open_banking::replay::{Insertion, ReplayKey, ReplayStore};
use tower_open_banking::testing::{replay_contract, restart_contract, store_contract};

use crate::server::Server;
use crate::support::{self, claim, now, record, take};

fn at(url: &str) -> RedisStore {
    RedisStore::at(url).unwrap().deadline(Duration::from_secs(2))
}

fn signal(server: &Server, signal: &str) {
    let id = server.child.as_ref().unwrap().id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

/// Asks the server itself.
fn cli(server: &Server, arguments: &[&str]) -> String {
    let mut cli = Command::new("redis-cli");
    let output = cli.args(["-p", &server.port.to_string()]).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contracts() {
    let Some(server) = Server::redis(&[]) else { return };
    let store = Arc::new(at(&server.url()).danger_any_clock());
    store_contract(async || store.clone()).await;
    replay_contract(async || store.clone()).await;
    restart_contract(async || at(&server.url()).danger_any_clock()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_server() {
    let Some(server) = Server::redis(&[]) else { return };
    let stores: Vec<_> = (0..2).map(|_| Arc::new(at(&server.url()))).collect();
    let claims = (0..50).map(|index| {
        let store = stores[index % 2].clone();
        tokio::spawn(async move { store.claim(claim("shared")).await.unwrap() })
    });
    let mut new = 0;
    for answer in claims.collect::<Vec<_>>() {
        new += usize::from(matches!(answer.await.unwrap(), Claimed::New(_)));
    }
    assert_eq!(new, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_that_one_process_took_is_refused_by_the_other() {
    let Some(server) = Server::redis(&[]) else { return };
    support::an_assertion_is_taken_by_one_of_two(|| at(&server.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_claims_and_outcomes() {
    let Some(server) = Server::redis(&[]) else { return };
    let store = at(&server.url());
    support::a_killed_server_keeps_claims_and_outcomes(server, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_loses_and_doubles_nothing() {
    let Some(server) = Server::redis(&[]) else { return };
    let at = |port| at(&format!("redis://127.0.0.1:{port}"));
    support::a_cut_connection_loses_and_doubles_nothing(server, at).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_server_is_given_up() {
    let Some(server) = Server::redis(&[]) else { return };
    let store = at(&server.url()).deadline(Duration::from_millis(500));
    let signals =
        (|server: &Server| signal(server, "-STOP"), |server: &Server| signal(server, "-CONT"));
    support::a_hanging_server_is_given_up(&server, store, signals).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_outcome_is_refused_and_a_dropped_claim_can_be_repeated() {
    let Some(server) = Server::redis(&[]) else { return };
    support::an_outcome_over_the_limit_is_refused(at(&server.url()).record_limit(9), 9).await;
    support::a_claim_dropped_at_any_await_can_be_repeated(at(&server.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_refused() {
    let Some(server) = Server::redis(&[]) else { return };
    support::a_clock_that_is_off_is_refused(at(&server.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_evict_is_refused() {
    let Some(server) = Server::redis(&["--maxmemory-policy", "volatile-ttl"]) else { return };
    let refused = at(&server.url()).check().await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(at(&server.url()).claim(claim("1")).await.is_err());
    take(&at(&server.url()).danger_allow_eviction(), claim("1")).await;
    let safe = Server::redis(&[]).unwrap();
    at(&safe.url()).check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_refuses_and_forgets_nothing() {
    let Some(server) = Server::redis(&["--maxmemory", "4mb"]) else { return };
    let store = at(&server.url()).record_limit(1 << 20);
    let mut settled = Vec::new();
    let error = loop {
        let name = settled.len().to_string();
        let lease = match store.claim(claim(&name)).await {
            Ok(Claimed::New(lease)) => lease,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        };
        let large = tower_open_banking::idempotency::Record::of(
            http::StatusCode::CREATED,
            &http::HeaderMap::new(),
            &[],
            &vec![7; 200_000],
            now(),
        );
        match store.settle(&lease, large).await {
            Ok(settlement) => assert_eq!(settlement, Settlement::Done),
            Err(error) => break error,
        }
        settled.push(name);
        assert!(settled.len() < 100);
    };
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert!(settled.len() > 5);
    for name in settled {
        support::is_settled(&store, &name).await;
    }
    for id in 0.. {
        let key = ReplayKey::compose("test", "issuer", &id.to_string());
        match store.insert_once(key, support::ahead(60), now()).await {
            Ok(Insertion::Fresh) => assert!(id < 100_000),
            other => {
                assert!(matches!(other, Err(StoreError::Full)), "{other:?}");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_enough_replicas_nothing_is_new() {
    let Some(server) = Server::redis(&[]) else { return };
    let within = Duration::from_millis(100);
    let store = at(&server.url()).deadline(Duration::from_millis(600)).replicas(1, within);
    let lost = claim("1");
    let refused = store.claim(lost.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    support::is_running(&at(&server.url()), "1").await;

    let port = server.port.to_string();
    let replica = Server::redis(&["--replicaof", "127.0.0.1", &port]).unwrap();
    let patient = at(&server.url()).deadline(Duration::from_secs(20)).replicas(1, within);
    let lease = take(&patient, lost).await;
    // "Already" if the replica was too slow for the first attempt.
    let settlement = patient.settle(&lease, record()).await.unwrap();
    assert_ne!(settlement, Settlement::Superseded);
    let key = ReplayKey::compose("test", "issuer", "replicated");
    let insertion = patient.insert_once(key, support::ahead(60), now()).await.unwrap();
    assert_eq!(insertion, Insertion::Fresh);
    assert_eq!(cli(&replica, &["DBSIZE"]), "2", "the replica has what was acknowledged");

    // A replica that hangs has acknowledged earlier writes, and not these: repeating does not help.
    let running = take(&patient, claim("running")).await;
    signal(&replica, "-STOP");
    let lost = claim("2");
    let refused = store.claim(lost.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    let refused = store.settle(&running, record()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    signal(&replica, "-CONT");
    take(&patient, lost).await;
    assert_eq!(patient.settle(&running, record()).await.unwrap(), Settlement::Already);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_cleared_away_by_the_server_and_sit_in_one_slot() {
    let Some(server) = Server::redis(&[]) else { return };
    let store = at(&server.url()).prefix("bank").retain(Duration::from_secs(60));
    take(&store, claim("1")).await;
    let key = cli(&server, &["KEYS", "*"]);
    assert!(key.starts_with("bank:idempotency:{") && key.ends_with('}'), "{key}");
    let left: u64 = cli(&server, &["TTL", &key]).parse().unwrap();
    let day = 24 * 60 * 60;
    assert!((day..=day + 60).contains(&left), "{left}");
    let short = claim("2").window(Duration::ZERO).lease(Duration::ZERO);
    take(&at(&server.url()).retain(Duration::ZERO), short).await;
    for _ in 0..100 {
        if cli(&server, &["DBSIZE"]) == "1" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server keeps what has ended");
}
