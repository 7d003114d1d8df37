//! The pointers of a list to others, with the certificates of those who sign them.

use roxmltree::Node;
use rustls_pki_types::CertificateDer;

use super::document::{base64, children, optional, value, value_of};
use super::{ListKind, TSL, TSL_ADDITIONAL, XmlError};

/// A pointer to another list (TS 119 612, 5.3.13).
#[derive(Clone, Debug)]
pub struct Pointer {
    location: String,
    kind: ListKind,
    territory: String,
    mime_type: String,
    signers: Vec<CertificateDer<'static>>,
}

impl Pointer {
    /// Where the list is published.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The type of the list.
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// Its territory.
    pub fn territory(&self) -> &str {
        &self.territory
    }

    /// Whether it is for machines; some lists are also published for people.
    pub fn is_xml(&self) -> bool {
        self.mime_type == "application/vnd.etsi.tsl+xml"
    }

    /// The certificates of those who may sign it.
    pub fn signers(&self) -> &[CertificateDer<'static>] {
        &self.signers
    }
}

pub(super) fn read(pointer: Node<'_, '_>) -> Result<Pointer, XmlError> {
    let mut signers = Vec::new();
    if let Some(identities) = optional(pointer, TSL, "ServiceDigitalIdentities")? {
        for identity in children(identities, TSL, "ServiceDigitalIdentity") {
            for id in children(identity, TSL, "DigitalId") {
                if let Some(certificate) = optional(id, TSL, "X509Certificate")? {
                    signers.push(base64(certificate, "X509Certificate")?.into());
                }
            }
        }
    }
    let kind = said(pointer, TSL, "TSLType")?.unwrap_or_default();
    Ok(Pointer {
        location: value_of(pointer, TSL, "TSLLocation")?,
        kind: ListKind::of(&kind),
        territory: said(pointer, TSL, "SchemeTerritory")?.unwrap_or_default(),
        mime_type: said(pointer, TSL_ADDITIONAL, "MimeType")?.unwrap_or_default(),
        signers,
    })
}

/// A value of the additional information; each stands in an element of its own.
fn said(
    pointer: Node<'_, '_>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Option<String>, XmlError> {
    let Some(information) = optional(pointer, TSL, "AdditionalInformation")? else {
        return Ok(None);
    };
    let mut found = None;
    for other in children(information, TSL, "OtherInformation") {
        if let Some(element) = optional(other, namespace, name)?
            && found.replace(value(element, name)?).is_some()
        {
            return Err(XmlError::Repeated(name));
        }
    }
    Ok(found)
}
