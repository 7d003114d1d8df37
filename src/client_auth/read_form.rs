//! `ReadForm`: one posted form, each parameter once and none of them in the URL.

use std::fmt;
use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::{Parameters, ParametersError};
use crate::body::BodyBytes;
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::header::{MediaType, single};
use crate::reject::{Reason, Rejection};

/// Reads the form of a request to the token, PAR, introspection or revocation endpoint.
///
/// # Passes when
///
/// The method is POST; the one `Content-Type` is `application/x-www-form-urlencoded` (a charset of
/// UTF-8 is tolerated, other parameters are ignored); the body has at most 64 KiB, or what
/// [`at_most`](Self::at_most) says; no parameter stands there twice; and the query of the URL names
/// none of the form's parameters, nor any with which OAuth passes credentials. Another query may be
/// part of the endpoint's URL.
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`]; leaves [`Form`].
///
/// # Does not check
///
/// What the parameters say, or who sent them.
///
/// # Rejections
///
/// [`Reason::MethodUnsupported`], [`Reason::ContentTypeUnsupported`], [`Reason::BodyTooLarge`],
/// [`Reason::ParameterInvalid`] with the parameter's name where it is one that is known.
///
/// # Specification
///
/// RFC 6749, 2.3.1, 3.2 and appendix B; RFC 9126, 2.3.
///
/// ```
/// use http::{Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::{body::Body, client_auth::ReadForm, gate::Gate};
/// use tower_open_banking::reject::AuthorizationServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let gate = Gate::new(AuthorizationServer::default()).then(ReadForm::posted()).build()?;
/// for (form, status) in [("a=1&b=2", StatusCode::OK), ("a=1&a=2", StatusCode::BAD_REQUEST)] {
///     let request = Request::post("/token")
///         .header("content-type", "application/x-www-form-urlencoded")
///         .body(Body::from(bytes::Bytes::from(form)))?;
///     assert_eq!(gate.layer(handler).oneshot(request).await?.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ReadForm {
    most: usize,
}

impl ReadForm {
    /// A posted form of at most 64 KiB.
    pub fn posted() -> Self {
        Self { most: MOST }
    }

    /// Sets the longest body, in bytes. The gate reads no more than its own limit either way.
    #[must_use]
    pub fn at_most(self, bytes: usize) -> Self {
        Self { most: bytes }
    }
}

impl Rule for ReadForm {
    const NAME: &'static str = "ReadForm";
    type Needs = BodyBytes;
    type Leaves = Form;

    fn check(&self, body: Refs<'_, BodyBytes>, request: &mut Parts, _: &Context) -> Verdict<Form> {
        self.read(body.bytes(), request).into()
    }
}

impl ReadForm {
    fn read(self, body: &[u8], request: &Parts) -> Result<Form, Rejection> {
        if request.method != Method::POST {
            return Err(Rejection::new(Reason::MethodUnsupported));
        }
        is_form(request)?;
        if body.len() > self.most {
            let most = self.most;
            return Err(Rejection::new(Reason::BodyTooLarge).detail(format!("over {most} bytes")));
        }
        let form = Parameters::parse(body).map_err(refused)?;
        if let Some(query) = request.uri.query() {
            refuse_in_url(query, &form)?;
        }
        Ok(Form(Arc::new(form)))
    }
}

fn is_form(request: &Parts) -> Result<(), Rejection> {
    let refused = || Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type");
    let value = single(&request.headers, &CONTENT_TYPE).map_err(|error| refused().source(error))?;
    let value = value.ok_or_else(|| refused().detail("no Content-Type"))?;
    MediaType::FORM.describes(value).map_err(|error| refused().source(error))
}

/// RFC 6749, 2.3.1 and 3.2: the URL is what every proxy writes into its log.
fn refuse_in_url(query: &str, form: &Parameters) -> Result<(), Rejection> {
    let query = Parameters::parse(query.as_bytes()).map_err(refused)?;
    for (name, _) in query.iter() {
        if let Some(known) = NEVER_IN_URL.iter().find(|known| name.eq_ignore_ascii_case(known)) {
            return Err(invalid().place(*known).detail("a parameter of the form in the URL"));
        }
        if form.get(name).is_some() {
            return Err(invalid().detail("a parameter in the form and in the URL"));
        }
    }
    Ok(())
}

fn refused(error: ParametersError) -> Rejection {
    // The name is the peer's own text: it goes to the log alone unless it is one of ours.
    let known = match &error {
        ParametersError::Duplicate(name) => NEVER_IN_URL.iter().find(|known| *known == name),
        _ => None,
    };
    match known {
        Some(known) => invalid().place(*known).source(error),
        None => invalid().source(error),
    }
}

fn invalid() -> Rejection {
    Rejection::new(Reason::ParameterInvalid)
}

/// The parameters of a form, each once.
#[derive(Clone)]
pub struct Form(Arc<Parameters>);

