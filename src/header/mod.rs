//! Values of the headers that open banking profiles define: each type parses and prints.
//!
//! Reading goes through [`single`] or [`single_text`], because `HeaderMap::get` returns the first
//! of several lines and so lets two programs on the way see two different values.

use http::header::{HeaderMap, HeaderName, HeaderValue};

mod accept;
mod auth_date;
mod customer_ip;
mod echo;
mod fapi;
mod financial_id;
mod idempotency_key;
mod interaction_id;
mod media_type;
mod negotiate;
mod psu;
pub(crate) mod quoted;

pub use auth_date::{AuthDate, AuthDateError};
pub use customer_ip::{CustomerIp, CustomerIpError};
pub use echo::EchoInteractionId;
pub use fapi::{FapiContext, ReadFapiHeaders};
pub use financial_id::{FinancialId, FinancialIdError};
pub use idempotency_key::{
    IdempotencyKey, IdempotencyKeyError, MaxKeyLength, MaxKeyLengthTooShort,
};
pub use interaction_id::{InteractionId, InteractionIdError};
pub use media_type::{ContentTypeError, MediaType, MediaTypeError};
pub use negotiate::{NegotiateMedia, NegotiatedMedia};
pub use psu::{PsuContext, ReadPsuHeaders};

/// Reads the value of a header that may occur once.
///
/// `Ok(None)` when the header is absent. Does not look at the bytes of the value, and does not
/// split a list that stands in one line.
pub fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Repeated { name: name.clone() }),
    }
}

/// Reads the text of a header that may occur once: visible ASCII and blanks.
///
/// Does not trim: what is compared, logged or echoed later is what was sent.
pub fn single_text<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, HeaderTextError> {
    let Some(value) = single(headers, name)? else { return Ok(None) };
    match visible_text(value.as_bytes()) {
        Some(text) => Ok(Some(text)),
        None => Err(HeaderTextError::NotVisibleAscii { name: name.clone() }),
    }
}

/// The bytes as text if each is visible ASCII or a blank; a tab or a byte above 126 is neither.
pub(crate) fn visible_text(bytes: &[u8]) -> Option<&str> {
    let visible = |byte: &u8| matches!(byte, b' '..=b'~');
    if !bytes.iter().all(visible) {
        return None;
    }
    str::from_utf8(bytes).ok()
}

/// A header that may occur once came several times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("header {name} occurs more than once")]
pub struct Repeated {
    /// The header.
    pub name: HeaderName,
}

/// A header that may occur once cannot be read as text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderTextError {
    /// The value holds a control character or a byte outside ASCII.
    #[error("header {name} holds characters other than visible ASCII")]
    NotVisibleAscii {
        /// The header.
        name: HeaderName,
    },
    /// The header came several times.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (NAME, HeaderValue::from_bytes(value).unwrap())).collect()
    }

    #[test]
    fn an_absent_header_is_no_error() {
        assert_eq!(single(&headers(&[]), &NAME), Ok(None));
        assert_eq!(single_text(&headers(&[]), &NAME), Ok(None));
    }

    #[test]
    fn a_repeated_header_is_refused_even_when_the_values_agree() {
        let twice = headers(&[b"a", b"a"]);
        assert_eq!(single(&twice, &NAME), Err(Repeated { name: NAME }));
        assert_eq!(
            single_text(&twice, &NAME),
            Err(HeaderTextError::Repeated(Repeated { name: NAME }))
        );
    }

    #[test]
    fn text_is_visible_ascii_and_is_not_trimmed() {
        assert_eq!(single_text(&headers(&[b" a b~ "]), &NAME), Ok(Some(" a b~ ")));
        assert_eq!(single_text(&headers(&[b""]), &NAME), Ok(Some("")));
        for hostile in [&b"a\tb"[..], b"caf\xc3\xa9", b"\xff"] {
            assert_eq!(
                single_text(&headers(&[hostile]), &NAME),
                Err(HeaderTextError::NotVisibleAscii { name: NAME }),
                "{hostile:?}"
            );
        }
    }
}
