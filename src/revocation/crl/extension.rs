//! The extensions of a list and of its entries.

use der::asn1::{AnyRef, ObjectIdentifier, OctetString, OctetStringRef, UintRef};
use der::{Decode, Reader, SliceReader, Tag};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use super::ListError;
use super::scope::Scope;
use crate::cert::Oid;

/// `Extension` of RFC 5280, 4.1.
pub(super) struct Extension<'a> {
    pub(super) oid: Oid,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

/// Reads the content of `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension`, one after the other.
pub(super) fn each<'a>(
    extensions: &'a [u8],
    mut take: impl FnMut(Extension<'a>) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let mut reader = SliceReader::new(extensions)?;
    loop {
        take(reader.sequence(read)?)?;
        if reader.is_finished() {
            return Ok(());
        }
    }
}

fn read<'a>(fields: &mut SliceReader<'a>) -> der::Result<Extension<'a>> {
    let oid = Oid::of(ObjectIdentifier::decode(fields)?);
    let critical = Option::<bool>::decode(fields)?.unwrap_or_default();
    let value = <&OctetStringRef>::decode(fields)?.as_bytes();
    Ok(Extension { oid, critical, value })
}

/// What the extensions of a list say of the list (RFC 5280, 5.2).
#[derive(Default)]
pub(super) struct ListExtensions {
    /// `CRLNumber`, big-endian without leading zeros.
    pub(super) number: Option<Box<[u8]>>,
    /// Which of the issuer's keys signed.
    pub(super) key_identifier: Option<Box<[u8]>>,
    pub(super) scope: Option<Scope>,
    /// Whether a critical extension is unknown: who does not understand all of a list may believe
    /// its entries, and not its silence.
    pub(super) unknown_critical: bool,
    has_key_identifier: bool,
}

impl ListExtensions {
    pub(super) fn read(extensions: Option<&[u8]>) -> Result<Self, ListError> {
        let mut read = Self::default();
        if let Some(extensions) = extensions {
            each(extensions, |extension| read.take(&extension))?;
        }
        Ok(read)
    }

    fn take(&mut self, extension: &Extension<'_>) -> Result<(), ListError> {
        match extension.oid {
            AUTHORITY_KEY_IDENTIFIER => {
                once(self.has_key_identifier)?;
                self.has_key_identifier = true;
                let identifier = AuthorityKeyIdentifier::from_der(extension.value)?.key_identifier;
                self.key_identifier = identifier.map(OctetString::into_bytes);
            }
            CRL_NUMBER => {
                once(self.number.is_some())?;
                self.number = Some(crl_number(extension.value)?);
            }
            // Whether or not it is critical, as it must be.
            DELTA_CRL_INDICATOR => return Err(ListError::Delta),
            ISSUING_DISTRIBUTION_POINT => {
                once(self.scope.is_some())?;
                self.scope = Some(Scope::read(extension.value)?);
            }
            _ => self.unknown_critical |= extension.critical,
        }
        Ok(())
    }
}

pub(super) fn once(seen: bool) -> Result<(), ListError> {
    if seen { Err(ListError::DuplicateExtension) } else { Ok(()) }
}

/// `CRLNumber ::= INTEGER (0..MAX)`, of at most twenty octets (RFC 5280, 5.2.3).
fn crl_number(value: &[u8]) -> der::Result<Box<[u8]>> {
    let any = AnyRef::from_der(value)?;
    match any.decode_as::<UintRef<'_>>()?.as_bytes() {
        number if number.len() <= 20 => Ok(number.into()),
        _ => Err(Tag::Integer.length_error().to_error()),
    }
}

const AUTHORITY_KEY_IDENTIFIER: Oid = Oid::literal("2.5.29.35");
const CRL_NUMBER: Oid = Oid::literal("2.5.29.20");
const DELTA_CRL_INDICATOR: Oid = Oid::literal("2.5.29.27");
const ISSUING_DISTRIBUTION_POINT: Oid = Oid::literal("2.5.29.28");
