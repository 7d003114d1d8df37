//! Attribute values: the characters, whatever string type carries them.
use der::{Encode, Tag, Tagged, asn1::Any};

/// An attribute value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// The DER of what is no character string, or a broken one; it never matches.
    Opaque(Vec<u8>),
    /// The characters.
    Text(String),
}

impl Value {
    pub(super) fn from_any(value: &Any) -> Self {
        match characters(value.tag(), value.value()) {
            Some(text) => Self::Text(text),
            None => Self::Opaque(value.to_der().unwrap_or_default()),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Opaque(_) => None,
        }
    }

    /// The value prepared for comparison (RFC 4518), or `None` when it can match nothing.
    ///
    /// Case is folded by the simple lower case of each character, any white space becomes a
    /// blank, blanks at the ends go and runs of them become one. Unicode normalisation is left
    /// out: two spellings of an accented letter differ, which refuses and never admits.
    pub(super) fn prepared(&self) -> Option<String> {
        let text = self.text()?;
        if text.contains('\0') {
            return None;
        }
        let folded: String = text.chars().flat_map(char::to_lowercase).collect();
        let prepared = folded.split_whitespace().collect::<Vec<_>>().join(" ");
        (!prepared.is_empty()).then_some(prepared)
    }
}

/// The alphabets of PrintableString and NumericString are not enforced, because issuers put `&`
/// and `@` into them: what counts is which characters are meant. TeletexString is read as
/// ISO 8859-1, as the common libraries do. A UniversalString never gets here: the DER reader does
/// not know the tag, and refuses the certificate.
fn characters(tag: Tag, bytes: &[u8]) -> Option<String> {
    match tag {
        Tag::Utf8String => String::from_utf8(bytes.to_vec()).ok(),
        Tag::Ia5String | Tag::NumericString | Tag::PrintableString | Tag::VisibleString => {
            bytes.is_ascii().then(|| bytes.iter().copied().map(char::from).collect())
        }
        Tag::TeletexString => Some(bytes.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let (units, rest) = bytes.as_chunks::<2>();
            let units = units.iter().map(|unit| u32::from(u16::from_be_bytes(*unit)));
            // A surrogate is no character of the basic plane, hence no UTF-16 decoding.
            if rest.is_empty() { units.map(char::from_u32).collect() } else { None }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(tag: Tag, bytes: &[u8]) -> Option<String> {
        Value::from_any(&Any::new(tag, bytes).unwrap()).prepared()
    }

    #[test]
    fn the_same_characters_are_equal_in_every_string_type() {
        let expected = Some("é b".to_owned());
        assert_eq!(prepared(Tag::Utf8String, "É  B".as_bytes()), expected);
        assert_eq!(prepared(Tag::TeletexString, b" \xc9 b"), expected);
        assert_eq!(prepared(Tag::BmpString, &[0, 0xc9, 0, 0x20, 0, 0x42, 0, 0x20]), expected);
        assert_eq!(prepared(Tag::PrintableString, b"A\tB"), prepared(Tag::Ia5String, b"a b"));
    }

    #[test]
    fn what_is_no_text_matches_nothing() {
        assert_eq!(prepared(Tag::Utf8String, b"\xff"), None);
        assert_eq!(prepared(Tag::Utf8String, b"a\0b"), None);
        assert_eq!(prepared(Tag::Utf8String, b"  "), None);
        assert_eq!(prepared(Tag::PrintableString, b"\xc9"), None);
        assert_eq!(prepared(Tag::BmpString, b"\x00a\x00"), None);
        assert_eq!(prepared(Tag::BmpString, &[0xd8, 0x00, 0xdc, 0x00]), None);
        assert_eq!(prepared(Tag::OctetString, b"a"), None);
    }
}
