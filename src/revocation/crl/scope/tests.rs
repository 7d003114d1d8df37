use rcgen::{BasicConstraints, CrlDistributionPoint, CustomExtension, IsCa};

use super::super::ListStatus;
use super::super::test_lists::*;
use super::*;
use crate::cert::test_pki::{ISSUING, NOW, read};

const ONE: &str = "http://ca.example/1.crl";
const TWO: &str = "http://ca.example/2.crl";

/// What a list with this scope and no entries says.
fn status(fields: &[&[u8]], certificate: &Certificate) -> ListStatus {
    let point = issuing_distribution_point(fields);
    let list = verified(|list| list.extensions = extensions(&[point])).unwrap();
    list.status_of(certificate)
}

fn is_good(fields: &[&[u8]], certificate: &Certificate) -> bool {
    match status(fields, certificate) {
        ListStatus::Good => true,
        ListStatus::NotCovered(_) => false,
        ListStatus::Revoked { .. } => panic!("nobody is on the list"),
    }
}

fn user() -> Certificate {
    read(&ISSUING.issues(|_| {}))
}

fn authority() -> Certificate {
    let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    read(&ISSUING.issues(|parameters| parameters.is_ca = is_ca))
}

/// A certificate with one distribution point for each of these addresses.
fn named(uris: &[&str]) -> Certificate {
    let point = |uri: &&str| CrlDistributionPoint { uris: vec![(*uri).to_owned()] };
    let points = uris.iter().map(point).collect();
    read(&ISSUING.issues(|parameters| parameters.crl_distribution_points = points))
}

/// A certificate whose distribution points are these.
fn at_points(points: &[Vec<u8>]) -> Certificate {
    with_points(tlv(0x30, &[&points.concat()]))
}

fn with_points(value: Vec<u8>) -> Certificate {
    let extension = CustomExtension::from_oid_content(&[2, 5, 29, 31], value);
    read(&ISSUING.issues(|parameters| parameters.custom_extensions.push(extension)))
}

fn refused(fields: &[&[u8]]) -> Option<ListError> {
    let point = issuing_distribution_point(fields);
    verified(|list| list.extensions = extensions(&[point])).err()
}

#[test]
fn a_list_for_users_or_authorities_covers_these_only() {
    let (user, authority) = (user(), authority());
    assert!(is_good(&[ONLY_USERS], &user) && !is_good(&[ONLY_USERS], &authority));
    assert!(!is_good(&[ONLY_AUTHORITIES], &user) && is_good(&[ONLY_AUTHORITIES], &authority));
}

#[test]
fn a_certificate_that_cannot_say_its_kind_is_not_covered_by_a_list_for_users() {
    let key = openssl::rsa::Rsa::generate(2048).unwrap();
    let key = openssl::pkey::PKey::from_rsa(key).unwrap();
    let digest = openssl::hash::MessageDigest::sha256();
    let version = |version| {
        let der = ISSUING.issues_by_openssl(&key, digest, |builder| {
            builder.set_version(version).unwrap();
        });
        read(&der)
    };
    assert!(is_good(&[ONLY_USERS], &version(2)));
    assert!(!is_good(&[ONLY_USERS], &version(0)));
}

#[test]
fn a_list_for_some_reasons_is_never_good() {
    assert!(!is_good(&[ONLY_KEY_COMPROMISE], &user()));
    assert!(!is_good(&[&at(&[ONE]), ONLY_KEY_COMPROMISE], &named(&[ONE])));
}

#[test]
fn a_list_of_another_partition_is_not_good() {
    let one = at(&[ONE]);
    assert!(is_good(&[&one], &named(&[ONE])));
    assert!(!is_good(&[&one], &named(&[TWO])));
    assert!(is_good(&[&one], &named(&[TWO, ONE])));
    assert!(is_good(&[&at(&[TWO, ONE])], &named(&[ONE])));
    assert!(is_good(&[&one, ONLY_USERS], &named(&[ONE])));
    assert!(!is_good(&[&one, ONLY_AUTHORITIES], &named(&[ONE])));
}

#[test]
fn a_list_of_a_partition_is_not_good_for_a_certificate_that_names_none() {
    assert!(!is_good(&[&at(&[ONE])], &user()));
    assert!(is_good(&[ONLY_USERS], &user()));
}

#[test]
fn names_of_partitions_are_equal_to_the_octet_and_of_one_kind() {
    let one = at(&[ONE]);
    assert!(!is_good(&[&one], &named(&["http://ca.example/1.CRL"])));
    assert!(!is_good(&[&one], &named(&["http://ca.example/1.crl2"])));
    // The same octets as a DNS name.
    let dns = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x82, &[ONE.as_bytes()])])]);
    assert!(!is_good(&[&one], &at_points(&[tlv(0x30, &[&dns])])));
}

