//! `x-forwarded-client-cert` (Envoy, HTTP connection manager documentation): one element for each
//! proxy, the last proxy's at the end; an element is pairs `key=value`.

use rustls_pki_types::CertificateDer;

use super::armour::{self, Breaks};
use super::{ForwardedChain, ForwardedError, XfccElement, percent};
use crate::crypto::sha256;
use crate::header::quoted::{is_token, split, unquote};

/// The certificate of the chosen element; `None` if the element has none, as when the proxy
/// forwards only its hash.
pub(super) fn decode(
    text: &str,
    chosen: XfccElement,
) -> Result<Option<ForwardedChain>, ForwardedError> {
    // Subjects hold commas and semicolons, and a client has a say in its subject: a split that
    // does not honour quotes lets it write elements and pairs of its own.
    let elements = split(text, ',').ok_or(ForwardedError::NotXfcc)?;
    let elements: Vec<Element> =
        elements.into_iter().map(Element::parse).collect::<Result<_, _>>()?;
    let found = elements.len();
    let mut from_end = elements.into_iter().rev();
    let element = match chosen {
        XfccElement::Only if found == 1 => from_end.next(),
        XfccElement::Only => None,
        XfccElement::FromEnd(position) => from_end.nth(position.get() - 1),
    };
    element.ok_or(ForwardedError::UnexpectedElements { found })?.chain()
}

/// The pairs of an element that say something about the certificate.
#[derive(Default)]
struct Element {
    cert: Option<String>,
    chain: Option<String>,
    hash: Option<String>,
    subject: Option<String>,
}

impl Element {
    fn parse(text: &str) -> Result<Self, ForwardedError> {
        let mut element = Self::default();
        let pairs = split(text.trim_matches([' ', '\t']), ';').ok_or(ForwardedError::NotXfcc)?;
        for pair in pairs {
            let (key, written) = pair.split_once('=').ok_or(ForwardedError::NotXfcc)?;
            if !is_token(key) {
                return Err(ForwardedError::NotXfcc);
            }
            let value = value(written).ok_or(ForwardedError::NotXfcc)?;
            let place = match key.to_ascii_lowercase().as_str() {
                "cert" => &mut element.cert,
                "chain" => &mut element.chain,
                "hash" => &mut element.hash,
                "subject" => &mut element.subject,
                _ => continue,
            };
            // Each of them once: a second one came from somewhere else than the proxy.
            if place.replace(value).is_some() {
                return Err(ForwardedError::NotXfcc);
            }
        }
        Ok(element)
    }

    /// The certificate, if the element's `Cert`, `Chain` and `Hash` are all of one.
    fn chain(self) -> Result<Option<ForwardedChain>, ForwardedError> {
        let cert = certificates(self.cert)?.map(ForwardedChain::alone).transpose()?;
        let chain = certificates(self.chain)?.map(ForwardedChain::leaf_first).transpose()?;
        let forwarded = match (cert, chain) {
            (None, None) => return Ok(None),
            (Some(cert), Some(chain)) if cert.leaf != chain.leaf => {
                return Err(ForwardedError::Disagreement);
            }
            (_, Some(forwarded)) | (Some(forwarded), None) => forwarded,
        };
        match self.hash {
            Some(hash) if !is_hash_of(&hash, &forwarded.leaf) => Err(ForwardedError::Disagreement),
            _ => Ok(Some(forwarded)),
        }
    }
}

/// The certificates of a pair that is there and not empty.
fn certificates(
    encoded: Option<String>,
) -> Result<Option<Vec<CertificateDer<'static>>>, ForwardedError> {
    match encoded.as_deref() {
        None | Some("") => Ok(None),
        Some(encoded) => armour::certificates(&percent::decode(encoded)?, Breaks::Lines).map(Some),
    }
}

/// A value as written: one quoted string, or text without the characters that separate.
fn value(written: &str) -> Option<String> {
    if written.starts_with('"') {
        return unquote(written);
    }
    (!written.contains(['"', '=', ',', ';'])).then(|| written.to_owned())
}

fn is_hash_of(hash: &str, leaf: &CertificateDer<'_>) -> bool {
    let computed: String = sha256(leaf).iter().map(|byte| format!("{byte:02x}")).collect();
    hash.eq_ignore_ascii_case(&computed)
}

#[cfg(test)]
mod tests;
