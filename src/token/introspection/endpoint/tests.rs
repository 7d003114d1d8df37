use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::super::signed::TYP;
use super::super::{IntrospectionAnswer, IntrospectionSigner};
use super::*;
use crate::cert::test_pki::NOW;
use crate::context::Context;
use crate::crypto::{Algorithm, SigningKey, test_keys};
use crate::fetch::{FetchError, Fetched};
use crate::gate::test_support::{self, judged, request};
use crate::gate::{Rule, Verdict};
use crate::jose::{
    Accept, Claims, Compact, FoundKey, Key, KeyLookup, KeySet, KeysUnavailable, Lookup, NewHeader,
};
use crate::reject::Reason;
use crate::token::VerifyToken;
use crate::token::test_tokens::{AUDIENCE, ISSUER, claims};

mod kept;
mod signatures;

static KEY: LazyLock<Arc<SigningKey>> =
    LazyLock::new(|| Arc::new(test_keys::signing(&test_keys::p256())));

/// An authorization server that counts questions and says the same to each.
#[derive(Clone)]
struct Server(Arc<Says>);

struct Says {
    answer: Mutex<Result<Fetched, FetchError>>,
    questions: AtomicUsize,
    last: Mutex<Option<FetchRequest>>,
}

impl Server {
    fn answering(answer: Result<Fetched, FetchError>) -> Self {
        let (answer, last) = (Mutex::new(answer), Mutex::default());
        Self(Arc::new(Says { answer, questions: AtomicUsize::new(0), last }))
    }

    fn saying(body: &str) -> Self {
        Self::answering(Ok(answer(StatusCode::OK, "application/json", body)))
    }

    fn sends(&self, response: Response<Bytes>) {
        let (head, body) = response.into_parts();
        *self.0.answer.lock().unwrap() = Ok(Fetched::new(head.status, &head.headers, body));
    }

    fn questions(&self) -> usize {
        self.0.questions.load(Ordering::SeqCst)
    }

    /// The parameters of the last question, and the media type it asked for.
    fn asked(&self) -> (Parameters, &'static str) {
        let last = self.0.last.lock().unwrap().clone().unwrap();
        let (media_type, body) = last.body().unwrap();
        assert_eq!(*media_type, "application/x-www-form-urlencoded");
        assert_eq!((last.uri().to_string().as_str(), last.limit()), (URI, 64 << 10));
        (Parameters::parse(body).unwrap(), last.accepted().unwrap())
    }

    fn endpoint(&self) -> IntrospectionEndpoint {
        self.called_by(CallerAuthentication::MutualTls("rs".to_owned()))
    }

    fn called_by(&self, caller: CallerAuthentication) -> IntrospectionEndpoint {
        IntrospectionEndpoint::at(Uri::from_static(URI), self.clone(), caller).unwrap()
    }
}

impl Fetch for Server {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        self.0.questions.fetch_add(1, Ordering::SeqCst);
        *self.0.last.lock().unwrap() = Some(request);
        let answer = self.0.answer.lock().unwrap().clone();
        Box::pin(async { answer })
    }
}

const URI: &str = "https://as.bank.example/introspect";

