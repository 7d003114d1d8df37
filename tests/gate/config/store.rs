//! Where idempotency keys are kept, by a file; and consents beside them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tower_open_banking::config::{Config, Setup};
use tower_open_banking::consent::{ConsentFault, Consents, Submission};
use tower_open_banking::gate::{BoxFuture, Gate};
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::reject::Reason;

use super::{FILES, error, good, open, set, unset};
use crate::support::NOW;
use crate::support::bank::{App, Preset};
use crate::support::payment::Payment;

/// Consents to one amount.
struct Consented;

impl Consents for Consented {
    fn compare(&self, submission: Submission) -> BoxFuture<'static, Result<(), ConsentFault>> {
        let body = String::from_utf8(submission.body.to_vec()).unwrap();
        Box::pin(async move {
            match body.contains(r#""Amount":"165.88""#) {
                true => Ok(()),
                false => Err(ConsentFault::Differs { place: "Data.Initiation".into() }),
            }
        })
    }
}

fn try_consents(table: toml::Table) -> Result<Setup, String> {
    let config: Config = table.try_into().unwrap();
    config.open_with_consents(&FILES, Consented).map_err(|error| error.to_string())
}

fn with_consents(table: toml::Table) -> Setup {
    try_consents(table).unwrap()
}

/// A configuration of keys in `[idempotency]` alone.
fn keeping(keys: &[(&str, toml::Value)]) -> toml::Table {
    let mut table = good(Preset::Uk314);
    unset(&mut table, "idempotency");
    for (key, value) in keys {
        set(&mut table, &format!("idempotency.{key}"), value.clone());
    }
    table
}

fn said(keys: &[(&str, toml::Value)]) -> String {
    error(Preset::Uk314, |table| *table = keeping(keys))
}

/// A payment that counts, whatever the time: the token lives on, the signature has no age.
fn payment(key: &str) -> Payment {
    Payment::good(Preset::Uk314, key).with(|payment| payment.claim("exp", NOW + 10_000_000))
}

/// A bank whose clock can be moved.
struct Moving {
    app: App,
    seconds: Arc<AtomicU64>,
}

impl Moving {
    fn of(setup: &Setup, takes: Duration) -> Self {
        let seconds = Arc::new(AtomicU64::new(NOW));
        let now = seconds.clone();
        let clock =
            move || UnixTime::since_unix_epoch(Duration::from_secs(now.load(Ordering::SeqCst)));
        let gate: Gate = setup.payments().clock(clock).build().unwrap();
        Self { app: App::slow(gate, takes), seconds }
    }

    fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Why a payment is refused, if it is.
    async fn pay(&self, key: &str) -> Option<Reason> {
        self.app.answer(payment(key).request()).await.reason().map(|(reason, _)| reason)
    }
}

fn timeless(mut table: toml::Table) -> toml::Table {
    unset(&mut table, "signature");
    table
}

#[tokio::test]
async fn a_window_longer_than_a_day_holds_a_key_longer() {
    for (window, held) in [(None, false), (Some(172_800), true)] {
        let keys: Vec<_> =
            window.map(|seconds| ("window", toml::Value::Integer(seconds))).into_iter().collect();
        let bank = Moving::of(&open(timeless(keeping(&keys))).unwrap(), Duration::ZERO);
        assert_eq!(bank.pay("key-1").await, None);
        bank.pass(90_000);
        assert_eq!(bank.pay("key-1").await, None);
        assert_eq!(bank.app.ran(), if held { 1 } else { 2 }, "{window:?}");
    }
    assert_eq!(said(&[("window", 86_399.into())]), "idempotency.window: shorter than a day");
}

