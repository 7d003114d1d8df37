use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use super::*;
use crate::cert::test_pki;
use crate::crypto::{Algorithm, test_keys};
use crate::fetch::FetchError;
use crate::gate::BoxFuture;
use crate::jose::{FoundKey, Jwk, Key, KeysUnavailable};

mod hostile;

const START: u64 = 1_000_000;
const UNKNOWN: Result<bool, KeysUnavailable> = Ok(false);
const FOUND: Result<bool, KeysUnavailable> = Ok(true);
const UNAVAILABLE: Result<bool, KeysUnavailable> = Err(KeysUnavailable);

/// Somebody who publishes keys, and counts how often they are fetched.
#[derive(Clone)]
struct Owner(Arc<Published>);

struct Published {
    answer: Mutex<Result<Fetched, FetchError>>,
    fetches: AtomicUsize,
    /// A fetch is answered once it may.
    permits: Semaphore,
}

impl Owner {
    fn of(kids: &[&str]) -> Self {
        let owner = Self(Arc::new(Published {
            answer: Mutex::new(Err(FetchError::Timeout)),
            fetches: AtomicUsize::new(0),
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
        }));
        owner.publishes(&set(kids));
        owner
    }

    fn answers(&self, answer: Result<Fetched, FetchError>) {
        *self.0.answer.lock().unwrap() = answer;
    }

    fn publishes(&self, document: &str) {
        self.answers(Ok(answer(StatusCode::OK, document, None)));
    }

    fn is_down(&self) {
        self.answers(Err(FetchError::Timeout));
    }

    /// Lets fetches wait until [`Self::goes_on`].
    fn holds(&self) {
        self.0.permits.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn goes_on(&self) {
        self.0.permits.add_permits(1_000);
    }

    fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    fn keys(&self) -> FetchedKeys {
        FetchedKeys::at(Uri::from_static("https://tpp.example/jwks"), self.clone()).unwrap()
    }
}

impl Fetch for Owner {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        assert_eq!(request.uri(), "https://tpp.example/jwks");
        assert_eq!((request.limit(), request.body().is_none()), (1 << 20, true));
        self.0.fetches.fetch_add(1, Ordering::SeqCst);
        let published = self.0.clone();
        Box::pin(async move {
            let _permit = published.permits.acquire().await.unwrap();
            published.answer.lock().unwrap().clone()
        })
    }
}

