//! Lists from files: held, verified once, replaced.

use super::*;
use crate::cert::test_pki::ROOT;
use crate::revocation::crl::test_lists::{crl_number, extension, extensions, issued, time};

fn by(lists: impl IntoIterator<Item = Vec<u8>>) -> Revocation {
    Revocation::by_lists(lists).unwrap()
}

#[test]
fn a_certificate_that_a_new_list_names_is_revoked_at_the_next_look_in_every_clone() {
    let leaf = client();
    let revocation = by([list(NOW - HOUR, 1, &[])]);
    let (path, clone) = (path(&leaf), revocation.clone());
    assert_eq!(verdict(&clone, &path, NOW), Ok(NOW - HOUR + DAY - 1));
    let before = clone.generation();
    assert_eq!(revocation.replace_lists([list(NOW, 2, &[&leaf])]).unwrap(), ALL_TAKEN);
    assert_ne!(clone.generation(), before);
    assert_eq!(verdict(&clone, &path, NOW), REVOKED);
}

#[test]
fn a_hold_is_lifted_by_a_newer_list() {
    let leaf = client();
    let revocation = by([list(NOW - HOUR, 1, &[&leaf])]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    revocation.replace_lists([list(NOW, 2, &[])]).unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
}

#[test]
fn an_older_list_does_not_take_the_place_of_a_newer_one_and_keeps_out_no_other() {
    let leaf = client();
    let other = Authority::root("Other");
    let other_leaf = other.issues(|_| {});
    let [path, other_path] = [path(&leaf), path_to(&other, &other_leaf)];
    // Older by its date, by its number, and by its number alone.
    for (this_update, number) in [(NOW - 2 * HOUR, 2), (NOW - 2 * HOUR, 9), (NOW, 2)] {
        let revocation = by([list_by(&other, NOW - HOUR, 1, &[]), list(NOW - HOUR, 3, &[&leaf])]);
        assert_eq!(verdict(&revocation, &path, NOW), REVOKED);
        assert_eq!(verdict(&revocation, &other_path, NOW), Ok(NOW - HOUR + DAY - 1));
        let new = [list(this_update, number, &[]), list_by(&other, NOW, 2, &[&other_leaf])];
        assert_eq!(revocation.replace_lists(new).unwrap(), [0], "{this_update} {number}");
        assert_eq!(verdict(&revocation, &path, NOW), REVOKED, "{this_update} {number}");
        assert_eq!(verdict(&revocation, &other_path, NOW), REVOKED);
        // It is refused again, since what was kept is still at hand.
        assert_eq!(revocation.replace_lists([list(this_update, number, &[])]).unwrap(), [0]);
        assert_eq!(verdict(&revocation, &path, NOW), REVOKED);
    }
}

#[test]
fn the_same_list_again_is_no_roll_back() {
    let leaf = client();
    let same = list(NOW, 1, &[]);
    let revocation = by([same.clone()]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(revocation.replace_lists([same]).unwrap(), ALL_TAKEN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
}

#[test]
fn of_two_lists_of_one_second_the_higher_number_decides_in_either_order() {
    let leaf = client();
    let (low, high) = (list(NOW, 1, &[]), list(NOW, 2, &[&leaf]));
    assert_eq!(verdict(&by([low.clone(), high.clone()]), &path(&leaf), NOW), REVOKED);
    assert_eq!(verdict(&by([high, low]), &path(&leaf), NOW), REVOKED);
}

#[test]
fn new_lists_that_cannot_be_read_leave_the_old_ones() {
    let leaf = client();
    let revocation = by([list(NOW, 1, &[])]);
    let generation = revocation.generation();
    let error = revocation.replace_lists([list(NOW, 2, &[&leaf]), b"junk".to_vec()]).unwrap_err();
    assert!(matches!(error, RevocationError::List { index: 1, .. }), "{error}");
    assert!(matches!(revocation.replace_lists([]), Err(RevocationError::NoList)));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(revocation.generation(), generation);
}

#[test]
fn a_list_from_the_future_is_passed_over_and_spoils_nothing() {
    let leaf = client();
    let future = || list(NOW + 2 * HOUR, 9, &[]);
    let revocation = by([future(), list(NOW, 1, &[])]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(verdict(&by([future()]), &path(&leaf), NOW), NO_DATA);
    // Nor does it keep out the lists that come after it.
    let clock = || at(NOW);
    let builder = Revocation::builder().lists([future(), list(NOW, 1, &[])]);
    let revocation = builder.clock(clock).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(revocation.replace_lists([list(NOW + 1, 2, &[&leaf])]).unwrap(), ALL_TAKEN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1), REVOKED);
    // Nor does it take away what the one before it said.
    assert_eq!(revocation.replace_lists([future()]).unwrap(), ALL_TAKEN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1), REVOKED);
}

#[test]
fn a_list_by_a_namesake_spoils_nothing() {
    let leaf = client();
    let namesake = Authority::root("Issuing");
    let forged = list_by(&namesake, NOW + 1, 9, &[&leaf]);
    let revocation = by([forged.clone(), list(NOW, 1, &[])]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1), Ok(NOW + DAY - 1));
    assert_eq!(revocation.replace_lists([list(NOW, 1, &[]), forged]).unwrap(), ALL_TAKEN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 1), Ok(NOW + DAY - 1));
}

