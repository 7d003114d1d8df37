//! Which certificates a list speaks of.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::ListError;
use super::distribution_point::{self, Point, PointName, field, names};
use crate::cert::Certificate;

/// `IssuingDistributionPoint` of RFC 5280, 5.2.5; that of a list without one is everything.
#[derive(Default)]
pub(super) struct Scope {
    der: Box<[u8]>,
    kind: Option<Kind>,
    /// The names of the partition, one after the other, if the list is for one.
    partition: Option<Box<[u8]>>,
    only_some_reasons: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Authorities,
    Users,
}

impl Scope {
    pub(super) fn read(value: &[u8]) -> Result<Self, ListError> {
        let sequence = AnyRef::from_der(value)?;
        sequence.tag().assert_eq(Tag::Sequence)?;
        let malformed = || Tag::Sequence.value_error().to_error();
        // RFC 5280, 5.2.5: the encoding must not be an empty sequence.
        if sequence.value().is_empty() {
            return Err(malformed().into());
        }
        let mut fields = SliceReader::new(sequence.value())?;
        let name = field(&mut fields, 0, true)?.map(PointName::read).transpose()?;
        let only_users = flag(&mut fields, 1)?;
        let only_authorities = flag(&mut fields, 2)?;
        let only_some_reasons = field(&mut fields, 3, false)?.is_some();
        let indirect = flag(&mut fields, 4)?;
        let only_attributes = flag(&mut fields, 5)?;
        fields.finish()?;
        if indirect {
            return Err(ListError::Indirect);
        }
        let kind = match (only_users, only_authorities, only_attributes) {
            (false, false, false) => None,
            (true, false, false) => Some(Kind::Users),
            (false, true, false) => Some(Kind::Authorities),
            (false, false, true) => return Err(ListError::AttributeCertificatesOnly),
            _ => return Err(malformed().into()),
        };
        let partition = name.map(|name| match name {
            PointName::Full(names) => names.into(),
            // It has a name, and one that no certificate can be seen to have.
            PointName::Relative => Box::default(),
        });
        Ok(Self { der: value.into(), kind, partition, only_some_reasons })
    }

    /// The DER of the extension; empty without one.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether a certificate that is not on the list is good by it; if not, why.
    pub(super) fn covers(&self, certificate: &Certificate) -> Result<(), &'static str> {
        match self.kind {
            Some(Kind::Authorities) if !certificate.is_ca() => {
                return Err("the list is for authorities only");
            }
            Some(Kind::Users) if certificate.is_ca() => {
                return Err("the list is for end entities only");
            }
            Some(Kind::Users) if !is_version_3(certificate) => {
                return Err("the list is for end entities only, and the certificate cannot say");
            }
            _ => {}
        }
        if self.only_some_reasons {
            return Err("the list is for some reasons only");
        }
        let Some(extension) = distribution_point::extension(certificate) else {
            // A list of another partition has a valid signature and no entry.
            return match self.partition {
                None => Ok(()),
                Some(_) => Err("the list is for a partition, and the certificate names none"),
            };
        };
        let mut named = false;
        distribution_point::each(extension.value(), |point| named |= self.is_named_by(&point))
            .map_err(|_| "the certificate's distribution points cannot be read")?;
        if named { Ok(()) } else { Err("the list is at none of the certificate's points") }
    }

    /// RFC 5280, 6.3.3 (b)(2)(i).
    fn is_named_by(&self, point: &Point<'_>) -> bool {
        let Some(partition) = &self.partition else { return point.is_whole() };
        let same = |own| names(point.full_name()).any(|name| name == own);
        point.is_whole() && names(partition).any(same)
    }
}

/// `BOOLEAN DEFAULT FALSE`, which DER writes down only when true.
fn flag(fields: &mut SliceReader<'_>, number: u32) -> der::Result<bool> {
    match field(fields, number, false)? {
        None => Ok(false),
        Some([0xff]) => Ok(true),
        Some(_) => Err(Tag::Boolean.value_error().to_error()),
    }
}

/// Older certificates have no basic constraints that could tell an authority.
fn is_version_3(certificate: &Certificate) -> bool {
    let version = || -> der::Result<bool> {
        let certificate = AnyRef::from_der(certificate.der())?;
        let tbs = AnyRef::decode(&mut SliceReader::new(certificate.value())?)?;
        let version = AnyRef::decode(&mut SliceReader::new(tbs.value())?)?;
        Ok(version.tag() == VERSION && version.value() == [2, 1, 2])
    };
    version().unwrap_or_default()
}

const VERSION: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

#[cfg(test)]
mod tests;
