//! The signature of a list (TS 119 612, 5.7 and annex B; XML-DSig; XAdES baseline).

use std::collections::BTreeSet;

use roxmltree::{Document, Node};
use rustls_pki_types::CertificateDer;

use super::canonical::{Besides, Canonical};
use super::document::{base64, children, is, only, optional};
use super::{XADES, XML_DSIG, XmlError};
use crate::cert::Certificate;
use crate::crypto::{verify_xml, xml_certificate_digest, xml_digest};

/// Why the signature of a list is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// An algorithm that is not accepted.
    #[error("the algorithm {0} is not accepted")]
    Algorithm(String),
    /// What is signed is not what stands there.
    #[error("the digest of {0} is another")]
    Digest(&'static str),
    /// The certificate that the XAdES properties name is not the one that verifies.
    #[error("the signed properties name another certificate")]
    OtherCertificate,
    /// Not the one form that the signature of a list has.
    #[error("not the form of a list's signature: {0}")]
    Form(&'static str),
    /// No signature.
    #[error("no signature")]
    Missing,
    /// More than one signature, or one that is not a child of the list.
    #[error("not one signature in the place of one")]
    NotOne,
    /// The signature is not one over what the signer is said to have signed.
    #[error("the signature does not verify")]
    Signature,
    /// None of the certificates beside the signature is that of an expected signer.
    #[error("the signer is not one of those expected")]
    Signer,
    /// The list was issued when the signer's certificate was not in its time.
    #[error("the list was issued outside of the time of its signer's certificate")]
    SignerOutOfTime,
    /// The signer's key has fewer than 2048 bits (RSA) or 256 (curves).
    #[error("the signer's key is too weak")]
    WeakKey,
    /// An element of the signature cannot be read.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

/// Verifies the signature of a list and answers whose it is.
///
/// Passes for one enveloped signature over the whole document and its own XAdES properties, by one
/// of the `signers`, and nothing else: what a list does not need is a way around its signature.
/// The dates of the signer's certificate are the caller's to judge.
pub(super) fn verify(
    document: &Document<'_>,
    signers: &[CertificateDer<'_>],
) -> Result<Certificate, SignatureError> {
    let signature = signature_of(document)?;
    let signed_info = only(signature, XML_DSIG, "SignedInfo")?;
    let certificate = signer(signature, signers)?;

    let how = canonicalization(only(signed_info, XML_DSIG, "CanonicalizationMethod")?)?;
    let message = how.write(signed_info)?;
    let method = algorithm(only(signed_info, XML_DSIG, "SignatureMethod")?)?;
    let value = base64(only(signature, XML_DSIG, "SignatureValue")?, "SignatureValue")?;
    verify_xml(certificate.spki_der(), method, message.as_bytes(), &value)
        .map_err(|_| SignatureError::Signature)?;

    let properties = signed_properties(signature)?;
    let references: Vec<_> = children(signed_info, XML_DSIG, "Reference").collect();
    let (to_list, to_properties) = match references.as_slice() {
        [one, two] if is_to(*two, properties) => (*one, *two),
        [one, two] if is_to(*one, properties) => (*two, *one),
        _ => return Err(SignatureError::Form("not a reference to the list and one to properties")),
    };
    digest_of_list(to_list, signature)?;
    digest_of_properties(to_properties, properties)?;
    names_certificate(properties, &certificate)?;
    Ok(certificate)
}

/// How many signatures a document holds, wherever they stand.
pub(super) fn count(document: &Document<'_>) -> usize {
    document.descendants().filter(|node| is(*node, XML_DSIG, "Signature")).count()
}

/// The one signature of the document, a child of its root: another one elsewhere is that of a
/// wrapped document.
fn signature_of<'a>(document: &'a Document<'_>) -> Result<Node<'a, 'a>, SignatureError> {
    let mut signatures = children(document.root_element(), XML_DSIG, "Signature");
    match (count(document), signatures.next()) {
        (0, _) => Err(SignatureError::Missing),
        (1, Some(signature)) => Ok(signature),
        _ => Err(SignatureError::NotOne),
    }
}

/// The certificate beside the signature that is, byte by byte, one of the signers.
fn signer(
    signature: Node<'_, '_>,
    signers: &[CertificateDer<'_>],
) -> Result<Certificate, SignatureError> {
    let key_info = only(signature, XML_DSIG, "KeyInfo")?;
    for data in children(key_info, XML_DSIG, "X509Data") {
        for element in children(data, XML_DSIG, "X509Certificate") {
            let der = base64(element, "X509Certificate")?;
            if signers.iter().any(|signer| signer.as_ref() == der) {
                let signer = Certificate::from_der(&der).map_err(|_| SignatureError::Signer)?;
                return match signer.key_strength().is_sufficient() {
                    true => Ok(signer),
                    false => Err(SignatureError::WeakKey),
                };
            }
        }
    }
    Err(SignatureError::Signer)
}

/// The properties of this signature, and of no other.
fn signed_properties<'a>(signature: Node<'a, 'a>) -> Result<Node<'a, 'a>, SignatureError> {
    let mut found = children(signature, XML_DSIG, "Object")
        .flat_map(|object| children(object, XADES, "QualifyingProperties"))
        .flat_map(|qualifying| children(qualifying, XADES, "SignedProperties"));
    match (found.next(), found.next()) {
        (Some(properties), None) => Ok(properties),
        (None, _) => Err(SignatureError::Form("no SignedProperties")),
        (_, Some(_)) => Err(SignatureError::Form("more than one SignedProperties")),
    }
}

/// Whether a reference is the one to the properties, by its type and the element's own id.
fn is_to(reference: Node<'_, '_>, properties: Node<'_, '_>) -> bool {
    let id = reference.attribute("URI").and_then(|uri| uri.strip_prefix('#'));
    reference.attribute("Type") == Some(SIGNED_PROPERTIES)
        && id.is_some()
        && id == properties.attribute("Id")
}

/// The digest over the whole document without its signature.
fn digest_of_list(reference: Node<'_, '_>, signature: Node<'_, '_>) -> Result<(), SignatureError> {
    let document = signature.document();
    let root = document.root_element();
    let covered = match reference.attribute("URI") {
        Some("") => document.root(),
        Some(uri) if uri.strip_prefix('#').is_some_and(|id| root.attribute("Id") == Some(id)) => {
            root
        }
        _ => return Err(SignatureError::Form("a reference to something else than the list")),
    };
    let transforms = transforms(reference)?;
    let [enveloped, last] = transforms.as_slice() else {
        return Err(SignatureError::Form("other transforms than enveloped and canonical"));
    };
    if algorithm(*enveloped)? != ENVELOPED || enveloped.has_children() {
        return Err(SignatureError::Form("the first transform is not enveloped-signature"));
    }
    let how = Canonical { without: Some(signature.id()), ..same_document(*last)? };
    matches_digest(reference, &how.write(covered)?, "the list")
}

/// The digest over the properties, whose canonicalisation the standard leaves open: lists have the
/// exclusive one, or no transform, which means the inclusive one (XML-DSig, 4.4.3.2).
fn digest_of_properties(
    reference: Node<'_, '_>,
    properties: Node<'_, '_>,
) -> Result<(), SignatureError> {
    let how = match transforms(reference)?.as_slice() {
        [] => Canonical { besides: Besides::All, ..Canonical::default() },
        [only] => same_document(*only)?,
        _ => return Err(SignatureError::Form("more than one transform of the properties")),
    };
    matches_digest(reference, &how.write(properties)?, "the signed properties")
}

fn matches_digest(
    reference: Node<'_, '_>,
    canonical: &str,
    what: &'static str,
) -> Result<(), SignatureError> {
    let method = algorithm(only(reference, XML_DSIG, "DigestMethod")?)?;
    let digest = xml_digest(method, canonical.as_bytes())
        .ok_or_else(|| SignatureError::Algorithm(method.to_owned()))?;
    match base64(only(reference, XML_DSIG, "DigestValue")?, "DigestValue")? == digest {
        true => Ok(()),
        false => Err(SignatureError::Digest(what)),
    }
}

/// The XAdES properties name the signer's certificate, first of those they name: who holds the key
/// of another one cannot put it in its place.
fn names_certificate(
    properties: Node<'_, '_>,
    certificate: &Certificate,
) -> Result<(), SignatureError> {
    let properties = only(properties, XADES, "SignedSignatureProperties")?;
    let first = optional(properties, XADES, "SigningCertificate")?;
    let second = optional(properties, XADES, "SigningCertificateV2")?;
    for named in [first, second].into_iter().flatten() {
        let cert = children(named, XADES, "Cert").next().ok_or(XmlError::Missing("Cert"))?;
        let digest = only(cert, XADES, "CertDigest")?;
        let method = algorithm(only(digest, XML_DSIG, "DigestMethod")?)?;
        let own = xml_certificate_digest(method, certificate.der())
            .ok_or_else(|| SignatureError::Algorithm(method.to_owned()))?;
        if base64(only(digest, XML_DSIG, "DigestValue")?, "DigestValue")? != own {
            return Err(SignatureError::OtherCertificate);
        }
    }
    match (first, second) {
        (None, None) => Err(SignatureError::Form("no SigningCertificate")),
        _ => Ok(()),
    }
}

fn transforms<'a>(reference: Node<'a, 'a>) -> Result<Vec<Node<'a, 'a>>, SignatureError> {
    let transforms = optional(reference, XML_DSIG, "Transforms")?;
    let each = transforms.into_iter().flat_map(|all| children(all, XML_DSIG, "Transform"));
    Ok(each.collect())
}

/// The canonicalisation of a reference within the document: comments are no part of what it points
/// at (XML-DSig, 4.4.3.3), whatever the canonicalisation says.
fn same_document(transform: Node<'_, '_>) -> Result<Canonical, SignatureError> {
    Ok(Canonical { comments: false, ..canonicalization(transform)? })
}

/// Exclusive canonicalisation as an element names it.
fn canonicalization(element: Node<'_, '_>) -> Result<Canonical, SignatureError> {
    let comments = match algorithm(element)? {
        EXCLUSIVE => false,
        EXCLUSIVE_WITH_COMMENTS => true,
        other => return Err(SignatureError::Algorithm(other.to_owned())),
    };
    let mut inclusive = BTreeSet::new();
    if let Some(element) = optional(element, EXCLUSIVE, "InclusiveNamespaces")? {
        let list = element.attribute("PrefixList").ok_or(XmlError::Missing("PrefixList"))?;
        let names = list.split_ascii_whitespace();
        inclusive.extend(names.map(|name| if name == "#default" { "" } else { name }.to_owned()));
    }
    Ok(Canonical { comments, besides: Besides::These(inclusive), without: None })
}

fn algorithm<'a>(element: Node<'a, 'a>) -> Result<&'a str, SignatureError> {
    Ok(element.attribute("Algorithm").ok_or(XmlError::Missing("Algorithm"))?)
}

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

#[cfg(test)]
mod tests;
