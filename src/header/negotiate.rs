//! `Content-Type` and `Accept`.

use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::{MediaType, single};
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Admits requests that speak this API's media type and accept it.
///
/// # Passes when
///
/// `Accept` is absent, empty or allows the media type in UTF-8, and a `POST`, `PUT` or `PATCH`,
/// with a body or without one, carries one `Content-Type` of that type, in any case, with any
/// parameters but a charset other than UTF-8.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`NegotiatedMedia`].
///
/// # Does not check
///
/// The body itself; `Content-Encoding`, which the gate refuses where a rule reads the body.
///
/// # Rejections
///
/// [`Reason::ContentTypeUnsupported`] (415), [`Reason::AcceptUnsupported`] (406).
///
/// # Specification
///
/// Open Banking UK Read/Write profile, "Basics"; RFC 9110, 8.3 and 12.5.1.
///
/// ```
/// use http::Request;
/// use tower_open_banking::context::Context;
/// use tower_open_banking::gate::{Halt, Rule, Verdict};
/// use tower_open_banking::header::NegotiateMedia;
/// use tower_open_banking::reject::Reason;
///
/// let judged = |content_type: &str| {
///     let request = Request::post("/domestic-payments").header("content-type", content_type);
///     let (mut parts, ()) = request.body(()).unwrap().into_parts();
///     NegotiateMedia::json().check((), &mut parts, &Context::default())
/// };
/// assert!(matches!(judged("application/json; charset=utf-8"), Verdict::Now(Ok(_))));
/// let Verdict::Now(Err(Halt::Reject(why))) = judged("text/plain") else { panic!("passed") };
/// assert_eq!(why.reason(), Reason::ContentTypeUnsupported);
/// ```
#[derive(Clone, Debug)]
pub struct NegotiateMedia(MediaType);

/// Both sides speak the same media type.
#[derive(Debug)]
pub struct NegotiatedMedia(());

impl Evidence for NegotiatedMedia {}

impl NegotiateMedia {
    /// `application/json`.
    pub fn json() -> Self {
        Self(MediaType::JSON)
    }

    /// Another media type.
    pub fn of(media_type: MediaType) -> Self {
        Self(media_type)
    }

    fn negotiate(&self, request: &Parts) -> Result<NegotiatedMedia, Rejection> {
        let unsupported = || Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type");
        if matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
            let sent = single(&request.headers, &CONTENT_TYPE)
                .map_err(|error| unsupported().source(error))?;
            let content_type = sent.ok_or_else(unsupported)?;
            self.0.describes(content_type).map_err(|error| unsupported().source(error))?;
        }
        if !self.0.is_accepted(&request.headers) {
            return Err(Rejection::new(Reason::AcceptUnsupported).place("Accept"));
        }
        Ok(NegotiatedMedia(()))
    }
}

impl Rule for NegotiateMedia {
    const NAME: &'static str = "NegotiateMedia";
    type Needs = ();
    type Leaves = NegotiatedMedia;

    fn check(
        &self,
        (): Refs<'_, ()>,
        request: &mut Parts,
        _: &Context,
    ) -> Verdict<NegotiatedMedia> {
        self.negotiate(request).into()
    }
}

rule_layers!(NegotiateMedia);

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn judged(method: Method, headers: &[(&str, &str)]) -> Result<(), Reason> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        NegotiateMedia::json().negotiate(&parts).map(|_| ()).map_err(|why| why.reason())
    }

    #[test]
    fn a_body_must_be_json_and_a_get_needs_no_type() {
        let typed = |value| judged(Method::POST, &[("content-type", value)]);
        assert_eq!(typed("AppliCAtion/JSon; charset=UTF-8"), Ok(()));
        assert_eq!(judged(Method::GET, &[]), Ok(()));
        assert_eq!(judged(Method::POST, &[]), Err(Reason::ContentTypeUnsupported));
        for wrong in ["text/plain", "application/jsonx", "application/json; charset=latin1", ""] {
            assert_eq!(typed(wrong), Err(Reason::ContentTypeUnsupported), "{wrong}");
        }
        let twice = [("content-type", "application/json"), ("content-type", "application/json")];
        assert_eq!(judged(Method::POST, &twice), Err(Reason::ContentTypeUnsupported));
    }

    #[test]
    fn an_accept_that_excludes_json_is_refused() {
        let accepts = |value| judged(Method::GET, &[("accept", value)]);
        assert_eq!(accepts("*/*"), Ok(()));
        assert_eq!(accepts("text/html, application/json"), Ok(()));
        assert_eq!(accepts("text/html"), Err(Reason::AcceptUnsupported));
        assert_eq!(accepts("application/json;q=0"), Err(Reason::AcceptUnsupported));
    }
}
