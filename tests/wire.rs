//! What each refusal looks like on the wire, in every error format.
//!
//! `wire/golden.txt` holds every cell, reason by format, and is compared byte by byte. After a change
//! that is meant, write it anew with `UPDATE_WIRE=1 cargo test --test wire` and read the difference.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::Path;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use tower_open_banking::context::{Clock, Context, SystemClock};
use tower_open_banking::gate::{BoxFuture, Evidence, Gate, Rule, Verdict};
use tower_open_banking::header::EchoInteractionId;
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::reject::{
    AuthorizationServer, BerlinGroup, ErrorFormat, OAuth, Obie, Problem, Reason, Rejection, Wso2,
};
use tower_open_banking::token::{
    Introspect, Introspected, IntrospectionError, TokenAudience, TokenIssuer, TokenSchemes,
    VerifyToken, introspection_response,
};

const ID: &str = "93bac548-d2de-4546-b106-880a5018460d";

#[derive(Clone)]
struct Refuse {
    reason: Reason,
    place: Option<String>,
}

struct Never;
impl Evidence for Never {}

impl Rule for Refuse {
    const NAME: &'static str = "Refuse";
    type Needs = ();
    type Leaves = Never;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Never> {
        let rejection = Rejection::new(self.reason).detail("secret detail").source("secret source");
        Verdict::reject(match &self.place {
            Some(place) => rejection.place(place.clone()),
            None => rejection,
        })
    }
}

/// A refusal as it arrives.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: impl http::header::AsHeaderName + Copy) -> Option<&str> {
        assert!(self.headers.get_all(name).iter().count() < 2);
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Formats by the name that stands in the golden file.
const FORMATS: [&str; 7] =
    ["Problem", "OAuth", "Obie::V3_1", "Obie::V4_0", "Wso2", "BerlinGroup", SERVER];

/// The one that is no resource server's and challenges nobody.
const SERVER: &str = "AuthorizationServer";

async fn refused(
    format: &str,
    reason: Reason,
    place: Option<&str>,
    authorization: Option<&'static str>,
) -> Answer {
    match format {
        SERVER => by(AuthorizationServer::default(), reason, place, authorization).await,
        "Problem" => by(Problem::default(), reason, place, authorization).await,
        "OAuth" => by(OAuth::default(), reason, place, authorization).await,
        "Obie::V3_1" => by(Obie::V3_1, reason, place, authorization).await,
        "Obie::V4_0" => by(Obie::V4_0, reason, place, authorization).await,
        "Obie::V4_0_1" => by(Obie::V4_0_1, reason, place, authorization).await,
        "BerlinGroup" => by(BerlinGroup::default(), reason, place, authorization).await,
        "Wso2" => by(Wso2::default(), reason, place, authorization).await,
        other => panic!("no format is called {other}"),
    }
}

async fn by(
    format: impl ErrorFormat,
    reason: Reason,
    place: Option<&str>,
    authorization: Option<&'static str>,
) -> Answer {
    let rule = Refuse { reason, place: place.map(str::to_owned) };
    let gate = Gate::new(format).around(EchoInteractionId::or_generate()).then(rule);
    let handler = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let mut request = Request::new(Full::new(Bytes::new()));
    request.headers_mut().insert("x-fapi-interaction-id", HeaderValue::from_static(ID));
    if let Some(value) = authorization {
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static(value));
    }
    let service = gate.build().unwrap().layer(handler);
    let (head, body) = service.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let body = String::from_utf8(body).unwrap();
    Answer { status: head.status, headers: head.headers, body }
}

const SHOWN: Option<&str> = Some("Bearer token");

/// The place that a rule would name.
fn place(reason: Reason) -> &'static str {
    match reason {
        Reason::ScopeInsufficient => "openid payments",
        _ => "the-place",
    }
}

async fn every_cell() -> Vec<(Reason, &'static str, Answer)> {
    let mut cells = Vec::new();
    for reason in Reason::ALL {
        for format in FORMATS {
            cells.push((
                *reason,
                format,
                refused(format, *reason, Some(place(*reason)), SHOWN).await,
            ));
        }
    }
    cells
}

