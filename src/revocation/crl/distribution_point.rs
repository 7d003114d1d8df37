//! The distribution points of a certificate (RFC 5280, 4.2.1.13).

use std::iter;

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use crate::cert::{Certificate, Oid, RawExtension};

/// The `http` and `https` addresses at which a certificate says that the lists of its issuer are.
///
/// Whoever made the certificate wrote them: they are to be read after the path was found good. Left
/// out are the points of a list by somebody else or for some of the reasons, names relative to the
/// issuer, and other schemes.
pub(crate) fn distribution_points(certificate: &Certificate) -> Vec<&str> {
    let mut addresses = Vec::new();
    let Some(extension) = extension(certificate) else { return addresses };
    let read = each(extension.value(), |point| {
        if point.is_whole() {
            addresses.extend(names(point.full_name()).filter_map(address));
        }
    });
    match read {
        Ok(()) => addresses,
        Err(_) => Vec::new(),
    }
}

pub(super) fn extension(certificate: &Certificate) -> Option<RawExtension<'_>> {
    certificate.extension(CRL_DISTRIBUTION_POINTS)
}

/// `DistributionPoint ::= SEQUENCE { distributionPoint [0], reasons [1], cRLIssuer [2] }`, each
/// optional.
pub(super) struct Point<'a> {
    name: Option<PointName<'a>>,
    has_reasons: bool,
    has_issuer: bool,
}

impl<'a> Point<'a> {
    /// Whether its list is one of the certificate's issuer and for all reasons.
    pub(super) fn is_whole(&self) -> bool {
        !self.has_issuer && !self.has_reasons
    }

    /// The DER of its names, one after the other; empty where it has none but a relative one.
    pub(super) fn full_name(&self) -> &'a [u8] {
        match self.name {
            Some(PointName::Full(names)) => names,
            Some(PointName::Relative) | None => &[],
        }
    }

    fn read(fields: &mut SliceReader<'a>) -> der::Result<Self> {
        let name = field(fields, 0, true)?.map(PointName::read).transpose()?;
        let has_reasons = field(fields, 1, false)?.is_some();
        let has_issuer = field(fields, 2, true)?.is_some();
        Ok(Self { name, has_reasons, has_issuer })
    }
}

/// Reads `CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint`.
pub(super) fn each<'a>(value: &'a [u8], mut take: impl FnMut(Point<'a>)) -> der::Result<()> {
    let mut reader = SliceReader::new(value)?;
    reader.sequence(|points| {
        loop {
            take(points.sequence(Point::read)?);
            if points.is_finished() {
                return Ok::<_, der::Error>(());
            }
        }
    })?;
    reader.finish()
}

/// `DistributionPointName ::= CHOICE { fullName [0], nameRelativeToCRLIssuer [1] }`
pub(super) enum PointName<'a> {
    /// The DER of the names, one after the other.
    Full(&'a [u8]),
    Relative,
}

impl<'a> PointName<'a> {
    pub(super) fn read(value: &'a [u8]) -> der::Result<Self> {
        let name = AnyRef::from_der(value)?;
        let Tag::ContextSpecific { constructed: true, number } = name.tag() else {
            return Err(name.tag().unexpected_error(None).to_error());
        };
        match number {
            TagNumber(0) => general_names(name.value()).map(Self::Full),
            TagNumber(1) => Ok(Self::Relative),
            _ => Err(name.tag().unexpected_error(None).to_error()),
        }
    }
}

/// Makes sure that there is at least one, and nothing behind the last one.
fn general_names(content: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(content)?;
    loop {
        AnyRef::decode(&mut reader)?;
        if reader.is_finished() {
            return Ok(content);
        }
    }
}

/// The names in what [`PointName::Full`] holds, tag and length included.
pub(super) fn names(full_name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = SliceReader::new(full_name).ok();
    iter::from_fn(move || reader.as_mut()?.tlv_bytes().ok())
}

/// The content of the next field, if it has this number.
pub(super) fn field<'a>(
    fields: &mut SliceReader<'a>,
    number: u32,
    constructed: bool,
) -> der::Result<Option<&'a [u8]>> {
    let wanted = Tag::ContextSpecific { constructed, number: TagNumber(number) };
    if fields.is_finished() || Tag::peek(fields)? != wanted {
        return Ok(None);
    }
    AnyRef::decode(fields).map(|field| Some(field.value()))
}

/// A `uniformResourceIdentifier [6]` of a scheme that can be fetched.
fn address(name: &[u8]) -> Option<&str> {
    let name = AnyRef::from_der(name).ok()?;
    if name.tag() != URI {
        return None;
    }
    let uri = std::str::from_utf8(name.value()).ok().filter(|uri| uri.is_ascii())?;
    let (scheme, _) = uri.split_once("://")?;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(uri)
}

const CRL_DISTRIBUTION_POINTS: Oid = Oid::literal("2.5.29.31");
const URI: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(6) };

#[cfg(test)]
mod tests;
