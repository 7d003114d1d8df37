use super::*;

fn current(list: &RevocationList, now: u64, freshness: Freshness) -> Result<(), ListError> {
    list.is_current(at_second(now), &freshness)
}

fn dated(this: u64, next: Option<u64>) -> RevocationList {
    let dates = |list: &mut TestList| {
        list.this_update = time(this);
        list.next_update = next.map(time).unwrap_or_default();
    };
    verified(dates).unwrap()
}

#[test]
fn a_list_is_current_between_its_dates() {
    let list = dated(NOW, Some(NOW + 10));
    let default = Freshness::default();
    for (now, expected) in [
        (NOW - 301, Err(ListError::FromTheFuture)),
        (NOW - 300, Ok(())),
        (NOW, Ok(())),
        (NOW + 10, Ok(())),
        (NOW + 11, Err(ListError::Stale)),
    ] {
        assert_eq!(current(&list, now, default), expected, "{now}");
    }
    assert_eq!(list.current_until(&default), Ok(at_second(NOW + 10)));
    let exact = default.skew(Duration::ZERO);
    assert_eq!(current(&list, NOW - 1, exact), Err(ListError::FromTheFuture));
}

#[test]
fn a_late_list_is_believed_for_a_while_where_that_is_allowed() {
    let list = dated(NOW, Some(NOW + 10));
    let late = Freshness::default().allow_late(Duration::from_secs(5));
    assert_eq!(current(&list, NOW + 15, late), Ok(()));
    assert_eq!(current(&list, NOW + 16, late), Err(ListError::Stale));
}

#[test]
fn a_list_without_next_update_is_never_current_unless_that_is_allowed() {
    let list = dated(NOW, None);
    assert_eq!(current(&list, NOW, Freshness::default()), Err(ListError::NoNextUpdate));
    let aged = Freshness::default().max_age(Duration::from_secs(10));
    assert_eq!(current(&list, NOW, aged), Err(ListError::NoNextUpdate));
    let allowed = Freshness::default().allow_no_next_update(Duration::from_secs(10));
    assert_eq!(current(&list, NOW + 10, allowed), Ok(()));
    assert_eq!(current(&list, NOW + 11, allowed), Err(ListError::Stale));
    assert_eq!(current(&list, NOW - 301, allowed), Err(ListError::FromTheFuture));
}

#[test]
fn a_list_is_no_older_than_the_longest_age() {
    let list = dated(NOW, Some(NOW + 1000));
    let aged = Freshness::default().max_age(Duration::from_secs(10));
    assert_eq!(current(&list, NOW + 10, aged), Ok(()));
    assert_eq!(current(&list, NOW + 11, aged), Err(ListError::Stale));
    // The shorter of the two counts.
    let allowed = aged.allow_no_next_update(Duration::from_secs(100));
    assert_eq!(current(&dated(NOW, None), NOW + 11, allowed), Err(ListError::Stale));
    assert_eq!(current(&dated(NOW, Some(NOW + 5)), NOW + 6, aged), Err(ListError::Stale));
}

#[test]
fn an_older_list_and_a_lower_number_do_not_roll_the_list_back() {
    let list = |this: u64, number: &[u8]| {
        let number = match number {
            [] => Vec::new(),
            number => extensions(&[crl_number(number)]),
        };
        verified(|list| {
            list.this_update = time(this);
            list.extensions = number;
        })
        .unwrap()
    };
    let known = list(NOW, &[0, 0xff]);
    for (this, number, expected) in [
        (NOW, &[0, 0xff][..], Ok(())),
        (NOW + 1, &[0, 0xff], Ok(())),
        (NOW, &[1, 0], Ok(())),
        (NOW - 1, &[0, 0xff], Err(ListError::RolledBack)),
        (NOW - 1, &[1, 0], Err(ListError::RolledBack)),
        (NOW + 1, &[0, 0xfe], Err(ListError::RolledBack)),
        (NOW + 1, &[2], Err(ListError::RolledBack)),
        // Who leaves the number out could otherwise go back.
        (NOW + 1, &[], Err(ListError::RolledBack)),
    ] {
        assert_eq!(list(this, number).supersedes(&known), expected, "{this} {number:?}");
    }
    assert_eq!(known.supersedes(&list(NOW, &[])), Ok(()));
}

#[test]
fn a_list_takes_the_place_only_of_one_of_the_same_issuer_key_and_scope() {
    let scoped = |fields: &[&[u8]]| {
        let point = issuing_distribution_point(fields);
        verified(|list| list.extensions = extensions(&[crl_number(&[1]), point])).unwrap()
    };
    let (whole, users) = (verified(|_| {}).unwrap(), scoped(&[ONLY_USERS]));
    let (one, two) = (scoped(&[&at(&["http://ca/1"])]), scoped(&[&at(&["http://ca/2"])]));
    let by = |authority: &Authority| {
        let issuer = Issuer::from_der(&authority.der()).unwrap();
        let der = TestList::of(authority).signed_by(authority);
        RevocationList::verify(&der, &issuer).unwrap()
    };
    let (other, namesake) = (by(&ROOT), by(&Authority::root("Issuing")));
    let renamed = {
        let name = |der: &[u8]| {
            let at = der.windows(7).rposition(|window| window == b"Issuing").unwrap();
            [&der[..at], b"Another", &der[at + 7..]].concat()
        };
        let issuer = Issuer::from_der(&name(&ISSUING.der())).unwrap();
        let der = issued(|list| list.issuer = issuer.name().to_vec());
        RevocationList::verify(&der, &issuer).unwrap()
    };
    let all = [&whole, &users, &one, &two, &other, &namesake, &renamed];
    for (place, list) in all.iter().enumerate() {
        for (other_place, other) in all.iter().enumerate() {
            let expected = match place == other_place {
                true => Ok(()),
                false => Err(ListError::AnotherScope),
            };
            assert_eq!(list.supersedes(other), expected, "{place} {other_place}");
        }
    }
    assert!(whole.scope().is_empty() && !one.scope().is_empty());
    assert_eq!(whole.issuer_spki_sha256(), issuing().spki_sha256());
}
