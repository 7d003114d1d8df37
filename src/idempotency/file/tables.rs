//! What the acts do inside a transaction.

use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition, WriteTransaction};
use rustls_pki_types::UnixTime;

use super::entry;
use super::writer::Change;
use crate::idempotency::held::{Entry, Judgement};
use crate::idempotency::{Claim, Claimed, Lease, Settlement, StoreError, StoreKey};
use crate::replay::Insertion;

type Key = [u8; 32];
/// The second in which something ends, then its key: in the order of time.
type Ending = [u8; 8 + 32];
type Result<T> = std::result::Result<Change<std::result::Result<T, StoreError>>, redb::Error>;

pub(super) const CLAIMS: TableDefinition<'_, &Key, &[u8]> = TableDefinition::new("claims-1");
const CLAIM_ENDINGS: TableDefinition<'_, &Ending, ()> = TableDefinition::new("claim-endings-1");
const REPLAYS: TableDefinition<'_, &Key, u64> = TableDefinition::new("replays-1");
const REPLAY_ENDINGS: TableDefinition<'_, &Ending, ()> = TableDefinition::new("replay-endings-1");

pub(super) struct Tables<'t> {
    claims: Table<'t, &'static Key, &'static [u8]>,
    claim_endings: Table<'t, &'static Ending, ()>,
    replays: Table<'t, &'static Key, u64>,
    replay_endings: Table<'t, &'static Ending, ()>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
    ) -> std::result::Result<Self, redb::Error> {
        Ok(Self {
            claims: transaction.open_table(CLAIMS)?,
            claim_endings: transaction.open_table(CLAIM_ENDINGS)?,
            replays: transaction.open_table(REPLAYS)?,
            replay_endings: transaction.open_table(REPLAY_ENDINGS)?,
        })
    }

    pub(super) fn claim(&mut self, claim: &Claim, capacity: u64) -> Result<Claimed> {
        let entry = match self.entry(claim.key())? {
            Ok(entry) => entry,
            Err(error) => return Ok(Change::Nothing(Err(error))),
        };
        let window_ends = match Entry::judge(entry.as_ref(), claim) {
            Judgement::Answer(answer) => return Ok(Change::Nothing(Ok(answer))),
            Judgement::Take { window_ends } => window_ends,
        };
        if let Some(old) = &entry {
            let old = ending(old.held.window_ends(), claim.key().as_bytes());
            self.claim_endings.remove(&old)?;
        }
        let now = claim.now().as_secs();
        let mut swept = sweep(&mut self.claims, &mut self.claim_endings, now, ON_CLAIM)?;
        if entry.is_none() && self.claims.len()? >= capacity {
            swept += sweep(&mut self.claims, &mut self.claim_endings, now, ON_FULL)?;
            if self.claims.len()? >= capacity {
                return Ok(match swept {
                    0 => Change::Nothing(Err(StoreError::Full)),
                    _ => Change::Written(Err(StoreError::Full)),
                });
            }
        }
        let lease = Lease::grant(claim, window_ends);
        let bytes = entry::encode(&Entry::begin(claim, &lease), None);
        self.claims.insert(claim.key().as_bytes(), bytes.as_slice())?;
        self.claim_endings.insert(&ending(lease.window_ends(), claim.key().as_bytes()), ())?;
        Ok(Change::Written(Ok(Claimed::New(lease))))
    }

    pub(super) fn settle(&mut self, lease: &Lease, outcome: &[u8]) -> Result<Settlement> {
        let entry = match self.current(lease)? {
            Ok(entry) => entry,
            Err(result) => return Ok(Change::Nothing(result)),
        };
        let bytes = entry::encode(&entry, Some(outcome));
        self.claims.insert(lease.key().as_bytes(), bytes.as_slice())?;
        Ok(Change::Written(Ok(Settlement::Done)))
    }

    pub(super) fn release(&mut self, lease: &Lease) -> Result<Settlement> {
        let entry = match self.current(lease)? {
            Ok(entry) => entry,
            Err(result) => return Ok(Change::Nothing(result)),
        };
        self.claims.remove(lease.key().as_bytes())?;
        let ending = ending(entry.held.window_ends(), lease.key().as_bytes());
        self.claim_endings.remove(&ending)?;
        Ok(Change::Written(Ok(Settlement::Done)))
    }

    pub(super) fn insert_once(
        &mut self,
        key: &Key,
        until: UnixTime,
        now: UnixTime,
        capacity: u64,
    ) -> Result<Insertion> {
        let known = self.replays.get(key)?.map(|known| known.value());
        if known.is_some_and(|known| now.as_secs() <= known) {
            return Ok(Change::Nothing(Ok(Insertion::Seen)));
        }
        if let Some(known) = known {
            let known = UnixTime::since_unix_epoch(std::time::Duration::from_secs(known));
            self.replay_endings.remove(&ending(known, key))?;
            self.replays.remove(key)?;
        }
        sweep(&mut self.replays, &mut self.replay_endings, now.as_secs(), ON_CLAIM)?;
        if self.replays.len()? >= capacity {
            sweep(&mut self.replays, &mut self.replay_endings, now.as_secs(), ON_FULL)?;
            if self.replays.len()? >= capacity {
                return Ok(Change::Written(Err(StoreError::Full)));
            }
        }
        self.replays.insert(key, until.as_secs())?;
        self.replay_endings.insert(&ending(until, key), ())?;
        Ok(Change::Written(Ok(Insertion::Fresh)))
    }

    fn entry(
        &self,
        key: StoreKey,
    ) -> std::result::Result<std::result::Result<Option<Entry>, StoreError>, redb::Error> {
        let bytes = self.claims.get(key.as_bytes())?;
        Ok(bytes.map(|bytes| entry::decode(bytes.value())).transpose())
    }

    /// The entry in flight under this very lease, or what to say instead.
    fn current(
        &self,
        lease: &Lease,
    ) -> std::result::Result<
        std::result::Result<Entry, std::result::Result<Settlement, StoreError>>,
        redb::Error,
    > {
        Ok(match self.entry(lease.key())? {
            Ok(entry) => match Entry::is_current(entry.as_ref(), lease) {
                Ok(()) => entry.ok_or(Ok(Settlement::Superseded)),
                Err(settlement) => Err(Ok(settlement)),
            },
            Err(error) => Err(Err(error)),
        })
    }
}

