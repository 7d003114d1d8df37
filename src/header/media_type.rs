use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use http::header::HeaderValue;

use super::quoted::{is_token, split, unquote};
use super::visible_text;

/// A media type without parameters, such as `application/json`.
///
/// Reads `Content-Type` with [`describes`](Self::describes) and answers `Accept` with
/// [`is_accepted`](Self::is_accepted) (RFC 9110, sections 8.3 and 12.5.1; Open Banking UK
/// Read/Write profile, "Basics"). Case makes no difference.
///
/// Does not look at the body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    pub(super) main: Cow<'static, str>,
    pub(super) sub: Cow<'static, str>,
}

impl MediaType {
    /// `application/x-www-form-urlencoded`: the parameters of OAuth.
    pub const FORM: Self = Self::application("x-www-form-urlencoded");
    /// `application/jose+jwe`: an encrypted body, as requests name it.
    pub const JOSE_JWE: Self = Self::application("jose+jwe");
    /// `application/json`.
    pub const JSON: Self = Self::application("json");
    /// `application/jwe`: an encrypted body, as responses name it.
    pub const JWE: Self = Self::application("jwe");
    /// `application/jwt`.
    pub const JWT: Self = Self::application("jwt");

    const fn application(sub: &'static str) -> Self {
        Self { main: Cow::Borrowed("application"), sub: Cow::Borrowed(sub) }
    }

    /// Passes a `Content-Type` of this media type; parameters are allowed, and a charset must be
    /// UTF-8.
    ///
    /// Does not compare parameters other than the charset.
    pub fn describes(&self, content_type: &HeaderValue) -> Result<(), ContentTypeError> {
        let text = visible_text(content_type.as_bytes()).ok_or(ContentTypeError::Malformed)?;
        let parts = split(text, ';').ok_or(ContentTypeError::Malformed)?;
        let mut parts = parts.into_iter();
        let named: MediaType = match parts.next().map(|essence| essence.trim_end().parse()) {
            Some(Ok(named)) => named,
            _ => return Err(ContentTypeError::Malformed),
        };
        let mut parameters = Vec::new();
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            parameters.push(Parameter::parse(part).ok_or(ContentTypeError::Malformed)?);
        }
        if named != *self {
            return Err(ContentTypeError::Different);
        }
        if !parameters.iter().filter(|each| each.is("charset")).all(Parameter::says_utf8) {
            return Err(ContentTypeError::NotUtf8);
        }
        Ok(())
    }
}

impl FromStr for MediaType {
    type Err = MediaTypeError;

    fn from_str(text: &str) -> Result<Self, MediaTypeError> {
        match text.split_once('/') {
            Some((main, sub)) if is_token(main) && is_token(sub) => Ok(Self {
                main: main.to_ascii_lowercase().into(),
                sub: sub.to_ascii_lowercase().into(),
            }),
            _ => Err(MediaTypeError),
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.main, self.sub)
    }
}

/// One `name=value` behind a media type.
pub(super) struct Parameter<'a> {
    name: &'a str,
    pub(super) value: Cow<'a, str>,
}

impl<'a> Parameter<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (name, written) = text.split_once('=')?;
        if !is_token(name) {
            return None;
        }
        let value = match is_token(written) {
            true => Cow::Borrowed(written),
            false => Cow::Owned(unquote(written)?),
        };
        Some(Self { name, value })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn says_utf8(&self) -> bool {
        self.value.eq_ignore_ascii_case("utf-8")
    }
}

/// The text is not of the form `type/subtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a media type of the form type/subtype")]
pub struct MediaTypeError;

/// Why a `Content-Type` does not describe the media type that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentTypeError {
    /// Another media type.
    #[error("the Content-Type names another media type")]
    Different,
    /// Not a media type with parameters.
    #[error("the Content-Type is malformed")]
    Malformed,
    /// A charset other than UTF-8.
    #[error("the Content-Type names a charset other than UTF-8")]
    NotUtf8,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_type(value: &str) -> Result<(), ContentTypeError> {
        MediaType::JSON.describes(&HeaderValue::from_str(value).unwrap())
    }

    #[test]
    fn case_and_parameters_make_no_difference() {
        for value in [
            "application/json",
            "AppliCAtion/JSon",
            "application/json;charset=utf-8",
            "application/json ; Charset=\"UTF-8\"",
            "application/json; charset=utf-8; version=\"a;b,c\"",
            "application/json;",
        ] {
            assert_eq!(content_type(value), Ok(()), "{value}");
        }
    }

    #[test]
    fn another_type_or_charset_is_refused_with_its_reason() {
        use ContentTypeError::{Different, Malformed, NotUtf8};
        for (value, why) in [
            ("application/xml", Different),
            ("text/json", Different),
            ("application/json+jose", Different),
            ("application/json; charset=iso-8859-1", NotUtf8),
            ("application/json; charset=utf-8; charset=utf-16", NotUtf8),
            ("application/json; charset=\"\"", NotUtf8),
            ("", Malformed),
            ("application", Malformed),
            ("application/", Malformed),
            ("application/json/json", Malformed),
            ("application/json, text/plain", Malformed),
            ("application /json", Malformed),
            (" application/json", Malformed),
            ("application/json; charset", Malformed),
            ("application/json; charset=", Malformed),
            ("application/json; charset =utf-8", Malformed),
            ("application/json; charset= utf-8", Malformed),
            ("application/json; charset=\"utf-8", Malformed),
            ("application/json charset=utf-8", Malformed),
        ] {
            assert_eq!(content_type(value), Err(why), "{value}");
        }
        let foreign = HeaderValue::from_bytes(b"application/json;x=\xe9").unwrap();
        assert_eq!(MediaType::JSON.describes(&foreign), Err(Malformed));
    }

    #[test]
    fn a_media_type_prints_as_it_parses() {
        let parsed: MediaType = "Application/JOSE+jwe".parse().unwrap();
        assert_eq!(parsed, MediaType::JOSE_JWE);
        assert_eq!(parsed.to_string(), "application/jose+jwe");
        assert_eq!("a/b;c".parse::<MediaType>(), Err(MediaTypeError));
    }
}
