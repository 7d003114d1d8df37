use der::{Decode, Encode};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope,
};
use x509_cert::crl::CertificateList;

use super::super::super::{TrustError, test_pki::revoked};
use super::*;
use crate::fetch::{FetchError, FetchRequest, Fetched};
use crate::gate::BoxFuture;
use crate::revocation::RevocationError;

const UNKNOWN: Result<(), Reason> = Err(Reason::RevocationUnknown);
const REVOKED: Result<(), Reason> = Err(Reason::CertificateRevoked);

/// Trusts what leads to the root and is not on these lists.
fn watched(lists: impl IntoIterator<Item = Vec<u8>>) -> TrustCertificate {
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    TrustCertificate::anchored_in(anchors, Revocation::by_lists(lists).unwrap())
}

/// The verdict on a client of the issuing authority.
fn verdict_by(
    lists: impl IntoIterator<Item = Vec<u8>>,
    leaf: &CertificateDer<'static>,
) -> Result<(), Reason> {
    verdict(&watched(lists), leaf, &[ISSUING.der()], NOW)
}

fn clean(authority: &Authority) -> Vec<u8> {
    authority.lists(|_| {})
}

fn naming(certificate: &CertificateDer<'_>) -> impl FnOnce(&mut CertificateRevocationListParams) {
    let entry = revoked(certificate);
    move |parameters| parameters.revoked_certs.push(entry)
}

fn at_uri(uri: &str) -> CrlDistributionPoint {
    CrlDistributionPoint { uris: vec![uri.to_owned()] }
}

fn partition(uri: &str, scope: Option<CrlScope>) -> Vec<u8> {
    let point = CrlIssuingDistributionPoint { distribution_point: at_uri(uri), scope };
    ISSUING.lists(|parameters| parameters.issuing_distribution_point = Some(point))
}

#[test]
fn a_client_on_no_list_is_trusted() {
    let leaf = ISSUING.issues(|_| {});
    let other = ISSUING.lists(naming(&ROOT.der()));
    assert_eq!(verdict_by([clean(&ROOT), other], &leaf), Ok(()));
}

#[test]
fn a_client_on_the_list_of_its_issuer_is_revoked() {
    let leaf = ISSUING.issues(|_| {});
    assert_eq!(verdict_by([clean(&ROOT), ISSUING.lists(naming(&leaf))], &leaf), REVOKED);
}

#[test]
fn a_client_of_a_revoked_issuer_is_revoked() {
    let leaf = ISSUING.issues(|_| {});
    let lists = [ROOT.lists(naming(&ISSUING.der())), clean(&ISSUING)];
    assert_eq!(verdict_by(lists, &leaf), REVOKED);
}

#[test]
fn every_certificate_of_the_path_needs_a_list_of_its_issuer() {
    let leaf = ISSUING.issues(|_| {});
    assert_eq!(verdict_by([clean(&ROOT)], &leaf), UNKNOWN);
    assert_eq!(verdict_by([clean(&ISSUING)], &leaf), UNKNOWN);
    let other = Authority::root("Other");
    assert_eq!(verdict_by([clean(&ROOT), clean(&other)], &leaf), UNKNOWN);
}

#[test]
fn a_list_by_another_key_of_the_same_name_tells_nothing() {
    let leaf = ISSUING.issues(|_| {});
    let namesake = Authority::root("Issuing");
    assert_eq!(verdict_by([clean(&ROOT), clean(&namesake)], &leaf), UNKNOWN);
}

#[test]
fn a_list_by_a_key_that_is_not_for_lists_tells_nothing() {
    let usages = vec![KeyUsagePurpose::KeyCertSign];
    let mute = ROOT.authorizes("Mute", |parameters| parameters.key_usages = usages);
    let lists = [clean(&ROOT), mute.lists_without_leave()];
    let refused = verdict(&watched(lists), &mute.issues(|_| {}), &[mute.der()], NOW);
    assert_eq!(refused, UNKNOWN);
}

#[test]
fn a_list_is_good_until_the_second_before_its_next_update() {
    let leaf = ISSUING.issues(|_| {});
    let list = |this, next| {
        ISSUING.lists(|parameters| {
            parameters.this_update = date(this);
            parameters.next_update = date(next);
        })
    };
    for (this, next, expected) in [
        (NOW, NOW + 1, Ok(())),
        (NOW + 300, NOW + 400, Ok(())),
        (NOW - 1, NOW, UNKNOWN),
        (NOW - 2, NOW - 1, UNKNOWN),
        (NOW + 301, NOW + 400, UNKNOWN),
    ] {
        assert_eq!(verdict_by([clean(&ROOT), list(this, next)], &leaf), expected, "{this} {next}");
    }
}

#[test]
fn a_remembered_path_ends_with_the_first_of_the_lists() {
    let leaf = ISSUING.issues(|_| {});
    let longer = ROOT.lists(|parameters| parameters.next_update = date(NOW + 2 * DAY));
    let rule = watched([longer, clean(&ISSUING)]);
    let chain = [ISSUING.der()];
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), Ok(()));
    assert_eq!(verdict(&rule, &leaf, &[], NOW + DAY - 1), Ok(()));
    assert_eq!(verdict(&rule, &leaf, &chain, NOW + DAY), UNKNOWN);
    assert_eq!(verdict(&rule, &leaf, &chain, NOW + DAY + 1), UNKNOWN);
}

