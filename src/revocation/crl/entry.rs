//! The entries of a list.

use der::asn1::{AnyRef, IntRef, SequenceRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::time::Time;

use super::extension::{Extension, each, once};
use super::{CrlReason, ListError, fields::unix};
use crate::cert::Oid;

/// One entry of `revokedCertificates` (RFC 5280, 5.1.2.6).
pub(super) struct Entry<'a> {
    /// The content of the INTEGER, as certificates have it.
    pub(super) serial: &'a [u8],
    /// In seconds since 1970.
    pub(super) since: u64,
    pub(super) reason: Option<CrlReason>,
    /// Whether a critical extension is unknown.
    pub(super) unknown_critical: bool,
}

/// Reads the entries one after the other.
pub(super) struct Entries<'a>(SliceReader<'a>);

impl<'a> Entries<'a> {
    /// Of the content of `revokedCertificates`, which has entries if it is there.
    pub(super) fn of(revoked: Option<&'a [u8]>) -> Result<Self, ListError> {
        match revoked {
            Some([]) => Err(Tag::Sequence.length_error().to_error().into()),
            revoked => Ok(Self(SliceReader::new(revoked.unwrap_or_default())?)),
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.is_finished() {
            true => None,
            false => Some(self.0.sequence(Entry::read)),
        }
    }
}

impl<'a> Entry<'a> {
    fn read(fields: &mut SliceReader<'a>) -> Result<Self, ListError> {
        let serial = IntRef::decode(fields)?.as_bytes();
        if serial.len() > LONGEST_SERIAL {
            return Err(Tag::Integer.length_error().to_error().into());
        }
        let since = unix(Time::decode(fields)?).as_secs();
        let mut entry = Self { serial, since, reason: None, unknown_critical: false };
        if let Some(extensions) = Option::<&SequenceRef>::decode(fields)? {
            let mut has_reason = false;
            each(extensions.as_bytes(), |extension| entry.take(&extension, &mut has_reason))?;
        }
        Ok(entry)
    }

    fn take(&mut self, extension: &Extension<'_>, has_reason: &mut bool) -> Result<(), ListError> {
        match extension.oid {
            REASON_CODE => {
                once(*has_reason)?;
                *has_reason = true;
                self.reason = reason(extension.value)?;
            }
            // This entry and those after it are the certificates of whom it names.
            CERTIFICATE_ISSUER => return Err(ListError::Indirect),
            _ => self.unknown_critical |= extension.critical,
        }
        Ok(())
    }
}

/// A reason that the standard does not have is none, and no less revoked.
fn reason(value: &[u8]) -> der::Result<Option<CrlReason>> {
    let any = AnyRef::from_der(value)?;
    any.tag().assert_eq(Tag::Enumerated)?;
    match any.value() {
        [code] => Ok(CrlReason::of(*code)),
        _ => Err(Tag::Enumerated.length_error().to_error()),
    }
}

const CERTIFICATE_ISSUER: Oid = Oid::literal("2.5.29.29");
const REASON_CODE: Oid = Oid::literal("2.5.29.21");

/// Twenty octets (RFC 5280, 4.1.2.2), and one for those who count without the sign. No certificate
/// with a longer one can be read.
pub(super) const LONGEST_SERIAL: usize = 21;
