//! Whom a response speaks of, and what it says.

use super::*;

use openssl::sha;

const OTHER: Result<Status, OcspError> = Err(OcspError::NotForThisCertificate);

fn with(edit: impl FnOnce(&mut TestSingle)) -> TestResponse {
    good().saying(edit)
}

#[test]
fn good_for_another_serial_tells_nothing() {
    assert_eq!(verdict(&with(|single| single.serial[19] ^= 1)), OTHER);
    // The first bytes, or one more.
    assert_eq!(verdict(&with(|single| single.serial.truncate(8))), OTHER);
    assert_eq!(verdict(&with(|single| single.serial.push(0x7f))), OTHER);
}

#[test]
fn a_serial_of_twenty_octets_with_the_highest_bit_is_its_own() {
    let serial = [&[0][..], &[0x80; 20]].concat();
    let certificate = client(&[0x80; 20]);
    let how = Reading { certificate: &certificate, ..reading() };
    let positive = TestResponse::good(&ISSUING, &certificate).saying(|it| it.serial = serial);
    assert_eq!(read(&positive.signed_by(&ISSUING), &how).unwrap().status, Status::Good);
    let negative = positive.saying(|single| single.serial = vec![0x80; 20]);
    assert_eq!(read(&negative.signed_by(&ISSUING), &how).unwrap_err(), OTHER.unwrap_err());
}

#[test]
fn good_for_another_issuer_key_or_name_tells_nothing() {
    assert_eq!(verdict(&with(|single| single.key_hash = sha::sha1(&key(&ROOT)).to_vec())), OTHER);
    let root = parsed(&ROOT.der());
    let other = sha::sha1(root.subject_der()).to_vec();
    assert_eq!(verdict(&with(|single| single.name_hash = other)), OTHER);
}

#[test]
fn the_key_is_hashed_without_tag_and_length() {
    let spki = ISSUING.private_key().public_key_to_der().unwrap();
    assert_eq!(verdict(&with(|single| single.key_hash = sha::sha1(&spki).to_vec())), OTHER);
    let bit_string = &spki[spki.len() - 68..];
    assert_eq!(bit_string[0], 3);
    assert_eq!(verdict(&with(|single| single.key_hash = sha::sha1(bit_string).to_vec())), OTHER);
}

fn by_sha256(single: &mut TestSingle) {
    single.hash = SHA256.to_vec();
    single.name_hash = sha::sha256(CLIENT.issuer_der()).to_vec();
    single.key_hash = sha::sha256(&key(&ISSUING)).to_vec();
}

#[test]
fn the_responder_may_take_the_other_hash() {
    assert_eq!(verdict(&with(by_sha256)), PASSES);
}

#[test]
fn hashes_do_not_count_under_the_name_of_another() {
    let mislabelled = |hash: &[u8]| with(|single| single.hash = hash.to_vec());
    assert_eq!(verdict(&mislabelled(SHA256)), OTHER);
    let sha384 = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0];
    assert_eq!(verdict(&mislabelled(&sha384)), OTHER);
    assert_eq!(
        verdict(&with(|it| {
            by_sha256(it);
            it.hash = SHA1.to_vec()
        })),
        OTHER
    );
    assert_eq!(
        verdict(&with(|it| {
            by_sha256(it);
            it.key_hash[31] ^= 1
        })),
        OTHER
    );
    assert_eq!(
        verdict(&with(|it| {
            by_sha256(it);
            it.name_hash[31] ^= 1
        })),
        OTHER
    );
}

#[test]
fn parameters_of_the_hash_are_absent_or_null() {
    let bare = [0x30, 7, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a];
    assert_eq!(verdict(&with(|single| single.hash = bare.to_vec())), PASSES);
    let odd = [0x30, 10, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 4, 1, 0];
    assert_eq!(verdict(&with(|single| single.hash = odd.to_vec())), OTHER);
}

#[test]
fn words_on_other_certificates_are_passed_over() {
    let mut response = good();
    let mut other = response.singles[0].clone();
    other.serial[0] = 1;
    other.status = revoked(NOW - DAY, None);
    other.this_update = NOW + DAY;
    other.next_update = None;
    other.extensions = vec![extension("1.2.3.4", true, &[])];
    response.singles = vec![other.clone(), response.singles[0].clone(), other.clone()];
    assert_eq!(verdict(&response), PASSES);
    response.singles = vec![other];
    assert_eq!(verdict(&response), OTHER);
    // Found before a signature is verified in vain.
    assert_eq!(said(&response.signed_by(&ROOT)), OTHER);
    response.singles.clear();
    assert_eq!(verdict(&response), OTHER);
}

#[test]
fn revoked_says_since_when_and_why() {
    for reason in [None, Some(0), Some(1), Some(6), Some(8), Some(10)] {
        let response = with(|single| single.status = revoked(NOW - DAY, reason));
        assert_eq!(verdict(&response), Ok(Status::Revoked { since: at(NOW - DAY), reason }));
    }
}

#[test]
fn a_reason_that_is_not_known_or_a_date_to_come_revokes_all_the_same() {
    let response = with(|single| single.status = revoked(NOW + DAY, Some(77)));
    let since = at(NOW + DAY);
    assert_eq!(verdict(&response), Ok(Status::Revoked { since, reason: Some(77) }));
}

#[test]
fn never_issued_is_revoked() {
    let mut response = with(|single| single.status = revoked(0, Some(6)));
    response.extensions = vec![extension("1.3.6.1.5.5.7.48.1.9", false, &[5, 0])];
    assert_eq!(verdict(&response), Ok(Status::Revoked { since: at(0), reason: Some(6) }));
}

#[test]
fn unknown_is_not_good() {
    assert_eq!(verdict(&with(|single| single.status = UNKNOWN.to_vec())), Ok(Status::Unknown));
}

#[test]
fn of_several_words_on_the_certificate_the_worst_counts() {
    let words = |statuses: &[&[u8]]| {
        let mut response = good();
        let single = response.singles[0].clone();
        response.singles = statuses
            .iter()
            .map(|status| TestSingle { status: status.to_vec(), ..single.clone() })
            .collect();
        verdict(&response)
    };
    let hold = revoked(NOW - DAY, Some(6));
    let is_revoked = Ok(Status::Revoked { since: at(NOW - DAY), reason: Some(6) });
    assert_eq!(words(&[GOOD, GOOD]), PASSES);
    assert_eq!(words(&[GOOD, UNKNOWN]), Ok(Status::Unknown));
    assert_eq!(words(&[UNKNOWN, GOOD]), Ok(Status::Unknown));
    assert_eq!(words(&[GOOD, &hold, UNKNOWN]), is_revoked);
    assert_eq!(words(&[&hold, GOOD]), is_revoked);
}

#[test]
fn of_two_good_words_the_one_that_ends_first_counts() {
    let mut response = good();
    let mut shorter = response.singles[0].clone();
    shorter.next_update = Some(NOW + HOUR);
    for at_first in [0, 1] {
        let mut response = response.clone();
        response.singles.insert(at_first, shorter.clone());
        let answer = read(&response.signed_by(&ISSUING), &reading()).unwrap();
        assert_eq!(answer.good_until, at(NOW + HOUR));
    }
    shorter.next_update = Some(NOW - DAY / 100);
    shorter.this_update = NOW - DAY;
    response.singles.push(shorter);
    assert_eq!(verdict(&response), Err(OcspError::Stale));
}