#[test]
fn what_a_new_list_says_counts_at_once_on_the_path_of_before() {
    let leaf = ISSUING.issues(|_| {});
    let of = |number: u64, edit: &dyn Fn(&mut CertificateRevocationListParams)| {
        ISSUING.lists(|list| {
            list.crl_number = number.into();
            list.this_update = date(NOW - DAY + number);
            edit(list);
        })
    };
    let revoked = |number| [clean(&ROOT), of(number, &|list| naming(&leaf)(list))];
    let released = |number| [clean(&ROOT), of(number, &|_| {})];
    let revocation = Revocation::by_lists(revoked(1)).unwrap();
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let rule = TrustCertificate::anchored_in(anchors, revocation.clone());
    assert_eq!(verdict(&rule, &leaf, &[ISSUING.der()], NOW), REVOKED);
    revocation.replace_lists(released(2)).unwrap();
    assert_eq!(verdict(&rule, &leaf, &[], NOW), Ok(()), "without another search for a path");
    revocation.replace_lists(revoked(3)).unwrap();
    assert_eq!(verdict(&rule, &leaf, &[], NOW), REVOKED);
}

#[test]
fn a_client_is_trusted_by_what_a_list_says_that_has_to_be_fetched() {
    let uri = "http://ca.example/1.crl";
    let leaf = ISSUING.issues(|leaf| leaf.crl_distribution_points = vec![at_uri(uri)]);
    let answer = |list: Vec<u8>| {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/pkix-crl"))];
        Ok(Fetched::new(StatusCode::OK, &HeaderMap::from_iter(headers), list.into()))
    };
    for (answer, expected) in [
        (answer(clean(&ISSUING)), Ok(())),
        (answer(ISSUING.lists(naming(&leaf))), REVOKED),
        (Err(FetchError::Timeout), UNKNOWN),
    ] {
        let fetch = move |_: FetchRequest| -> BoxFuture<'static, _> {
            Box::pin(std::future::ready(answer.clone()))
        };
        let revocation = Revocation::builder().lists_over(fetch).build().unwrap();
        let anchors = Anchors::of([ISSUING.der()]).unwrap();
        let rule = TrustCertificate::anchored_in(anchors, revocation);
        assert_eq!(verdict(&rule, &leaf, &[], NOW), expected);
    }
}

#[test]
fn of_two_lists_of_one_issuer_the_newer_decides_in_either_order() {
    let leaf = ISSUING.issues(|_| {});
    let old = |edit: &dyn Fn(&mut CertificateRevocationListParams)| {
        ISSUING.lists(|parameters| {
            parameters.this_update = date(NOW - 2 * DAY);
            edit(parameters);
        })
    };
    let names_leaf = |parameters: &mut CertificateRevocationListParams| naming(&leaf)(parameters);
    let (old_clean, old_revoked) = (old(&|_| {}), old(&names_leaf));
    let (new_clean, new_revoked) = (clean(&ISSUING), ISSUING.lists(naming(&leaf)));
    for (one, other, expected) in
        [(&old_clean, &new_revoked, REVOKED), (&old_revoked, &new_clean, Ok(()))]
    {
        assert_eq!(verdict_by([clean(&ROOT), one.clone(), other.clone()], &leaf), expected);
        assert_eq!(verdict_by([clean(&ROOT), other.clone(), one.clone()], &leaf), expected);
    }
}

#[test]
fn a_list_for_a_part_of_the_certificates_tells_of_that_part_only() {
    let at = |uri: &'static str| {
        ISSUING.issues(move |parameters| parameters.crl_distribution_points = vec![at_uri(uri)])
    };
    let (one, two) = ("http://ca.example/1.crl", "http://ca.example/2.crl");
    let lists = |scope| [clean(&ROOT), partition(one, scope)];
    assert_eq!(verdict_by(lists(None), &at(one)), Ok(()));
    assert_eq!(verdict_by(lists(Some(CrlScope::UserCertsOnly)), &at(one)), Ok(()));
    assert_eq!(verdict_by(lists(Some(CrlScope::CaCertsOnly)), &at(one)), UNKNOWN);
    assert_eq!(verdict_by(lists(None), &at(two)), UNKNOWN);
}

#[test]
fn a_list_for_a_part_tells_nothing_of_a_certificate_that_names_no_part() {
    let leaf = ISSUING.issues(|_| {});
    let part = partition("http://ca.example/1.crl", None);
    assert_eq!(verdict_by([clean(&ROOT), part], &leaf), UNKNOWN);
    let point = at_uri("http://ca.example/root.crl");
    let point = CrlIssuingDistributionPoint { distribution_point: point, scope: None };
    let part = ROOT.lists(|parameters| parameters.issuing_distribution_point = Some(point));
    assert_eq!(verdict_by([part, clean(&ISSUING)], &leaf), UNKNOWN);
}

#[test]
fn no_anchor_and_no_list_are_mistakes() {
    assert!(matches!(Anchors::of([]), Err(TrustError::NoAnchor)));
    assert!(matches!(Revocation::by_lists([]), Err(RevocationError::NoList)));
}

#[test]
fn an_anchor_that_is_no_certificate_is_named_by_its_place() {
    let junk = CertificateDer::from(vec![0x30, 0]);
    let error = Anchors::of([ROOT.der(), junk]).unwrap_err();
    assert!(matches!(error, TrustError::Anchor { index: 1, .. }), "{error}");
}

#[test]
fn lists_that_cannot_be_used_are_named_by_their_place() {
    let mut without_end: CertificateList = CertificateList::from_der(&clean(&ISSUING)).unwrap();
    without_end.tbs_cert_list.next_update = None;
    let mut followed = clean(&ISSUING);
    followed.push(0);
    for (what, list) in [
        ("no list", b"no list".to_vec()),
        ("followed by a byte", followed),
        ("without nextUpdate", without_end.to_der().unwrap()),
    ] {
        let error = Revocation::by_lists([clean(&ROOT), list]).unwrap_err();
        assert!(matches!(error, RevocationError::List { index: 1, .. }), "{what}: {error}");
    }
}
