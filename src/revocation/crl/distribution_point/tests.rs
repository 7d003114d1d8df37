use rcgen::{CrlDistributionPoint, CustomExtension};

use super::super::test_lists::{at, tlv};
use super::*;
use crate::cert::test_pki::{ISSUING, read};

fn with(points: &[Vec<u8>]) -> Certificate {
    let value = tlv(0x30, &[&points.concat()]);
    let extension = CustomExtension::from_oid_content(&[2, 5, 29, 31], value);
    read(&ISSUING.issues(|parameters| parameters.custom_extensions.push(extension)))
}

#[test]
fn addresses_are_those_of_all_points_in_order() {
    let uris = |uris: &[&str]| CrlDistributionPoint {
        uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
    };
    let points = vec![uris(&["http://ca/1", "HTTPS://ca/2"]), uris(&["http://ca/3"])];
    let certificate = ISSUING.issues(|parameters| parameters.crl_distribution_points = points);
    let certificate = read(&certificate);
    assert_eq!(distribution_points(&certificate), ["http://ca/1", "HTTPS://ca/2", "http://ca/3"]);
    assert!(distribution_points(&read(&ISSUING.issues(|_| {}))).is_empty());
}

#[test]
fn what_cannot_be_fetched_is_no_source() {
    let uris = ["ldap://ca/1", "ftp://ca/1", "file:///etc/passwd", "//ca/1", "http:/ca", "http"];
    let relative = tlv(0xa0, &[&tlv(0xa1, &[])]);
    let certificate = with(&[tlv(0x30, &[&at(&uris)]), tlv(0x30, &[&relative])]);
    assert!(distribution_points(&certificate).is_empty());
    // Neither is a name of another kind that looks like an address.
    let mail = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x81, &[b"http://ca/1"])])]);
    assert!(distribution_points(&with(&[tlv(0x30, &[&mail])])).is_empty());
    assert!(distribution_points(&with(&[tlv(0x30, &[&at(&["http://ä/1"])])])).is_empty());
    let odd = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[b"http://\xff/1"])])]);
    assert!(distribution_points(&with(&[tlv(0x30, &[&odd])])).is_empty());
}

#[test]
fn a_point_for_some_reasons_or_of_another_issuer_is_no_source() {
    let (uri, reasons) = (at(&["http://ca/1"]), [0x81, 2, 6, 0x40]);
    let name = read(&ISSUING.der()).subject_der().to_vec();
    let issuer = tlv(0xa2, &[&tlv(0xa4, &[&name])]);
    assert!(distribution_points(&with(&[tlv(0x30, &[&uri, &reasons])])).is_empty());
    assert!(distribution_points(&with(&[tlv(0x30, &[&uri, &issuer])])).is_empty());
}

#[test]
fn points_that_cannot_be_read_to_the_end_are_no_source() {
    let point = tlv(0x30, &[&at(&["http://ca/1"])]);
    assert_eq!(distribution_points(&with(std::slice::from_ref(&point))), ["http://ca/1"]);
    assert!(distribution_points(&with(&[point, vec![5, 0]])).is_empty());
}