#[test]
fn a_partition_named_by_a_directory_name_is_found() {
    let name = tlv(0xa4, &[read(&ISSUING.der()).subject_der()]);
    let point = tlv(0xa0, &[&tlv(0xa0, &[&name])]);
    assert!(is_good(&[&point], &at_points(&[tlv(0x30, &[&point])])));
    assert!(!is_good(&[&point], &named(&[ONE])));
}

#[test]
fn a_name_relative_to_the_issuer_matches_nothing() {
    let relative = tlv(0xa0, &[&tlv(0xa1, &[])]);
    let certificate = at_points(&[tlv(0x30, &[&relative])]);
    assert!(!is_good(&[&relative], &certificate));
    assert!(!is_good(&[&relative], &user()));
    assert!(!is_good(&[&at(&[ONE])], &certificate));
    // A list for everything covers it.
    assert!(is_good(&[ONLY_USERS], &certificate));
}

#[test]
fn a_point_of_another_issuer_s_list_does_not_count() {
    let issuer = tlv(0xa2, &[&tlv(0xa4, &[read(&ISSUING.der()).subject_der()])]);
    let point = tlv(0x30, &[&at(&[ONE]), &issuer]);
    let certificate = at_points(std::slice::from_ref(&point));
    assert!(!is_good(&[ONLY_USERS], &certificate));
    assert!(!is_good(&[&at(&[ONE])], &certificate));
    assert!(!is_good(&[ONLY_USERS], &at_points(&[tlv(0x30, &[&issuer])])));
    let list = verified(|_| {}).unwrap();
    let said = list.status_of(&certificate);
    assert_eq!(said, ListStatus::NotCovered("the list is at none of the certificate's points"));
    // A second point without one is the issuer's own.
    assert!(is_good(&[ONLY_USERS], &at_points(&[point, tlv(0x30, &[&at(&[TWO])])])));
}

#[test]
fn a_point_for_some_reasons_does_not_count() {
    let reasons = &[0x81, 2, 6, 0x40][..];
    let certificate = at_points(&[tlv(0x30, &[&at(&[ONE]), reasons])]);
    assert!(!is_good(&[&at(&[ONE])], &certificate));
    assert!(!is_good(&[ONLY_USERS], &certificate));
}

#[test]
fn distribution_points_that_cannot_be_read_match_nothing() {
    let point = tlv(0x30, &[&at(&[ONE])]);
    for broken in [
        b"none".to_vec(),
        tlv(0x30, &[]),
        tlv(0x30, &[&point, &[5, 0]]),
        [tlv(0x30, &[&point]), vec![5, 0]].concat(),
        tlv(0x30, &[&point, &tlv(0x30, &[&tlv(0xa0, &[&tlv(0xa0, &[])])])]),
        tlv(0x30, &[&point, &tlv(0x30, &[&tlv(0xa0, &[&tlv(0xa2, &[])])])]),
    ] {
        let certificate = with_points(broken);
        assert!(!is_good(&[&at(&[ONE])], &certificate));
        assert!(!is_good(&[ONLY_USERS], &certificate));
    }
}

#[test]
fn a_scope_that_contradicts_itself_is_refused() {
    let malformed = |fields: &[&[u8]]| matches!(refused(fields), Some(ListError::Malformed(_)));
    assert!(malformed(&[]));
    assert!(malformed(&[ONLY_USERS, ONLY_AUTHORITIES]));
    assert!(malformed(&[ONLY_USERS, ONLY_ATTRIBUTES]));
    assert!(malformed(&[ONLY_AUTHORITIES, ONLY_ATTRIBUTES]));
    assert!(malformed(&[ONLY_AUTHORITIES, ONLY_USERS]));
    assert!(malformed(&[ONLY_USERS, ONLY_USERS]));
    assert!(malformed(&[ONLY_USERS, &[5, 0]]));
    assert!(malformed(&[&[0x81, 1, 0]]));
    assert!(malformed(&[&tlv(0xa0, &[&tlv(0xa0, &[])])]));
    assert_eq!(refused(&[ONLY_USERS, INDIRECT]), Some(ListError::Indirect));
    assert_eq!(refused(&[ONLY_ATTRIBUTES]), Some(ListError::AttributeCertificatesOnly));
}

#[test]
fn a_scope_counts_also_when_it_is_not_marked_critical() {
    let point = extension("2.5.29.28", false, &tlv(0x30, &[ONLY_AUTHORITIES]));
    let list = verified(|list| {
        list.extensions = extensions(&[point]);
        list.this_update = time(NOW);
    });
    assert!(matches!(list.unwrap().status_of(&user()), ListStatus::NotCovered(_)));
}
