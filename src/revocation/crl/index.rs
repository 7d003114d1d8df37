//! The serial numbers of a list, found in constant time.
//!
//! One table for each length of serial number. A table is rows of equal width, a serial number and
//! what its entry says, in the order of their buckets, and where each bucket starts. A hash with a
//! key of this process chooses the bucket, and the bytes decide.
//!
//! In a table of many, the first two octets are not kept: the number of the bucket is these octets
//! xor a hash of the others, so that the bucket and the others are as good as the whole. With the
//! dates relative to the first and as narrow as they can be, a million entries of sixteen octets
//! are some 18 MB, a quarter of which is when and why.

use std::hash::{BuildHasher, RandomState};

use super::CrlReason;
use super::entry::Entry;

/// The entries of a list, without the list.
pub(super) struct Index {
    tables: Box<[Table]>,
    /// When the first was revoked.
    earliest: u64,
    hasher: RandomState,
}

/// What an entry says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Revoked {
    /// In seconds since 1970.
    pub(super) since: u64,
    pub(super) reason: Option<CrlReason>,
}

impl Index {
    pub(super) fn of(mut entries: Vec<Entry<'_>>) -> Self {
        let dates = || entries.iter().map(|entry| entry.since);
        let earliest = dates().min().unwrap_or_default();
        let longest = dates().max().unwrap_or_default().saturating_sub(earliest);
        let note_octets = width((longest << REASON_BITS) | REASON_MASK);
        let hasher = RandomState::new();
        entries.sort_unstable_by_key(|entry| entry.serial.len());
        let tables = entries
            .chunk_by_mut(|one, other| one.serial.len() == other.serial.len())
            .map(|entries| Table::of(entries, earliest, note_octets, &hasher))
            .collect();
        Self { tables, earliest, hasher }
    }

    /// The entry of a serial number, given as the content of its INTEGER.
    pub(super) fn find(&self, serial: &[u8]) -> Option<Revoked> {
        let table = self.tables.iter().find(|table| table.shape.octets == serial.len())?;
        let note = table.find(serial, &self.hasher)?;
        let reason = u8::try_from(note & REASON_MASK).ok()?.checked_sub(1);
        Some(Revoked {
            since: self.earliest.saturating_add(note >> REASON_BITS),
            reason: reason.and_then(CrlReason::of),
        })
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(|table| table.rows.len() / table.row).sum()
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let table = |table: &Table| {
            size_of::<Table>() + size_of_val(&*table.starts) + size_of_val(&*table.rows)
        };
        size_of::<Self>() + self.tables.iter().map(table).sum::<usize>()
    }
}

/// The serial numbers of one length.
struct Table {
    shape: Shape,
    /// The octets of a row.
    row: usize,
    /// At which row each bucket starts, and where the last one ends.
    starts: Box<[u32]>,
    /// What is kept of each serial number, and its note: see [`note`].
    rows: Box<[u8]>,
}

impl Table {
    fn of(
        entries: &mut [Entry<'_>],
        earliest: u64,
        note_octets: usize,
        hasher: &RandomState,
    ) -> Self {
        let octets = entries.first().map_or(0, |entry| entry.serial.len());
        let shape = Shape::of(octets, entries.len());
        let row = octets - shape.implied + note_octets;
        entries.sort_by_cached_key(|entry| shape.place(entry.serial, hasher).0);
        let mut starts = Vec::with_capacity(shape.buckets + 1);
        let mut rows = Vec::with_capacity(entries.len() * row);
        for (at, entry) in (0..).zip(&*entries) {
            let (bucket, kept) = shape.place(entry.serial, hasher);
            // Also of the empty ones before it.
            starts.resize(bucket + 1, at);
            rows.extend_from_slice(kept);
            let note = note(entry, earliest).to_be_bytes();
            rows.extend(note.into_iter().skip(note.len() - note_octets));
        }
        starts.resize(shape.buckets + 1, entries.len() as u32);
        Self { shape, row, starts: starts.into(), rows: rows.into() }
    }

    fn find(&self, serial: &[u8], hasher: &RandomState) -> Option<u64> {
        let (bucket, kept) = self.shape.place(serial, hasher);
        let [start, end] = *self.starts.get(bucket..)?.first_chunk()?;
        let rows = self.rows.get(start as usize * self.row..end as usize * self.row)?;
        // One octet tells most of them apart, and costs no call.
        let mut alike = rows.chunks_exact(self.row).filter(|row| row.first() == kept.first());
        let note = alike.find_map(|row| row.strip_prefix(kept))?;
        Some(note.iter().fold(0, |note, octet| (note << 8) | u64::from(*octet)))
    }
}

/// How serial numbers of one length are laid out.
#[derive(Clone, Copy)]
struct Shape {
    octets: usize,
    /// How many of them the number of the bucket stands for.
    implied: usize,
    /// A power of two.
    buckets: usize,
}

impl Shape {
    fn of(octets: usize, entries: usize) -> Self {
        match octets > 2 && entries >= MANY {
            true => Self { octets, implied: 2, buckets: 1 << 16 },
            false => Self { octets, implied: 0, buckets: (entries / 8).next_power_of_two() },
        }
    }

    /// The bucket of a serial number, and what has to be kept of it there.
    fn place<'s>(&self, serial: &'s [u8], hasher: &RandomState) -> (usize, &'s [u8]) {
        match serial {
            [first, second, kept @ ..] if self.implied == 2 => {
                let implied = u16::from_be_bytes([*first, *second]);
                (usize::from(implied ^ hasher.hash_one(kept) as u16), kept)
            }
            kept => (hasher.hash_one(kept) as usize & (self.buckets - 1), kept),
        }
    }
}

/// When and why in one number: the reason, if any, in its last four bits.
fn note(entry: &Entry<'_>, earliest: u64) -> u64 {
    let reason = entry.reason.map_or(0, |reason| u64::from(reason.code()) + 1);
    (entry.since.saturating_sub(earliest) << REASON_BITS) | reason
}

/// In how many octets a number can be written.
fn width(number: u64) -> usize {
    number.ilog2() as usize / 8 + 1
}

/// From how many on the directory of 65 536 buckets takes less than it saves.
const MANY: usize = 1 << 17;
const REASON_BITS: u32 = 4;
const REASON_MASK: u64 = 15;

#[cfg(test)]
mod tests;