fn answer(status: StatusCode, media_type: &'static str, body: &str) -> Fetched {
    let content_type = (CONTENT_TYPE, HeaderValue::from_static(media_type));
    let headers = HeaderMap::from_iter([content_type]);
    Fetched::new(status, &headers, Bytes::copy_from_slice(body.as_bytes()))
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn issuer() -> TokenIssuer {
    TokenIssuer(ISSUER.to_owned())
}

fn audience() -> TokenAudience {
    TokenAudience(AUDIENCE.to_owned())
}

fn active(edit: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut answer = claims();
    answer.insert("active".to_owned(), true.into());
    edit(&mut answer);
    Value::from(answer).to_string()
}

/// What `VerifyToken` says of this token, asking there.
fn verdict(endpoint: IntrospectionEndpoint, token: &str) -> Result<(), Reason> {
    let rule = VerifyToken::introspected_by(issuer(), audience(), endpoint);
    presented(&rule, token, &test_support::at(NOW))
}

fn presented(rule: &VerifyToken, token: &str, context: &Context) -> Result<(), Reason> {
    let mut request = request();
    request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let verdict: Verdict<_> = rule.check((), &mut request, context);
    judged(verdict).map(drop).map_err(|rejection| rejection.reason())
}

#[test]
fn the_token_is_posted_with_the_id_of_the_certificate() {
    let server = Server::saying(&active(|_| {}));
    assert_eq!(verdict(server.endpoint(), "opaque+/=="), Ok(()));
    let (asked, accept) = server.asked();
    let parameters: Vec<_> = asked.iter().collect();
    assert_eq!(
        parameters,
        [("token", "opaque+/=="), ("token_type_hint", "access_token"), ("client_id", "rs")]
    );
    assert_eq!((server.questions(), accept), (1, "application/json"));
}

#[test]
fn the_token_is_posted_with_an_assertion_made_for_it() {
    let server = Server::saying(&active(|_| {}));
    let by = |algorithm| {
        let assertions = ClientAssertions::of("rs", KEY.clone(), "rs-1", algorithm);
        server.called_by(CallerAuthentication::PrivateKeyJwt(assertions, issuer()))
    };
    let endpoint = by(Algorithm::Es256);
    assert_eq!(verdict(endpoint, "opaque"), Ok(()));
    let (asked, _) = server.asked();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(asked.get("client_assertion_type"), Some(kind));
    assert_eq!((asked.get("client_id"), asked.get("token")), (Some("rs"), Some("opaque")));
    let assertion = Compact::parse(asked.get("client_assertion").unwrap()).unwrap();
    let key = Key::new(KEY.public_key().clone());
    let verified = assertion.verify(&key, Accept::FAPI1).unwrap();
    let claims = Claims::parse(verified.payload()).unwrap();
    assert_eq!(claims.audience.unwrap().sole(), Some(ISSUER));
    assert_eq!(claims.issued_at.unwrap().seconds(), NOW);
    // Nobody is asked where none can be made.
    let refused = verdict(by(Algorithm::Ps256), "opaque");
    assert_eq!((refused, server.questions()), (Err(Reason::ServiceUnavailable), 1));
}

#[test]
fn whatever_is_no_answer_is_our_fault_and_no_pass() {
    let ok = |media_type, body: &str| Ok(answer(StatusCode::OK, media_type, body));
    let body = active(|_| {});
    let long = active(|answer| drop(answer.insert("x".to_owned(), "x".repeat(64 << 10).into())));
    let status = |status| Ok(answer(status, "application/json", &body));
    for (number, answer) in [
        Err(FetchError::Timeout),
        Err(FetchError::Redirect),
        status(StatusCode::UNAUTHORIZED),
        status(StatusCode::FOUND),
        status(StatusCode::NO_CONTENT),
        status(StatusCode::INTERNAL_SERVER_ERROR),
        ok("text/html", &body),
        ok("application/token-introspection+jwt", &body),
        ok("application/json", "<html>"),
        ok("application/json", "{}"),
        ok("application/json", r#"{"active":"true","client_id":"tpp"}"#),
        ok("application/json", r#"{"active":null}"#),
        ok("application/json", r#"{"active":true,"active":true}"#),
        ok("application/json", &long),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = verdict(Server::answering(answer).endpoint(), "opaque");
        assert_eq!(refused, Err(Reason::ServiceUnavailable), "{number}");
    }
}

#[test]
fn an_inactive_token_is_refused_whatever_else_is_said() {
    let inactive = active(|answer| drop(answer.insert("active".to_owned(), false.into())));
    let refused = verdict(Server::saying(&inactive).endpoint(), "opaque");
    assert_eq!(refused, Err(Reason::TokenInvalid));
}

#[test]
fn tokens_are_sent_over_https_only() {
    let caller = CallerAuthentication::MutualTls("rs".to_owned());
    let uri = Uri::from_static("http://as.bank.example/introspect");
    assert!(IntrospectionEndpoint::at(uri, Server::saying(""), caller).is_err());
}
