//! Small pieces of DER for tests.
use der::{
    Encode, Tag,
    asn1::{Any, ObjectIdentifier, Utf8StringRef},
};

pub(super) fn oid(dotted: &str) -> Vec<u8> {
    ObjectIdentifier::new(dotted).unwrap().to_der().unwrap()
}

pub(super) fn utf8(text: &str) -> Vec<u8> {
    Utf8StringRef::new(text).unwrap().to_der().unwrap()
}

pub(super) fn printable(text: &str) -> Vec<u8> {
    Any::new(Tag::PrintableString, text.as_bytes()).unwrap().to_der().unwrap()
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    Any::new(Tag::Sequence, parts.concat()).unwrap().to_der().unwrap()
}

/// A statement without information.
pub(super) fn claim(id: &str) -> Vec<u8> {
    sequence(&[oid(id)])
}

pub(super) fn qc_type(types: &[&str]) -> Vec<u8> {
    let types: Vec<_> = types.iter().map(|dotted| oid(dotted)).collect();
    sequence(&[oid("0.4.0.1862.1.6"), sequence(&types)])
}

/// A PSD2 statement: each entry is the identifiers and names it holds.
pub(super) fn psd2(entries: &[&[(&str, &str)]], nca_name: &str, nca_id: &str) -> Vec<u8> {
    let entries: Vec<_> = entries
        .iter()
        .map(|pairs| {
            let pairs: Vec<_> =
                pairs.iter().map(|(role, name)| [oid(role), utf8(name)].concat()).collect();
            sequence(&pairs)
        })
        .collect();
    let info = sequence(&[sequence(&entries), utf8(nca_name), utf8(nca_id)]);
    sequence(&[oid("0.4.0.19495.2"), info])
}

pub(super) const AI: (&str, &str) = ("0.4.0.19495.1.3", "PSP_AI");
pub(super) const PI: (&str, &str) = ("0.4.0.19495.1.2", "PSP_PI");
pub(super) const ESEAL: &str = "0.4.0.1862.1.6.2";
pub(super) const WEB: &str = "0.4.0.1862.1.6.3";
