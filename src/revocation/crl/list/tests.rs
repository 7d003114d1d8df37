use rcgen::{KeyIdMethod, KeyUsagePurpose};

use super::super::test_lists::*;
use super::*;
use crate::cert::test_pki::{Authority, DAY, ISSUING, NOW, ROOT, read};

mod corpus;
mod dates;

const UNKNOWN_EXTENSION: &str = "1.2.3.4";

fn verify(der: &[u8]) -> Result<RevocationList, ListError> {
    RevocationList::verify(der, &issuing())
}

fn error(edit: impl FnOnce(&mut TestList)) -> Option<ListError> {
    verified(edit).err()
}

fn at_second(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// What a list with these entries says of the certificate with the serial number one.
fn status(entries: &[Vec<u8>]) -> ListStatus {
    let list = verified(|list| list.revoked = revoked(entries)).unwrap();
    list.status_of(&with_serial(&[1]))
}

fn is_malformed(error: Option<ListError>) -> bool {
    matches!(error, Some(ListError::Malformed(_)))
}

#[test]
fn a_certificate_that_is_not_named_is_good() {
    let list = verified(|list| list.revoked = revoked(&[entry(&[2], &[])])).unwrap();
    assert_eq!(list.status_of(&with_serial(&[1])), ListStatus::Good);
    assert_eq!((list.this_update(), list.next_update()), {
        (at_second(NOW - DAY), Some(at_second(NOW + DAY)))
    });
    assert_eq!(verified(|_| {}).unwrap().status_of(&with_serial(&[1])), ListStatus::Good);
}

#[test]
fn a_certificate_that_is_named_is_revoked() {
    let since = at_second(NOW - DAY);
    let plain = ListStatus::Revoked { reason: None, since };
    assert_eq!(status(&[entry(&[2], &[]), entry(&[1], &[])]), plain);
    let reason = Some(CrlReason::KeyCompromise);
    assert_eq!(status(&[entry(&[1], &[reason_code(1)])]), ListStatus::Revoked { reason, since });
}

#[test]
fn a_list_of_another_library_is_read() {
    let leaf = ISSUING.issues(|_| {});
    let entry = crate::cert::test_pki::revoked(&leaf);
    let list = verify(&ISSUING.lists(|list| list.revoked_certs.push(entry))).unwrap();
    assert!(matches!(list.status_of(&read(&leaf)), ListStatus::Revoked { .. }));
    assert_eq!(list.status_of(&with_serial(&[1])), ListStatus::Good);
}

#[test]
fn the_issuer_is_told_before_anything_is_verified() {
    let der = issued(|list| list.algorithm = tlv(0x30, &[]));
    let issuer = RevocationList::claimed_issuer(&der).unwrap();
    assert_eq!(issuer, read(&ISSUING.der()).subject_der());
}

#[test]
fn other_versions_are_refused() {
    let version_1 = |list: &mut TestList| {
        list.version.clear();
        list.extensions.clear();
    };
    assert_eq!(error(version_1), Some(ListError::NotVersion2));
    assert_eq!(error(|list| list.version = integer(&[0])), Some(ListError::NotVersion2));
    assert_eq!(error(|list| list.version = integer(&[2])), Some(ListError::NotVersion2));
}

#[test]
fn the_two_algorithms_are_the_same() {
    let ed25519 = tlv(0x30, &[&[6, 3, 0x2b, 0x65, 0x70]]);
    let inner = |list: &mut TestList| list.signed_algorithm = ed25519;
    assert_eq!(error(inner), Some(ListError::AlgorithmMismatch));
}

#[test]
fn a_list_in_another_name_is_refused_although_the_key_is_right() {
    let name = read(&ROOT.der()).subject_der().to_vec();
    assert_eq!(error(|list| list.issuer = name), Some(ListError::AnotherIssuer));
    assert!(is_malformed(error(|list| list.issuer = integer(&[1]))));
}

#[test]
fn a_name_is_the_same_in_another_spelling() {
    let mut der = Vec::new();
    let lower = |list: &mut TestList| {
        let name = read(&ISSUING.der()).subject_der().to_vec();
        let at = name.windows(7).position(|window| window == b"Issuing").unwrap();
        list.issuer[at] = b'i';
        der = list.issuer.clone();
    };
    let list = verified(lower).unwrap();
    assert_ne!(der, read(&ISSUING.der()).subject_der());
    assert_eq!(list.status_of(&with_serial(&[1])), ListStatus::Good);
}

#[test]
fn a_list_by_another_key_of_the_same_name_is_refused() {
    let namesake = Authority::root("Issuing");
    let der = TestList::of(&namesake).signed_by(&namesake);
    assert_eq!(verify(&der).err(), Some(ListError::BadSignature));
    let own = Issuer::from_der(&namesake.der()).unwrap();
    assert!(RevocationList::verify(&der, &own).is_ok());
}

#[test]
fn a_changed_byte_breaks_the_signature() {
    let der = issued(|list| list.revoked = revoked(&[entry(&[1], &[])]));
    assert!(verify(&der).is_ok());
    let entry = entry(&[1], &[]);
    let at = der.windows(entry.len()).position(|window| window == entry).unwrap();
    let mut changed = der.clone();
    changed[at + 4] = 2;
    assert_eq!(verify(&changed).err(), Some(ListError::BadSignature));
}

#[test]
fn a_key_that_is_not_for_lists_is_refused() {
    let usages = vec![KeyUsagePurpose::KeyCertSign];
    let mute = ROOT.authorizes("Mute", |parameters| parameters.key_usages = usages);
    let der = TestList::of(&mute).signed_by(&mute);
    let issuer = Issuer::from_der(&mute.der()).unwrap();
    let refused = RevocationList::verify(&der, &issuer).err();
    assert_eq!(refused, Some(ListError::KeyNotForLists));
}

#[test]
fn the_key_identifier_is_that_of_the_key() {
    let with = |identifier: Vec<u8>| {
        ISSUING.lists(|list| list.key_identifier_method = KeyIdMethod::PreSpecified(identifier))
    };
    let own = issuing().key_identifier().unwrap().to_vec();
    assert!(verify(&with(own)).is_ok());
    assert_eq!(verify(&with(vec![1; 20])).err(), Some(ListError::AnotherKey));
    let key_identifier = |value: &[u8]| {
        let value = extension("2.5.29.35", false, value);
        verified(move |list| list.extensions = extensions(&[value]))
    };
    assert!(key_identifier(&tlv(0x30, &[])).is_ok());
    assert!(is_malformed(key_identifier(b"none").err()));
}

#[test]
fn nothing_follows_the_list_or_a_part_of_it() {
    let mut followed = issued(|_| {});
    followed.push(0);
    assert!(is_malformed(verify(&followed).err()));
    assert!(is_malformed(error(|list| list.extensions.extend(integer(&[1])))));
    assert!(is_malformed(error(|list| list.algorithm.extend(integer(&[1])))));
    assert!(is_malformed(error(|list| list.behind = integer(&[1]))));
    let entry = tlv(0x30, &[&integer(&[1]), &time(NOW), &tlv(0x30, &[&reason_code(1)]), &[5, 0]]);
    assert!(is_malformed(error(|list| list.revoked = revoked(&[entry]))));
}

#[test]
fn a_list_is_a_sequence() {
    let mut set = issued(|_| {});
    set[0] = 0x31;
    assert!(is_malformed(verify(&set).err()));
}

#[test]
fn a_signature_is_whole_octets() {
    let der = issued(|_| {});
    let mut outer = der.clone();
    let at = der.len() - ISSUING.signs(b"").len() - 4;
    // The place of the count of unused bits depends on the length of this signature.
    let unused = (at..der.len()).find(|at| der[at - 2] == 0x03 && der[at + 1] == 0x30).unwrap();
    assert_eq!(outer[unused], 0);
    outer[unused] = 4;
    *outer.last_mut().unwrap() &= 0xf0;
    assert!(is_malformed(verify(&outer).err()));
}

#[test]
fn empty_lists_of_entries_and_of_extensions_are_refused() {
    assert!(is_malformed(error(|list| list.revoked = revoked(&[]))));
    assert!(is_malformed(error(|list| list.extensions = extensions(&[]))));
    assert!(verified(|list| list.extensions.clear()).is_ok());
}

#[test]
fn an_unknown_critical_extension_makes_nobody_good() {
    for (critical, other) in [
        (true, ListStatus::NotCovered("the list has a critical extension that is not known")),
        (false, ListStatus::Good),
    ] {
        let unknown = extension(UNKNOWN_EXTENSION, critical, b"Vx");
        let list = verified(|list| {
            list.extensions = extensions(&[unknown]);
            list.revoked = revoked(&[entry(&[1], &[])]);
        });
        let list = list.unwrap();
        assert_eq!(list.status_of(&with_serial(&[2])), other);
        assert!(matches!(list.status_of(&with_serial(&[1])), ListStatus::Revoked { .. }));
    }
}

#[test]
fn an_unknown_critical_extension_of_an_entry_makes_nobody_good() {
    for (critical, other) in [
        (true, ListStatus::NotCovered("the list has a critical extension that is not known")),
        (false, ListStatus::Good),
    ] {
        let unknown = [extension(UNKNOWN_EXTENSION, critical, b"Vx")];
        let entries = [entry(&[2], &[]), entry(&[1], &unknown), entry(&[3], &[])];
        let list = verified(|list| list.revoked = revoked(&entries)).unwrap();
        assert_eq!(list.status_of(&with_serial(&[4])), other);
        for named in [1, 2, 3] {
            assert!(matches!(list.status_of(&with_serial(&[named])), ListStatus::Revoked { .. }));
        }
    }
}

#[test]
fn a_delta_is_no_list() {
    for critical in [true, false] {
        let delta = extension("2.5.29.27", critical, &integer(&[1]));
        let with_delta = |list: &mut TestList| list.extensions = extensions(&[delta]);
        assert_eq!(error(with_delta), Some(ListError::Delta));
    }
}

#[test]
fn an_indirect_list_is_refused_and_not_matched_by_serial_number() {
    let indirect = issuing_distribution_point(&[INDIRECT]);
    let refused = error(|list| list.extensions = extensions(&[indirect]));
    assert_eq!(refused, Some(ListError::Indirect));
    // The entries after it would be of the same other issuer.
    let name = tlv(0xa4, &[read(&ROOT.der()).subject_der()]);
    let certificate_issuer = extension("2.5.29.29", true, &tlv(0x30, &[&name]));
    let entries = [entry(&[2], &[certificate_issuer]), entry(&[1], &[])];
    assert_eq!(error(|list| list.revoked = revoked(&entries)), Some(ListError::Indirect));
}

#[test]
fn a_list_for_attribute_certificates_is_refused() {
    let attributes = issuing_distribution_point(&[ONLY_ATTRIBUTES]);
    let refused = error(|list| list.extensions = extensions(&[attributes]));
    assert_eq!(refused, Some(ListError::AttributeCertificatesOnly));
}

#[test]
fn no_known_extension_comes_twice() {
    let key_identifier = extension("2.5.29.35", false, &tlv(0x30, &[]));
    let users = issuing_distribution_point(&[ONLY_USERS]);
    for twice in [crl_number(&[1]), key_identifier, users] {
        let refused = error(|list| list.extensions = extensions(&[twice.clone(), twice]));
        assert_eq!(refused, Some(ListError::DuplicateExtension));
    }
    // The second one could be believed by somebody else.
    let entry = entry(&[1], &[reason_code(6), reason_code(8)]);
    let refused = error(|list| list.revoked = revoked(&[entry]));
    assert_eq!(refused, Some(ListError::DuplicateExtension));
}

#[test]
fn a_list_number_has_twenty_octets_at_most_and_no_sign() {
    let number = |number: &[u8]| {
        let number = crl_number(number);
        error(move |list| list.extensions = extensions(&[number]))
    };
    assert_eq!(number(&[0x7f; 20]), None);
    assert!(is_malformed(number(&[0x7f; 21])));
    assert!(is_malformed(number(&[0x80])));
    assert!(is_malformed(number(&[])));
}

#[test]
fn serial_numbers_are_compared_to_the_octet() {
    let long = [0x7f; 20];
    let mut longer = [0xff; 21];
    longer[0] = 0;
    let serials: [&[u8]; 9] =
        [&[0], &[1], &[0x7f], &[0, 0x80], &[1, 0], &[1, 0, 0], &[0, 0xff, 1], &long, &longer];
    for serial in serials {
        let list = verified(|list| list.revoked = revoked(&[entry(serial, &[])])).unwrap();
        for other in serials {
            let named = matches!(list.status_of(&with_serial(other)), ListStatus::Revoked { .. });
            assert_eq!(named, serial == other, "{serial:?} {other:?}");
        }
    }
}

#[test]
fn a_negative_serial_number_is_not_the_positive_one_of_the_same_octets() {
    let list = verified(|list| list.revoked = revoked(&[entry(&[0x80], &[])])).unwrap();
    assert_eq!(list.status_of(&with_serial(&[0, 0x80])), ListStatus::Good);
}

#[test]
fn a_serial_number_is_der_and_no_longer_than_any_certificate_has() {
    for serial in [&[][..], &[0, 1], &[0xff, 0x80], &[1; 22]] {
        let refused = error(|list| list.revoked = revoked(&[entry(serial, &[])]));
        assert!(is_malformed(refused), "{serial:?}");
    }
}

#[test]
fn revoked_is_revoked_whatever_the_reason() {
    for code in 0..=u8::MAX {
        let reason = CrlReason::of(code);
        let since = at_second(NOW - DAY);
        let expected = ListStatus::Revoked { reason, since };
        assert_eq!(status(&[entry(&[1], &[reason_code(code)])]), expected, "{code}");
    }
    for broken in [&[0x0a, 0][..], &[0x0a, 2, 0, 1], &[2, 1, 1], b""] {
        let entry = entry(&[1], &[extension("2.5.29.21", false, broken)]);
        assert!(is_malformed(error(|list| list.revoked = revoked(&[entry]))), "{broken:?}");
    }
}

#[test]
fn a_date_in_the_future_revokes_already() {
    let entry = tlv(0x30, &[&integer(&[1]), &time(NOW + 100 * DAY)]);
    let since = at_second(NOW + 100 * DAY);
    assert_eq!(status(&[entry]), ListStatus::Revoked { reason: None, since });
}

#[test]
fn a_hold_is_released_by_the_next_list_and_not_before() {
    let held = verified(|list| list.revoked = revoked(&[entry(&[1], &[reason_code(6)])])).unwrap();
    let leaf = with_serial(&[1]);
    let reason = Some(CrlReason::CertificateHold);
    let since = at_second(NOW - DAY);
    assert_eq!(held.status_of(&leaf), ListStatus::Revoked { reason, since });
    let number = extensions(&[crl_number(&[2])]);
    let released = verified(|list| list.extensions = number).unwrap();
    assert_eq!(released.supersedes(&held), Ok(()));
    assert_eq!(held.supersedes(&released), Err(ListError::RolledBack));
    assert_eq!(released.status_of(&leaf), ListStatus::Good);
}

#[test]
fn a_list_says_nothing_of_another_issuer_s_certificate() {
    let serial = vec![1];
    let other = ROOT.issues(|parameters| parameters.serial_number = Some(serial.into()));
    let list = verified(|list| list.revoked = revoked(&[entry(&[1], &[])])).unwrap();
    let status = list.status_of(&read(&other));
    assert_eq!(status, ListStatus::NotCovered("the list is of another issuer"));
}

#[test]
fn an_entry_counts_in_a_list_that_does_not_cover_the_certificate() {
    let authorities = issuing_distribution_point(&[ONLY_AUTHORITIES]);
    let list = verified(|list| {
        list.extensions = extensions(&[authorities]);
        list.revoked = revoked(&[entry(&[1], &[])]);
    });
    let list = list.unwrap();
    assert!(matches!(list.status_of(&with_serial(&[1])), ListStatus::Revoked { .. }));
    let other = list.status_of(&with_serial(&[2]));
    assert_eq!(other, ListStatus::NotCovered("the list is for authorities only"));
}

#[test]
fn a_list_names_only_its_size_and_dates_to_a_log() {
    let list = verified(|list| list.revoked = revoked(&[entry(&[1], &[])])).unwrap();
    assert!(format!("{list:?}").starts_with("RevocationList { entries: 1, this_update:"));
}
