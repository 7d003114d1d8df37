//! One thread writes: all acts that wait when it comes round go into one transaction, and one
//! `fdatasync` makes them durable (group commit).

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use redb::{Database, Durability, WriteTransaction};

use super::tables::Tables;
use crate::idempotency::{StoreError, StoreFuture};

/// Does its part of a transaction, and says whether it changed anything.
type Act = Box<dyn FnOnce(&mut Tables<'_>) -> Result<(bool, Answer), redb::Error> + Send>;
/// Sends the answer, once the transaction is durable, or the failure of all of it.
type Answer = Box<dyn FnOnce(Option<&Arc<redb::Error>>) + Send>;

/// The way to the thread. Dropped, it lets the thread finish what was begun and waits for it.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Act>>,
    thread: Option<JoinHandle<()>>,
}

/// What an act changed, beside its result.
pub(super) enum Change<T> {
    Nothing(T),
    Written(T),
}

impl Writer {
    pub(super) fn start(database: Arc<Database>) -> std::io::Result<Self> {
        let (queue, acts) = sync_channel(QUEUE);
        let run = move || write(&database, &acts);
        let thread = thread::Builder::new().name("idempotency-file".into()).spawn(run)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Has the act done; the answer comes when it is durable.
    ///
    /// The act is handed over when the future is first polled, and is then done even if nobody
    /// waits any more.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Tables<'_>) -> Result<Change<Result<T, StoreError>>, redb::Error>
        + Send
        + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            let act: Act = Box::new(move |tables| {
                let (changed, result) = match act(tables)? {
                    Change::Nothing(result) => (false, result),
                    Change::Written(result) => (true, result),
                };
                let answer: Answer = Box::new(move |failure| {
                    // Whoever asked may be gone; what was done stands.
                    let _ = sender.send(match failure {
                        Some(error) => Err(StoreError::unavailable(error.clone())),
                        None => result,
                    });
                });
                Ok((changed, answer))
            });
            let queue = self.queue.as_ref().ok_or_else(stopped)?;
            queue.try_send(act).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::unavailable("too many requests wait"),
                TrySendError::Disconnected(_) => stopped(),
            })?;
            receiver.await.map_err(|oneshot::Canceled| stopped())?
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was answered with errors; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn stopped() -> StoreError {
    StoreError::unavailable("the writer of the file has stopped")
}

fn write(database: &Database, acts: &Receiver<Act>) {
    let mut crowd = Crowd { last: 1, took: Duration::ZERO };
    while let Ok(first) = acts.recv() {
        let mut batch = vec![first];
        crowd.gather(acts, &mut batch);
        crowd.last = batch.len();
        let begin = Instant::now();
        commit(database, batch);
        crowd.took = begin.elapsed();
    }
}

/// How many came the last time, and how long they were kept waiting.
struct Crowd {
    last: usize,
    took: Duration,
}

impl Crowd {
    /// Takes what waits. Those that were just answered are likely to come back at once: if there
    /// were several, it is worth a small part of a commit to wait for them, lest half of them miss
    /// every other commit.
    fn gather(&self, acts: &Receiver<Act>, batch: &mut Vec<Act>) {
        batch.extend(acts.try_iter().take(BATCH));
        let until = Instant::now() + (self.took / 8).min(LONGEST_WAIT);
        while batch.len() < self.last.min(BATCH) {
            match acts.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(act) => batch.push(act),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

fn commit(database: &Database, batch: Vec<Act>) {
    let mut answers = Vec::with_capacity(batch.len());
    let failure = transact(database, batch, &mut answers).err().map(Arc::new);
    if let Some(error) = &failure {
        tracing::error!(%error, "the file of idempotency keys cannot be written");
    }
    // Acts that a failure kept from being done are dropped, which answers them too.
    answers.into_iter().for_each(|answer| answer(failure.as_ref()));
}

fn transact(
    database: &Database,
    batch: Vec<Act>,
    answers: &mut Vec<Answer>,
) -> Result<(), redb::Error> {
    let mut transaction = begin(database)?;
    // One phase: pages and header are written, then synced once. A header that reaches the disk
    // before its pages is found out by its checksum, and the commit before it holds.
    transaction.set_durability(Durability::Immediate)?;
    let mut is_changed = false;
    {
        let mut tables = Tables::open(&transaction)?;
        for act in batch {
            let (changed, answer) = act(&mut tables)?;
            is_changed |= changed;
            answers.push(answer);
        }
    }
    match is_changed {
        true => transaction.commit()?,
        false => transaction.abort()?,
    }
    Ok(())
}

fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    Ok(database.begin_write()?)
}

/// How many acts may wait: more means that the disk does not keep up.
const QUEUE: usize = 4096;
const BATCH: usize = 1024;
const LONGEST_WAIT: Duration = Duration::from_micros(500);
