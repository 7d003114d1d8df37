//! Exclusive XML canonicalisation 1.0 (W3C, 18 July 2002), and the inclusive one (15 March 2001),
//! which is what a reference without transforms means.

use std::collections::BTreeSet;

use roxmltree::{Attribute, Node, NodeId};

use super::XmlError;

/// How a part of a document is written.
#[derive(Default)]
pub(super) struct Canonical {
    /// Writes the comments.
    pub(super) comments: bool,
    /// The namespaces that are declared besides those in use.
    pub(super) besides: Besides,
    /// An element to leave out with all below it: the transform `enveloped-signature`.
    pub(super) without: Option<NodeId>,
}

/// Namespaces that are declared though no name uses them.
pub(super) enum Besides {
    /// All in scope: canonicalisation is inclusive, and takes over the attributes `xml:…` of the
    /// elements above as well.
    All,
    /// Those of the prefixes of `InclusiveNamespaces`, an empty one for the default namespace.
    These(BTreeSet<String>),
}

impl Default for Besides {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Besides {
    fn has(&self, prefix: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(prefixes) => prefixes.contains(prefix),
        }
    }
}

impl Canonical {
    /// Writes an element with all below it, or from the root of a document all of it.
    ///
    /// # Errors
    ///
    /// What grows beyond measure: each element may have to repeat a long namespace.
    pub(super) fn write(&self, node: Node<'_, '_>) -> Result<String, XmlError> {
        let mut writer = Writer { how: self, rendered: Vec::new(), out: String::new() };
        match node.is_root() {
            true => writer.document(node)?,
            false => writer.node(node)?,
        }
        Ok(writer.out)
    }
}

struct Writer<'h, 'd> {
    how: &'h Canonical,
    /// The namespaces declared by the elements around, the innermost last.
    rendered: Vec<(&'d str, &'d str)>,
    out: String,
}