#[tokio::test]
async fn every_refusal_looks_as_it_did() {
    let mut text = String::new();
    for (reason, format, answer) in every_cell().await {
        let stranger = refused(format, reason, Some(place(reason)), None).await;
        assert_eq!((answer.status, &answer.body), (stranger.status, &stranger.body));
        writeln!(text, "== {} {format}: {}", reason.code(), answer.status.as_u16()).unwrap();
        for name in [CONTENT_TYPE, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE] {
            if let Some(value) = answer.header(&name) {
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        if let Some(value) = stranger.header(&WWW_AUTHENTICATE) {
            writeln!(text, "without credentials: {value}").unwrap();
        }
        writeln!(text, "{}\n", answer.body).unwrap();
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/golden.txt");
    if std::env::var_os("UPDATE_WIRE").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (line, (is, was)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(is, was, "line {} of golden.txt", line + 1);
    }
    assert_eq!(text.len(), expected.len());
}

#[tokio::test]
async fn the_statuses_are_those_of_the_standards() {
    for (reason, statuses) in [
        // [Problem, OAuth, Obie::V3_1, Obie::V4_0, Wso2, BerlinGroup]
        (Reason::HeaderMissing, [400; 6]),
        (Reason::HeaderInvalid, [400; 6]),
        (Reason::SignatureUnexpected, [400; 6]),
        (Reason::SignatureMissing, [400, 400, 400, 400, 400, 401]),
        (Reason::SignatureInvalid, [400, 400, 400, 400, 400, 401]),
        (Reason::SigningCertificateRevoked, [400, 400, 400, 400, 400, 401]),
        (Reason::TokenMalformed, [400; 6]),
        (Reason::TokenMissing, [401; 6]),
        (Reason::TokenExpired, [401; 6]),
        (Reason::TokenNotBound, [401; 6]),
        (Reason::CertificateMissing, [401; 6]),
        (Reason::CertificateRevoked, [401; 6]),
        (Reason::CertificateStatusUnknown, [401; 6]),
        (Reason::CertificateBlocked, [403, 403, 403, 403, 403, 401]),
        (Reason::ScopeInsufficient, [403, 403, 403, 403, 403, 401]),
        (Reason::RoleMissing, [403, 403, 403, 403, 403, 401]),
        (Reason::PolicyRefused, [403; 6]),
        (Reason::FinancialIdWrong, [403, 403, 403, 403, 403, 400]),
        (Reason::ResourceUnknown, [404, 404, 400, 400, 404, 404]),
        (Reason::AcceptUnsupported, [406; 6]),
        (Reason::IdempotencyInFlight, [409; 6]),
        (Reason::IdempotencyOutcomeUnknown, [409; 6]),
        (Reason::BodyTooLarge, [413; 6]),
        (Reason::ContentTypeUnsupported, [415; 6]),
        (Reason::IdempotencyKeyReused, [422, 422, 400, 400, 401, 400]),
        (Reason::HandlerAborted, [500; 6]),
        (Reason::Misassembled, [500; 6]),
        (Reason::RevocationUnknown, [503; 6]),
        (Reason::ServiceUnavailable, [503; 6]),
    ] {
        for (format, status) in FORMATS.into_iter().zip(statuses) {
            let answer = refused(format, reason, None, SHOWN).await;
            assert_eq!(answer.status.as_u16(), status, "{format} {reason:?}");
        }
    }
}

#[tokio::test]
async fn an_authorization_server_has_the_codes_of_rfc_6749_and_its_extensions() {
    for (reason, status, error) in [
        (Reason::CertificateMissing, 401, "invalid_client"),
        (Reason::CertificateRevoked, 401, "invalid_client"),
        (Reason::ClientAuthenticationFailed, 401, "invalid_client"),
        (Reason::ClientUnauthorized, 400, "unauthorized_client"),
        (Reason::ClientUnknown, 401, "invalid_client"),
        (Reason::BodyTooLarge, 413, "invalid_request"),
        (Reason::DpopNonceRequired, 400, "use_dpop_nonce"),
        (Reason::DpopProofInvalid, 400, "invalid_dpop_proof"),
        (Reason::GrantInvalid, 400, "invalid_grant"),
        (Reason::GrantTypeUnsupported, 400, "unsupported_grant_type"),
        (Reason::MethodUnsupported, 405, "invalid_request"),
        (Reason::ParameterInvalid, 400, "invalid_request"),
        (Reason::ParameterMissing, 400, "invalid_request"),
        (Reason::RequestObjectInvalid, 400, "invalid_request_object"),
        (Reason::ScopeInvalid, 400, "invalid_scope"),
        (Reason::ServiceUnavailable, 503, "temporarily_unavailable"),
    ] {
        let answer = refused(SERVER, reason, Some("code_verifier"), SHOWN).await;
        let is = (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned());
        assert_eq!(is, (status, error.to_owned()), "{reason:?}");
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert!(answer.json()["error_description"].as_str().unwrap().ends_with(" (code_verifier)"));
        let allow = answer.header("allow");
        assert_eq!(allow, (status == 405).then_some("POST"));
    }
}

/// The scheme and the parameters of a challenge; panics where one stands there twice or none does.
fn parameters(challenge: &str) -> (&str, Vec<(&str, &str)>) {
    let (scheme, parameters) = challenge.split_once(' ').unwrap();
    let parameters: Vec<_> = parameters
        .split("\", ")
        .map(|parameter| parameter.trim_end_matches('"').split_once("=\"").unwrap())
        .collect();
    let names: HashSet<_> = parameters.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), parameters.len(), "{challenge}");
    for (_, value) in &parameters {
        assert!(!value.is_empty() && !value.contains(['"', '\\']), "{challenge}");
    }
    let always = match scheme {
        "Bearer" => ("realm", "open-banking"),
        "DPoP" => ("algs", "PS256 ES256 EdDSA"),
        other => panic!("no scheme is called {other}"),
    };
    assert!(parameters.contains(&always), "{challenge}");
    (scheme, parameters)
}

#[tokio::test]
async fn every_401_has_a_challenge_that_names_an_error_only_to_who_showed_credentials() {
    for (reason, format, answer) in every_cell().await {
        if format == SERVER {
            assert_eq!(answer.header(&WWW_AUTHENTICATE), None, "{reason:?}");
            continue;
        }
        let Some(challenge) = answer.header(&WWW_AUTHENTICATE) else {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{format} {reason:?}");
            continue;
        };
        let (scheme, named) = parameters(challenge);
        let of_proof = matches!(reason, Reason::DpopNonceRequired | Reason::DpopProofInvalid);
        assert_eq!(scheme == "DPoP", of_proof, "{format} {reason:?}");
        let error = named.iter().find(|(name, _)| *name == "error").map(|(_, error)| *error);
        let status = match error {
            Some("invalid_request") => StatusCode::BAD_REQUEST,
            // Berlin Group has no code under 403 for what the token lacks.
            Some("insufficient_scope") if format == "BerlinGroup" => StatusCode::UNAUTHORIZED,
            Some("insufficient_scope") => StatusCode::FORBIDDEN,
            Some("invalid_dpop_proof" | "use_dpop_nonce") => {
                assert!(of_proof);
                StatusCode::UNAUTHORIZED
            }
            Some("invalid_token") | None => StatusCode::UNAUTHORIZED,
            Some(other) => panic!("neither RFC 6750 nor RFC 9449 has {other}"),
        };
        assert_eq!(answer.status, status, "{format} {reason:?}");

        let stranger = refused(format, reason, Some(place(reason)), None).await;
        let (_, challenge) = parameters(stranger.header(&WWW_AUTHENTICATE).unwrap());
        // Somebody who sent a malformed token did show it, wherever.
        let told = reason == Reason::TokenMalformed;
        assert_eq!(challenge.len(), if told { 2 } else { 1 }, "{format} {reason:?}");
    }
}

/// An authorization server that knows one token.
struct Knows(&'static str);

impl Introspect for Knows {
    fn introspect<'a>(
        &'a self,
        token: &'a str,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        let now = SystemClock.now().as_secs();
        let cnf = format!(r#"{{"jkt":"{}"}}"#, "A".repeat(43));
        let known = token == self.0;
        let answer = format!(
            r#"{{"active":{known},"client_id":"c","exp":{},"cnf":{cnf},"scope":"accounts"}}"#,
            now + 60
        );
        Box::pin(async move { introspection_response(answer.as_bytes()) })
    }
}

/// The challenges of a gate that takes tokens under these schemes, and then refuses for the reason.
async fn challenges(schemes: TokenSchemes, shown: Option<&str>, then: Reason) -> Vec<String> {
    let verify = VerifyToken::introspected_by(
        TokenIssuer("https://as".into()),
        TokenAudience("https://rs".into()),
        Knows("known"),
    );
    let rule = Refuse { reason: then, place: Some(place(then).to_owned()) };
    let gate = Gate::new(Problem::default()).then(verify.under(schemes)).then(rule);
    let handler = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let mut request = Request::new(Full::new(Bytes::new()));
    if let Some(value) = shown {
        request.headers_mut().insert(AUTHORIZATION, value.parse().unwrap());
    }
    let answer = gate.build().unwrap().layer(handler).oneshot(request).await.unwrap();
    let values = answer.headers().get_all(WWW_AUTHENTICATE);
    values.iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_gate_asks_for_the_schemes_that_it_takes_and_names_the_error_under_the_one_used() {
    use TokenSchemes::{Bearer, BearerOrDpop, Dpop};
    let (dpop, bearer) = (r#"DPoP algs="PS256 ES256 EdDSA""#, r#"Bearer realm="open-banking""#);
    let dpop_says = |error: &str| format!(r#"DPoP error="{error}", algs="PS256 ES256 EdDSA""#);
    let bearer_says = |error: &str| format!(r#"{bearer}, error="{error}""#);
    let never = Reason::PolicyRefused;
    for (schemes, shown, then, expected) in [
        (Dpop, None, never, vec![dpop.to_owned()]),
        (Bearer, None, never, vec![bearer.to_owned()]),
        (BearerOrDpop, None, never, vec![dpop.to_owned(), bearer.to_owned()]),
        (BearerOrDpop, Some("Basic eDp5"), never, vec![dpop.to_owned(), bearer.to_owned()]),
        (Dpop, Some("DPoP other"), never, vec![dpop_says("invalid_token")]),
        (BearerOrDpop, Some("DPoP other"), never, vec![dpop_says("invalid_token")]),
        (BearerOrDpop, Some("Bearer other"), never, vec![bearer_says("invalid_token")]),
        (BearerOrDpop, Some("Bearer known"), never, vec![bearer_says("invalid_token")]),
        (BearerOrDpop, Some("DPoP a b"), never, vec![dpop_says("invalid_request")]),
        (Dpop, Some("DPoP known"), Reason::ClientUnknown, vec![dpop_says("invalid_token")]),
        (Dpop, Some("DPoP known"), Reason::DpopNonceRequired, vec![dpop_says("use_dpop_nonce")]),
        (Dpop, Some("DPoP known"), Reason::DpopProofInvalid, vec![dpop_says("invalid_dpop_proof")]),
        (Dpop, Some("DPoP known"), never, vec![]),
    ] {
        let said = challenges(schemes, shown, then).await;
        assert_eq!(said, expected, "{schemes:?} {shown:?} {then:?}");
    }
    let scope = challenges(Dpop, Some("DPoP known"), Reason::ScopeInsufficient).await;
    let error = r#"DPoP error="insufficient_scope", scope="openid payments", algs="#;
    assert!(scope.len() == 1 && scope[0].starts_with(error), "{scope:?}");
}

#[tokio::test]
async fn the_missing_scope_is_named_unless_it_would_break_the_header() {
    for (scope, named) in [
        (Some("payments"), Some("payments")),
        (Some("openid payments"), Some("openid payments")),
        (Some("a\"b"), None),
        (Some("a\\b"), None),
        (Some("a\nb"), None),
        (Some("caf\u{e9}"), None),
        (Some(""), None),
        (None, None),
    ] {
        for format in FORMATS.into_iter().filter(|format| *format != SERVER) {
            let answer = refused(format, Reason::ScopeInsufficient, scope, SHOWN).await;
            let (_, challenge) = parameters(answer.header(&WWW_AUTHENTICATE).unwrap());
            assert_eq!(challenge[1], ("error", "insufficient_scope"));
            let written = challenge.iter().find(|(name, _)| *name == "scope");
            assert_eq!(written.map(|(_, scope)| *scope), named, "{format} {scope:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_may_not_be_stored_and_tells_no_secret() {
    for (reason, format, answer) in every_cell().await {
        assert_eq!(answer.header(&CACHE_CONTROL), Some("no-store"), "{format} {reason:?}");
        assert_eq!(answer.header("x-fapi-interaction-id"), Some(ID));
        let everything = format!("{:?} {}", answer.headers, answer.body);
        assert!(!everything.contains("secret"), "{format} {reason:?}");
        assert!(!everything.contains("Bearer token"), "{format} {reason:?}");
        let waits = answer.header(&RETRY_AFTER);
        let worth_it = answer.status == StatusCode::SERVICE_UNAVAILABLE
            || matches!(reason, Reason::IdempotencyInFlight | Reason::ResourceInUse);
        assert_eq!(waits, worth_it.then_some("1"), "{format} {reason:?}");
    }
}

#[tokio::test]
async fn a_problem_is_one_of_rfc_9457() {
    for reason in Reason::ALL {
        let answer = refused("Problem", *reason, Some("a \"place\""), SHOWN).await;
        assert_eq!(answer.header(&CONTENT_TYPE), Some("application/problem+json"));
        let problem = answer.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], answer.status.as_u16());
        // 4.2.1: under about:blank the title is the phrase of the status.
        assert_eq!(problem["title"], answer.status.canonical_reason().unwrap());
        assert_eq!(problem["detail"], reason.message());
        assert_eq!(problem["code"], reason.code());
        assert_eq!(problem["place"], "a \"place\"");
    }
}

#[tokio::test]
async fn an_oauth_error_keeps_the_characters_of_rfc_6750() {
    for (reason, format) in
        Reason::ALL.iter().flat_map(|reason| [(reason, "OAuth"), (reason, SERVER)])
    {
        let body = refused(format, *reason, Some("a \"place\""), SHOWN).await.json();
        for member in ["error", "error_description"] {
            let text = body[member].as_str().unwrap();
            let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(!text.is_empty() && text.bytes().all(allowed), "{reason:?} {text}");
        }
        assert_eq!(body.as_object().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn an_obie_body_keeps_the_limits_of_its_schema() {
    let long = "\u{e9}".repeat(700);
    for place in [None, Some("Data.Initiation"), Some(long.as_str())] {
        for reason in Reason::ALL {
            for format in ["Obie::V3_1", "Obie::V4_0"] {
                let answer = refused(format, *reason, place, SHOWN).await;
                if answer.body.is_empty() {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{format} {reason:?}");
                    assert_eq!(answer.header(&CONTENT_TYPE), None);
                    continue;
                }
                assert!(!answer.body.contains("null"), "absent members are left out");
                assert_eq!(answer.header(&CONTENT_TYPE), Some("application/json"));
                let body = answer.json();
                assert_eq!(body["Id"], ID);
                let within = |text: &Value, limit| {
                    (1..=limit).contains(&text.as_str().unwrap().chars().count())
                };
                let [fault] = body["Errors"].as_array().unwrap().as_slice() else {
                    panic!("{body}")
                };
                assert!(within(&fault["Message"], 500));
                assert!(fault.get("Path").is_none_or(|path| within(path, 500)));
                let code = fault["ErrorCode"].as_str().unwrap();
                if format == "Obie::V3_1" {
                    assert!(within(&body["Code"], 40) && within(&body["Message"], 500));
                    let status = answer.status.as_str();
                    assert!(body["Code"].as_str().unwrap().starts_with(status));
                    let ours = ["Policy.Refused", "Role.Missing"].contains(&code);
                    assert!(code.starts_with("UK.OBIE.") || ours, "{code}");
                } else {
                    assert_eq!(body.get("Code").or(body.get("Message")), None);
                    assert!(code.len() == 4 && code.starts_with(['U', 'V']), "{code}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_401_has_no_obie_body_but_for_an_expired_token_under_4_0() {
    for reason in Reason::ALL {
        for format in ["Obie::V3_1", "Obie::V4_0"] {
            let answer = refused(format, *reason, None, SHOWN).await;
            let explained = format == "Obie::V4_0" && *reason == Reason::TokenExpired;
            let bare = answer.status == StatusCode::UNAUTHORIZED && !explained;
            assert_eq!(answer.body.is_empty(), bare, "{format} {reason:?}");
        }
    }
}

#[tokio::test]
async fn a_reused_key_is_422_with_a_link_under_4_0_1_and_nothing_else_differs_from_4_0() {
    for reason in Reason::ALL {
        let answers = ["Obie::V4_0", "Obie::V4_0_1"];
        let [old, new] = answers.map(|format| refused(format, *reason, None, SHOWN));
        let (old, new) = (old.await, new.await);
        if *reason == Reason::IdempotencyKeyReused {
            assert_eq!((old.status.as_u16(), new.status.as_u16()), (400, 422));
            let (old, mut new) = (old.json(), new.json());
            let fault = new["Errors"][0].as_object_mut().unwrap();
            let url = fault.remove("Url").unwrap();
            assert!(url.as_str().unwrap().starts_with("https://"));
            assert_eq!((&old, &new["Errors"][0]["ErrorCode"]), (&new, &Value::from("U029")));
        } else {
            assert_eq!((old.status, old.body), (new.status, new.body), "{reason:?}");
        }
    }
}

#[tokio::test]
async fn a_wso2_body_has_one_error_of_four_members() {
    for reason in Reason::ALL {
        let body = refused("Wso2", *reason, None, SHOWN).await.json();
        let fault = body["errors"][0].as_object().unwrap();
        let names: HashSet<_> = fault.keys().map(String::as_str).collect();
        assert_eq!(names, HashSet::from(["Code", "Links", "Message", "Title"]), "{reason:?}");
        assert_eq!(fault["Code"].as_str().unwrap().len(), 6);
    }
}

/// The codes of the NextGenPSD2 API definition 1.3.x (`MessageCode400_PIS` to `MessageCode409_PIS`,
/// `MessageCode406_AIS`), as far as this crate has reasons for them.
const BERLIN_GROUP: [(u16, &[&str]); 7] = [
    (400, &["FORMAT_ERROR", "PARAMETER_NOT_CONSISTENT", "PARAMETER_NOT_SUPPORTED"]),
    (
        401,
        &[
            "CERTIFICATE_BLOCKED",
            "CERTIFICATE_EXPIRED",
            "CERTIFICATE_INVALID",
            "CERTIFICATE_MISSING",
            "CERTIFICATE_REVOKE",
            "CONSENT_INVALID",
            "ROLE_INVALID",
            "SIGNATURE_INVALID",
            "SIGNATURE_MISSING",
            "TOKEN_EXPIRED",
            "TOKEN_INVALID",
            "TOKEN_UNKNOWN",
        ],
    ),
    (403, &["CONSENT_UNKNOWN", "SERVICE_BLOCKED"]),
    (404, &["RESOURCE_UNKNOWN"]),
    (405, &["SERVICE_INVALID"]),
    (406, &["REQUESTED_FORMATS_INVALID"]),
    (409, &["STATUS_INVALID"]),
];

#[tokio::test]
async fn a_berlin_group_body_has_a_code_that_its_status_has() {
    let long = "\u{e9}".repeat(700);
    let mut seen = HashSet::new();
    for reason in Reason::ALL {
        let answer = refused("BerlinGroup", *reason, Some(&long), SHOWN).await;
        let known = BERLIN_GROUP.iter().find(|(status, _)| *status == answer.status.as_u16());
        let Some((_, codes)) = known else {
            assert!(answer.body.is_empty(), "{reason:?}");
            assert!([413, 415, 500, 503].contains(&answer.status.as_u16()), "{reason:?}");
            continue;
        };
        let body = answer.json();
        assert_eq!(body.as_object().unwrap().len(), 1);
        let [message] = body["tppMessages"].as_array().unwrap().as_slice() else {
            panic!("{body}")
        };
        assert_eq!(message["category"], "ERROR");
        assert_eq!(message["text"], reason.message());
        let code = message["code"].as_str().unwrap().to_owned();
        assert!(codes.contains(&code.as_str()), "{reason:?} {code}");
        let path = message.get("path").map(|path| path.as_str().unwrap().chars().count());
        let is_place = *reason != Reason::ScopeInsufficient;
        assert_eq!(path, is_place.then_some(500), "{reason:?}");
        seen.insert(code);
    }
    assert_eq!(seen.len(), BERLIN_GROUP.iter().map(|(_, codes)| codes.len()).sum::<usize>());
}

#[test]
fn every_reason_has_a_code_of_its_own() {
    let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    for code in codes {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    }
}
