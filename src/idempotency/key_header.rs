//! The header that carries the key, and how the key is written in it.

use http::HeaderMap;
use http::header::HeaderName;

use crate::context::relaxed;
use crate::header::{IdempotencyKey, IdempotencyKeyError, MaxKeyLength, single_text};
use crate::reject::{Reason, Rejection};

/// The header in which clients send the idempotency key.
///
/// ```
/// use tower_open_banking::idempotency::{KeyHeader, MemoryStore, RunOnce};
///
/// let rule = RunOnce::per_key(MemoryStore::with_capacity(1_000)).header(KeyHeader::ietf());
/// ```
#[derive(Clone, Debug)]
pub struct KeyHeader {
    name: HeaderName,
    form: Form,
    longest: MaxKeyLength,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// The key as it stands.
    Bare,
    /// A String of RFC 8941: the key in double quotes.
    Quoted,
    /// Either.
    QuotedOrBare,
}

impl KeyHeader {
    /// `x-idempotency-key`: the key as it stands, of at most 40 characters (Open Banking UK
    /// Read/Write profile, "Idempotency"; Open Finance Brasil).
    pub fn obie() -> Self {
        Self {
            name: HeaderName::from_static("x-idempotency-key"),
            form: Form::Bare,
            longest: MaxKeyLength::OBIE,
        }
    }

    /// `Idempotency-Key`: the key in double quotes, of at most 255 characters
    /// (draft-ietf-httpapi-idempotency-key-header-07, 2.1; the length is ours).
    pub fn ietf() -> Self {
        let longest = MaxKeyLength::try_from(255).unwrap_or_default();
        Self { name: HeaderName::from_static("idempotency-key"), form: Form::Quoted, longest }
    }

    /// Also takes the key of [`ietf`](Self::ietf) without quotes, as many clients send it.
    #[must_use]
    pub fn allow_unquoted(self) -> Self {
        relaxed("RunOnce", "allow_unquoted");
        let form = match self.form {
            Form::Bare => Form::Bare,
            Form::Quoted | Form::QuotedOrBare => Form::QuotedOrBare,
        };
        Self { form, ..self }
    }

    /// Takes keys of up to this many characters.
    #[must_use]
    pub fn longest(self, longest: MaxKeyLength) -> Self {
        Self { longest, ..self }
    }

    /// The name of the header.
    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The key of a request that must have one.
    pub(super) fn read(&self, headers: &HeaderMap) -> Result<IdempotencyKey, Rejection> {
        let place = || self.name.as_str().to_owned();
        let invalid = || Rejection::new(Reason::HeaderInvalid).place(place());
        let text = single_text(headers, &self.name).map_err(|error| invalid().source(error))?;
        let text = text.ok_or_else(|| Rejection::new(Reason::HeaderMissing).place(place()))?;
        let key = match self.form {
            Form::Bare => IdempotencyKey::parse_within(self.longest, text),
            Form::QuotedOrBare if !text.starts_with('"') => {
                IdempotencyKey::parse_within(self.longest, text)
            }
            Form::Quoted | Form::QuotedOrBare => {
                let key = string_item(text).ok_or_else(|| invalid().detail("not a String item"))?;
                IdempotencyKey::parse_within(self.longest, &key)
            }
        };
        key.map_err(|error: IdempotencyKeyError| invalid().source(error))
    }
}

/// The value of a String item without parameters (RFC 8941, 3.3.3): only `"` and `\` are escaped.
fn string_item(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut value = String::with_capacity(text.len());
    while let Some(character) = rest.next() {
        match character {
            '"' => return None,
            '\\' => value.push(rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            plain => value.push(plain),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(header: &KeyHeader, value: &str) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        headers.insert(header.name.clone(), HeaderValue::from_str(value).unwrap());
        let key = header.read(&headers).map_err(|rejection| rejection.reason())?;
        Ok(key.to_string())
    }

    #[test]
    fn a_key_of_the_draft_stands_in_quotes() {
        let ietf = KeyHeader::ietf();
        for (value, key) in [
            (r#""8e03978e-40d5-43e8-bc93-6894a57f9324""#, "8e03978e-40d5-43e8-bc93-6894a57f9324"),
            (r#""a\"b\\c""#, r#"a"b\c"#),
        ] {
            assert_eq!(read(&ietf, value).as_deref(), Ok(key));
        }
        for hostile in
            ["k", "\"", "\"\"", r#""a"b""#, r#""a\b""#, r#""a\""#, r#""a" "#, r#""a";p=1"#, "'a'"]
        {
            assert_eq!(read(&ietf, hostile), Err(Reason::HeaderInvalid), "{hostile}");
        }
    }

    #[test]
    fn quotes_are_part_of_a_key_of_the_uk() {
        assert_eq!(read(&KeyHeader::obie(), r#""k""#).as_deref(), Ok(r#""k""#));
        assert_eq!(read(&KeyHeader::obie().allow_unquoted(), r#""k""#).as_deref(), Ok(r#""k""#));
    }

    #[test]
    fn without_quotes_only_where_that_is_allowed() {
        let lenient = KeyHeader::ietf().allow_unquoted();
        assert_eq!(read(&lenient, "k").as_deref(), Ok("k"));
        assert_eq!(read(&lenient, r#""k""#).as_deref(), Ok("k"));
        assert_eq!(read(&lenient, r#""k"#), Err(Reason::HeaderInvalid));
    }

    #[test]
    fn the_length_counts_without_the_quotes() {
        let quoted = |length| format!("\"{}\"", "k".repeat(length));
        assert!(read(&KeyHeader::ietf(), &quoted(255)).is_ok());
        assert!(read(&KeyHeader::ietf(), &quoted(256)).is_err());
        let longer = KeyHeader::obie().longest(MaxKeyLength::try_from(64).unwrap());
        assert!(read(&longer, &"k".repeat(64)).is_ok());
        assert!(read(&longer, &"k".repeat(65)).is_err());
    }

    #[test]
    fn a_missing_header_is_named() {
        let rejection = KeyHeader::ietf().read(&HeaderMap::new()).unwrap_err();
        assert_eq!(rejection.reason(), Reason::HeaderMissing);
        assert_eq!(rejection.place_of_fault(), Some("idempotency-key"));
    }
}
