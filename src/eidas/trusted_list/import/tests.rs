use std::sync::LazyLock;

use super::super::SignatureError;
use super::super::xml::test_list::{TestList, TestSigner, pointer, purpose, service};
use super::*;
use crate::cert::test_pki::{DAY, ISSUING, NOW};
use crate::crypto::test_keys;

/// Whom the Official Journal names, whom a pivot announces, and who signs the national lists.
static JOURNAL: LazyLock<TestSigner> = LazyLock::new(|| TestSigner::with(test_keys::p256()));
static NEXT: LazyLock<TestSigner> = LazyLock::new(|| TestSigner::with(test_keys::p256()));
static OPERATOR: LazyLock<TestSigner> = LazyLock::new(|| TestSigner::with(test_keys::p256()));
static STRANGER: LazyLock<TestSigner> = LazyLock::new(|| TestSigner::with(test_keys::p256()));

fn at(now: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now))
}

fn import() -> Import {
    Import::trusting([JOURNAL.certificate.clone()], at(NOW))
}

/// A list of lists that points to itself and to the lists of PT, EL and UK.
fn list_of_lists() -> TestList {
    let territories = ["PT", "EL", "UK"];
    let national = territories.map(|name| pointer("EUgeneric", name, &[&OPERATOR.certificate]));
    TestList::of_lists(national.to_vec())
}

fn announcing(sequence: u64, signer: &TestSigner) -> TestList {
    let own = pointer("EUlistofthelists", "EU", &[&signer.certificate]);
    TestList { sequence, ..TestList::of_lists(vec![own]) }
}

fn national(territory: &'static str) -> TestList {
    let service = service(&ISSUING.der(), &[purpose("ForWebSiteAuthentication")], &[]);
    TestList::national(territory, vec![service])
}

/// Imports one national list beside the one of PT; answers why it is refused.
fn refused(import: &Import, list: &TestList, signer: &TestSigner) -> Option<ListRefused> {
    let lists = [
        ("pt".to_owned(), national("PT").signed_by(&OPERATOR)),
        ("it".to_owned(), list.signed_by(signer)),
    ];
    let imported = import.run(&list_of_lists().signed_by(&JOURNAL), lists).unwrap();
    assert!(imported.services().list("PT").is_some());
    let report = imported.reports().last().unwrap();
    assert_eq!((report.name(), report.signer().is_none()), ("it", report.why_refused().is_some()));
    report.why_refused().cloned()
}