impl<'d> Writer<'_, 'd> {
    /// Around the document element stand comments and instructions, each on a line of its own.
    fn document(&mut self, root: Node<'d, 'd>) -> Result<(), XmlError> {
        let mut behind = false;
        for child in root.children() {
            let before = self.out.len();
            self.node(child)?;
            if child.is_element() {
                behind = true;
            } else if self.out.len() > before {
                self.out.insert(if behind { before } else { self.out.len() }, '\n');
            }
        }
        Ok(())
    }

    fn node(&mut self, node: Node<'d, 'd>) -> Result<(), XmlError> {
        if self.out.len() > MAX_BYTES {
            return Err(XmlError::TooLarge);
        }
        if let Some(instruction) = node.pi() {
            let value = instruction.value.unwrap_or_default();
            let gap = if value.is_empty() { "" } else { " " };
            self.push(&["<?", instruction.target, gap, value, "?>"]);
        } else if node.is_comment() {
            if self.how.comments {
                self.push(&["<!--", node.text().unwrap_or_default(), "-->"]);
            }
        } else if node.is_text() {
            self.text(node.text().unwrap_or_default());
        } else if self.how.without != Some(node.id()) {
            self.element(node)?;
        }
        Ok(())
    }

    fn element(&mut self, element: Node<'d, 'd>) -> Result<(), XmlError> {
        let name = QName::of_element(element)?;
        let named = element.attributes().map(|attribute| Named::of(element, attribute));
        let mut attributes = named.collect::<Result<Vec<_>, _>>()?;
        if matches!(self.how.besides, Besides::All) && self.out.is_empty() {
            take_over(element, &mut attributes)?;
        }
        let mark = self.rendered.len();
        self.push(&["<", name.text]);
        self.namespaces(element, name, &attributes)?;
        attributes.sort_by_key(|named| {
            (named.attribute.namespace().unwrap_or_default(), named.attribute.name())
        });
        for Named { name, attribute } in attributes {
            self.push(&[" ", name.text, "=\""]);
            self.value(attribute.value());
            self.out.push('"');
        }
        self.out.push('>');
        for child in element.children() {
            self.node(child)?;
        }
        self.push(&["</", name.text, ">"]);
        self.rendered.truncate(mark);
        Ok(())
    }

    /// Declares the namespaces that the names of the element and of its attributes use, and those
    /// of `InclusiveNamespaces`, unless an element around has.
    fn namespaces(
        &mut self,
        element: Node<'d, 'd>,
        name: QName<'d>,
        attributes: &[Named<'d>],
    ) -> Result<(), XmlError> {
        let prefixed = attributes.iter().map(|named| named.name.prefix);
        let mut used: BTreeSet<_> = prefixed.filter(|prefix| !prefix.is_empty()).collect();
        used.insert(name.prefix);
        // A prefix of the list that nothing declares here is passed over.
        for prefix in element.namespaces().map(|namespace| namespace.name().unwrap_or_default()) {
            if self.how.besides.has(prefix) {
                used.insert(prefix);
            }
        }
        for prefix in used.into_iter().filter(|prefix| *prefix != "xml") {
            let declared = match prefix {
                "" => element.lookup_namespace_uri(None).unwrap_or_default(),
                prefix => element.lookup_namespace_uri(Some(prefix)).ok_or(XmlError::Malformed)?,
            };
            let around = self.rendered.iter().rev().find(|(known, _)| *known == prefix);
            // Where nothing is declared, the default namespace is none.
            if declared == around.map_or("", |(_, uri)| *uri) {
                continue;
            }
            self.rendered.push((prefix, declared));
            let colon = if prefix.is_empty() { "" } else { ":" };
            self.push(&[" xmlns", colon, prefix, "=\""]);
            self.value(declared);
            self.out.push('"');
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.escaped(text, |c| match c {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '\r' => Some("&#xD;"),
            _ => None,
        });
    }

    fn value(&mut self, value: &str) {
        self.escaped(value, |c| match c {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '"' => Some("&quot;"),
            '\t' => Some("&#x9;"),
            '\n' => Some("&#xA;"),
            '\r' => Some("&#xD;"),
            _ => None,
        });
    }

    fn escaped(&mut self, text: &str, escape: impl Fn(char) -> Option<&'static str>) {
        for piece in text.split_inclusive(|c| escape(c).is_some()) {
            match piece.chars().next_back().and_then(|last| Some((last, escape(last)?))) {
                Some((last, escaped)) => {
                    self.push(&[piece.strip_suffix(last).unwrap_or_default(), escaped]);
                }
                None => self.out.push_str(piece),
            }
        }
    }

    fn push(&mut self, pieces: &[&str]) {
        pieces.iter().for_each(|piece| self.out.push_str(piece));
    }
}

/// The attributes `xml:…` of the elements above, the nearest first (Canonical XML 1.0, 2.4).
fn take_over<'d>(element: Node<'d, 'd>, attributes: &mut Vec<Named<'d>>) -> Result<(), XmlError> {
    for above in element.ancestors().skip(1).filter(Node::is_element) {
        for attribute in above.attributes().filter(|one| one.namespace() == Some(XML)) {
            let same = |known: &Named<'_>| {
                known.attribute.namespace() == Some(XML)
                    && known.attribute.name() == attribute.name()
            };
            if !attributes.iter().any(same) {
                attributes.push(Named::of(above, attribute)?);
            }
        }
    }
    Ok(())
}

/// A name as it was written: the tree keeps namespaces and forgets prefixes.
#[derive(Clone, Copy)]
struct QName<'d> {
    text: &'d str,
    prefix: &'d str,
}

impl<'d> QName<'d> {
    fn of_element(element: Node<'d, 'd>) -> Result<Self, XmlError> {
        let source = element.document().input_text();
        Self::at(source, element.range().start + 1, element.tag_name().name())
    }

    fn at(source: &'d str, start: usize, local: &str) -> Result<Self, XmlError> {
        let rest = source.get(start..).ok_or(XmlError::Malformed)?;
        let end = rest.find([' ', '\t', '\n', '=', '/', '>']).ok_or(XmlError::Malformed)?;
        let text = rest.get(..end).ok_or(XmlError::Malformed)?;
        let prefix = match text.split_once(':') {
            Some((prefix, name)) if name == local => prefix,
            None if text == local => "",
            _ => return Err(XmlError::Malformed),
        };
        Ok(Self { text, prefix })
    }
}

/// An attribute with its name.
struct Named<'d> {
    name: QName<'d>,
    attribute: Attribute<'d, 'd>,
}

impl<'d> Named<'d> {
    fn of(element: Node<'d, 'd>, attribute: Attribute<'d, 'd>) -> Result<Self, XmlError> {
        let source = element.document().input_text();
        let name = QName::at(source, attribute.range().start, attribute.name())?;
        Ok(Self { name, attribute })
    }
}

const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Twice what a document may have: a legitimate one hardly grows.
const MAX_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests;
