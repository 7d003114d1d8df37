//! `x-fapi-interaction-id` or `X-Request-ID`, echoed on every answer.

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use tower_http::request_id::RequestId;

use super::{InteractionId, single_text};
use crate::context::{Context, relaxed};
use crate::gate::{Answer, Around, Audit, BoxFuture, Evidence, Halt, Refs, Verdict, around_layers};
use crate::reject::{Reason, Rejection};

/// Puts `x-fapi-interaction-id` on every answer: the one that was sent, or a new one. Under Berlin
/// Group the header is `X-Request-ID`.
///
/// # Passes when
///
/// The header is absent, or there is one and it is a UUID. The text is echoed byte for byte.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`InteractionId`], and tower-http's `RequestId` in the extensions of the
/// request and of the response, so that its trace layer (of tower-http 0.7) can print the id. It should be the first
/// step: then refusals carry the id as well.
///
/// # Does not check
///
/// That an id is new: several requests may belong to one interaction.
///
/// # Rejections
///
/// [`Reason::HeaderInvalid`] for a value that is no UUID or is repeated; the refusal carries a
/// fresh id and the value appears in no log. [`Reason::HeaderMissing`] after
/// [`required`](Self::required).
///
/// # Specification
///
/// FAPI 1.0 Baseline, 6.2.1 (11) and (12); Open Banking UK Read/Write profile, "Response Headers";
/// NextGenPSD2 API definition 1.3.x, `X-Request-ID`.
/// The refusal of a malformed value is ours: FAPI obliges to echo and never to validate, which
/// made the header a way into logs.
///
/// ```
/// use http::{Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::{body::Body, header::EchoInteractionId};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let guarded = EchoInteractionId::or_generate().layer(handler);
/// let sent = |id| Request::get("/").header("x-fapi-interaction-id", id).body(Body::empty());
///
/// let id = "93bac548-d2de-4546-b106-880a5018460d";
/// let passed = guarded.clone().oneshot(sent(id)?).await?;
/// assert_eq!(passed.headers()["x-fapi-interaction-id"], id);
///
/// let refused = guarded.oneshot(sent("no-uuid")?).await?;
/// assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
/// assert_ne!(refused.headers()["x-fapi-interaction-id"], "no-uuid");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EchoInteractionId {
    header: &'static str,
    malformed: Malformed,
    absent: Absent,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Malformed {
    Refuse,
    Replace,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Absent {
    Generate,
    Refuse,
}

impl EchoInteractionId {
    /// Makes a new id where none was sent.
    pub fn or_generate() -> Self {
        Self { header: INTERACTION_ID, malformed: Malformed::Refuse, absent: Absent::Generate }
    }

    /// Refuses a request without id, as Open Finance Brasil demands (security profile, 5.2.2).
    pub fn required() -> Self {
        Self { absent: Absent::Refuse, ..Self::or_generate() }
    }

    /// Reads and writes `X-Request-ID` instead, as Berlin Group calls it; with
    /// [`required`](Self::required), as that knows no request without one.
    #[must_use]
    pub fn in_request_id(self) -> Self {
        Self { header: REQUEST_ID, ..self }
    }

    /// Replaces a malformed id by a new one instead of refusing the request.
    #[must_use]
    pub fn allow_malformed(mut self) -> Self {
        relaxed(Self::NAME, "allow_malformed");
        self.malformed = Malformed::Replace;
        self
    }

    fn judge(&self, request: &Parts) -> (InteractionId, Option<Rejection>) {
        let flaw = |reason| Some(Rejection::new(reason).place(self.header));
        match single_text(&request.headers, &self.name()) {
            Ok(None) if self.absent == Absent::Refuse => {
                (InteractionId::generate(), flaw(Reason::HeaderMissing))
            }
            Ok(None) => (InteractionId::generate(), None),
            Ok(Some(text)) => match text.parse() {
                Ok(id) => (id, None),
                Err(_) => self.malformed(),
            },
            Err(_) => self.malformed(),
        }
    }

    fn malformed(&self) -> (InteractionId, Option<Rejection>) {
        let flaw = match self.malformed {
            Malformed::Refuse => Some(Rejection::new(Reason::HeaderInvalid).place(self.header)),
            Malformed::Replace => None,
        };
        (InteractionId::generate(), flaw)
    }

    fn name(&self) -> HeaderName {
        HeaderName::from_static(self.header)
    }
}

impl Around for EchoInteractionId {
    const NAME: &'static str = "EchoInteractionId";
    type Needs = ();
    type Leaves = InteractionId;

    fn check(&self, (): Refs<'_, ()>, request: &mut Parts, _: &Context) -> Verdict<InteractionId> {
        let (id, flaw) = self.judge(request);
        // A UUID is always a header value; were it not, the id would be absent, not wrong.
        if let Ok(value) = HeaderValue::try_from(&id) {
            request.headers.insert(self.name(), value.clone());
            request.extensions.insert(RequestId::new(value));
        }
        match flaw {
            Some(rejection) => Verdict::Flawed(id, rejection),
            None => Verdict::pass(id),
        }
    }

    fn answer<'a>(
        &'a self,
        id: &'a InteractionId,
        answer: &'a mut Answer<'_>,
        _: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        if let Ok(value) = HeaderValue::try_from(id) {
            answer.headers_mut().insert(self.name(), value.clone());
            answer.extensions_mut().insert(RequestId::new(value));
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Evidence for InteractionId {
    fn audit(&self, line: &mut Audit) {
        line.field("interaction_id", self.as_str().to_owned());
    }
}

around_layers!(EchoInteractionId);

const INTERACTION_ID: &str = "x-fapi-interaction-id";
const REQUEST_ID: &str = "x-request-id";

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, Response, StatusCode};
    use http_body_util::Full;
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;

    const NAME: HeaderName = HeaderName::from_static(INTERACTION_ID);
    const SENT: &str = "93bac548-D2de-4546-b106-880a5018460d";

    async fn answered(rule: EchoInteractionId, values: &[&str]) -> Response<Full<Bytes>> {
        let handler = service_fn(|request: Request<Full<Bytes>>| async move {
            assert_eq!(request.headers().get_all(NAME).iter().count(), 1);
            Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::new())))
        });
        let mut request = Request::new(Full::new(Bytes::new()));
        for value in values {
            request.headers_mut().append(NAME, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        rule.layer(handler).oneshot(request).await.unwrap()
    }

    fn id(response: &Response<Full<Bytes>>) -> &str {
        let traced = response.extensions().get::<RequestId>().unwrap().header_value();
        assert_eq!(traced, &response.headers()[NAME]);
        response.headers()[NAME].to_str().unwrap()
    }

    #[tokio::test]
    async fn the_sent_id_is_echoed_byte_for_byte_and_an_absent_one_is_made() {
        let echoed = answered(EchoInteractionId::or_generate(), &[SENT]).await;
        assert_eq!((echoed.status(), id(&echoed)), (StatusCode::OK, SENT));
        let made = answered(EchoInteractionId::or_generate(), &[]).await;
        assert_eq!(made.status(), StatusCode::OK);
        assert!(id(&made).parse::<InteractionId>().is_ok());
    }

    #[tokio::test]
    async fn a_malformed_or_repeated_id_is_refused_with_a_fresh_one() {
        for hostile in [&["x"][..], &[""], &[SENT, SENT], &["caf\u{e9}"]] {
            let refused = answered(EchoInteractionId::or_generate(), hostile).await;
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{hostile:?}");
            assert!(id(&refused).parse::<InteractionId>().is_ok());
            assert_ne!(id(&refused), SENT);
            let lenient = EchoInteractionId::or_generate().allow_malformed();
            assert_eq!(answered(lenient, hostile).await.status(), StatusCode::OK);
        }
    }

    #[test]
    fn berlin_group_has_another_header_and_demands_it() {
        let judged = |name: &'static str, value: &str| {
            let request = Request::get("/").header(name, value).body(()).unwrap();
            let (id, flaw) =
                EchoInteractionId::required().in_request_id().judge(&request.into_parts().0);
            let flaw = flaw.map(|why| (why.reason(), why.place_of_fault().map(str::to_owned)));
            (id.as_str() == SENT, flaw)
        };
        let at = |reason| Some((reason, Some("x-request-id".to_owned())));
        assert_eq!(judged("X-Request-ID", SENT), (true, None));
        assert_eq!(judged("x-request-id", "7"), (false, at(Reason::HeaderInvalid)));
        assert_eq!(judged(INTERACTION_ID, SENT), (false, at(Reason::HeaderMissing)));
    }

    #[tokio::test]
    async fn berlin_group_answers_under_its_own_header() {
        let handler = service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::new())))
        });
        let mut request = Request::new(Full::new(Bytes::new()));
        request.headers_mut().insert(REQUEST_ID, HeaderValue::from_static(SENT));
        let rule = EchoInteractionId::required().in_request_id();
        let response = rule.layer(handler).oneshot(request).await.unwrap();
        assert_eq!(response.headers()[REQUEST_ID], SENT);
        assert!(!response.headers().contains_key(NAME));
    }

    #[tokio::test]
    async fn a_required_id_that_is_absent_is_refused() {
        let refused = answered(EchoInteractionId::required(), &[]).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    }
}