/// Removes what has ended, the oldest first, and no more than `most`: no pause, whatever piled up.
fn sweep<V: redb::Value + 'static>(
    entries: &mut Table<'_, &'static Key, V>,
    endings: &mut Table<'_, &'static Ending, ()>,
    now: u64,
    most: usize,
) -> std::result::Result<usize, redb::Error> {
    for done in 0..most {
        let Some((ending, ())) =
            endings.first()?.map(|(ending, unit)| (*ending.value(), unit.value()))
        else {
            return Ok(done);
        };
        let (time, key) = apart(ending);
        if now <= time {
            return Ok(done);
        }
        endings.remove(&ending)?;
        entries.remove(&key)?;
    }
    Ok(most)
}

fn ending(time: UnixTime, key: &Key) -> Ending {
    let mut ending = [0; 40];
    let bytes = time.as_secs().to_be_bytes();
    ending.iter_mut().zip(bytes.iter().chain(key)).for_each(|(to, from)| *to = *from);
    ending
}

fn apart(ending: Ending) -> (u64, Key) {
    let (mut time, mut key) = ([0; 8], [0; 32]);
    let parts = time.iter_mut().chain(&mut key);
    parts.zip(ending).for_each(|(to, from)| *to = from);
    (u64::from_be_bytes(time), key)
}

const ON_CLAIM: usize = 4;
const ON_FULL: usize = 64;
