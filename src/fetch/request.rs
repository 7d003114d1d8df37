//! What is asked, and what comes back.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header};

/// One question: a GET, or a POST with a body.
#[derive(Clone)]
pub struct FetchRequest {
    uri: Uri,
    accept: Option<&'static str>,
    body: Option<(&'static str, Bytes)>,
    limit: usize,
}

impl FetchRequest {
    /// Gets a document of at most `limit` bytes.
    pub fn get(uri: Uri, limit: usize) -> Self {
        Self { uri, accept: None, body: None, limit }
    }

    /// Posts a body of this media type, for an answer of at most `limit` bytes.
    pub fn post(uri: Uri, media_type: &'static str, body: Bytes, limit: usize) -> Self {
        Self { uri, accept: None, body: Some((media_type, body)), limit }
    }

    /// Says which media type is wanted.
    #[must_use]
    pub fn accept(self, media_type: &'static str) -> Self {
        Self { accept: Some(media_type), ..self }
    }

    /// Where to ask.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The media type that is wanted, if it matters.
    pub fn accepted(&self) -> Option<&'static str> {
        self.accept
    }

    /// The body to post with its media type; without one it is a GET.
    pub fn body(&self) -> Option<&(&'static str, Bytes)> {
        self.body.as_ref()
    }

    /// The most bytes that the answer's body may have.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.body.is_some() { "POST" } else { "GET" };
        write!(f, "{method} {}", self.uri)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Fetched {
    status: StatusCode,
    media_type: Option<Box<str>>,
    max_age: Option<Duration>,
    body: Bytes,
}

impl Fetched {
    /// An answer as it came: status, `Content-Type` and `Cache-Control` are taken from it.
    pub fn new(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.map(|value| value.split(';').next().unwrap_or_default().trim());
        Self { status, media_type: media_type.map(Into::into), max_age: max_age(headers), body }
    }

    /// The status. Not necessarily 200.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether `Content-Type` names this media type, whatever its parameters.
    pub fn is(&self, media_type: &str) -> bool {
        self.media_type.as_deref().is_some_and(|given| given.eq_ignore_ascii_case(media_type))
    }

    /// For how long it may be kept, if the other side says (RFC 9111, 5.2.2.1). Nothing for
    /// `no-store` and `no-cache`.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let directives = texts.flat_map(|text| text.split(',')).map(str::trim);
    let ages = directives.filter_map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Some(Duration::ZERO),
            "max-age" => value.trim().trim_matches('"').parse().ok().map(Duration::from_secs),
            _ => None,
        }
    });
    // Of several, the one that asks us to come back soonest.
    ages.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn answer(headers: &[(header::HeaderName, &'static str)]) -> Fetched {
        let headers = headers.iter().cloned();
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        Fetched::new(StatusCode::OK, &headers.collect(), Bytes::new())
    }

    #[test]
    fn a_media_type_is_compared_without_its_parameters_and_case() {
        let ocsp = answer(&[(header::CONTENT_TYPE, "Application/OCSP-response; q=1")]);
        assert!(ocsp.is("application/ocsp-response"));
        assert!(!ocsp.is("application/ocsp"));
        assert!(!answer(&[]).is("application/ocsp-response"));
    }

    #[test]
    fn the_shortest_age_counts_and_what_must_not_be_kept_has_none() {
        let age = |value| answer(&[(header::CACHE_CONTROL, value)]).max_age();
        assert_eq!(age("public, max-age=600"), Some(Duration::from_secs(600)));
        assert_eq!(age("max-age=600, Max-Age=\"60\""), Some(Duration::from_secs(60)));
        assert_eq!(age("max-age=600, no-cache"), Some(Duration::ZERO));
        assert_eq!(age("no-store"), Some(Duration::ZERO));
        assert_eq!(age("max-age=soon"), None);
        assert_eq!(age("s-maxage=5, public"), None);
    }
}
