//! A trusted list as a whole.

use roxmltree::{Document, Node};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::super::Service;
use super::document::{children, is, only, optional, parse, text, value, value_of};
use super::{Pointer, SignatureError, TSL, XmlError, pointer, service, signature};
use crate::cert::Certificate;
use crate::cert::time::from_rfc3339;

/// What a trusted list says (TS 119 612, 5). Reading it proves nothing: see [`SignedList`].
#[derive(Clone, Debug)]
pub struct TrustedList {
    version: u32,
    sequence: u64,
    kind: ListKind,
    territory: String,
    issued: UnixTime,
    next_update: Option<UnixTime>,
    providers: usize,
    services: Vec<Service>,
    pointers: Vec<Pointer>,
    signatures: usize,
}

/// The type of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ListKind {
    /// The list of the lists of the European Union.
    ListOfLists,
    /// The list of a territory.
    National,
    /// Another one.
    Other,
}

impl TrustedList {
    /// Reads a list, whoever signed it.
    ///
    /// Takes 16 MiB, 100 levels and 500 000 tags at most, of XML 1.0 in UTF-8 without a document
    /// type; versions 5 and 6. A service that cannot be read as a whole is kept, and marked as one
    /// that nobody may rely on; a list whose head cannot be read is refused.
    ///
    /// # Errors
    ///
    /// Which part cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, XmlError> {
        let text = text(bytes)?;
        Self::of(&parse(&text)?)
    }

    fn of(document: &Document<'_>) -> Result<Self, XmlError> {
        let root = document.root_element();
        if !is(root, TSL, "TrustServiceStatusList") {
            return Err(XmlError::Missing("TrustServiceStatusList"));
        }
        let scheme = only(root, TSL, "SchemeInformation")?;
        let of = |name| value_of(scheme, TSL, name);
        let version = number(&of("TSLVersionIdentifier")?, "TSLVersionIdentifier")?;
        if !VERSIONS.contains(&version) {
            return Err(XmlError::Value("TSLVersionIdentifier"));
        }
        let territory = of("SchemeTerritory")?;
        let mut list = Self {
            version,
            sequence: number(&of("TSLSequenceNumber")?, "TSLSequenceNumber")?,
            kind: ListKind::of(&of("TSLType")?),
            issued: time(&of("ListIssueDateTime")?, "ListIssueDateTime")?,
            next_update: next_update(only(scheme, TSL, "NextUpdate")?)?,
            providers: 0,
            services: Vec::new(),
            pointers: Vec::new(),
            signatures: signature::count(document),
            territory,
        };
        if let Some(pointers) = optional(scheme, TSL, "PointersToOtherTSL")? {
            list.pointers = children(pointers, TSL, "OtherTSLPointer")
                .map(pointer::read)
                .collect::<Result<_, _>>()?;
        }
        if let Some(providers) = optional(root, TSL, "TrustServiceProviderList")? {
            for provider in children(providers, TSL, "TrustServiceProvider") {
                list.providers += 1;
                list.services.extend(service::of_provider(provider, &list.territory)?);
            }
        }
        Ok(list)
    }

    /// `TSLVersionIdentifier`.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// `TSLSequenceNumber`.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The type.
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// `SchemeTerritory`, as lists spell it: `EL` and `UK`, not `GR` and `GB`.
    pub fn territory(&self) -> &str {
        &self.territory
    }

    /// `ListIssueDateTime`.
    pub fn issued(&self) -> UnixTime {
        self.issued
    }

    /// `NextUpdate`; a closed list has none.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.next_update
    }

    /// How many trust service providers it has.
    pub fn providers(&self) -> usize {
        self.providers
    }

    /// Its services, of all types.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The other lists to which it points.
    pub fn pointers(&self) -> &[Pointer] {
        &self.pointers
    }

    /// How many signatures it holds.
    pub fn signatures(&self) -> usize {
        self.signatures
    }

    pub(in super::super) fn into_services(self) -> Vec<Service> {
        self.services
    }
}

/// A list whose signature was verified.
#[derive(Clone, Debug)]
pub struct SignedList {
    list: TrustedList,
    signer: Certificate,
}

impl SignedList {
    /// Verifies the signature of a list by one of these certificates, and reads it: the tree that
    /// is read is the one that was verified.
    ///
    /// The signer's certificate must have been in its time when the list was issued. Does not look
    /// at the list's own times, type or territory.
    ///
    /// # Errors
    ///
    /// What is wrong with the signature or the list.
    pub fn verify(bytes: &[u8], signers: &[CertificateDer<'_>]) -> Result<Self, SignatureError> {
        let text = text(bytes)?;
        let document = parse(&text)?;
        let signer = signature::verify(&document, signers)?;
        let list = TrustedList::of(&document)?;
        match (signer.not_before()..=signer.not_after()).contains(&list.issued) {
            true => Ok(Self { list, signer }),
            false => Err(SignatureError::SignerOutOfTime),
        }
    }

    /// The list.
    pub fn list(&self) -> &TrustedList {
        &self.list
    }

    /// The certificate of its signer.
    pub fn signer(&self) -> &Certificate {
        &self.signer
    }

    pub(in super::super) fn into_list(self) -> TrustedList {
        self.list
    }
}

impl ListKind {
    pub(super) fn of(uri: &str) -> Self {
        match uri.strip_prefix("http://uri.etsi.org/TrstSvc/TrustedList/TSLType/") {
            Some("EUlistofthelists") => Self::ListOfLists,
            Some("EUgeneric") => Self::National,
            _ => Self::Other,
        }
    }
}

fn next_update(element: Node<'_, '_>) -> Result<Option<UnixTime>, XmlError> {
    match optional(element, TSL, "dateTime")? {
        Some(end) => Ok(Some(time(&value(end, "NextUpdate")?, "NextUpdate")?)),
        None => Ok(None),
    }
}

/// A time as TS 119 612, 5.1.4 writes it: in UTC, of whole seconds.
pub(super) fn time(text: &str, name: &'static str) -> Result<UnixTime, XmlError> {
    from_rfc3339(text).ok_or(XmlError::Value(name))
}

fn number<T: std::str::FromStr>(text: &str, name: &'static str) -> Result<T, XmlError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(XmlError::Value(name))
}

/// 5 since TS 119 612 v2.1.1, 6 since v2.3.1.
const VERSIONS: [u32; 2] = [5, 6];

#[cfg(test)]
mod tests;
