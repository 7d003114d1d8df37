//! Where things stand in the DER of a list, without judging any of them.

use der::asn1::{AnyRef, BitStringRef, SequenceRef};
use der::{Decode, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged};
use rustls_pki_types::UnixTime;
use x509_cert::time::Time;

use super::ListError;

/// The fields of a list as they stand there (RFC 5280, 5.1): what is verified must be these bytes,
/// never an encoding made anew.
pub(super) struct Fields<'a> {
    /// The signed part, its tag and length included.
    pub(super) tbs: &'a [u8],
    /// The DER of the outer AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    /// The DER of the AlgorithmIdentifier in the signed part.
    pub(super) signed_algorithm: &'a [u8],
    /// The bytes of the signature.
    pub(super) signature: &'a [u8],
    /// The DER of the issuer's name.
    pub(super) issuer: &'a [u8],
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
    /// The content of revokedCertificates, if it is there.
    pub(super) revoked: Option<&'a [u8]>,
    /// The content of crlExtensions, if it is there.
    pub(super) extensions: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// Finds them, in a list of version 2.
    pub(super) fn of(list: &'a [u8]) -> Result<Self, ListError> {
        let mut outer = content(list)?;
        let tbs = outer.tlv_bytes()?;
        let algorithm = outer.tlv_bytes()?;
        let signature = BitStringRef::decode(&mut outer)?;
        let signature = signature.as_bytes().ok_or(Tag::BitString.value_error().to_error())?;
        outer.finish()?;

        let mut fields = content(tbs)?;
        if Tag::peek(&fields)? != Tag::Integer || u8::decode(&mut fields)? != VERSION_2 {
            return Err(ListError::NotVersion2);
        }
        let signed_algorithm = fields.tlv_bytes()?;
        Tag::peek(&fields)?.assert_eq(Tag::Sequence)?;
        let issuer = fields.tlv_bytes()?;
        let this_update = unix(Time::decode(&mut fields)?);
        let next_update = Option::<Time>::decode(&mut fields)?.map(unix);
        let revoked = Option::<&SequenceRef>::decode(&mut fields)?;
        let extensions = fields.context_specific::<&SequenceRef>(EXTENSIONS, TagMode::Explicit)?;
        fields.finish()?;
        Ok(Self {
            tbs,
            algorithm,
            signed_algorithm,
            signature,
            issuer,
            this_update,
            next_update,
            revoked: revoked.map(SequenceRef::as_bytes),
            extensions: extensions.map(SequenceRef::as_bytes),
        })
    }
}

fn content(sequence: &[u8]) -> der::Result<SliceReader<'_>> {
    let sequence = AnyRef::from_der(sequence)?;
    sequence.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(sequence.value())
}

pub(super) fn unix(time: Time) -> UnixTime {
    UnixTime::since_unix_epoch(time.to_unix_duration())
}

const EXTENSIONS: TagNumber = TagNumber(0);
/// As it is encoded: version 1 is zero, or rather nothing.
const VERSION_2: u8 = 1;
