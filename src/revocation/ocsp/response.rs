//! The answer as it stands, without judging it (RFC 6960, 4.2.1).

use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, ObjectIdentifier, OctetStringRef};
use der::{Decode, Enumerated, Reader, SliceReader, Tag, TagNumber, Tagged};
use rustls_pki_types::UnixTime;

use super::certificate_id::CertId;
use super::extension::Extension;
use super::{OcspError, Status};
use crate::cert::time;

/// `OCSPResponseStatus`. All but the first come without a signature: they tell nothing.
#[derive(Clone, Copy, Debug, Enumerated, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum ResponseStatus {
    Successful = 0,
    MalformedRequest = 1,
    InternalError = 2,
    TryLater = 3,
    SigRequired = 5,
    Unauthorized = 6,
}

/// `BasicOCSPResponse`.
pub(super) struct Basic<'a> {
    /// The signed part as it was received, its tag and length included.
    pub(super) signed: &'a [u8],
    pub(super) data: ResponseData<'a>,
    /// The DER of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
    /// The DER of each embedded certificate.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// `ResponseData`.
pub(super) struct ResponseData<'a> {
    pub(super) responder: ResponderId<'a>,
    pub(super) produced_at: UnixTime,
    pub(super) responses: Vec<SingleResponse<'a>>,
    pub(super) extensions: Vec<Extension<'a>>,
}

/// `ResponderID`: finds the signer's key, and proves nothing.
#[derive(Clone, Copy)]
pub(super) enum ResponderId<'a> {
    /// The DER of a name.
    ByName(&'a [u8]),
    /// The SHA-1 of a key.
    ByKey(&'a [u8]),
}

/// `SingleResponse`.
pub(super) struct SingleResponse<'a> {
    pub(super) id: CertId<'a>,
    pub(super) status: Status,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
    pub(super) extensions: Vec<Extension<'a>>,
}

impl<'a> Basic<'a> {
    /// Takes it out of an `OCSPResponse`.
    pub(super) fn from_response(response: &'a [u8]) -> Result<Self, OcspError> {
        let (status, bytes) =
            whole(response, |fields| Ok((ResponseStatus::decode(fields)?, explicit(fields, 0)?)))
                .map_err(|_| OcspError::Malformed)?;
        match status {
            ResponseStatus::Successful => {}
            refusal => return Err(OcspError::NoInformation(refusal)),
        }
        let bytes = bytes.ok_or(OcspError::Malformed)?;
        let (kind, basic) = whole(bytes, |fields| {
            let kind = ObjectIdentifier::decode(fields)?;
            Ok((kind, <&OctetStringRef>::decode(fields)?.as_bytes()))
        })
        .map_err(|_| OcspError::Malformed)?;
        if kind != BASIC {
            return Err(OcspError::UnknownType);
        }
        Self::from_der(basic).map_err(|_| OcspError::Malformed)
    }

    fn from_der(der: &'a [u8]) -> der::Result<Self> {
        whole(der, |fields| {
            let signed = fields.tlv_bytes()?;
            let algorithm = fields.tlv_bytes()?;
            let signature = BitStringRef::decode(fields)?;
            let certificates = explicit(fields, 0)?;
            Ok(Self {
                signed,
                data: ResponseData::from_der(signed)?,
                algorithm,
                signature: signature.as_bytes().ok_or(Tag::BitString.value_error())?,
                certificates: certificates
                    .map_or(Ok(Vec::new()), |der| sequence_of(der, Reader::tlv_bytes))?,
            })
        })
    }
}

impl<'a> ResponseData<'a> {
    fn from_der(der: &'a [u8]) -> der::Result<Self> {
        whole(der, |fields| {
            // DER leaves the default away; those that write it mean the same.
            if let Some(version) = explicit(fields, 0)?
                && u8::from_der(version)? != V1
            {
                return Err(Tag::Integer.value_error().into());
            }
            let responder = AnyRef::decode(fields)?;
            Ok(Self {
                responder: match responder.tag() {
                    tag if tag == constructed(1) => ResponderId::ByName(responder.value()),
                    tag if tag == constructed(2) => ResponderId::ByKey(
                        <&OctetStringRef>::from_der(responder.value())?.as_bytes(),
                    ),
                    tag => return Err(tag.value_error().into()),
                },
                produced_at: time(fields)?,
                responses: sequence_of(fields.tlv_bytes()?, SingleResponse::decode)?,
                extensions: extensions(fields)?,
            })
        })
    }
}

impl<'a> SingleResponse<'a> {
    fn decode(responses: &mut SliceReader<'a>) -> der::Result<Self> {
        responses.sequence(|fields| {
            Ok(Self {
                id: CertId::decode(fields)?,
                status: status(AnyRef::decode(fields)?)?,
                this_update: time(fields)?,
                next_update: explicit(fields, 0)?.map(whole_time).transpose()?,
                extensions: extensions(fields)?,
            })
        })
    }
}

/// `CertStatus`.
fn status(choice: AnyRef<'_>) -> der::Result<Status> {
    match choice.tag() {
        tag if tag == primitive(0) && choice.value().is_empty() => Ok(Status::Good),
        tag if tag == constructed(1) => {
            let mut info = SliceReader::new(choice.value())?;
            let (since, reason) = (time(&mut info)?, explicit(&mut info, 0)?);
            info.finish()?;
            Ok(Status::Revoked { since, reason: reason.map(reason_code).transpose()? })
        }
        tag if tag == primitive(2) && choice.value().is_empty() => Ok(Status::Unknown),
        tag => Err(tag.value_error().into()),
    }
}

/// `CRLReason`: one that is not known revokes as well.
fn reason_code(der: &[u8]) -> der::Result<u8> {
    let reason = AnyRef::from_der(der)?;
    reason.tag().assert_eq(Tag::Enumerated)?;
    match reason.value() {
        [code] => Ok(*code),
        _ => Err(Tag::Enumerated.value_error().into()),
    }
}

/// `[1] EXPLICIT Extensions OPTIONAL`.
fn extensions<'a>(fields: &mut SliceReader<'a>) -> der::Result<Vec<Extension<'a>>> {
    explicit(fields, 1)?.map_or(Ok(Vec::new()), Vec::from_der)
}

fn time(fields: &mut SliceReader<'_>) -> der::Result<UnixTime> {
    Ok(time::from_date_time(GeneralizedTime::decode(fields)?.to_date_time()))
}

fn whole_time(der: &[u8]) -> der::Result<UnixTime> {
    Ok(time::from_date_time(GeneralizedTime::from_der(der)?.to_date_time()))
}

/// Reads a sequence that has no bytes behind it, and none left over in it.
fn whole<'a, T>(
    der: &'a [u8],
    read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<T> {
    AnyRef::from_der(der)?.sequence(read)
}

fn sequence_of<'a, T>(
    der: &'a [u8],
    read: impl Fn(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<Vec<T>> {
    whole(der, |items| {
        let mut all = Vec::new();
        while !items.is_finished() {
            all.push(read(items)?);
        }
        Ok(all)
    })
}

/// What is inside of the next field, if that is the one with this explicit tag.
fn explicit<'a>(fields: &mut SliceReader<'a>, number: u32) -> der::Result<Option<&'a [u8]>> {
    if fields.is_finished() || Tag::peek(fields)? != constructed(number) {
        return Ok(None);
    }
    Ok(Some(AnyRef::decode(fields)?.value()))
}

const fn constructed(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

const fn primitive(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

const V1: u8 = 0;
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
