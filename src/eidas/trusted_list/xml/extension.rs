//! The extensions of a service (TS 119 612, 5.5.9).

use roxmltree::Node;

use super::super::qualifications::{Qualifications, Qualified, Qualifier};
use super::super::{Period, Purpose};
use super::document::{children, is, only, value_of};
use super::{SERVICE_INFORMATION, TSL, TSL_ADDITIONAL, XmlError, criteria};

/// Takes one extension into the period that it is about. One that is critical and not known, or
/// known and not readable, leaves nothing to rely on.
pub(super) fn read(extension: Node<'_, '_>, period: &mut Period) {
    // Whatever does not say that it is not critical may be.
    let is_critical = !matches!(extension.attribute("Critical"), Some("false" | "0"));
    let mut unknown = extension.first_element_child().is_none();
    for element in extension.children().filter(Node::is_element) {
        match known(element, period) {
            Ok(known) => unknown |= !known,
            Err(error) => period.unreliable = Some(error.to_string()),
        }
    }
    if unknown && is_critical {
        let name = extension.first_element_child().map_or("nothing", |e| e.tag_name().name());
        period.unreliable = Some(format!("a critical extension that is not known: {name}"));
    }
}

/// Whether this is an extension that is known; those that say nothing of a certificate's being
/// qualified are known and passed over.
fn known(element: Node<'_, '_>, period: &mut Period) -> Result<bool, XmlError> {
    if is(element, TSL, "AdditionalServiceInformation") {
        additional_information(element, period)?;
    } else if is(element, SERVICE_INFORMATION, "Qualifications") {
        period.qualifications.0.extend(qualifications(element)?.0);
    } else {
        return Ok(is(element, TSL, "ExpiredCertsRevocationInfo")
            || is(element, TSL_ADDITIONAL, "TakenOverBy"));
    }
    Ok(true)
}

fn additional_information(element: Node<'_, '_>, period: &mut Period) -> Result<(), XmlError> {
    let uri = value_of(element, TSL, "URI")?;
    let purpose = match uri.strip_prefix(PREFIX) {
        Some("ForeSeals") => Purpose::Seals,
        Some("ForeSignatures") => Purpose::Signatures,
        Some("ForWebSiteAuthentication") => Purpose::WebSiteAuthentication,
        Some("RootCA-QC") => {
            period.root = true;
            return Ok(());
        }
        // National information, which grants nothing here.
        _ => return Ok(()),
    };
    if !period.purposes.contains(&purpose) {
        period.purposes.push(purpose);
    }
    Ok(())
}

fn qualifications(element: Node<'_, '_>) -> Result<Qualifications, XmlError> {
    let mut all = Vec::new();
    for one in children(element, SERVICE_INFORMATION, "QualificationElement") {
        let mut qualifiers = Vec::new();
        let of = only(one, SERVICE_INFORMATION, "Qualifiers")?;
        for qualifier in children(of, SERVICE_INFORMATION, "Qualifier") {
            let uri = qualifier.attribute("uri").map(str::trim).unwrap_or_default();
            // One that is not known could be another NotQualified.
            let known = uri.strip_prefix(PREFIX).and_then(Qualifier::named);
            qualifiers.push(known.ok_or(XmlError::Value("Qualifier"))?);
        }
        let list = only(one, SERVICE_INFORMATION, "CriteriaList")?;
        all.push(Qualified { qualifiers, of: criteria::read(list)? });
    }
    Ok(Qualifications(all))
}

const PREFIX: &str = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/";
