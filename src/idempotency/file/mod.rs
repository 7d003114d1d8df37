//! The store in a file.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase, TableError};
use rustls_pki_types::UnixTime;

use self::tables::CLAIMS;
use self::writer::Writer;
use super::held::{Entry, Judgement};
use super::{
    Claim, Claimed, Held, IdempotencyStore, Lease, Record, Settlement, StoreError, StoreFuture,
    StoreKey,
};
use crate::replay::{Insertion, ReplayKey, ReplayStore};

mod entry;
mod tables;
mod writer;

/// Keeps claims and outcomes in one file, for one process: no server, and nothing is forgotten at a
/// restart or a loss of power.
///
/// A claim is answered `New`, and an outcome counts as kept, once it is on the disk (`fdatasync`).
/// One thread writes, and makes durable together what came in meanwhile. Whoever asks for a key
/// that is taken is answered from the last commit, without waiting for that thread, but possibly
/// for a read of the disk. The file is locked: a second process is refused.
///
/// Where the disk fails, the store refuses every further act until it is opened anew. When
/// [`capacity`](Self::capacity) is used up, new claims are refused with [`StoreError::Full`].
/// Expired records are removed by later claims, a few at a time.
///
/// Outcomes are kept as they are; see [`SealedStore`](super::SealedStore) for keeping them
/// encrypted. The file wants a local disk: over NFS neither lock nor sync can be relied on. It uses
/// room again that expired records left, and does not shrink. After a crash, opening reads it
/// through once.
pub struct FileStore {
    database: Arc<Database>,
    writer: Writer,
    capacity: u64,
    record_limit: usize,
}

impl FileStore {
    /// Opens the file that was created earlier.
    ///
    /// # Errors
    ///
    /// When it is absent, empty, damaged, or open elsewhere. A missing file is not replaced: a disk
    /// that is not mounted would else read as "no payment was ever made".
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let length = fs::metadata(path).map_err(StoreError::unavailable)?.len();
        if length == 0 {
            return Err(StoreError::Unreadable("an empty file"));
        }
        Self::on(builder().open(path).map_err(StoreError::unavailable)?)
    }

    /// Opens the file, or creates it if it is absent, with a warning in the log.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and when it cannot be created.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if !fs::exists(path).map_err(StoreError::unavailable)? {
            create(path).map_err(StoreError::unavailable)?;
            let path = path.display();
            tracing::warn!(%path, "a new file of idempotency keys: no earlier request is known");
        }
        Self::open(path)
    }

    /// Sets how many keys are held before new ones are refused; a million if not set.
    #[must_use]
    pub fn capacity(self, records: u64) -> Self {
        Self { capacity: records, ..self }
    }

    /// Sets the bytes of the largest record that is kept, its body and its headers; 64 KiB if not
    /// set.
    #[must_use]
    pub fn record_limit(self, bytes: usize) -> Self {
        Self { record_limit: bytes, ..self }
    }

    fn on(database: Database) -> Result<Self, StoreError> {
        let database = Arc::new(database);
        let writer = Writer::start(database.clone()).map_err(StoreError::unavailable)?;
        Ok(Self { database, writer, capacity: 1_000_000, record_limit: 64 * 1024 })
    }

    /// What the last commit says of a key.
    fn read(&self, key: StoreKey) -> Result<Option<Entry>, StoreError> {
        let transaction = self.database.begin_read().map_err(StoreError::unavailable)?;
        let claims = match transaction.open_table(CLAIMS) {
            Ok(claims) => claims,
            // A file into which nothing was written yet.
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(StoreError::unavailable(error)),
        };
        let bytes = claims.get(key.as_bytes()).map_err(StoreError::unavailable)?;
        bytes.map(|bytes| entry::decode(bytes.value())).transpose()
    }
}

impl IdempotencyStore for FileStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async move {
            // Most of a crowd of duplicates ends here. What the claim takes, the writer decides.
            let entry = self.read(claim.key())?;
            if let Judgement::Answer(answer) = Entry::judge(entry.as_ref(), &claim) {
                return Ok(answer);
            }
            let capacity = self.capacity;
            self.writer.submit(move |tables| tables.claim(&claim, capacity)).await
        })
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        let (size, limit) = (record.size(), self.record_limit);
        if size > limit {
            return Box::pin(async move { Err(StoreError::TooLarge { size, limit }) });
        }
        let lease = lease.copy();
        self.writer.submit(move |tables| tables.settle(&lease, &record.to_bytes()))
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        let lease = lease.copy();
        self.writer.submit(move |tables| tables.release(&lease))
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        Box::pin(async move {
            let held = self.read(key)?.map(|entry| entry.held);
            Ok(held.filter(|held| now <= held.window_ends()))
        })
    }
}

impl ReplayStore for FileStore {
    fn insert_once(
        &self,
        key: ReplayKey,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, Insertion> {
        let capacity = self.capacity;
        self.writer.submit(move |tables| tables.insert_once(key.as_bytes(), until, now, capacity))
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

/// Creates the file whole or not at all: under another name first, which a crash may leave behind.
/// The directory is synced too, or a loss of power could take the name away again.
fn create(path: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let database = builder().create_with_backend(redb::backends::FileBackend::new(
        File::options().read(true).write(true).create(true).truncate(true).open(&unfinished)?,
    )?)?;
    let transaction = database.begin_write()?;
    tables::Tables::open(&transaction).map(drop)?;
    transaction.commit()?;
    database.close()?;
    fs::rename(&unfinished, path)?;
    // Elsewhere a directory cannot be synced, or need not be.
    #[cfg(unix)]
    {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

const CACHE: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests;
