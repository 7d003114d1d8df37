//! What is remembered, and for how long it stands when the anchors are replaced.

use std::thread;

use rcgen::RevokedCertParams;

use super::*;
use crate::cert::test_pki::revoked;

/// A rule and the anchors it was given.
fn swappable(first: &Authority) -> (TrustCertificate, Anchors) {
    let anchors = Anchors::of([first.der()]).unwrap();
    (TrustCertificate::anchored_in(anchors.clone(), Revocation::danger_off()), anchors)
}

const UNTRUSTED: Result<(), Reason> = Err(Reason::CertificateUntrusted);

#[test]
fn a_verdict_does_not_survive_the_anchors_it_was_found_by() {
    let (rule, anchors) = swappable(&ROOT);
    let (leaf, chain) = (ISSUING.issues(|_| {}), [ISSUING.der()]);
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), Ok(()));
    anchors.replace([Authority::root("Root").der()]).unwrap();
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), UNTRUSTED);
}

#[test]
fn a_refusal_does_not_survive_the_anchors_it_was_found_by() {
    let (rule, anchors) = swappable(&Authority::root("Root"));
    let (leaf, chain) = (ISSUING.issues(|_| {}), [ISSUING.der()]);
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), UNTRUSTED);
    anchors.replace([ROOT.der()]).unwrap();
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), Ok(()));
}

#[test]
fn a_path_is_searched_anew_among_what_the_present_request_brought() {
    let (rule, anchors) = swappable(&ROOT);
    let leaf = ISSUING.issues(|_| {});
    assert_eq!(verdict(&rule, &leaf, &[ISSUING.der()], NOW), Ok(()));
    assert_eq!(verdict(&rule, &leaf, &[], NOW), Ok(()), "remembered");
    anchors.replace([ROOT.der()]).unwrap();
    assert_eq!(verdict(&rule, &leaf, &[], NOW), UNTRUSTED);
    assert_eq!(verdict(&rule, &leaf, &[ISSUING.der()], NOW), Ok(()));
}

#[test]
fn the_evidence_holds_the_path_that_was_found() {
    let upper = ROOT.authorizes("Upper", |_| {});
    let lower = upper.authorizes("Lower", |_| {});
    let client = ClientCertificate::new(
        Arc::new(read(&lower.issues(|_| {}))),
        [ROOT.der(), upper.der(), ISSUING.der(), lower.der()].into(),
    );
    let trusted = judged(rooted().check(&client, &mut request(), &at(NOW))).unwrap();
    let links = trusted.path().links().iter();
    let found: Vec<_> =
        links.map(|link| (link.certificate.der().clone(), link.issuer.name().to_vec())).collect();
    let name = |authority: &Authority| read(&authority.der()).subject_der().to_vec();
    let expected = [
        (client.certificate().der().clone(), name(&lower)),
        (lower.der(), name(&upper)),
        (upper.der(), name(&ROOT)),
    ];
    assert_eq!(found, expected);
    assert!(TrustedCertificate::assertion(&client).path().links().is_empty());
}

#[test]
fn no_request_fails_and_none_wrongly_passes_while_anchors_and_lists_are_replaced() {
    let (other, rounds) = (Authority::root("Other"), 100_u64);
    let numbered = |authority: &Authority, serial: u64| {
        authority.issues(|client| client.serial_number = Some(serial.into()))
    };
    let (steady, withdrawn) = (numbered(&ISSUING, 1), numbered(&ISSUING, 2));
    let (fleeting, stranger) = (numbered(&other, 1), Authority::root("Nobody").issues(|_| {}));
    let lists = |number: u64, entries: Vec<RevokedCertParams>| {
        let newest = ISSUING.lists(|list| {
            list.crl_number = number.into();
            list.this_update = date(NOW - DAY + number);
            list.revoked_certs = entries;
        });
        [ROOT.lists(|_| {}), other.lists(|_| {}), newest]
    };
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let revocation = Revocation::by_lists(lists(1, vec![])).unwrap();
    let rule = TrustCertificate::anchored_in(anchors.clone(), revocation.clone());
    let chain = [ISSUING.der()];
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2 * rounds {
                    assert_eq!(verdict(&rule, &steady, &chain, NOW), Ok(()));
                    assert_eq!(verdict(&rule, &stranger, &chain, NOW), UNTRUSTED);
                }
            });
        }
        for round in 1..=rounds {
            anchors.replace([ROOT.der(), other.der()]).unwrap();
            assert_eq!(verdict(&rule, &fleeting, &[], NOW), Ok(()));
            anchors.replace([ROOT.der()]).unwrap();
            assert_eq!(verdict(&rule, &fleeting, &[], NOW), UNTRUSTED);
            revocation.replace_lists(lists(2 * round, vec![revoked(&withdrawn)])).unwrap();
            let refused = verdict(&rule, &withdrawn, &chain, NOW);
            assert_eq!(refused, Err(Reason::CertificateRevoked));
            revocation.replace_lists(lists(2 * round + 1, vec![])).unwrap();
            assert_eq!(verdict(&rule, &withdrawn, &chain, NOW), Ok(()));
        }
    });
}