/// Imports with another list of lists; answers why it is refused.
fn list_of_lists_refused(
    import: &Import,
    list: &TestList,
    signer: &TestSigner,
) -> Option<ListRefused> {
    let national = [("pt".to_owned(), national("PT").signed_by(&OPERATOR))];
    match import.run(&list.signed_by(signer), national) {
        Ok(_) => None,
        Err(ImportError::ListOfLists { why, .. }) => Some(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn lists_are_taken_with_their_services_and_editions() {
    let lists = ["PT", "EL"].map(|name| (name.to_owned(), national(name).signed_by(&OPERATOR)));
    let imported = import().run(&list_of_lists().signed_by(&JOURNAL), lists).unwrap();
    let services = imported.services();
    let editions: Vec<_> =
        services.lists().iter().map(|list| (list.territory(), list.sequence())).collect();
    assert_eq!(editions, [("EU", 7), ("PT", 7), ("EL", 7)]);
    assert_eq!(services.services().len(), 2);
    assert_eq!(services.authorities(at(NOW)), [ISSUING.der()]);
    assert!(imported.reports().iter().all(|report| report.why_refused().is_none()));
}

#[test]
fn a_national_list_that_is_not_in_order_is_refused_alone() {
    let good = national("EL");
    assert_eq!(refused(&import(), &good, &OPERATOR), None);
    let signature = |error| Some(ListRefused::Signature(error));
    let cases: [(&str, TestList, &TestSigner, Option<ListRefused>); 8] = [
        ("another signer", good.clone(), &STRANGER, signature(SignatureError::Signer)),
        (
            "the signer of the list of lists",
            good.clone(),
            &JOURNAL,
            signature(SignatureError::Signer),
        ),
        ("no pointer", national("XX"), &OPERATOR, Some(ListRefused::NoSigners)),
        // Lists say EL and UK: a list that says otherwise is none of those.
        ("GR", national("GR"), &OPERATOR, Some(ListRefused::NoSigners)),
        ("a second list", national("PT"), &OPERATOR, Some(ListRefused::Twice)),
        (
            "the future",
            TestList { issued: NOW + 1, ..good.clone() },
            &OPERATOR,
            Some(ListRefused::FromTheFuture),
        ),
        (
            "past its end",
            TestList { next_update: Some(NOW - 1), ..good.clone() },
            &OPERATOR,
            Some(ListRefused::Stale),
        ),
        (
            "closed",
            TestList { next_update: None, ..national("UK") },
            &OPERATOR,
            Some(ListRefused::Closed),
        ),
    ];
    for (what, list, signer, expected) in cases {
        assert_eq!(refused(&import(), &list, signer), expected, "{what}");
    }
    let kind = TestList { kind: "EUlistofthelists", ..good };
    assert_eq!(refused(&import(), &kind, &OPERATOR), Some(ListRefused::OtherKind));
}

#[test]
fn a_list_of_lists_that_is_not_in_order_refuses_everything() {
    let good = list_of_lists();
    assert_eq!(list_of_lists_refused(&import(), &good, &JOURNAL), None);
    let signature = |error| Some(ListRefused::Signature(error));
    let cases: [(&str, TestList, &TestSigner, Option<ListRefused>); 6] = [
        ("another signer", good.clone(), &STRANGER, signature(SignatureError::Signer)),
        ("a national operator", good.clone(), &OPERATOR, signature(SignatureError::Signer)),
        (
            "another kind",
            TestList { kind: "EUgeneric", ..good.clone() },
            &JOURNAL,
            Some(ListRefused::OtherKind),
        ),
        (
            "another territory",
            TestList { territory: "PT", ..good.clone() },
            &JOURNAL,
            Some(ListRefused::OtherKind),
        ),
        (
            "the future",
            TestList { issued: NOW + 1, ..good.clone() },
            &JOURNAL,
            Some(ListRefused::FromTheFuture),
        ),
        (
            "past its end",
            TestList { next_update: Some(NOW - 1), ..good },
            &JOURNAL,
            Some(ListRefused::Stale),
        ),
    ];
    for (what, list, signer, expected) in cases {
        assert_eq!(list_of_lists_refused(&import(), &list, signer), expected, "{what}");
    }
}

#[test]
fn a_stale_list_is_taken_for_as_long_as_is_allowed() {
    let import = import().allow_stale(Duration::from_secs(DAY));
    let ended = |ago| TestList { next_update: Some(NOW - ago), ..national("EL") };
    assert_eq!(refused(&import, &ended(DAY), &OPERATOR), None);
    assert_eq!(refused(&import, &ended(DAY + 1), &OPERATOR), Some(ListRefused::Stale));
}

#[test]
fn a_list_is_not_rolled_back() {
    let before = |sequence| {
        let lists =
            [("el".to_owned(), TestList { sequence, ..national("EL") }.signed_by(&OPERATOR))];
        let imported = import().run(&list_of_lists().signed_by(&JOURNAL), lists);
        import().after(imported.unwrap().services().clone())
    };
    let older = Some(ListRefused::RolledBack { sequence: 7, known: 8 });
    assert_eq!(refused(&before(7), &national("EL"), &OPERATOR), None);
    assert_eq!(refused(&before(8), &national("EL"), &OPERATOR), older);
    let older = TestList { sequence: 6, ..list_of_lists() };
    let rolled_back = Some(ListRefused::RolledBack { sequence: 6, known: 7 });
    assert_eq!(list_of_lists_refused(&before(7), &older, &JOURNAL), rolled_back);
}

#[test]
fn a_pivot_announces_the_signers_to_come_and_withdraws_those_before() {
    let pivot = |list: TestList, signer: &TestSigner| ("pivot".to_owned(), list.signed_by(signer));
    let signer = Some(ListRefused::Signature(SignatureError::Signer));
    let verdict = |pivots: Vec<(String, Vec<u8>)>, signer: &TestSigner| {
        list_of_lists_refused(&import().pivots(pivots), &list_of_lists(), signer)
    };
    assert_eq!(verdict(vec![], &NEXT), signer);
    let first = || pivot(announcing(5, &NEXT), &JOURNAL);
    assert_eq!(verdict(vec![first()], &NEXT), None);
    assert_eq!(verdict(vec![first()], &JOURNAL), signer, "withdrawn");
    // A chain of two, given in the wrong order.
    let second = || pivot(announcing(6, &STRANGER), &NEXT);
    assert_eq!(verdict(vec![second(), first()], &STRANGER), None);
    assert_eq!(verdict(vec![second()], &STRANGER), signer, "a chain with a gap");
    for (what, bad) in [
        ("signed by itself", pivot(announcing(5, &NEXT), &NEXT)),
        ("in the future", pivot(TestList { issued: NOW + 1, ..announcing(5, &NEXT) }, &JOURNAL)),
        (
            "of another kind",
            pivot(TestList { kind: "EUgeneric", ..announcing(5, &NEXT) }, &JOURNAL),
        ),
        ("that announces nobody", pivot(list_of_lists(), &JOURNAL)),
    ] {
        assert_eq!(verdict(vec![bad.clone()], &NEXT), signer, "{what}");
        assert_eq!(verdict(vec![bad], &JOURNAL), None, "{what}");
    }
    let newer = verdict(vec![pivot(announcing(8, &NEXT), &JOURNAL)], &NEXT);
    assert_eq!(newer, Some(ListRefused::RolledBack { sequence: 7, known: 8 }));
}

#[test]
fn a_pointer_for_people_announces_nobody() {
    let for_people = list_of_lists()
        .pointers
        .concat()
        .replace("application/vnd.etsi.tsl+xml", "application/pdf");
    let lists = TestList::of_lists(vec![for_people]);
    let national = [("pt".to_owned(), national("PT").signed_by(&OPERATOR))];
    let imported = import().run(&lists.signed_by(&JOURNAL), national);
    let refused = imported.unwrap_err();
    assert_eq!(refused.reports()[1].why_refused(), Some(&ListRefused::NoSigners));
    assert!(matches!(refused, ImportError::NothingTaken { why: ServicesError::NoService, .. }));
}

#[test]
fn a_pointer_to_a_list_of_another_kind_announces_nobody() {
    let mut lists = list_of_lists();
    lists.pointers.push(pointer("EUlistofthelists", "EL", &[&STRANGER.certificate]));
    lists.pointers.push(pointer("EUgeneric", "EU", &[&STRANGER.certificate]));
    let national = [("el".to_owned(), national("EL").signed_by(&STRANGER))];
    let refused = import().run(&lists.signed_by(&JOURNAL), national).unwrap_err();
    let signer = ListRefused::Signature(SignatureError::Signer);
    assert_eq!(refused.reports()[1].why_refused(), Some(&signer));
    let pivot = ("pivot".to_owned(), TestList { sequence: 5, ..lists }.signed_by(&JOURNAL));
    let import = import().pivots([pivot]);
    assert_eq!(list_of_lists_refused(&import, &list_of_lists(), &STRANGER), Some(signer));
}

#[test]
fn services_that_issue_no_qualified_certificates_are_left_out() {
    let mut list = national("PT");
    list.services.push(list.services[0].replace("CA/QC", "CA/PKC"));
    let lists = [("pt".to_owned(), list.signed_by(&OPERATOR))];
    let imported = import().run(&list_of_lists().signed_by(&JOURNAL), lists).unwrap();
    assert_eq!(imported.services().services().len(), 1);
    assert_eq!(imported.reports().last().unwrap().list().unwrap().services().len(), 2);
}
