//! What a response is made of.

use super::*;

#[test]
fn a_good_response_of_the_issuer_passes() {
    let answer = read(&good().signed_by(&ISSUING), &reading()).unwrap();
    assert_eq!(answer.status, Status::Good);
    assert_eq!(answer.this_update, at(NOW - HOUR));
    assert_eq!(answer.produced_at, at(NOW - HOUR));
    assert_eq!(answer.next_update, Some(at(NOW + DAY)));
    assert_eq!(answer.good_until, at(NOW + DAY));
    assert!(answer.delegate.is_none());
}

#[test]
fn a_status_that_is_not_successful_is_no_information_whatever_follows() {
    for (code, status) in [
        (1, ResponseStatus::MalformedRequest),
        (2, ResponseStatus::InternalError),
        (3, ResponseStatus::TryLater),
        (5, ResponseStatus::SigRequired),
        (6, ResponseStatus::Unauthorized),
    ] {
        let refused = Err(OcspError::NoInformation(status));
        assert_eq!(said(&[0x30, 3, 0x0a, 1, code]), refused);
        assert_eq!(verdict(&TestResponse { status: code, ..good() }), refused);
    }
}

#[test]
fn a_status_that_is_none_is_malformed() {
    for code in [4, 7, 0x17, 0xff] {
        assert_eq!(verdict(&TestResponse { status: code, ..good() }), Err(OcspError::Malformed));
    }
}

#[test]
fn a_success_without_an_answer_is_malformed() {
    assert_eq!(said(&[0x30, 3, 0x0a, 1, 0]), Err(OcspError::Malformed));
}

#[test]
fn a_response_of_another_type_tells_nothing() {
    let other = TestResponse { kind: NONCE, ..good() };
    assert_eq!(verdict(&other), Err(OcspError::UnknownType));
}

#[test]
fn only_version_1_is_read() {
    let version = |content: &[u8]| TestResponse { version: Some(content.to_vec()), ..good() };
    assert_eq!(verdict(&version(&[0])), PASSES);
    assert_eq!(verdict(&version(&[1])), Err(OcspError::Malformed));
    assert_eq!(verdict(&version(&[])), Err(OcspError::Malformed));
}

#[test]
fn bytes_behind_the_response_or_inside_of_it_are_refused() {
    let honest = good();
    let mut response = honest.signed_by(&ISSUING);
    assert_eq!(said(&response), PASSES);
    response.push(0);
    assert_eq!(said(&response), Err(OcspError::Malformed));

    // Behind the basic response, inside of its OCTET STRING.
    let basic = basic_of(&honest);
    assert_eq!(said(&honest.wrap(&basic)), PASSES);
    assert_eq!(said(&honest.wrap(&[&basic[..], &[5, 0]].concat())), Err(OcspError::Malformed));
}

#[test]
fn fields_behind_the_last_are_refused() {
    let honest = good();
    let basic = basic_of(&honest);
    let (_, content) = split(&basic);
    let longer = tlv(0x30, &[content, &[5, 0]]);
    assert_eq!(said(&honest.wrap(&longer)), Err(OcspError::Malformed));
    // Behind `responseBytes`.
    let response = honest.wrap(&basic);
    let (_, content) = split(&response);
    assert_eq!(said(&tlv(0x30, &[content, &[5, 0]])), Err(OcspError::Malformed));
    // Behind the reason of a revocation.
    let mut status = revoked(NOW - DAY, None);
    status.extend([5, 0]);
    status[1] += 2;
    let single = good().saying(|single| single.status = status);
    assert_eq!(verdict(&single), Err(OcspError::Malformed));
}

#[test]
fn a_signature_with_unused_bits_is_refused() {
    let honest = good();
    let mut basic = basic_of(&honest);
    let (_, content) = split(&basic);
    let data = split(content).0;
    let algorithm = split(&content[data..]).0;
    // The octet that counts them, behind tag and length.
    let at = basic.len() - content.len() + data + algorithm + 2;
    assert_eq!(basic[at], 0);
    let last = basic.len() - 1;
    basic[last] &= 0xfe;
    basic[at] = 1;
    assert_eq!(said(&honest.wrap(&basic)), Err(OcspError::Malformed));
}

#[test]
fn a_responder_id_that_is_none_is_malformed() {
    let responder = tlv(0xa3, &[ISSUER.name()]);
    assert_eq!(verdict(&TestResponse { responder, ..good() }), Err(OcspError::Malformed));
    // The primitive form of `[1]`.
    let responder = tlv(0x81, &[ISSUER.name()]);
    assert_eq!(verdict(&TestResponse { responder, ..good() }), Err(OcspError::Malformed));
}

#[test]
fn a_certificate_status_that_is_none_is_malformed() {
    for status in
        [&[0x80, 1, 0][..], &[0x82, 1, 0], &[0xa0, 0], &[0xa2, 0], &[0x83, 0], &[0xa1, 0], &[5, 0]]
    {
        let response = good().saying(|single| single.status = status.to_vec());
        assert_eq!(verdict(&response), Err(OcspError::Malformed), "{status:?}");
    }
}

#[test]
fn a_reason_that_is_no_code_is_malformed() {
    for reason in [&[2, 1, 1][..], &[0x0a, 2, 1, 1], &[0x0a, 0]] {
        let status = tlv(0xa1, &[&tlv(0x18, &[b"20260601110000Z"]), &tlv(0xa0, &[reason])]);
        let response = good().saying(|single| single.status = status);
        assert_eq!(verdict(&response), Err(OcspError::Malformed), "{reason:?}");
    }
}

#[test]
fn a_time_with_fractions_or_without_seconds_is_malformed() {
    let honest = good();
    for text in [&b"20260601110000.5Z"[..], b"202606011100Z", b"20260601110000+0100"] {
        let mut response = honest.clone();
        // Behind the name of the responder stands the time.
        response.responder.extend(tlv(0x18, &[text]));
        assert_eq!(verdict(&response), Err(OcspError::Malformed));
    }
}

/// The `BasicOCSPResponse`, signed by the issuer.
fn basic_of(response: &TestResponse) -> Vec<u8> {
    let whole = response.signed_by(&ISSUING);
    let outer = split(&whole).1;
    let bytes = split(split(&outer[3..]).1).1;
    split(&bytes[split(bytes).0..]).1.to_vec()
}

/// The length of the first value, and its content.
fn split(der: &[u8]) -> (usize, &[u8]) {
    let header = match der[1] {
        short @ 0..=0x7f => (2, usize::from(short)),
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        _ => panic!("longer than any response here"),
    };
    (header.0 + header.1, &der[header.0..header.0 + header.1])
}
