//! The nonce.

use super::*;

/// The verdict on a response with this nonce, as the extension's value, when that one was sent.
fn answered(
    sent: Option<&[u8]>,
    policy: NoncePolicy,
    value: Option<&[u8]>,
) -> Result<Status, OcspError> {
    let extensions = value.map(|value| extension(NONCE, false, value)).into_iter().collect();
    let response = TestResponse { extensions, ..good() }.signed_by(&ISSUING);
    let how = Reading { sent_nonce: sent, nonce: policy, ..reading() };
    read(&response, &how).map(|answer| answer.status)
}

fn wrapped(nonce: &[u8]) -> Vec<u8> {
    tlv(4, &[nonce])
}

const MISMATCH: Result<Status, OcspError> = Err(OcspError::NonceMismatch);
const MISSING: Result<Status, OcspError> = Err(OcspError::NonceMissing);
use NoncePolicy::{Optional, Required};

#[test]
fn the_nonce_that_was_sent_passes_wrapped_twice_or_once() {
    for policy in [Optional, Required] {
        assert_eq!(answered(Some(&[7; 32]), policy, Some(&wrapped(&[7; 32]))), PASSES);
        assert_eq!(answered(Some(&[7; 32]), policy, Some(&[7; 32])), PASSES);
    }
    // Unwrapped, and by chance like a wrapped one.
    let chance = [&[4, 30][..], &[7; 30]].concat();
    assert_eq!(answered(Some(&chance), Required, Some(&chance)), PASSES);
}

#[test]
fn another_nonce_is_a_replay() {
    for policy in [Optional, Required] {
        for other in [&[8; 32][..], &[7; 31], &[7; 33], &[7; 128], &[7; 129], &[]] {
            assert_eq!(answered(Some(&[7; 32]), policy, Some(&wrapped(other))), MISMATCH);
            assert_eq!(answered(Some(&[7; 32]), policy, Some(other)), MISMATCH);
        }
        let trailing = [&wrapped(&[7; 32])[..], &[0]].concat();
        assert_eq!(answered(Some(&[7; 32]), policy, Some(&trailing)), MISMATCH);
    }
}

#[test]
fn nonces_have_1_to_128_octets() {
    for length in [1, 16, 33, 128] {
        let nonce = vec![7; length];
        assert_eq!(answered(Some(&nonce), Required, Some(&wrapped(&nonce))), PASSES, "{length}");
    }
    for length in [0, 129] {
        let nonce = vec![7; length];
        assert_eq!(answered(Some(&nonce), Required, Some(&wrapped(&nonce))), MISMATCH, "{length}");
    }
}

#[test]
fn a_missing_nonce_passes_unless_it_is_required() {
    assert_eq!(answered(Some(&[7; 32]), Optional, None), PASSES);
    assert_eq!(answered(Some(&[7; 32]), Required, None), MISSING);
}

#[test]
fn a_nonce_that_nobody_sent_tells_nothing() {
    assert_eq!(answered(None, Optional, Some(&wrapped(&[7; 32]))), PASSES);
    assert_eq!(answered(None, Optional, Some(b"not DER")), PASSES);
    assert_eq!(answered(None, Required, Some(&wrapped(&[7; 32]))), MISSING);
    assert_eq!(answered(None, Required, None), MISSING);
}

#[test]
fn two_nonces_are_none() {
    let right = extension(NONCE, false, &wrapped(&[7; 32]));
    let wrong = extension(NONCE, false, &wrapped(&[8; 32]));
    for extensions in [vec![right.clone(), wrong.clone()], vec![wrong, right]] {
        let response = TestResponse { extensions, ..good() }.signed_by(&ISSUING);
        let how = Reading { sent_nonce: Some(&[7; 32]), ..reading() };
        assert_eq!(read(&response, &how).unwrap_err(), OcspError::NonceMismatch);
    }
}
