//! Distinguished names, compared by their structure and never as strings.
mod attribute_type;
mod canonical;
mod display;
mod registered;
mod text;
mod value;

use std::str::FromStr;

use der::Decode;
use x509_cert::name::RdnSequence;

pub use self::{
    canonical::CanonicalName,
    registered::{NameOrder, RegisteredName},
};
use self::{text::Written, value::Value};
use super::Oid;

/// A distinguished name: a sequence of relative names, each a set of attributes, in the order of
/// the ASN.1 (the country usually first).
///
/// Read from a certificate or from text. Two names are the same when [`matches`](Self::matches)
/// says so (RFC 4517, 4.2.15; RFC 5280, 7.1); there is no `==`, because it would invite comparing
/// spellings. Displays as RFC 4514.
///
/// It does not check which attributes a name has.
#[derive(Clone, Debug)]
pub struct Name {
    rdns: Vec<Vec<Attribute>>,
    /// Worked out once: a certificate's name is compared at every request of its connection.
    canonical: Option<CanonicalName>,
}

impl Name {
    fn of(rdns: Vec<Vec<Attribute>>) -> Self {
        let canonical = CanonicalName::of(&rdns);
        Self { rdns, canonical }
    }

    /// Reads a DER-encoded RDN sequence.
    ///
    /// An empty name is read, as certificates may have one, but never matches.
    ///
    /// # Errors
    ///
    /// [`NameError::Malformed`] when the bytes are no RDN sequence, or bytes follow it.
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        RdnSequence::from_der(der)
            .map(|sequence| Self::from_rdn_sequence(&sequence))
            .map_err(|_| NameError::Malformed)
    }

    pub(crate) fn from_rdn_sequence(sequence: &RdnSequence) -> Self {
        let rdns = sequence
            .iter()
            .map(|rdn| {
                rdn.iter()
                    .map(|attribute| Attribute {
                        oid: Oid::of(attribute.oid),
                        value: Value::from_any(&attribute.value),
                    })
                    .collect()
            })
            .collect();
        Self::of(rdns)
    }

    /// Reads a name from text: RFC 4514, its elders RFC 2253 and RFC 1779, or OpenSSL's one-line
    /// forms `C = GB, O = Bank` and `/C=GB/O=Bank`.
    ///
    /// The order is that of the form: the one-line forms (a leading slash, or a blank before the
    /// first equals sign) start with the first element of the ASN.1 sequence, all others with the
    /// last one. Where the writer's order is in doubt, use [`RegisteredName`].
    ///
    /// # Errors
    ///
    /// [`NameError`] when the text is empty or in none of these forms.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (mut rdns, written) = text::parse(text)?;
        match written {
            Written::FirstElementFirst => {}
            Written::LastElementFirst => rdns.reverse(),
        }
        Ok(Self::of(rdns))
    }

    /// The same relative names in the opposite order.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self::of(self.rdns.iter().rev().cloned().collect())
    }

    /// Whether there is no attribute at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.iter().all(Vec::is_empty)
    }

    /// The form under which names that match are equal, for use as a key.
    ///
    /// `None` when the name can match nothing: it is empty, or a value is empty, holds a NUL or is
    /// no character string.
    #[must_use]
    pub fn canonical(&self) -> Option<&CanonicalName> {
        self.canonical.as_ref()
    }

    /// Passes when both names have the same relative names in the same order, each with the same
    /// set of attributes: types compared by object identifier, values by characters whatever
    /// their string type, without regard to case and to the number of blanks.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        match (self.canonical(), other.canonical()) {
            (Some(this), Some(other)) => this == other,
            _ => false,
        }
    }

    /// The attributes in order; those of one relative name follow each other.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.rdns.iter().flatten()
    }

    /// The texts of all attributes of one type, in order.
    ///
    /// Values that are no character strings are left out.
    pub fn values(&self, oid: Oid) -> impl Iterator<Item = &str> {
        self.attributes().filter(move |attribute| attribute.oid == oid).filter_map(Attribute::text)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// One attribute of a name: its type and value.
#[derive(Clone, Debug)]
pub struct Attribute {
    oid: Oid,
    value: Value,
}

impl Attribute {
    /// The type.
    #[must_use]
    pub fn oid(&self) -> Oid {
        self.oid
    }

    /// The characters of the value as they stand; `None` when it is no character string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.value.text()
    }
}

/// Why a distinguished name could not be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// No name at all.
    #[error("the distinguished name is empty")]
    Empty,
    /// Not of any form that is understood.
    #[error("the distinguished name is malformed")]
    Malformed,
    /// Longer than any name a certificate in use could hold.
    #[error("the distinguished name is too long")]
    TooLong,
    /// An attribute type that is neither an object identifier nor a known short name.
    #[error("unknown attribute type {0:?}")]
    UnknownType(String),
    /// A value that is empty, holds a NUL, or is no character string.
    #[error("an attribute value can match nothing")]
    Value,
}

#[cfg(test)]
mod tests;