fn answer(status: StatusCode, body: &str, cache_control: Option<&'static str>) -> Fetched {
    let mut headers = HeaderMap::new();
    if let Some(value) = cache_control {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    Fetched::new(status, &headers, Bytes::copy_from_slice(body.as_bytes()))
}

fn jwk(kid: &str) -> String {
    let key = test_keys::signing(&test_keys::p256());
    serde_json::to_string(&Jwk::of(key.public_key(), kid, Algorithm::Es256)).unwrap()
}

fn set(kids: &[&str]) -> String {
    set_of(&kids.iter().map(|kid| jwk(kid)).collect::<Vec<_>>())
}

fn set_of(jwks: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, jwks.join(","))
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

async fn found(keys: &FetchedKeys, kid: &str, now: u64) -> FoundKey {
    match keys.find(kid, at(now)) {
        Lookup::Now(found) => found,
        Lookup::Later(search) => search.await,
    }
}

/// Whether there is a key of this id, and that it is the one.
async fn finds(keys: &FetchedKeys, kid: &str, now: u64) -> Result<bool, KeysUnavailable> {
    let key = found(keys, kid, now).await?;
    assert!(key.as_deref().and_then(Key::id).is_none_or(|id| id == kid));
    Ok(key.is_some())
}

fn is_at_once(keys: &FetchedKeys, kid: &str, now: u64) -> bool {
    matches!(keys.find(kid, at(now)), Lookup::Now(_))
}

#[tokio::test]
async fn the_set_is_fetched_for_the_first_who_asks_and_then_kept() {
    let owner = Owner::of(&["a", "b"]);
    let keys = owner.keys();
    assert_eq!(owner.fetches(), 0);
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    assert!(is_at_once(&keys, "b", START + 1) && is_at_once(&keys.clone(), "a", START + 599));
    assert_eq!(finds(&keys, "b", START + 599).await, FOUND);
    assert_eq!(owner.fetches(), 1);
}

#[tokio::test]
async fn a_million_lookups_of_unknown_ids_cause_one_fetch_in_an_interval() {
    let owner = Owner::of(&["a"]);
    let keys = owner.keys().max_age(Duration::from_secs(3_600));
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    let (intervals, each) = (10, 100_000);
    for number in 0..intervals * each {
        let now = START + 30 * (1 + number / each) + number % 30;
        let kid = format!("unknown-{number}");
        match keys.find(&kid, at(now)) {
            Lookup::Now(found) => assert!(found.unwrap().is_none()),
            Lookup::Later(search) => assert!(search.await.unwrap().is_none()),
        }
    }
    assert_eq!(owner.fetches(), 1 + intervals as usize);
    assert!(is_at_once(&keys, "a", START + 330), "whoever signs with a known key never waits");
}

#[tokio::test]
async fn the_interval_is_as_set_and_at_least_a_second() {
    for (set, seconds) in [(5_000, 5), (1_500, 1), (0, 1)] {
        let owner = Owner::of(&["a"]);
        let keys = owner.keys().interval(Duration::from_millis(set));
        assert_eq!(finds(&keys, "a", START).await, FOUND);
        assert_eq!(finds(&keys, "b", START + seconds - 1).await, Ok(false));
        assert_eq!(owner.fetches(), 1, "{set}");
        assert_eq!(finds(&keys, "b", START + seconds).await, Ok(false));
        assert_eq!(owner.fetches(), 2, "{set}");
    }
}

#[tokio::test]
async fn first_lookups_at_the_same_time_are_one_fetch() {
    let owner = Owner::of(&["a"]);
    owner.holds();
    let keys = owner.keys();
    let one = || {
        let keys = keys.clone();
        tokio::spawn(async move { finds(&keys, "a", START).await })
    };
    let many: Vec<_> = (0..100).map(|_| one()).collect();
    tokio::task::yield_now().await;
    owner.goes_on();
    for one in many {
        assert_eq!(one.await.unwrap(), FOUND);
    }
    assert_eq!(owner.fetches(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lookups_on_many_threads_are_one_fetch_in_an_interval() {
    let owner = Owner::of(&["a"]);
    let keys = owner.keys();
    let lookups = |task: u64| {
        let keys = keys.clone();
        tokio::spawn(async move {
            for number in 0..2_000 {
                let kid = format!("unknown-{task}-{number}");
                let now = START + (task + number) % 30;
                assert_eq!(finds(&keys, &kid, now).await, UNKNOWN);
            }
        })
    };
    let many: Vec<_> = (0..8).map(lookups).collect();
    for one in many {
        one.await.unwrap();
    }
    assert_eq!(owner.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_by_the_first_message_that_names_it() {
    let owner = Owner::of(&["old"]);
    let keys = owner.keys();
    assert_eq!(finds(&keys, "old", START).await, FOUND);
    owner.publishes(&set(&["old", "new"]));
    assert_eq!(finds(&keys, "new", START + 29).await, UNKNOWN);
    assert_eq!(finds(&keys, "new", START + 30).await, FOUND);
    assert_eq!(owner.fetches(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_is_good_no_longer_than_the_set_that_had_it() {
    let owner = Owner::of(&["old", "other"]);
    let keys = owner.keys();
    assert_eq!(finds(&keys, "old", START).await, FOUND);
    owner.publishes(&set(&["other"]));
    assert_eq!(finds(&keys, "old", START + 599).await, FOUND);
    assert_eq!(finds(&keys, "old", START + 600).await, UNKNOWN);
    // Who withdraws all keys has no key.
    owner.publishes(&set(&[]));
    assert_eq!(finds(&keys, "other", START + 1_200).await, UNKNOWN);
}

#[tokio::test]
async fn a_set_that_changes_while_it_is_waited_for_is_answered_from_whole() {
    let owner = Owner::of(&["old"]);
    let keys = owner.keys();
    let key = found(&keys, "old", START).await.unwrap().unwrap();
    owner.holds();
    let Lookup::Later(search) = keys.find("new", at(START + 30)) else { panic!("at once") };
    assert!(is_at_once(&keys, "old", START + 30), "the old set answers meanwhile");
    owner.publishes(&set(&["new"]));
    owner.goes_on();
    assert_eq!(search.await.unwrap().unwrap().id(), Some("new"));
    assert_eq!(finds(&keys, "old", START + 30).await, UNKNOWN);
    assert_eq!(key.id(), Some("old"), "what was handed out stays");
}

#[tokio::test]
async fn one_renews_a_set_and_the_others_do_not_wait() {
    let owner = Owner::of(&["a"]);
    let keys = owner.keys();
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    owner.holds();
    let Lookup::Later(renewal) = keys.find("a", at(START + 600)) else { panic!("at once") };
    assert!(is_at_once(&keys, "a", START + 600));
    owner.goes_on();
    assert!(renewal.await.unwrap().is_some());
    assert_eq!(owner.fetches(), 2);
}

#[tokio::test]
async fn an_owner_who_is_down_at_the_start_is_unavailable_and_asked_again() {
    let owner = Owner::of(&["a"]);
    owner.is_down();
    let keys = owner.keys();
    assert_eq!(finds(&keys, "a", START).await, UNAVAILABLE);
    assert!(is_at_once(&keys, "a", START + 29));
    assert_eq!(finds(&keys, "a", START + 29).await, UNAVAILABLE);
    assert_eq!(owner.fetches(), 1);
    owner.publishes(&set(&["a"]));
    assert_eq!(finds(&keys, "a", START + 30).await, FOUND);
}

#[tokio::test]
async fn a_stale_set_is_good_for_its_time_where_the_owner_errs_and_no_longer() {
    let owner = Owner::of(&["a"]);
    let keys = owner.keys().max_stale(Duration::from_secs(1_000));
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    owner.is_down();
    assert_eq!(finds(&keys, "a", START + 600).await, FOUND);
    // Of an id that it lacks nobody knows: it may be new.
    assert_eq!(finds(&keys, "b", START + 601).await, UNAVAILABLE);
    assert_eq!(finds(&keys, "a", START + 1_599).await, FOUND);
    assert_eq!(finds(&keys, "a", START + 1_600).await, UNAVAILABLE);
    owner.publishes(&set(&["a"]));
    assert_eq!(finds(&keys, "a", START + 1_700).await, FOUND);
    assert_eq!(finds(&keys, "b", START + 1_701).await, UNKNOWN);
    let keys = owner.keys().max_stale(Duration::ZERO);
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    owner.is_down();
    assert_eq!(finds(&keys, "a", START + 600).await, UNAVAILABLE);
}

#[tokio::test]
async fn the_owner_says_how_long_a_set_lasts_within_bounds() {
    for (cache_control, lifetime) in [
        (None, 600),
        (Some("max-age=60"), 60),
        (Some("max-age=86400"), 600),
        (Some("max-age=1"), 30),
        (Some("no-store"), 30),
    ] {
        let owner = Owner::of(&[]);
        owner.answers(Ok(answer(StatusCode::OK, &set(&["a"]), cache_control)));
        let keys = owner.keys();
        assert_eq!(finds(&keys, "a", START).await, FOUND);
        assert!(is_at_once(&keys, "a", START + lifetime - 1), "{cache_control:?}");
        assert!(!is_at_once(&keys, "a", START + lifetime), "{cache_control:?}");
    }
}

#[tokio::test]
async fn a_set_that_must_not_be_kept_serves_until_the_next_may_be_fetched() {
    let owner = Owner::of(&[]);
    owner.answers(Ok(answer(StatusCode::OK, &set(&["a"]), Some("no-store"))));
    let keys = owner.keys().max_stale(Duration::ZERO);
    for now in [START, START + 29] {
        assert_eq!(finds(&keys, "a", now).await, FOUND);
    }
    assert_eq!(owner.fetches(), 1);
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_no_set_younger_and_no_fetch_impossible() {
    let owner = Owner::of(&["a"]);
    let keys = owner.keys();
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    // A request that read the clock a moment before another.
    assert_eq!(finds(&keys, "b", START - 1).await, UNKNOWN);
    assert_eq!(owner.fetches(), 1);
    owner.publishes(&set(&["b"]));
    assert_eq!(finds(&keys, "b", START - 30).await, FOUND);
    owner.is_down();
    assert_eq!(finds(&keys, "b", START - 100_000).await, UNAVAILABLE);
}

#[tokio::test]
async fn whoever_hangs_up_does_not_stop_the_fetch() {
    let owner = Owner::of(&["a"]);
    owner.holds();
    let keys = owner.keys();
    drop(keys.find("unknown", at(START)));
    owner.goes_on();
    // Without a runtime it waits for whoever asks next.
    #[cfg(feature = "tokio")]
    while !is_at_once(&keys, "a", START + 1) {
        tokio::task::yield_now().await;
    }
    assert_eq!(finds(&keys, "a", START + 1).await, FOUND);
    assert_eq!(owner.fetches(), 1);
}

#[tokio::test]
async fn certificates_of_the_set_are_known_and_no_others() {
    let (signing, tls, other) = (test_keys::p256(), test_keys::p256(), test_keys::p256());
    let certify = |key| {
        let digest = openssl::hash::MessageDigest::sha256();
        test_pki::ISSUING.issues_by_openssl(key, digest, |_| {})
    };
    let jwk = |key, kid: &str, certificate: &[u8]| {
        let key = test_keys::signing(key);
        let jwk = Jwk::of(key.public_key(), kid, Algorithm::Es256);
        let x5c = format!("\"x5c\":[\"{}\"],\"kty\"", BASE64_STANDARD.encode(certificate));
        serde_json::to_string(&jwk).unwrap().replace("\"kty\"", &x5c)
    };
    let certificates = [certify(&signing), certify(&tls), certify(&signing), certify(&other)];
    let published = [
        jwk(&signing, "s", &certificates[0]),
        jwk(&tls, "t", &certificates[1]).replace("\"sig\"", "\"tls\""),
        // Of another key, and of a key for encryption.
        jwk(&signing, "x", &certificates[3]),
        jwk(&other, "e", &certificates[3]).replace("\"sig\"", "\"enc\""),
    ];
    let owner = Owner::of(&[]);
    owner.publishes(&set_of(&published));
    let keys = owner.keys();
    let knows = |index: usize, now| {
        let certificate = test_pki::read(&certificates[index]);
        match keys.has_certificate(&certificate, at(now)) {
            Lookup::Now(known) => Box::pin(std::future::ready(known)),
            Lookup::Later(search) => search,
        }
    };
    assert_eq!(knows(0, START).await, FOUND);
    assert_eq!(knows(1, START).await, FOUND);
    // The same key under another certificate is not the certificate that was registered.
    assert_eq!(knows(2, START).await, UNKNOWN);
    assert_eq!(knows(3, START).await, UNKNOWN);
    assert_eq!(finds(&keys, "t", START).await, UNKNOWN, "a key for TLS signs nothing");
    owner.is_down();
    assert_eq!(knows(2, START + 30).await, UNAVAILABLE);
}

#[test]
fn keys_come_over_https_only() {
    for uri in ["http://tpp.example/jwks", "/jwks", "ftp://tpp.example/jwks", "tpp.example:443"] {
        let refused = FetchedKeys::at(Uri::from_static(uri), Owner::of(&[])).unwrap_err();
        assert_eq!(refused.to_string(), format!("`{uri}` is not an https address"));
    }
}
