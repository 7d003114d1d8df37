//! What it costs to find a key that is held, beside a plain map.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{HeaderMap, StatusCode, Uri};
use tower_open_banking::fetch::{FetchError, FetchRequest, Fetched};
use tower_open_banking::gate::BoxFuture;
use tower_open_banking::jose::{FetchedKeys, Key, KeySet, KeySource, Lookup, RotatingKeys};
use tower_open_banking::pki_types::UnixTime;

use super::support::bank::{CLIENT_KEY, jwks};

const KID: &str = "key-7";

fn published() -> String {
    let kids: Vec<_> = (0..16).map(|number| format!("key-{number}")).collect();
    let keys: Vec<_> = kids.iter().map(|kid| (&*CLIENT_KEY, kid.as_str())).collect();
    jwks(&keys)
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_000_000))
}

fn set() -> KeySet {
    KeySet::parse(published().as_bytes()).unwrap()
}

/// A set that was fetched.
fn fetched() -> FetchedKeys {
    let owner = |_: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let body = Bytes::from(published());
        Box::pin(async { Ok(Fetched::new(StatusCode::OK, &HeaderMap::new(), body)) })
    };
    let keys = FetchedKeys::at(Uri::from_static("https://tpp.example/jwks"), owner).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        if let Lookup::Later(search) = keys.find(KID, now()) {
            search.await.unwrap();
        }
    });
    keys
}

#[divan::bench]
fn in_a_hash_map(bencher: Bencher<'_, '_>) {
    let set = set();
    let keys = (0..16).map(|number| format!("key-{number}"));
    let keys: HashMap<String, Arc<Key>> =
        keys.map(|kid| (kid.clone(), set.get(&kid).unwrap().clone())).collect();
    bencher.bench(|| black_box(&keys).get(black_box(KID)).cloned());
}

fn find(bencher: Bencher<'_, '_>, keys: &impl KeySource) {
    let find = |keys: &dyn KeySource| match keys.find(black_box(KID), now()) {
        Lookup::Now(Ok(Some(key))) => key,
        _ => panic!("the key is held"),
    };
    bencher.bench(|| find(black_box(keys)));
}

#[divan::bench]
fn in_a_key_set(bencher: Bencher<'_, '_>) {
    find(bencher, &set());
}

#[divan::bench]
fn in_a_set_that_rotates(bencher: Bencher<'_, '_>) {
    find(bencher, &RotatingKeys::new(set()));
}

#[divan::bench]
fn in_a_set_that_was_fetched(bencher: Bencher<'_, '_>) {
    find(bencher, &fetched());
}
