//! When two bodies are the same request.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;

use super::Fingerprint;
use super::canonical::canonical;
use crate::reject::Rejection;

/// What two requests under one key must share.
#[derive(Clone, Default)]
pub enum SameRequest {
    /// The bytes of the body and the media type: a client that writes the same JSON differently
    /// sends another request. Strict and safe.
    #[default]
    Bytes,
    /// What the application makes of the request, such as the claim `data` of a signed body, whose
    /// other claims change with every retry (Open Finance Brasil).
    Custom(Arc<dyn Fingerprints>),
    /// The JSON value and the media type: members in any order, white space and escapes as the
    /// client likes (as RFC 8785 reads them, numbers included: `1.0` is `1`, and two numbers that a
    /// double cannot tell apart are one). A body that is no JSON, or has a member twice, counts by
    /// its bytes.
    Json,
}

/// Makes a fingerprint of a request.
pub trait Fingerprints: Send + Sync + 'static {
    /// The fingerprint, or why there is none.
    ///
    /// # Errors
    ///
    /// A refusal of the request.
    fn fingerprint(&self, request: &Parts, body: &Bytes) -> Result<Fingerprint, Rejection>;
}

impl<F> Fingerprints for F
where
    F: Fn(&Parts, &Bytes) -> Result<Fingerprint, Rejection> + Send + Sync + 'static,
{
    fn fingerprint(&self, request: &Parts, body: &Bytes) -> Result<Fingerprint, Rejection> {
        self(request, body)
    }
}

impl SameRequest {
    pub(super) fn fingerprint(
        &self,
        media_type: &str,
        request: &Parts,
        body: &Bytes,
    ) -> Result<Fingerprint, Rejection> {
        match self {
            Self::Bytes => Ok(Fingerprint::of(media_type, body)),
            Self::Custom(made) => made.fingerprint(request, body),
            Self::Json => Ok(match canonical(body) {
                // Never equal to the fingerprint of a body that counts by its bytes.
                Some(json) => Fingerprint::of(&format!("{media_type}; canonical"), json.as_bytes()),
                None => Fingerprint::of(media_type, body),
            }),
        }
    }
}

impl fmt::Debug for SameRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "Bytes",
            Self::Custom(_) => "Custom",
            Self::Json => "Json",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::test_support::request;

    fn same(rule: &SameRequest, left: &str, right: &str) -> bool {
        let of = |body: &str| {
            rule.fingerprint("application/json", &request(), &body.to_owned().into()).unwrap()
        };
        of(left) == of(right)
    }

    #[test]
    fn bytes_are_the_same_only_byte_for_byte() {
        assert!(same(&SameRequest::Bytes, r#"{"a":1}"#, r#"{"a":1}"#));
        assert!(!same(&SameRequest::Bytes, r#"{"a":1}"#, r#"{"a": 1}"#));
    }

    #[test]
    fn json_is_the_same_however_it_is_written() {
        for (left, right) in [
            (
                r#"{"a":1,"b":[true,null,"x"]}"#,
                " { \"b\" : [ true , null, \"\\u0078\" ], \"a\" : 1 }",
            ),
            (r#"{"Amount":"165.88"}"#, r#"{"\u0041mount":"165.88"}"#),
            ("1.0", "1"),
            ("1e2", "100"),
        ] {
            assert!(same(&SameRequest::Json, left, right), "{left} {right}");
        }
    }

    #[test]
    fn json_that_says_something_else_is_another_request() {
        for (left, right) in [
            (r#"{"Amount":"165.88"}"#, r#"{"Amount":"165.880"}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#),
            (r#"["a","b"]"#, r#"["b","a"]"#),
            (r#"["a","b"]"#, r#"["a\",\"b"]"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.2"),
        ] {
            assert!(!same(&SameRequest::Json, left, right), "{left} {right}");
        }
    }

    #[test]
    fn what_has_a_member_twice_or_is_no_json_counts_by_its_bytes() {
        for (left, right) in [
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1, "a":2}"#),
            (r#"{"b":{"a":1,"\u0061":2}}"#, r#"{"b":{"a":2}}"#),
            (r#"{"a":1} x"#, r#"{"a":1}  x"#),
        ] {
            assert!(!same(&SameRequest::Json, left, right), "{left} {right}");
        }
        let deep = "[".repeat(100_000);
        assert!(same(&SameRequest::Json, &deep, &deep));
    }

    #[test]
    fn an_application_may_take_a_part_of_the_body() {
        let data = |_: &Parts, body: &Bytes| {
            Ok(Fingerprint::of("", body.split(|byte| *byte == b'.').next().unwrap_or_default()))
        };
        let rule = SameRequest::Custom(Arc::new(data));
        assert!(same(&rule, "data.1", "data.2"));
        assert!(!same(&rule, "data.1", "other.1"));
    }
}
