//! The extensions the rules look at.
use std::{collections::HashSet, fmt};

use der::{
    Decode, Reader, Sequence, SliceReader, Tag, TagNumber, Tagged,
    asn1::{Any, AnyRef, ObjectIdentifier},
};
use x509_cert::ext::{Extension, pkix};

use super::{CertificateError, KeyUsage, Oid};

/// All extensions raw, and those of interest decoded.
#[derive(Clone, Default)]
pub(super) struct Extensions {
    raw: Vec<(Oid, bool, Vec<u8>)>,
    key_usage: Option<KeyUsage>,
    extended_key_usage: Option<Vec<Oid>>,
    policies: Option<Vec<Oid>>,
    subject_alternative_names: Option<SubjectAlternativeNames>,
    is_ca: bool,
}

impl Extensions {
    pub(super) fn read(extensions: &[Extension]) -> Result<Self, CertificateError> {
        let mut seen = HashSet::new();
        let mut read = Self::default();
        for extension in extensions {
            let oid = Oid::of(extension.extn_id);
            if !seen.insert(oid) {
                return Err(CertificateError::DuplicateExtension(oid));
            }
            let value = extension.extn_value.as_bytes();
            read.decode(oid, value).map_err(|_| CertificateError::MalformedExtension(oid))?;
            read.raw.push((oid, extension.critical, value.to_vec()));
        }
        Ok(read)
    }

    fn decode(&mut self, oid: Oid, value: &[u8]) -> der::Result<()> {
        match oid {
            KEY_USAGE => self.key_usage = Some(KeyUsage::new(pkix::KeyUsage::from_der(value)?)),
            EXTENDED_KEY_USAGE => {
                let purposes = Vec::<ObjectIdentifier>::from_der(value)?;
                self.extended_key_usage = Some(purposes.into_iter().map(Oid::of).collect());
            }
            CERTIFICATE_POLICIES => {
                let policies = Vec::<PolicyInformation>::from_der(value)?;
                self.policies = Some(policies.iter().map(|policy| Oid::of(policy.id)).collect());
            }
            SUBJECT_ALTERNATIVE_NAME => {
                self.subject_alternative_names = Some(SubjectAlternativeNames::from_der(value)?);
            }
            BASIC_CONSTRAINTS => self.is_ca = pkix::BasicConstraints::from_der(value)?.ca,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn raw(&self, oid: Oid) -> Option<RawExtension<'_>> {
        self.raw
            .iter()
            .find(|(known, ..)| *known == oid)
            .map(|(_, critical, value)| RawExtension { critical: *critical, value })
    }

    pub(super) fn critical(&self) -> impl Iterator<Item = Oid> {
        self.raw.iter().filter(|(_, critical, _)| *critical).map(|(oid, ..)| *oid)
    }

    pub(super) fn key_usage(&self) -> Option<KeyUsage> {
        self.key_usage
    }

    pub(super) fn extended_key_usage(&self) -> Option<&[Oid]> {
        self.extended_key_usage.as_deref()
    }

    pub(super) fn policies(&self) -> Option<&[Oid]> {
        self.policies.as_deref()
    }

    pub(super) fn subject_alternative_names(&self) -> Option<&SubjectAlternativeNames> {
        self.subject_alternative_names.as_ref()
    }

    pub(super) fn is_ca(&self) -> bool {
        self.is_ca
    }
}

/// `PolicyInformation` of RFC 5280, 4.2.1.4: what the qualifiers say to people is left alone.
#[derive(Sequence)]
struct PolicyInformation {
    id: ObjectIdentifier,
    qualifiers: Option<Any>,
}

/// An extension as it stands in the certificate; nothing about its value is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RawExtension<'a> {
    critical: bool,
    value: &'a [u8],
}

impl<'a> RawExtension<'a> {
    /// Whether a reader that does not know the extension has to refuse the certificate.
    #[must_use]
    pub fn is_critical(self) -> bool {
        self.critical
    }

    /// The content of the OCTET STRING, usually DER.
    #[must_use]
    pub fn value(self) -> &'a [u8] {
        self.value
    }
}

/// The subject alternative names a client can be registered by (RFC 8705, 2.1.2).
///
/// Names of other kinds are left out. The texts are as they stand: nothing checks that a DNS
/// name is one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SubjectAlternativeNames {
    dns: Vec<String>,
    email: Vec<String>,
    ip: Vec<Vec<u8>>,
    uri: Vec<String>,
}

impl SubjectAlternativeNames {
    /// The dNSName entries.
    #[must_use]
    pub fn dns(&self) -> &[String] {
        &self.dns
    }

    /// The rfc822Name entries.
    #[must_use]
    pub fn email(&self) -> &[String] {
        &self.email
    }

    /// The iPAddress entries: four or sixteen bytes each, if the issuer kept to the rule.
    #[must_use]
    pub fn ip(&self) -> &[Vec<u8>] {
        &self.ip
    }

    /// The uniformResourceIdentifier entries.
    #[must_use]
    pub fn uri(&self) -> &[String] {
        &self.uri
    }

    fn from_der(value: &[u8]) -> der::Result<Self> {
        let mut names = Self::default();
        let mut reader = SliceReader::new(value)?;
        reader.sequence(|entries| {
            while !entries.is_finished() {
                names.add(AnyRef::decode(entries)?)?;
            }
            Ok::<_, der::Error>(())
        })?;
        reader.finish()?;
        Ok(names)
    }

    fn add(&mut self, entry: AnyRef<'_>) -> der::Result<()> {
        let Tag::ContextSpecific { number: TagNumber(number), .. } = entry.tag() else {
            return Err(entry.tag().value_error().into());
        };
        match number {
            1 => self.email.push(ia5(entry)?),
            2 => self.dns.push(ia5(entry)?),
            6 => self.uri.push(ia5(entry)?),
            7 => self.ip.push(entry.value().to_vec()),
            _ => {}
        }
        Ok(())
    }
}

/// `keyIdentifier [0]` of an AuthorityKeyIdentifier.
pub(super) fn key_identifier(value: &[u8]) -> Option<&[u8]> {
    let outer = AnyRef::from_der(value).ok()?;
    outer.header().tag().assert_eq(Tag::Sequence).ok()?;
    let first = AnyRef::decode(&mut SliceReader::new(outer.value()).ok()?).ok()?;
    let Tag::ContextSpecific { constructed: false, number: TagNumber(0) } = first.tag() else {
        return None;
    };
    Some(first.value())
}

fn ia5(entry: AnyRef<'_>) -> der::Result<String> {
    match std::str::from_utf8(entry.value()) {
        Ok(text) if text.is_ascii() => Ok(text.to_owned()),
        _ => Err(entry.tag().value_error().into()),
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.iter().map(|(oid, ..)| oid)).finish()
    }
}

const BASIC_CONSTRAINTS: Oid = Oid::literal("2.5.29.19");
const CERTIFICATE_POLICIES: Oid = Oid::literal("2.5.29.32");
const EXTENDED_KEY_USAGE: Oid = Oid::literal("2.5.29.37");
const KEY_USAGE: Oid = Oid::literal("2.5.29.15");
const SUBJECT_ALTERNATIVE_NAME: Oid = Oid::literal("2.5.29.17");