#[test]
fn two_keys_of_one_name_each_have_their_own_lists() {
    let leaf = client();
    let renewed = Authority::root("Issuing");
    let new_leaf = renewed.issues(|_| {});
    let (old_path, new_path) = (path(&leaf), path_to(&renewed, &new_leaf));
    let revocation = by([list(NOW, 1, &[&leaf]), list_by(&renewed, NOW, 1, &[])]);
    assert_eq!(verdict(&revocation, &old_path, NOW), REVOKED);
    assert_eq!(verdict(&revocation, &new_path, NOW), Ok(NOW + DAY - 1));
    revocation.replace_lists([list(NOW, 2, &[]), list_by(&renewed, NOW, 2, &[&new_leaf])]).unwrap();
    assert_eq!(verdict(&revocation, &old_path, NOW), Ok(NOW + DAY - 1));
    assert_eq!(verdict(&revocation, &new_path, NOW), REVOKED);
}

#[test]
fn a_list_is_verified_once_and_its_bytes_are_let_go() {
    let leaf = client();
    let revocation = by([list(NOW, 1, &[])]);
    let lists = &revocation.engine.lists;
    assert_eq!(lists.unverified(), 1);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(lists.unverified(), 0);
    // Of an authority that is known already the new lists are verified outside the request path.
    revocation.replace_lists([list(NOW, 2, &[])]).unwrap();
    assert_eq!(lists.unverified(), 0);
}

