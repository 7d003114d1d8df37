use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use redb::StorageBackend;

use super::*;
use crate::idempotency::{Claimant, Fingerprint};
use crate::testing::{capacity_contract, replay_contract, restart_contract, store_contract};

mod power_loss;

/// A directory of its own, removed in every case.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name: u128 = u128::from_be_bytes(crate::crypto::random().unwrap());
        let path = std::env::temp_dir().join(format!("file-store-{name:032x}"));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keys")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000 + seconds))
}

fn claim(id: u64, seconds: u64) -> Claim {
    let key = StoreKey::exclusive("", "test", &id.to_string());
    Claim::new(key, Fingerprint::from([1; 32]), Claimant::random().unwrap(), at(seconds))
}

fn record(body: &[u8]) -> Record {
    Record::of(StatusCode::CREATED, &HeaderMap::new(), &[], body, at(1))
}

async fn take(store: &FileStore, claim: Claim) -> Lease {
    match store.claim(claim).await {
        Ok(Claimed::New(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_keeps_the_contracts() {
    let directory = Directory::new();
    let store = Arc::new(FileStore::open_or_create(directory.file()).unwrap());
    store_contract(async || store.clone()).await;
    replay_contract(async || store.clone()).await;
    drop(store);
    restart_contract(async || FileStore::open(directory.file()).unwrap()).await;
}

#[tokio::test]
async fn it_keeps_the_contract_of_capacity() {
    let directory = Directory::new();
    let store = FileStore::open_or_create(directory.file()).unwrap().capacity(3);
    capacity_contract(store).await;
}

#[tokio::test]
async fn a_full_file_refuses_another_identifier_and_forgets_none() {
    let directory = Directory::new();
    let store = FileStore::open_or_create(directory.file()).unwrap().capacity(1);
    let key = |id: &str| ReplayKey::compose("test", "issuer", id);
    assert_eq!(store.insert_once(key("1"), at(9), at(0)).await.unwrap(), Insertion::Fresh);
    let full = store.insert_once(key("2"), at(9), at(9)).await;
    assert!(matches!(full, Err(StoreError::Full)));
    assert_eq!(store.insert_once(key("1"), at(9), at(9)).await.unwrap(), Insertion::Seen);
    assert_eq!(store.insert_once(key("2"), at(19), at(10)).await.unwrap(), Insertion::Fresh);
}

#[tokio::test]
async fn a_file_that_is_missing_or_empty_is_not_taken_for_one_without_payments() {
    let directory = Directory::new();
    assert!(matches!(FileStore::open(directory.file()), Err(StoreError::Unavailable { .. })));
    fs::write(directory.file(), b"").unwrap();
    assert!(matches!(FileStore::open(directory.file()), Err(StoreError::Unreadable(_))));
    assert!(matches!(FileStore::open_or_create(directory.file()), Err(StoreError::Unreadable(_))));
    fs::write(directory.file(), vec![0; 100_000]).unwrap();
    assert!(FileStore::open_or_create(directory.file()).is_err());
}

#[tokio::test]
async fn a_crash_while_the_file_is_created_leaves_no_half_of_one() {
    let directory = Directory::new();
    fs::write(directory.file().with_extension("new"), b"half of a file").unwrap();
    let store = FileStore::open_or_create(directory.file()).unwrap();
    take(&store, claim(1, 0)).await;
}

#[tokio::test]
async fn a_second_opening_is_refused_while_the_first_lasts() {
    let directory = Directory::new();
    let first = FileStore::open_or_create(directory.file()).unwrap();
    assert!(FileStore::open(directory.file()).is_err());
    drop(first);
    FileStore::open(directory.file()).unwrap();
}

#[tokio::test]
async fn expired_records_leave_the_file() {
    let directory = Directory::new();
    let store = FileStore::open_or_create(directory.file()).unwrap();
    for id in 0..40 {
        take(&store, claim(id, 0)).await;
    }
    for id in 100..110 {
        take(&store, claim(id, 2 * 24 * 60 * 60)).await;
    }
    let left = (0..40).filter(|id| store.read(claim(*id, 0).key()).unwrap().is_some()).count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_outcome_over_the_limit_is_refused_and_its_key_stays_taken() {
    let directory = Directory::new();
    let store = FileStore::open_or_create(directory.file()).unwrap().record_limit(4);
    let lease = take(&store, claim(1, 0)).await;
    let answer = store.settle(&lease, record(b"12345")).await;
    assert!(matches!(answer, Err(StoreError::TooLarge { size: 5, limit: 4 })));
    assert!(matches!(store.claim(claim(1, 0)).await, Ok(Claimed::InFlight { .. })));
}

#[tokio::test]
async fn a_claim_that_is_never_awaited_takes_nothing() {
    let directory = Directory::new();
    let store = FileStore::open_or_create(directory.file()).unwrap();
    drop(store.claim(claim(1, 0)));
    take(&store, claim(1, 0)).await;
}

#[tokio::test]
async fn a_claim_dropped_half_way_is_its_claimants_and_nobody_elses() {
    let directory = Directory::new();
    let store = FileStore::open_or_create(directory.file()).unwrap();
    let claim = claim(1, 0);
    let mut asked = store.claim(claim.clone());
    // It may be ready where the disk is fast, which makes no difference to whoever is gone.
    let _ready = std::future::poll_fn(|wakeup| {
        std::task::Poll::Ready(asked.as_mut().poll(wakeup).is_ready())
    })
    .await;
    drop(asked);
    let lease = take(&store, claim.clone()).await;
    assert!(matches!(store.claim(self::claim(1, 0)).await, Ok(Claimed::InFlight { .. })));
    assert_eq!(store.release(&lease).await.unwrap(), Settlement::Done);
    take(&store, self::claim(1, 0)).await;
}

/// A disk that fails from some moment on.
#[derive(Debug, Default)]
struct Failing {
    disk: redb::backends::InMemoryBackend,
    fails: std::sync::atomic::AtomicBool,
}

impl Failing {
    fn fail(&self) -> Result<(), io::Error> {
        match self.fails.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(io::Error::other("the disk is gone")),
            false => Ok(()),
        }
    }
}

#[derive(Debug)]
struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    fn copy(&self) -> Self {
        Self(self.0.clone())
    }
}

impl StorageBackend for Shared<Failing> {
    fn len(&self) -> io::Result<u64> {
        self.0.disk.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.disk.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.fail().and_then(|()| self.0.disk.set_len(len))
    }
    fn sync_data(&self) -> io::Result<()> {
        self.0.fail().and_then(|()| self.0.disk.sync_data())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.fail().and_then(|()| self.0.disk.write(offset, data))
    }
}

#[tokio::test]
async fn a_disk_that_failed_once_is_not_trusted_again() {
    let disk = Shared(Arc::new(Failing::default()));
    let store = FileStore::on(builder().create_with_backend(disk.copy()).unwrap()).unwrap();
    let lease = take(&store, claim(1, 0)).await;
    disk.0.fails.store(true, std::sync::atomic::Ordering::SeqCst);
    let refused = store.claim(claim(2, 0)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(store.settle(&lease, record(b"1")).await.is_err());
    disk.0.fails.store(false, std::sync::atomic::Ordering::SeqCst);
    assert!(store.claim(claim(3, 0)).await.is_err());
    assert!(store.settle(&lease, record(b"1")).await.is_err());
}
