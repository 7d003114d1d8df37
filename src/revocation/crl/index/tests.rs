use std::collections::HashSet;

use super::*;

/// Octets that look random and are the same every time.
fn octets(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn index(serials: &[Vec<u8>], since: impl Fn(usize) -> u64) -> Index {
    let entries = serials.iter().enumerate().map(|(at, serial)| Entry {
        serial,
        since: since(at),
        reason: CrlReason::of(at as u8 % 11),
        unknown_critical: false,
    });
    Index::of(entries.collect())
}

fn expect(index: &Index, serials: &[Vec<u8>], since: impl Fn(usize) -> u64) {
    for (at, serial) in serials.iter().enumerate() {
        let expected = Revoked { since: since(at), reason: CrlReason::of(at as u8 % 11) };
        assert_eq!(index.find(serial), Some(expected), "{at}");
    }
}

#[test]
fn an_empty_list_names_nobody() {
    let empty = Index::of(Vec::new());
    assert_eq!((empty.find(&[1]), empty.find(&[]), empty.len()), (None, None, 0));
}

#[test]
fn every_serial_number_of_every_length_is_found_with_its_own_note() {
    for count in [1, 2, 7, 8, 9, 1000] {
        let serials: Vec<_> = (0..count).map(|seed| octets(seed as u64, 4 + seed % 18)).collect();
        let since = |at: usize| 1_700_000_000 + (at as u64) * 86_400;
        let index = index(&serials, since);
        expect(&index, &serials, since);
        assert_eq!(index.len(), count);
        for absent in 0..1000 {
            assert_eq!(index.find(&octets(1_000_000 + absent, 4 + absent as usize % 18)), None);
        }
    }
}

#[test]
fn a_serial_number_that_differs_in_one_octet_is_another_one() {
    for (count, length) in [(100, 20), (MANY, 16), (MANY, 3)] {
        let serials: Vec<_> = (0..count as u32)
            .map(|seed| match length {
                // As many as there are, and no doubles.
                3 => seed.wrapping_mul(2).to_be_bytes()[1..].to_vec(),
                _ => octets(seed.into(), length),
            })
            .collect();
        let index = index(&serials, |_| 0);
        let all: HashSet<_> = serials.iter().collect();
        for serial in serials.iter().step_by(count / 50) {
            assert!(index.find(serial).is_some());
            for place in 0..length {
                let mut other = serial.clone();
                other[place] ^= 1;
                assert_eq!(index.find(&other).is_some(), all.contains(&other), "{place}");
            }
            assert_eq!(index.find(&serial[1..]), None);
        }
    }
}

#[test]
fn many_serial_numbers_are_found_with_their_notes() {
    let serials: Vec<_> = (0..MANY as u64).map(|seed| octets(seed, 20)).collect();
    let since = |at: usize| 1_700_000_000 + (at as u64) * 97;
    let index = index(&serials, since);
    expect(&index, &serials, since);
    for absent in 0..MANY as u64 {
        assert_eq!(index.find(&octets(absent + 1_000_000_000, 20)), None);
    }
}

#[test]
fn serial_numbers_that_count_upwards_are_spread() {
    let serials: Vec<_> = (0..MANY as u64).map(|at| at.to_be_bytes().to_vec()).collect();
    let index = index(&serials, |_| 0);
    for table in &index.tables {
        let longest = table.starts.windows(2).map(|ends| ends[1] - ends[0]).max();
        assert!(longest < Some(40), "{longest:?}");
    }
    expect(&index, &serials, |_| 0);
}

#[test]
fn a_serial_number_given_twice_is_revoked_all_the_same() {
    let serials = vec![octets(1, 16); 3];
    let index = index(&serials, |at| at as u64);
    assert!(index.find(&serials[0]).is_some());
}

#[test]
fn dates_far_apart_are_kept_to_the_second() {
    let serials = [octets(1, 8), octets(2, 8), octets(3, 8)];
    let dates = [0, 1, 253_402_300_799];
    let index = index(&serials, |at| dates[at]);
    expect(&index, &serials, |at| dates[at]);
}

#[test]
fn notes_are_as_narrow_as_they_can_be() {
    assert_eq!((width(15), width(0xff), width(0x100), width(u64::MAX)), (1, 1, 2, 8));
    let serials: Vec<_> = (0..1000).map(|seed| octets(seed, 16)).collect();
    let bytes = |since: fn(usize) -> u64| index(&serials, since).bytes();
    let one_day = bytes(|_| 1_700_000_000);
    assert_eq!(bytes(|at| 1_700_000_000 + at as u64 % 4096) - one_day, 1000);
    assert_eq!(bytes(|at| 1_700_000_000 + at as u64 * 86_400) - one_day, 3000);
}

#[test]
fn a_table_is_hardly_larger_than_its_serial_numbers() {
    let count = 2 * MANY;
    let serials: Vec<_> = (0..count as u64).map(|seed| octets(seed, 16)).collect();
    let bytes = index(&serials, |at| 1_700_000_000 + at as u64 * 60).bytes();
    // Sixteen octets less two implied, four for when and why, one for the directory.
    assert!(bytes < count * 19 + 1000, "{bytes}");
}