#[test]
fn the_other_certificate_of_the_key_that_may_not_sign_lists_has_none() {
    let leaf = client();
    let mute = ISSUING.renewed(|parameters| {
        parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    });
    let revocation = by([list(NOW, 1, &[])]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    let issuer = Arc::new(Issuer::from_der(&mute).unwrap());
    let link = Link { certificate: Arc::new(read(&leaf)), issuer };
    let by_mute = Arc::new(Path::assertion(vec![link]));
    assert_eq!(verdict(&revocation, &by_mute, NOW), NO_DATA);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
}

#[test]
fn a_list_that_is_taken_away_is_no_source_any_more() {
    let leaf = client();
    let revocation = by([list(NOW, 1, &[])]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    revocation.replace_lists([ROOT.lists(|_| {})]).unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
}

#[test]
fn a_stale_list_is_good_within_max_stale_and_not_beyond() {
    let leaf = client();
    let (path, end) = (path(&leaf), NOW + DAY);
    let hard = by([list(NOW, 1, &[])]);
    let soft = hard.under(RevocationPolicy::SoftFail { max_stale: Duration::from_secs(HOUR) });
    let open = hard.under(RevocationPolicy::allow_soft_fail_open());
    for (now, on_hard, on_soft, on_open) in [
        (end - 1, Ok(end - 1), Ok(end - 1), Ok(end - 1)),
        (end, NO_DATA, Ok(end + 30), Ok(end + 30)),
        (end + HOUR - 1, NO_DATA, Ok(end + HOUR - 1), Ok(end + HOUR + 29)),
        (end + HOUR, NO_DATA, NO_DATA, Ok(end + HOUR + 30)),
    ] {
        assert_eq!(verdict(&hard, &path, now), on_hard, "{now}");
        assert_eq!(verdict(&soft, &path, now), on_soft, "{now}");
        assert_eq!(verdict(&open, &path, now), on_open, "{now}");
    }
}

#[test]
fn a_revocation_on_a_stale_list_counts_under_every_policy() {
    let leaf = client();
    let revocation = by([list(NOW, 1, &[&leaf])]);
    for policy in [
        RevocationPolicy::HardFail,
        RevocationPolicy::SoftFail { max_stale: Duration::from_secs(30 * DAY) },
        RevocationPolicy::SoftFailOpen,
    ] {
        let revocation = revocation.under(policy);
        assert_eq!(verdict(&revocation, &path(&leaf), NOW + 2 * DAY), REVOKED, "{policy:?}");
    }
    let off = revocation.under(RevocationPolicy::danger_off());
    assert!(verdict(&off, &path(&leaf), NOW).is_ok());
}

#[test]
fn nobody_is_asked_where_revocation_is_off() {
    let (web, leaf) = (Web::default(), client());
    let off = over(&web).policy(RevocationPolicy::danger_off()).build().unwrap();
    assert_eq!(verdict(&off, &path(&leaf), NOW), Ok(FOREVER.as_secs()));
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn an_older_list_does_not_help_where_the_newer_one_cannot_be_understood() {
    let leaf = client();
    let odd = issued(|list| {
        let critical = extension("1.2.3.4", true, &[5, 0]);
        list.this_update = time(NOW);
        list.extensions = extensions(&[crl_number(&[2]), critical]);
    });
    assert_eq!(verdict(&by([list(NOW - HOUR, 1, &[]), odd.clone()]), &path(&leaf), NOW), NO_DATA);
    assert_eq!(verdict(&by([odd, list(NOW + 1, 3, &[])]), &path(&leaf), NOW + 1), Ok(NOW + DAY));
}

#[test]
fn a_newer_list_out_of_date_is_not_helped_by_an_older_one_in_its_time() {
    let leaf = client();
    let short = ISSUING.lists(|parameters| {
        parameters.this_update = date(NOW);
        parameters.next_update = date(NOW + 60);
        parameters.crl_number = 2.into();
    });
    let revocation = by([list(NOW - HOUR, 1, &[]), short]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 60), NO_DATA);
}

#[test]
fn each_certificate_of_a_path_is_judged_and_a_path_of_none_is_refused() {
    let leaf = client();
    let link = |certificate: CertificateDer<'_>, by: &Authority| Link {
        certificate: Arc::new(read(&certificate)),
        issuer: Arc::new(Issuer::from_der(&by.der()).unwrap()),
    };
    let links = vec![link(leaf.clone(), &ISSUING), link(ISSUING.der(), &ROOT)];
    let both = Arc::new(Path::assertion(links));
    let root = |names: &[&CertificateDer<'_>]| list_by(&ROOT, NOW - HOUR, 1, names);
    let issuing = || list(NOW, 1, &[]);
    assert_eq!(verdict(&by([root(&[]), issuing()]), &both, NOW), Ok(NOW - HOUR + DAY - 1));
    assert_eq!(verdict(&by([root(&[&ISSUING.der()]), issuing()]), &both, NOW), REVOKED);
    assert_eq!(verdict(&by([root(&[]), list(NOW, 1, &[&leaf])]), &both, NOW), REVOKED);
    assert_eq!(verdict(&by([issuing()]), &both, NOW), NO_DATA);
    let none = Arc::new(Path::assertion(Vec::new()));
    assert_eq!(verdict(&by([root(&[]), issuing()]), &none, NOW), NO_DATA);
}

#[test]
fn how_long_a_list_is_believed_can_be_set() {
    let leaf = client();
    let (path, end) = (path(&leaf), NOW + DAY);
    let builder = || Revocation::builder().lists([list(NOW, 1, &[])]);
    let hour = Duration::from_secs(HOUR);
    let late = builder().allow_late_lists(hour).build().unwrap();
    assert_eq!(verdict(&late, &path, end + HOUR - 1), Ok(end + HOUR - 1));
    assert_eq!(verdict(&late, &path, end + HOUR), NO_DATA);
    let young = builder().list_age(hour).build().unwrap();
    assert_eq!(verdict(&young, &path, NOW + HOUR - 1), Ok(NOW + HOUR - 1));
    assert_eq!(verdict(&young, &path, NOW + HOUR), NO_DATA);
    assert_eq!(verdict(&builder().build().unwrap(), &path, NOW - 300), Ok(end - 1));
    let exact = builder().clock_skew(Duration::ZERO).build().unwrap();
    assert_eq!(verdict(&exact, &path, NOW - 1), NO_DATA);
}
