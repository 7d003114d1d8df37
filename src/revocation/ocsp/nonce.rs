//! The nonce (RFC 9654): ties a response to its request.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode};

use super::extension::Extension;
use super::{OcspError, Reading};

/// What a response without a nonce is worth where one was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoncePolicy {
    /// It was made before the request: its times must do.
    Optional,
    /// Nothing.
    Required,
}

/// Passes when the nonce is the one that was sent; of which length it was is for the request to
/// say, within 1 to 128 octets.
///
/// A nonce that nobody sent tells nothing and is not looked at.
pub(super) fn check(extensions: &[Extension<'_>], how: &Reading<'_>) -> Result<(), OcspError> {
    let mut nonces = extensions.iter().filter(|extension| extension.id == NONCE);
    match (how.sent_nonce, nonces.next(), how.nonce) {
        (Some(sent), Some(given), _) => {
            let echoed = LENGTHS.contains(&sent.len()) && is_echo(given.value, sent);
            let only = nonces.next().is_none();
            if echoed && only { Ok(()) } else { Err(OcspError::NonceMismatch) }
        }
        (None, _, NoncePolicy::Optional) | (Some(_), None, NoncePolicy::Optional) => Ok(()),
        (None, _, NoncePolicy::Required) | (Some(_), None, NoncePolicy::Required) => {
            Err(OcspError::NonceMissing)
        }
    }
}

/// The octets of the nonce inside a second OCTET STRING (RFC 9654, 2.1).
pub(super) fn extension_value(nonce: [u8; SENT]) -> der::Result<Vec<u8>> {
    OctetStringRef::new(&nonce)?.to_der()
}

/// Old responders leave the second OCTET STRING away.
fn is_echo(value: &[u8], sent: &[u8]) -> bool {
    let wrapped = <&OctetStringRef>::from_der(value).map(OctetStringRef::as_bytes);
    wrapped == Ok(sent) || value == sent
}

pub(super) const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");

/// The octets of a nonce of ours, as RFC 9654, 2.1 recommends.
pub(super) const SENT: usize = 32;

const LENGTHS: std::ops::RangeInclusive<usize> = 1..=128;