impl Form {
    /// The greppable door for tests of rules that need one.
    #[cfg(test)]
    pub(crate) fn assertion(parameters: Parameters) -> Self {
        Self(Arc::new(parameters))
    }

    /// The value of a parameter; none where it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// All of them.
    pub fn parameters(&self) -> &Parameters {
        &self.0
    }
}

impl Evidence for Form {}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({:?})", self.0)
    }
}

rule_layers!(ReadForm);

/// A request object of 16 KiB, its assertion and their escapes.
const MOST: usize = 64 * 1024;

/// What no URL of these endpoints may carry, whether or not the form has it too.
const NEVER_IN_URL: [&str; 19] = [
    "access_token",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
    "token",
    "username",
];

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::gate::test_support::judged;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn read(method: &str, uri: &str, types: &[&str], body: &str) -> Result<Form, Rejection> {
        let mut request = Request::builder().method(method).uri(uri);
        for value in types {
            request = request.header(CONTENT_TYPE, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let body = BodyBytes::new(Bytes::copy_from_slice(body.as_bytes()));
        judged(ReadForm::posted().check(&body, &mut parts, &Context::default()))
    }

    fn reason(method: &str, uri: &str, types: &[&str], body: &str) -> Option<Reason> {
        read(method, uri, types, body).err().map(|why| why.reason())
    }

    #[test]
    fn a_posted_form_is_read_and_shows_no_value() {
        let form = read("POST", "/token?tenant=1", &[FORM], "grant_type=x&code=s3cret&empty=");
        let form = form.unwrap();
        assert_eq!((form.get("grant_type"), form.get("empty")), (Some("x"), None));
        assert_eq!(form.parameters().iter().count(), 2);
        assert_eq!(format!("{form:?}"), r#"Form({"grant_type", "code"})"#);
    }

    #[test]
    fn only_post_is_served() {
        for method in ["GET", "PUT", "HEAD", "OPTIONS", "post"] {
            let refused = Some(Reason::MethodUnsupported);
            assert_eq!(reason(method, "/token", &[FORM], "a=1"), refused, "{method}");
        }
    }

    #[test]
    fn only_a_form_in_utf8_is_read() {
        for value in ["Application/X-WWW-Form-Urlencoded", &format!("{FORM}; charset=UTF-8")] {
            assert_eq!(reason("POST", "/token", &[value], "a=1"), None, "{value}");
        }
        let latin = format!("{FORM};charset=iso-8859-1");
        let refused = Some(Reason::ContentTypeUnsupported);
        for types in [
            &[][..],
            &["application/json"],
            &["multipart/form-data; boundary=x"],
            &["text/plain"],
            &[&latin],
            &[FORM, FORM],
            &[&format!("{FORM}, {FORM}")],
        ] {
            assert_eq!(reason("POST", "/token", types, "a=1"), refused, "{types:?}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_named_if_it_is_known() {
        for (body, place) in [
            ("client_assertion=a&client_assertion=b", Some("client_assertion")),
            ("scope=a&sc%6fpe=b", Some("scope")),
            ("x%22=a&x%22=b", None),
            ("a=%zz", None),
        ] {
            let why = read("POST", "/token", &[FORM], body).unwrap_err();
            assert_eq!((why.reason(), why.place_of_fault()), (Reason::ParameterInvalid, place));
        }
    }

    #[test]
    fn a_parameter_in_the_url_is_refused() {
        for uri in [
            "/token?a=1",
            "/token?%61=1",
            "/token?client_id=x",
            "/token?x=1&client%5Fassertion=eyJ",
            "/token?CLIENT_SECRET=x",
            "/token?code=x",
            "/token?x=1&x=2",
            "/token?x=%zz",
        ] {
            assert_eq!(
                reason("POST", uri, &[FORM], "a=1"),
                Some(Reason::ParameterInvalid),
                "{uri}"
            );
        }
        for uri in ["/token?", "/token?b=1", "/token?a=", "/token?client_id="] {
            assert_eq!(reason("POST", uri, &[FORM], "a=1"), None, "{uri}");
        }
    }

    #[test]
    fn a_form_over_the_limit_is_refused() {
        let body = |length: usize| format!("a={}", "x".repeat(length - 2));
        assert_eq!(reason("POST", "/token", &[FORM], &body(MOST)), None);
        let refused = Some(Reason::BodyTooLarge);
        assert_eq!(reason("POST", "/token", &[FORM], &body(MOST + 1)), refused);
        let (mut parts, ()) =
            Request::post("/token").header(CONTENT_TYPE, FORM).body(()).unwrap().into_parts();
        for (length, expected) in [(10, None), (11, refused)] {
            let body = BodyBytes::new(Bytes::from(body(length)));
            let verdict =
                ReadForm::posted().at_most(10).check(&body, &mut parts, &Context::default());
            assert_eq!(judged(verdict).err().map(|why| why.reason()), expected);
        }
    }
}