#[tokio::test]
async fn a_lease_says_when_a_request_counts_as_lost() {
    for (lease, reason) in
        [(60, Reason::IdempotencyInFlight), (30, Reason::IdempotencyOutcomeUnknown)]
    {
        let setup = open(timeless(keeping(&[("lease", lease.into())]))).unwrap();
        let bank = Moving::of(&setup, Duration::from_millis(200));
        // Begun first, so claimed first: this runtime has one thread.
        let mut first = Box::pin(bank.pay("key-1"));
        tokio::select! {
            biased;
            _ = &mut first => panic!("it takes its time"),
            () = std::future::ready(()) => {}
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        bank.pass(31);
        assert_eq!(bank.pay("key-1").await, Some(reason), "{lease}");
        assert_eq!(first.await, None);
    }
    assert_eq!(said(&[("lease", 0.into())]), "idempotency.lease: no time at all");
}

#[tokio::test]
async fn orders_are_compared_and_consents_used_up_where_the_application_has_consents() {
    let bank = Moving::of(&with_consents(timeless(keeping(&[]))), Duration::ZERO);
    let dearer = payment("key-1").with(|payment| {
        payment.body = crate::support::payment::order("965.88");
    });
    let answer = bank.app.answer(dearer.request()).await;
    assert_eq!(answer.reason(), Some((Reason::ConsentMismatch, Some("Data.Initiation"))));
    assert_eq!(bank.pay("key-1").await, None);
    assert_eq!(bank.pay("key-1").await, None, "a retry gets its answer");
    assert_eq!(bank.pay("key-2").await, Some(Reason::ConsentStatusInvalid));
    assert_eq!(bank.app.ran(), 1);
}

#[tokio::test]
async fn a_used_consent_is_remembered_as_long_as_the_file_says() {
    // In memory a day, unless the file says more.
    for (window, second) in [(None, None), (Some(172_800), Some(Reason::ConsentStatusInvalid))] {
        let keys: Vec<_> = window
            .map(|seconds| ("consent_window", toml::Value::Integer(seconds)))
            .into_iter()
            .collect();
        let bank = Moving::of(&with_consents(timeless(keeping(&keys))), Duration::ZERO);
        assert_eq!(bank.pay("key-1").await, None);
        bank.pass(90_000);
        assert_eq!(bank.pay("key-2").await, second);
    }
    let key = ("consent_window", toml::Value::Integer(86_400));
    assert_eq!(said(&[key]), "idempotency.consent_window: no consents are compared");
    let none = try_consents(keeping(&[("consent_window", 0.into())])).err();
    assert_eq!(none.as_deref(), Some("idempotency.consent_window: no time at all"));
}

#[tokio::test]
async fn the_steps_of_consents_can_be_switched_off_for_drills() {
    let mut table = timeless(keeping(&[]));
    set(&mut table, "steps.MatchConsent", false);
    let bank = Moving::of(&with_consents(table.clone()), Duration::ZERO);
    let other = |key| payment(key).with(|payment| payment.claim("openbanking_intent_id", "other"));
    assert_eq!(bank.app.answer(other("key-1").request()).await.status, 201);
    assert_eq!(bank.pay("key-2").await, Some(Reason::ConsentStatusInvalid), "still one order");

    set(&mut table, "steps.ExclusiveResource", false);
    let bank = Moving::of(&with_consents(table), Duration::ZERO);
    assert_eq!((bank.pay("key-1").await, bank.pay("key-2").await), (None, None));
    assert_eq!(bank.app.ran(), 2);
    // Without consents there are no such steps.
    let off = |step| error(Preset::Uk314, move |table| set(table, &format!("steps.{step}"), false));
    assert_eq!(off("MatchConsent"), "steps.MatchConsent: no such step");
    assert_eq!(off("ExclusiveResource"), "steps.ExclusiveResource: no such step");
}

#[test]
fn a_key_of_another_store_is_an_error() {
    let yes = || toml::Value::Boolean(true);
    let number = || toml::Value::Integer(1);
    let text = || toml::Value::String("x".into());
    let keys: [(&str, toml::Value, &[&str]); 14] = [
        ("allow_create", yes(), &["file"]),
        ("capacity", number(), &["file", "memory"]),
        ("clock_tolerance", number(), &["postgres", "redis"]),
        ("connections", number(), &["postgres"]),
        ("danger_allow_eviction", yes(), &["redis"]),
        ("danger_allow_plaintext", yes(), &["postgres"]),
        ("deadline_millis", number(), &["postgres", "redis"]),
        ("migrate", yes(), &["postgres"]),
        ("path", text(), &["file"]),
        ("prefix", text(), &["redis"]),
        ("replicas", number(), &["redis"]),
        ("replicas_millis", number(), &["redis"]),
        ("url", text(), &["postgres", "redis"]),
        ("url_file", text(), &["postgres", "redis"]),
    ];
    for store in ["file", "memory", "postgres", "redis"] {
        for (key, value, stores) in &keys {
            let said = said(&[("store", store.into()), (key, value.clone())]);
            let is_misplaced = said.ends_with(" has no such key");
            assert_eq!(is_misplaced, !stores.contains(&store), "{store} {key}: {said}");
            if is_misplaced {
                let due = format!("idempotency.{key}: the store \"{store}\" has no such key");
                assert_eq!(said, due);
            }
        }
    }
    for key in ["capacity", "record_limit"] {
        assert_eq!(said(&[(key, 0.into())]), format!("idempotency.{key}: none at all"));
    }
}

#[cfg(not(any(feature = "postgres", feature = "redb", feature = "redis")))]
#[test]
fn a_store_that_is_not_built_in_is_named_with_its_feature() {
    for (store, feature) in [("file", "redb"), ("postgres", "postgres"), ("redis", "redis")] {
        let due = format!("idempotency.store: built without the feature `{feature}`");
        assert_eq!(said(&[("store", store.into())]), due);
    }
}

#[cfg(feature = "redb")]
#[tokio::test]
async fn the_file_store_remembers_across_restarts_and_a_missing_file_is_no_new_bank() {
    assert_eq!(said(&[("store", "file".into())]), "idempotency.path: due with the store \"file\"");
    let name = format!("keys-{}.redb", std::process::id());
    let keys = |creates: bool| {
        let mut keys = vec![("store", "file".into()), ("path", name.clone().into())];
        keys.extend(creates.then(|| ("allow_create", true.into())));
        keeping(&keys)
    };
    let missing = open(keys(false)).err().unwrap();
    assert!(missing.starts_with("idempotency.path: ") && missing.contains(&name), "{missing}");
    for creates in [true, false] {
        let setup = open(keys(creates)).unwrap();
        setup.prepare_store().await.unwrap();
        let bank = Moving::of(&setup, Duration::ZERO);
        assert_eq!(bank.pay("key-1").await, None);
        assert_eq!(
            bank.app.ran(),
            usize::from(creates),
            "the second bank knows the first one's key"
        );
        // Two processes cannot have it.
        assert!(open(keys(false)).is_err());
    }
    std::fs::remove_file(FILES.join(name)).unwrap();
}

#[cfg(feature = "redb")]
#[tokio::test]
async fn a_full_file_refuses() {
    let name = format!("full-{}.redb", std::process::id());
    let keys = [
        ("store", "file".into()),
        ("path", name.clone().into()),
        ("allow_create", true.into()),
        ("capacity", 1.into()),
    ];
    let bank = Moving::of(&open(keeping(&keys)).unwrap(), Duration::ZERO);
    assert_eq!(bank.pay("key-1").await, None);
    assert_eq!(bank.pay("key-2").await, Some(Reason::ServiceUnavailable));
    std::fs::remove_file(FILES.join(name)).unwrap();
}

#[tokio::test]
async fn an_outcome_over_the_limit_is_not_kept() {
    let mut stores = vec![vec![("store", "memory".into())]];
    let name = format!("small-{}.redb", std::process::id());
    if cfg!(feature = "redb") {
        let path = ("path", name.clone().into());
        stores.push(vec![("store", "file".into()), path, ("allow_create", true.into())]);
    }
    for mut keys in stores {
        keys.push(("record_limit", 4.into()));
        let bank = Moving::of(&open(keeping(&keys)).unwrap(), Duration::ZERO);
        assert_eq!(bank.pay("key-1").await, None);
        assert_eq!(bank.pay("key-1").await, Some(Reason::IdempotencyInFlight), "{keys:?}");
    }
    let _ = std::fs::remove_file(FILES.join(name));
}

#[cfg(any(feature = "postgres", feature = "redis"))]
mod servers {
    use super::*;

    const SECRET: &str = "swordfish";

    /// A port on which nobody listens.
    fn nobody() -> u16 {
        std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
    }

    fn stores() -> Vec<(&'static str, &'static str)> {
        let all = [
            ("postgres", "postgresql", cfg!(feature = "postgres")),
            ("redis", "redis", cfg!(feature = "redis")),
        ];
        all.into_iter()
            .filter(|(.., is_on)| *is_on)
            .map(|(store, scheme, _)| (store, scheme))
            .collect()
    }

    #[test]
    fn the_url_is_due_and_has_one_place() {
        for (store, scheme) in stores() {
            let store: (&str, toml::Value) = ("store", store.into());
            let due = format!("idempotency.url: due with the store {}", store.1);
            assert_eq!(said(std::slice::from_ref(&store)), due);
            let url = ("url", format!("{scheme}://127.0.0.1").into());
            let both = said(&[store, url, ("url_file", "store.url".into())]);
            assert_eq!(both, "idempotency.url: stands beside url_file");
        }
    }

    #[test]
    fn no_password_is_shown_whatever_is_wrong_with_the_url() {
        for (store, scheme) in stores() {
            for url in [
                format!("{scheme}://bank:{SECRET}@127.0.0.1:{}", nobody()),
                format!("{scheme}l://bank:{SECRET}@db.example/bank"),
                format!("{scheme}l://bank:{SECRET}@db.example/bank?sslmode=require"),
                format!("{scheme}://bank:{SECRET}@db.example:port/bank"),
                format!("{scheme}://bank:{SECRET}@db.example/%zz?sslmode={SECRET}"),
                format!("{scheme}://bank:{SECRET}@db.example/bank?{SECRET}"),
                format!("host=db.example password={SECRET} {SECRET}={SECRET}"),
                format!("host=db.example password='{SECRET}"),
                format!("{SECRET}://bank"),
            ] {
                let table = keeping(&[("store", store.into()), ("url", url.clone().into())]);
                let config: Config = table.try_into().unwrap();
                assert!(!format!("{config:?}").contains(SECRET), "{url}");
                if let Err(error) = config.open(&FILES) {
                    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
                    assert!(error.to_string().starts_with("idempotency.url: "), "{error}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_found_out_at_the_start() {
        for (store, scheme) in stores() {
            let url = format!("{scheme}://bank:{SECRET}@127.0.0.1:{}", nobody());
            let file = format!("{store}-{}.url", std::process::id());
            std::fs::write(FILES.join(&file), format!("{url}\n")).unwrap();
            let setup = open(keeping(&[
                ("store", store.into()),
                ("url_file", file.into()),
                ("deadline_millis", 100.into()),
            ]));
            let error = setup.unwrap().prepare_store().await.unwrap_err().to_string();
            let begin = "idempotency.store: the idempotency store is unavailable: ";
            assert!(error.starts_with(begin) && !error.contains(SECRET), "{error}");
        }
    }

    #[test]
    fn what_a_store_cannot_use_is_refused() {
        for (store, scheme) in stores() {
            let with = |key: &str, value: toml::Value| {
                let url = format!("{scheme}://127.0.0.1");
                said(&[("store", store.into()), ("url", url.into()), (key, value)])
            };
            let no_time = "idempotency.deadline_millis: no time at all";
            assert_eq!(with("deadline_millis", 0.into()), no_time);
            if store == "redis" {
                assert_eq!(with("prefix", "".into()), "idempotency.prefix: empty");
                let alone = "idempotency.replicas_millis: of no replicas";
                assert_eq!(with("replicas_millis", 10.into()), alone);
            } else {
                assert_eq!(with("connections", 0.into()), "idempotency.connections: none at all");
                let url = said(&[
                    ("store", store.into()),
                    ("url", "postgresql://bank@db.example/bank".into()),
                ]);
                assert!(url.contains("another machine without sslmode=require"), "{url}");
            }
        }
    }
}
