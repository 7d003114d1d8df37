//! Lists that were fetched.

use super::*;

fn by_lists(web: &Web) -> Revocation {
    Revocation::builder().lists_over(web.clone()).build().unwrap()
}

#[test]
fn a_fetched_list_is_held_until_its_next_update_and_then_fetched_anew() {
    let (web, leaf) = (Web::default(), client());
    web.lists(list(NOW, 1, &[]));
    let revocation = by_lists(&web);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(web.asked(), [LIST]);
    let before = revocation.generation();
    web.lists(list(NOW + DAY, 2, &[&leaf]));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + DAY - 1), Ok(NOW + DAY - 1));
    assert_eq!(web.asked(), [""; 0]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + DAY), REVOKED);
    assert_ne!(revocation.generation(), before);
}

#[test]
fn an_old_list_that_is_played_back_is_not_taken() {
    let (web, leaf) = (Web::default(), client());
    let long = |this_update: u64, number: u64, names: &[&CertificateDer<'_>]| {
        ISSUING.lists(|parameters| {
            parameters.this_update = date(this_update);
            parameters.next_update = date(NOW + 100 * DAY);
            parameters.crl_number = number.into();
            parameters.revoked_certs = names.iter().map(|der| revoked(der)).collect();
        })
    };
    // From a file, so that it is soon out of date and another one is asked for.
    let at_hand = list(NOW, 5, &[&leaf]);
    let builder = || Revocation::builder().lists_over(web.clone()).lists([at_hand.clone()]);
    for (this_update, number) in [(NOW - 1, 6), (NOW, 4), (NOW + 1, 4)] {
        let revocation = builder().build().unwrap();
        web.lists(long(this_update, number, &[]));
        assert_eq!(verdict(&revocation, &path(&leaf), NOW + DAY), REVOKED);
        assert_eq!(web.asked(), [LIST]);
    }
    let revocation = builder().build().unwrap();
    web.lists(long(NOW + 1, 6, &[]));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + DAY), Ok(NOW + 100 * DAY - 1));
}

#[test]
fn a_list_that_cannot_be_used_is_a_failure() {
    let leaf = client();
    let namesake = Authority::root("Issuing");
    for (what, der) in [
        ("junk", b"junk".to_vec()),
        ("out of date", list(NOW - 2 * DAY, 1, &[])),
        ("from the future", list(NOW + HOUR, 1, &[])),
        ("by another key", list_by(&namesake, NOW, 1, &[])),
    ] {
        let web = Web::default();
        web.lists(der);
        let revocation = by_lists(&web);
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA, "{what}");
        assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1), NO_DATA, "{what}");
        assert_eq!(web.asked(), [LIST], "{what}");
        web.lists(list(NOW, 1, &[]));
        assert_eq!(verdict(&revocation, &path(&leaf), NOW + 30), Ok(NOW + DAY - 1), "{what}");
    }
}

#[test]
fn a_list_of_another_part_is_fetched_once_and_says_nothing() {
    let (web, leaf) = (Web::default(), client());
    let other = at_uri("http://ca.example/other.crl");
    web.lists(ISSUING.lists(|parameters| {
        let point = rcgen::CrlIssuingDistributionPoint { distribution_point: other, scope: None };
        parameters.issuing_distribution_point = Some(point);
    }));
    let revocation = by_lists(&web);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1000), NO_DATA);
    assert_eq!(web.asked(), [LIST]);
}

#[test]
fn what_was_fetched_stays_when_files_are_replaced_and_the_newer_one_decides() {
    let (web, leaf) = (Web::default(), client());
    web.lists(list(NOW, 5, &[&leaf]));
    let revocation = by_lists(&web);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    web.is_down();
    let other = Authority::root("Other");
    revocation.replace_lists([list_by(&other, NOW, 1, &[])]).unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    assert_eq!(revocation.replace_lists([list(NOW - 1, 4, &[])]).unwrap(), [0]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    assert_eq!(revocation.replace_lists([list(NOW + 1, 6, &[])]).unwrap(), ALL_TAKEN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1), Ok(NOW + DAY));
}

#[test]
fn one_address_serves_two_issuers() {
    let (web, leaf) = (Web::default(), client());
    let other = Authority::root("Issuing");
    let other_leaf =
        other.issues(|parameters| parameters.crl_distribution_points = vec![at_uri(LIST)]);
    let revocation = by_lists(&web);
    web.lists(list(NOW, 1, &[]));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    // The list of the one is none of the other, which has a question of its own.
    assert_eq!(verdict(&revocation, &path_to(&other, &other_leaf), NOW), NO_DATA);
    assert_eq!(web.asked(), [LIST, LIST]);
    web.lists(list_by(&other, NOW, 1, &[]));
    assert_eq!(verdict(&revocation, &path_to(&other, &other_leaf), NOW + 30), Ok(NOW + DAY - 1));
}

#[test]
fn there_is_an_end_to_the_room_for_lists() {
    let (web, leaf) = (Web::default(), client());
    let mut revocation = by_lists(&web);
    let der = list(NOW, 1, &[]);
    // The lengths of two signatures may differ by some octets.
    let next = list(NOW + DAY, 2, &[]);
    let (length, room) = (der.len(), der.len().max(next.len()));
    web.lists(der);
    let limited = |revocation: &mut Revocation, room| {
        Arc::get_mut(&mut revocation.engine).unwrap().lists.limit(room, 1_000);
    };
    limited(&mut revocation, length - 1);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
    limited(&mut revocation, room);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 30), Ok(NOW + DAY - 1));
    // What takes its place needs no more room, and what comes beside it does.
    web.lists(next);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + DAY), Ok(NOW + 2 * DAY - 1));
    let other = Authority::root("Other");
    let other_leaf =
        other.issues(|parameters| parameters.crl_distribution_points = vec![at_uri(LIST)]);
    web.lists(list_by(&other, NOW + DAY, 1, &[]));
    assert_eq!(verdict(&revocation, &path_to(&other, &other_leaf), NOW + DAY), NO_DATA);
}

#[test]
fn the_time_that_http_allows_only_shortens() {
    let leaf = client();
    for (max_age, until) in [("max-age=600", 600), ("max-age=999999", DAY), ("no-store", 300)] {
        let web = Web::default();
        let headers = [(header::CACHE_CONTROL, HeaderValue::from_static(max_age))];
        let body = Bytes::from(list(NOW, 1, &[]));
        web.put(LIST, Ok(Fetched::new(StatusCode::OK, &HeaderMap::from_iter(headers), body)));
        let revocation = by_lists(&web);
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + until - 1), "{max_age}");
        web.is_down();
        web.asked();
        // While nobody answers, its own time counts.
        let later = if until < DAY { Ok(NOW + until + 30) } else { NO_DATA };
        assert_eq!(verdict(&revocation, &path(&leaf), NOW + until), later, "{max_age}");
        assert_eq!(web.asked(), [LIST], "{max_age}");
    }
}

#[test]
fn authorities_without_lists_are_let_go_and_those_with_lists_are_not() {
    let (web, leaf) = (Web::default(), client());
    web.lists(list(NOW, 1, &[&leaf]));
    let mut revocation = by_lists(&web);
    Arc::get_mut(&mut revocation.engine).unwrap().lists.limit(1 << 20, 2);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    web.is_down();
    for _ in 0..4 {
        let stranger = Authority::root("Stranger");
        let path = path_to(&stranger, &stranger.issues(|_| {}));
        assert_eq!(verdict(&revocation, &path, NOW), NO_DATA);
        assert!(revocation.engine.lists.authorities() <= 2);
    }
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
}
