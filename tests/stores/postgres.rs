use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tower_open_banking::idempotency::{
    Claimed, IdempotencyStore, PostgresStore, PostgresStoreBuilder, Settlement, StoreError,
};
use tower_open_banking::testing::{replay_contract, restart_contract, store_contract};

use crate::server::Server;
use crate::support::{self, claim, claim_at, now, take};

fn at(url: &str) -> PostgresStoreBuilder {
    PostgresStore::at(url).unwrap().deadline(Duration::from_secs(4))
}

async fn migrated(server: &Server) -> PostgresStore {
    let store = at(&server.url()).build().unwrap();
    store.migrate().await.unwrap();
    store
}

/// Asks the server itself.
fn sql(server: &Server, statement: &str) -> String {
    let mut psql = Command::new("psql");
    let output = psql.args(["-X", "-A", "-t", "-c", statement, &server.url()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contracts() {
    let Some(server) = Server::postgres() else { return };
    migrated(&server).await;
    let build = || at(&server.url()).danger_any_clock().build().unwrap();
    let store = Arc::new(build());
    store_contract(async || store.clone()).await;
    replay_contract(async || store.clone()).await;
    restart_contract(async || build()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_server() {
    let Some(server) = Server::postgres() else { return };
    migrated(&server).await;
    let stores: Vec<_> = (0..2).map(|_| at(&server.url()).build().unwrap()).collect();
    for round in 0..20 {
        let claims = (0..50).map(|index| {
            let store = stores[index % 2].clone();
            tokio::spawn(
                async move { store.claim(claim(&format!("shared {round}"))).await.unwrap() },
            )
        });
        let mut new = 0;
        for answer in claims.collect::<Vec<_>>() {
            match answer.await.unwrap() {
                Claimed::New(_) => new += 1,
                Claimed::InFlight { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(new, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_claims_and_outcomes() {
    let Some(server) = Server::postgres() else { return };
    let store = migrated(&server).await;
    support::a_killed_server_keeps_claims_and_outcomes(server, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_loses_and_doubles_nothing() {
    let Some(server) = Server::postgres() else { return };
    migrated(&server).await;
    let at = |port| {
        let url = format!("postgresql://bank@127.0.0.1:{port}/postgres?sslmode=disable");
        at(&url).connections(1).build().unwrap()
    };
    support::a_cut_connection_loses_and_doubles_nothing(server, at).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_server_is_given_up() {
    let Some(server) = Server::postgres() else { return };
    migrated(&server).await;
    let store = at(&server.url()).deadline(Duration::from_millis(800)).build().unwrap();
    // A lock on the whole table: every statement waits.
    let hang = |server: &Server| {
        let mut psql = Command::new("psql");
        let lock = "BEGIN; LOCK TABLE open_banking.claim IN ACCESS EXCLUSIVE MODE; \
                    SELECT pg_sleep(3600);";
        psql.args(["-X", "-q", "-c", lock, &server.url()]).stderr(Stdio::null());
        std::thread::spawn(move || psql.status());
        while sql(server, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            != "1"
        {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let go_on = |server: &Server| {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE wait_event = 'PgSleep'";
        sql(server, end);
    };
    support::a_hanging_server_is_given_up(&server, store, (hang, go_on)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_outcome_is_refused_and_a_dropped_claim_can_be_repeated() {
    let Some(server) = Server::postgres() else { return };
    let store = migrated(&server).await;
    let limited = at(&server.url()).record_limit(9).build().unwrap();
    support::an_outcome_over_the_limit_is_refused(limited, 9).await;
    support::a_claim_dropped_at_any_await_can_be_repeated(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_refused() {
    let Some(server) = Server::postgres() else { return };
    support::a_clock_that_is_off_is_refused(migrated(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_the_schema_or_with_a_newer_one_is_refused() {
    let Some(server) = Server::postgres() else { return };
    let store = at(&server.url()).build().unwrap();
    assert!(store.check().await.is_err());
    assert!(store.claim(claim("1")).await.is_err());
    let (first, second) = tokio::join!(store.migrate(), store.migrate());
    first.and(second).unwrap();
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    take(&store, claim("1")).await;
    sql(&server, "INSERT INTO open_banking.migration (version) VALUES (99)");
    let later = at(&server.url()).build().unwrap();
    assert!(later.check().await.is_err() && later.migrate().await.is_err());
    assert!(later.claim(claim("2")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_defaults_to_lazy_commits_and_strict_snapshots_is_set_right() {
    let Some(server) = Server::postgres() else { return };
    sql(&server, "ALTER SYSTEM SET synchronous_commit = off");
    sql(&server, "ALTER SYSTEM SET default_transaction_isolation = 'serializable'");
    sql(&server, "SELECT pg_reload_conf()");
    let store = migrated(&server).await;
    sql(
        &server,
        "CREATE FUNCTION strict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF current_setting('synchronous_commit') <> 'on'
             OR current_setting('transaction_isolation') <> 'read committed' THEN
             RAISE EXCEPTION 'too lax';
           END IF;
           RETURN new;
         END $$;
         CREATE TRIGGER strict BEFORE INSERT ON open_banking.claim
           FOR EACH ROW EXECUTE FUNCTION strict();",
    );
    take(&store, claim("strict")).await;
    sql(&server, "ALTER SYSTEM SET synchronous_commit = remote_apply");
    sql(&server, "SELECT pg_reload_conf()");
    while sql(&server, "SHOW synchronous_commit") != "remote_apply" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What is stronger than needed stays, and this trigger does not like it.
    let stronger = at(&server.url()).build().unwrap();
    assert!(stronger.claim(claim("stronger")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_rows_are_deleted_and_live_ones_are_not() {
    let Some(server) = Server::postgres() else { return };
    migrated(&server).await;
    let store = at(&server.url()).danger_any_clock().build().unwrap();
    let past = |seconds| {
        let day = 24 * 60 * 60;
        tower_open_banking::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(
            now().as_secs() - 2 * day + seconds,
        ))
    };
    for id in 0..20 {
        take(&store, claim_at(&format!("old {id}"), past(id))).await;
        take(&store, claim_at(&format!("new {id}"), now())).await;
    }
    // A clock that is years ahead deletes nothing that the server's still counts.
    let _removed = store.sweep(support::ahead(1_000_000_000)).await.unwrap();
    let left = sql(&server, "SELECT count(*) FROM open_banking.claim");
    assert_eq!(left, "20");
    for id in 0..20 {
        support::is_running(&store, &format!("new {id}")).await;
    }
}

#[test]
fn another_machine_without_tls_is_refused() {
    let build = |url: &str| PostgresStore::at(url).unwrap().build();
    for url in [
        "postgresql://bank@db.example/bank",
        "postgresql://bank@db.example/bank?sslmode=prefer",
        "postgresql://bank@127.0.0.1,db.example/bank",
        "postgresql://bank@192.0.2.1/bank?sslmode=disable",
        "user=bank",
    ] {
        assert!(matches!(build(url), Err(StoreError::Unavailable { .. })), "{url}");
    }
    for url in [
        "postgresql://bank@db.example/bank?sslmode=require",
        "postgresql://bank@localhost/bank",
        "postgresql://bank@[::1]/bank",
        "host=/var/run/postgresql user=bank",
    ] {
        build(url).unwrap();
    }
    PostgresStore::at("postgresql://bank@db.example/bank")
        .unwrap()
        .danger_allow_plaintext()
        .build()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let Some(server) = Server::postgres() else { return };
    migrated(&server).await;
    let url = format!("{}?sslmode=require", server.url());
    let store = at(&url).deadline(Duration::from_millis(500)).build().unwrap();
    assert!(store.claim(claim("1")).await.is_err());
    let plain = at(&server.url()).build().unwrap();
    let lease = take(&plain, claim("1")).await;
    assert_eq!(plain.release(&lease).await.unwrap(), Settlement::Done);
}
