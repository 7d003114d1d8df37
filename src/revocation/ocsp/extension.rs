//! Extensions of requests, responses and single responses.

use der::Sequence;
use der::asn1::ObjectIdentifier;

use super::{OcspError, nonce};
use crate::cert::Oid;

/// `Extension` of RFC 5280, 4.1.
#[derive(Sequence)]
pub(super) struct Extension<'a> {
    pub(super) id: ObjectIdentifier,
    #[asn1(default = "bool::default")]
    critical: bool,
    #[asn1(type = "OCTET STRING")]
    pub(super) value: &'a [u8],
}

impl<'a> Extension<'a> {
    pub(super) fn new(id: ObjectIdentifier, value: &'a [u8]) -> Self {
        Self { id, critical: false, value }
    }
}

/// Refuses a critical extension that is not in the table.
pub(super) fn refuse_critical(
    extensions: &[Extension<'_>],
    known: &[ObjectIdentifier],
) -> Result<(), OcspError> {
    let unknown = extensions.iter().find(|it| it.critical && !known.contains(&it.id));
    unknown.map_or(Ok(()), |it| Err(OcspError::CriticalExtension(Oid::of(it.id))))
}

/// Those of a whole response that may be critical.
///
/// The extended-revoke extension says that "revoked" may stand for "never issued" (RFC 6960,
/// 4.4.8): it refuses either way.
pub(super) const OF_RESPONSES: [ObjectIdentifier; 2] =
    [nonce::NONCE, ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.9")];

/// Those of a single response that may be critical, because none of them makes a "good" any less:
/// where the responder looked, for how long it looks, since when the key is suspect, and the
/// timestamps of certificate transparency (RFC 6962, 3.3).
pub(super) const OF_SINGLE_RESPONSES: [ObjectIdentifier; 5] = [
    // CRL reference, archive cutoff: RFC 6960, 4.4.2 and 4.4.4.
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.3"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.6"),
    // Reason and invalidity date: RFC 5280, 5.3, allowed here by RFC 6960, 4.4.5.
    ObjectIdentifier::new_unwrap("2.5.29.21"),
    ObjectIdentifier::new_unwrap("2.5.29.24"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.5"),
];
