use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rustls_pki_types::UnixTime;

mod encoding;

/// The outcome of a request, kept to answer its retries.
///
/// Holds only what it was given to hold: the status, the listed headers and a copy of the body.
/// Copies are their own allocations, so that a record of 100 bytes never keeps a buffer of a
/// megabyte alive.
///
/// Does not keep the interaction id, the signature or the date: each answer has its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    created_at: UnixTime,
}

impl Record {
    /// Keeps the outcome, with those of its `headers` that are in `kept`.
    ///
    /// Headers that belong to one answer, or to one connection, are never kept, even if listed.
    pub fn of(
        status: StatusCode,
        headers: &HeaderMap,
        kept: &[HeaderName],
        body: &[u8],
        created_at: UnixTime,
    ) -> Self {
        let headers = headers
            .iter()
            .filter(|(name, _)| kept.contains(name) && !NEVER_KEPT.contains(&name.as_str()))
            .filter_map(|(name, value)| Some((name.clone(), copy(value)?)))
            .collect();
        Self::restore(status, headers, Bytes::copy_from_slice(body), created_at)
    }

    /// Rebuilds a record from what a store kept of it.
    pub fn restore(
        status: StatusCode,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
        created_at: UnixTime,
    ) -> Self {
        Self { status, headers, body, created_at }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers that were kept, in their order.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The body of the answer.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// When the request was answered.
    pub fn created_at(&self) -> UnixTime {
        self.created_at
    }

    /// The bytes that the record takes up, without what a store adds.
    pub fn size(&self) -> usize {
        let pair = |(name, value): &(HeaderName, HeaderValue)| name.as_str().len() + value.len();
        self.body.len() + self.headers.iter().map(pair).sum::<usize>()
    }
}

impl fmt::Debug for Record {
    /// Shows no header value and no body: they hold payments of named people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("status", &self.status)
            .field("size", &self.size())
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// The value in its own allocation; a clone would keep the buffer alive that it was read from.
fn copy(value: &HeaderValue) -> Option<HeaderValue> {
    let mut copy = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    copy.set_sensitive(value.is_sensitive());
    Some(copy)
}

/// Made anew for each answer, or meant for one connection (RFC 9110, section 7.6.1).
const NEVER_KEPT: [&str; 15] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "retry-after",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-fapi-interaction-id",
    "x-jws-signature",
    "x-request-id",
];

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CONTENT_TYPE, DATE, LOCATION, SET_COOKIE};
    use std::time::Duration;

    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000));

    #[test]
    fn only_listed_headers_are_kept_and_some_never() {
        let id = HeaderName::from_static;
        let ids = [id("x-fapi-interaction-id"), id("x-request-id")];
        let mut headers = HeaderMap::new();
        for name in [CONTENT_TYPE, DATE, LOCATION, SET_COOKIE].into_iter().chain(ids.clone()) {
            headers.insert(name, HeaderValue::from_static("v"));
        }
        let [fapi, request] = ids;
        let kept = [CONTENT_TYPE, DATE, SET_COOKIE, fapi, request];
        let record = Record::of(StatusCode::CREATED, &headers, &kept, b"{}", NOW);
        assert_eq!(record.headers(), [(CONTENT_TYPE, HeaderValue::from_static("v"))]);
    }

    #[test]
    fn the_body_is_a_copy() {
        let buffer = Bytes::from(vec![b'x'; 1024]);
        let record = Record::of(StatusCode::OK, &HeaderMap::new(), &[], &buffer[..2], NOW);
        assert_eq!(record.body(), "xx");
        assert_ne!(record.body().as_ptr(), buffer.as_ptr());
    }

    #[test]
    fn debug_shows_neither_body_nor_header_values() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("/payments/secret"));
        let record = Record::of(StatusCode::OK, &headers, &[LOCATION], b"secret", NOW);
        assert!(!format!("{record:?}").contains("secret"));
    }
}
