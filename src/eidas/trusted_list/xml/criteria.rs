//! The criteria of a qualification.

use roxmltree::Node;

use super::super::criteria::{Assert, CriteriaList, Criterion, UsageBit};
use super::document::{children, is, value};
use super::{SERVICE_INFORMATION, TSL_ADDITIONAL, XADES, XmlError};
use crate::cert::Oid;

/// Reads a list of criteria. What is not known could select any certificate, so it is an error.
pub(super) fn read(list: Node<'_, '_>) -> Result<CriteriaList, XmlError> {
    let assert = match list.attribute("assert") {
        Some("all") => Assert::All,
        Some("atLeastOne") => Assert::AtLeastOne,
        Some("none") => Assert::None,
        _ => return Err(XmlError::Value("CriteriaList")),
    };
    let mut criteria = Vec::new();
    for element in list.children().filter(Node::is_element) {
        let own = |name| is(element, SERVICE_INFORMATION, name);
        if own("KeyUsage") {
            criteria.push(Criterion::KeyUsage(key_usage(element)?));
        } else if own("PolicySet") {
            criteria.push(Criterion::Policies(oids(
                element,
                SERVICE_INFORMATION,
                "PolicyIdentifier",
            )?));
        } else if own("CriteriaList") {
            criteria.push(Criterion::List(read(element)?));
        } else if own("otherCriteriaList") {
            for other in element.children().filter(Node::is_element) {
                criteria.push(other_criterion(other)?);
            }
        } else if !own("Description") {
            return Err(XmlError::Value("CriteriaList"));
        }
    }
    match criteria.is_empty() {
        true => Err(XmlError::Value("CriteriaList")),
        false => Ok(CriteriaList { assert, criteria }),
    }
}

fn other_criterion(element: Node<'_, '_>) -> Result<Criterion, XmlError> {
    if is(element, TSL_ADDITIONAL, "ExtendedKeyUsage") {
        return Ok(Criterion::ExtendedKeyUsage(oids(element, TSL_ADDITIONAL, "KeyPurposeId")?));
    }
    if is(element, TSL_ADDITIONAL, "CertSubjectDNAttribute") {
        return Ok(Criterion::SubjectAttributes(oids(element, TSL_ADDITIONAL, "AttributeOID")?));
    }
    Err(XmlError::Value("otherCriteriaList"))
}

fn key_usage(element: Node<'_, '_>) -> Result<Vec<(UsageBit, bool)>, XmlError> {
    let bits = children(element, SERVICE_INFORMATION, "KeyUsageBit").map(|bit| {
        let set = match value(bit, "KeyUsageBit")?.as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(XmlError::Value("KeyUsageBit")),
        };
        Ok((usage_bit(bit.attribute("name"))?, set))
    });
    not_empty(bits.collect::<Result<_, _>>()?, "KeyUsage")
}

fn usage_bit(name: Option<&str>) -> Result<UsageBit, XmlError> {
    Ok(match name {
        Some("crlSign") => UsageBit::CrlSign,
        Some("dataEncipherment") => UsageBit::DataEncipherment,
        Some("decipherOnly") => UsageBit::DecipherOnly,
        Some("digitalSignature") => UsageBit::DigitalSignature,
        Some("encipherOnly") => UsageBit::EncipherOnly,
        Some("keyAgreement") => UsageBit::KeyAgreement,
        Some("keyCertSign") => UsageBit::KeyCertSign,
        Some("keyEncipherment") => UsageBit::KeyEncipherment,
        Some("nonRepudiation") => UsageBit::NonRepudiation,
        _ => return Err(XmlError::Value("KeyUsageBit")),
    })
}

/// The object identifiers of an element's children, each in an `Identifier` of XAdES: dotted, or as
/// a URN.
fn oids(
    element: Node<'_, '_>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Vec<Oid>, XmlError> {
    let mut oids = Vec::new();
    for child in children(element, namespace, name) {
        for identifier in children(child, XADES, "Identifier") {
            let text = value(identifier, name)?;
            let dotted = text.strip_prefix("urn:oid:").unwrap_or(&text);
            oids.push(dotted.parse().map_err(|_| XmlError::Value(name))?);
        }
    }
    not_empty(oids, name)
}

/// A criterion without content would select every certificate.
fn not_empty<T>(list: Vec<T>, name: &'static str) -> Result<Vec<T>, XmlError> {
    if list.is_empty() { Err(XmlError::Value(name)) } else { Ok(list) }
}
