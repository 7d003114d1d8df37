//! An XML document within limits, and how its values are read.

use std::collections::HashSet;

use roxmltree::{Document, Node, ParsingOptions};

use super::limits;

/// Why a document is not read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// A document type, with which come entities.
    #[error("a document type")]
    DocumentType,
    /// Two elements with one `Id`: a reference could mean either.
    #[error("two elements with the id {0:?}")]
    IdTwice(String),
    /// Not well-formed XML 1.0 in UTF-8, with namespaces.
    #[error("not well-formed XML in UTF-8")]
    Malformed,
    /// An element that is due.
    #[error("no {0}")]
    Missing(&'static str),
    /// An element twice that is due once.
    #[error("more than one {0}")]
    Repeated(&'static str),
    /// Longer, deeper or richer than a list may be.
    #[error("larger than any list")]
    TooLarge,
    /// A value that is not of its type, or that holds comments or elements.
    #[error("{0} cannot be read")]
    Value(&'static str),
}

/// The text of a document as the parser has to see it: without a byte order mark, each end of a
/// line a line feed (XML 1.0, 2.11).
pub(super) fn text(bytes: &[u8]) -> Result<String, XmlError> {
    if bytes.len() > MAX_BYTES {
        return Err(XmlError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Malformed)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(rest) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(WHITE)) {
        let (declaration, _) = rest.split_once("?>").ok_or(XmlError::Malformed)?;
        let declaration = declaration.to_ascii_lowercase().replace('"', "'");
        let other_encoding = declaration.contains("encoding") && !declaration.contains("'utf-8'");
        // XML 1.1 has other ends of lines.
        if other_encoding || !declaration.contains("'1.0'") {
            return Err(XmlError::Malformed);
        }
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Parses text that came from [`text`].
pub(super) fn parse(text: &str) -> Result<Document<'_>, XmlError> {
    limits::judge(text)?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlError::DocumentType,
        roxmltree::Error::NodesLimitReached => XmlError::TooLarge,
        _ => XmlError::Malformed,
    })?;
    let mut ids = HashSet::new();
    for element in document.descendants().filter(Node::is_element) {
        namespaces_are_well_formed(element)?;
        for attribute in element.attributes() {
            if attribute.name().eq_ignore_ascii_case("id") && !ids.insert(attribute.value()) {
                return Err(XmlError::IdTwice(attribute.value().to_owned()));
            }
        }
    }
    Ok(document)
}

/// The parser takes a default namespace that is declared twice, and a prefix for no namespace.
fn namespaces_are_well_formed(element: Node<'_, '_>) -> Result<(), XmlError> {
    let mut has_default = false;
    for namespace in element.namespaces() {
        let is_default = namespace.name().is_none();
        if (is_default && has_default) || (!is_default && namespace.uri().is_empty()) {
            return Err(XmlError::Malformed);
        }
        has_default |= is_default;
    }
    Ok(())
}

/// Whether an element has this name. Elements without a namespace have none of ours.
pub(super) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element()
        && node.tag_name().name() == name
        && node.tag_name().namespace() == Some(namespace)
}

/// The child elements of this name.
pub(super) fn children<'a, 'i>(
    parent: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    parent.children().filter(move |child| is(*child, namespace, name))
}

/// The child element of this name, if there is one; two could say different things.
pub(super) fn optional<'a, 'i>(
    parent: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Option<Node<'a, 'i>>, XmlError> {
    let mut found = children(parent, namespace, name);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(XmlError::Repeated(name)),
    }
}

/// The one child element of this name.
pub(super) fn only<'a, 'i>(
    parent: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Node<'a, 'i>, XmlError> {
    optional(parent, namespace, name)?.ok_or(XmlError::Missing(name))
}

/// The text of an element, without white space around it.
///
/// A comment or an instruction inside would not be signed, yet cut the value in two.
pub(super) fn value(element: Node<'_, '_>, name: &'static str) -> Result<String, XmlError> {
    if element.children().any(|child| !child.is_text()) {
        return Err(XmlError::Value(name));
    }
    let text: String = element.children().filter_map(|child| child.text()).collect();
    Ok(text.trim_matches(WHITE).to_owned())
}

/// The value of the one child of this name.
pub(super) fn value_of(
    parent: Node<'_, '_>,
    namespace: &'static str,
    name: &'static str,
) -> Result<String, XmlError> {
    value(only(parent, namespace, name)?, name)
}

/// The bytes of a base64 value, whose lines may be broken.
pub(super) fn base64(element: Node<'_, '_>, name: &'static str) -> Result<Vec<u8>, XmlError> {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let mut text = value(element, name)?;
    text.retain(|c| !WHITE.contains(&c));
    match STANDARD.decode(text) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(XmlError::Value(name)),
    }
}

/// The white space of XML, which is less than that of Unicode.
const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];
/// The largest national lists have some 5 MiB.
const MAX_BYTES: usize = 16 << 20;
const MAX_NODES: u32 = 1_000_000;

#[cfg(test)]
mod tests;
