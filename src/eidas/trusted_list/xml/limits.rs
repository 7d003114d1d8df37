//! A first look at the bytes, so that no list costs more than a list may.

use std::collections::HashSet;

use super::XmlError;

/// Refuses text that would make the parser work more than its length warrants: its search for
/// repeated attributes is quadratic in those of one tag, and its namespaces in those in scope.
///
/// Looks at tags alone. Where the text is no XML the parser, which comes after, says so.
pub(super) fn judge(text: &str) -> Result<(), XmlError> {
    let mut rest = text;
    let (mut depth, mut tags) = (0_usize, 0_usize);
    while let Some((_, markup)) = rest.split_once('<') {
        let (end, is_tag) = end_of(markup)?;
        let (tag, behind) = markup.split_at(end);
        rest = behind;
        if !is_tag {
            continue;
        }
        tags += 1;
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.ends_with("/>") {
            depth += 1;
        }
        if tags > MAX_TAGS || depth > MAX_DEPTH || attributes(tag) > MAX_ATTRIBUTES {
            return Err(XmlError::TooLarge);
        }
    }
    let prefixes: HashSet<_> =
        text.match_indices("xmlns:").map(|(at, _)| declared(text, at)).collect();
    match prefixes.len() > MAX_PREFIXES {
        true => Err(XmlError::TooLarge),
        false => Ok(()),
    }
}

/// Where the markup behind a `<` ends, and whether it is a tag.
fn end_of(markup: &str) -> Result<(usize, bool), XmlError> {
    for (start, end) in [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")] {
        if let Some(content) = markup.strip_prefix(start) {
            let found = content.find(end).ok_or(XmlError::Malformed)?;
            return Ok((start.len() + found + end.len(), false));
        }
    }
    if markup.starts_with('!') {
        return Err(XmlError::DocumentType);
    }
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Ok((at + 1, true)),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    Err(XmlError::Malformed)
}

/// An attribute is as many `=` outside of quotes.
fn attributes(tag: &str) -> usize {
    let (mut quote, mut found) = (None, 0);
    for byte in tag.bytes() {
        match (quote, byte) {
            (None, b'=') => found += 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    found
}

fn declared(text: &str, at: usize) -> &str {
    let name = text.get(at..).unwrap_or_default();
    name.split(|c: char| c == '=' || c.is_whitespace()).next().unwrap_or_default()
}

/// The largest national lists have some 100 000.
const MAX_TAGS: usize = 500_000;
/// The lists have some 20.
const MAX_DEPTH: usize = 100;
/// The lists have some 10.
const MAX_ATTRIBUTES: usize = 64;
const MAX_PREFIXES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_within_the_limits() {
        let text = "<?xml version='1.0'?><!-- <a> --><a b='>' c=\"'\"><![CDATA[<x>]]><d/></a>";
        assert_eq!(judge(text), Ok(()));
        let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert_eq!(judge(&deep(MAX_DEPTH)), Ok(()));
        assert_eq!(judge(&deep(MAX_DEPTH + 1)), Err(XmlError::TooLarge));
    }

    #[test]
    fn too_many_tags_attributes_or_prefixes_are_refused() {
        let many = |piece: fn(usize) -> String| (0..1_000_000).map(piece).collect::<String>();
        let tags = format!("<r>{}</r>", "<a/>".repeat(1_000_000));
        let attributes = format!("<r{}/>", many(|n| format!(" a{n}=''")));
        let declared =
            |from, to| (from..to).map(|n| format!(" xmlns:p{n}='u'")).collect::<String>();
        let prefixes = format!("<r{}><a{}/></r>", declared(0, 40), declared(40, 80));
        for hostile in [tags, attributes, prefixes] {
            assert_eq!(judge(&hostile), Err(XmlError::TooLarge));
        }
    }

    #[test]
    fn a_document_type_is_refused_wherever_it_stands() {
        for hostile in ["<!DOCTYPE a>", "<!-- --><!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "<!ENTITY"] {
            assert_eq!(judge(hostile), Err(XmlError::DocumentType));
        }
    }
}
