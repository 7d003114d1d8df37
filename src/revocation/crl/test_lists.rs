//! Lists made field by field, for what no library makes.

use std::time::Duration;

use der::Encode;
use der::asn1::{GeneralizedTime, ObjectIdentifier};

use super::{ListError, RevocationList};
use crate::cert::test_pki::{Authority, DAY, ISSUING, NOW, read};
use crate::cert::{Certificate, Issuer};

/// Each field is its DER; an empty one is left out.
pub(in super::super) struct TestList {
    pub(in super::super) version: Vec<u8>,
    pub(in super::super) signed_algorithm: Vec<u8>,
    pub(in super::super) issuer: Vec<u8>,
    pub(in super::super) this_update: Vec<u8>,
    pub(in super::super) next_update: Vec<u8>,
    pub(in super::super) revoked: Vec<u8>,
    pub(in super::super) extensions: Vec<u8>,
    pub(in super::super) algorithm: Vec<u8>,
    /// What follows the signature.
    pub(in super::super) behind: Vec<u8>,
}

impl TestList {
    /// In order, of one day before and after now, with the number one and without entries.
    pub(in super::super) fn of(authority: &Authority) -> Self {
        Self {
            version: integer(&[1]),
            signed_algorithm: ECDSA_WITH_SHA256.into(),
            issuer: read(&authority.der()).subject_der().into(),
            this_update: time(NOW - DAY),
            next_update: time(NOW + DAY),
            revoked: Vec::new(),
            extensions: extensions(&[crl_number(&[1])]),
            algorithm: ECDSA_WITH_SHA256.into(),
            behind: Vec::new(),
        }
    }

    pub(in super::super) fn signed_by(&self, authority: &Authority) -> Vec<u8> {
        let tbs = tlv(
            0x30,
            &[
                &self.version,
                &self.signed_algorithm,
                &self.issuer,
                &self.this_update,
                &self.next_update,
                &self.revoked,
                &self.extensions,
            ],
        );
        let signature = tlv(0x03, &[&[0], &authority.signs(&tbs)]);
        tlv(0x30, &[&tbs, &self.algorithm, &signature, &self.behind])
    }
}

/// A list of the issuing authority that is in order but for the edit.
pub(in super::super) fn issued(edit: impl FnOnce(&mut TestList)) -> Vec<u8> {
    let mut list = TestList::of(&ISSUING);
    edit(&mut list);
    list.signed_by(&ISSUING)
}

/// The verdict on such a list.
pub(in super::super) fn verified(
    edit: impl FnOnce(&mut TestList),
) -> Result<RevocationList, ListError> {
    RevocationList::verify(&issued(edit), &issuing())
}

/// The issuing authority.
pub(in super::super) fn issuing() -> Issuer {
    Issuer::from_der(&ISSUING.der()).unwrap()
}

/// A client's certificate with this serial number.
pub(in super::super) fn with_serial(serial: &[u8]) -> Certificate {
    let serial = serial.to_vec();
    read(&ISSUING.issues(|parameters| parameters.serial_number = Some(serial.into())))
}

/// An entry of yesterday.
pub(in super::super) fn entry(serial: &[u8], entry_extensions: &[Vec<u8>]) -> Vec<u8> {
    let entry_extensions = match entry_extensions {
        [] => Vec::new(),
        some => tlv(0x30, &[&some.concat()]),
    };
    tlv(0x30, &[&integer(serial), &time(NOW - DAY), &entry_extensions])
}

pub(in super::super) fn revoked(entries: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &[&entries.concat()])
}

pub(in super::super) fn extensions(list: &[Vec<u8>]) -> Vec<u8> {
    tlv(0xa0, &[&tlv(0x30, &[&list.concat()])])
}

pub(in super::super) fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = ObjectIdentifier::new(oid).unwrap().to_der().unwrap();
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&oid, critical, &tlv(0x04, &[value])])
}

pub(in super::super) fn crl_number(number: &[u8]) -> Vec<u8> {
    extension("2.5.29.20", false, &integer(number))
}

pub(in super::super) fn reason_code(code: u8) -> Vec<u8> {
    extension("2.5.29.21", false, &[0x0a, 1, code])
}

/// An IssuingDistributionPoint of these fields.
pub(in super::super) fn issuing_distribution_point(fields: &[&[u8]]) -> Vec<u8> {
    extension("2.5.29.28", true, &tlv(0x30, fields))
}

/// The field `distributionPoint` with these addresses.
pub(in super::super) fn at(uris: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = uris.iter().flat_map(|uri| tlv(0x86, &[uri.as_bytes()])).collect();
    tlv(0xa0, &[&tlv(0xa0, &[&names])])
}

pub(in super::super) fn integer(content: &[u8]) -> Vec<u8> {
    tlv(0x02, &[content])
}

pub(in super::super) fn time(seconds: u64) -> Vec<u8> {
    let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds));
    time.unwrap().to_der().unwrap()
}

pub(in super::super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let octets = content.len().to_be_bytes().iter().skip_while(|octet| **octet == 0).count();
    let header = match content.len() {
        short @ 0..0x80 => vec![tag, short as u8],
        _ => [&[tag, 0x80 | octets as u8], &length[length.len() - octets..]].concat(),
    };
    [header, content].concat()
}

pub(in super::super) const ECDSA_WITH_SHA256: &[u8] =
    &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// Of flags in an IssuingDistributionPoint.
pub(in super::super) const ONLY_USERS: &[u8] = &[0x81, 1, 0xff];
pub(in super::super) const ONLY_AUTHORITIES: &[u8] = &[0x82, 1, 0xff];
pub(in super::super) const ONLY_KEY_COMPROMISE: &[u8] = &[0x83, 2, 6, 0x40];
pub(in super::super) const INDIRECT: &[u8] = &[0x84, 1, 0xff];
pub(in super::super) const ONLY_ATTRIBUTES: &[u8] = &[0x85, 1, 0xff];
