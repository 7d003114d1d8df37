//! The PAR endpoint and what becomes of what was pushed.

use std::sync::Arc;

use rustls_pki_types::UnixTime;
use serde_json::Value;

use super::super::test_requests::*;
use super::super::*;
use crate::cert::test_pki::NOW;
use crate::reject::Reason;

fn provable(edit: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    object(|claims| {
        claims.insert("code_challenge".to_owned(), CHALLENGE.into());
        claims.insert("code_challenge_method".to_owned(), "S256".into());
        edit(claims);
    })
}

/// Parameters of FAPI 2.0, without an object.
fn plain() -> Vec<(&'static str, String)> {
    [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "accounts"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("max_age", "60"),
        ("claims", r#"{"id_token":{"acr":null}}"#),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn edited(name: &'static str, value: Option<&str>) -> Vec<(&'static str, String)> {
    let mut parameters = plain();
    parameters.retain(|(known, _)| *known != name);
    parameters.extend(value.map(|value| (name, value.to_owned())));
    parameters
}

fn asking(uri: &str) -> String {
    query(vec![("client_id", "tpp".to_owned()), ("request_uri", uri.to_owned())])
}

#[tokio::test]
async fn a_pushed_request_is_answered_with_a_uri_that_no_cache_keeps() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let answer = endpoints.pushed_by(tpp(), vec![("request", provable(|_| {}))]).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-cache, no-store");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["expires_in"], 60);
    let uri = body["request_uri"].as_str().unwrap();
    let secret = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert_eq!(secret.len(), 43);
    assert_ne!(endpoints.push(vec![("request", provable(|_| {}))]).await, uri);
}

#[tokio::test]
async fn each_refusal_of_a_push_is_told_to_its_sender() {
    let f1 = Endpoints::of(RequestProfile::OBIE);
    let f2 = Endpoints::of(RequestProfile::FAPI2);
    let signed = |edit: fn(&mut serde_json::Map<String, Value>)| vec![("request", provable(edit))];
    let and = |mut parameters: Vec<(&'static str, String)>, name, value: &str| {
        parameters.push((name, value.to_owned()));
        parameters
    };
    let uri = RequestUri::random().unwrap();
    for (what, endpoints, parameters, reason, error) in [
        (
            "a URI pushed",
            &f2,
            and(plain(), "request_uri", uri.as_str()),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "a URI with an object",
            &f1,
            and(signed(|_| {}), "request_uri", uri.as_str()),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "another client",
            &f1,
            and(signed(|_| {}), "client_id", "stranger"),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        ("unsigned where it must be", &f1, plain(), Reason::ParameterMissing, "invalid_request"),
        (
            "no PKCE",
            &f1,
            vec![("request", object(|_| {}))],
            Reason::ParameterMissing,
            "invalid_request",
        ),
        (
            "no PKCE, plain",
            &f2,
            edited("code_challenge", None),
            Reason::ParameterMissing,
            "invalid_request",
        ),
        (
            "PKCE without method",
            &f2,
            edited("code_challenge_method", None),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "another redirection",
            &f2,
            edited("redirect_uri", Some("https://evil.example")),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "no redirection",
            &f2,
            edited("redirect_uri", None),
            Reason::ParameterMissing,
            "invalid_request",
        ),
        (
            "hybrid",
            &f2,
            edited("response_type", Some("code id_token")),
            Reason::ResponseTypeUnsupported,
            "unsupported_response_type",
        ),
        (
            "JARM",
            &f2,
            and(plain(), "response_mode", "jwt"),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "a foreign scope",
            &f2,
            edited("scope", Some("accounts admin")),
            Reason::ScopeInvalid,
            "invalid_scope",
        ),
        (
            "details",
            &f2,
            and(plain(), "authorization_details", "[]"),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "a registration",
            &f2,
            and(plain(), "registration", "{}"),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "no number",
            &f2,
            edited("max_age", Some("-1")),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        ("no JSON", &f2, edited("claims", Some("{")), Reason::ParameterInvalid, "invalid_request"),
        (
            "claims twice",
            &f2,
            edited("claims", Some(r#"{"id_token":{},"id_token":{}}"#)),
            Reason::ParameterInvalid,
            "invalid_request",
        ),
        (
            "another's object",
            &f1,
            signed(|claims| drop(claims.insert("client_id".to_owned(), "stranger".into()))),
            Reason::RequestObjectInvalid,
            "invalid_request_object",
        ),
        (
            "expired",
            &f1,
            signed(|claims| drop(claims.insert("exp".to_owned(), NOW.into()))),
            Reason::RequestObjectInvalid,
            "invalid_request_object",
        ),
    ] {
        let answer = endpoints.pushed_by(tpp(), parameters).await;
        assert_eq!((answer.status, answer.reason), (400, Some(reason)), "{what}: {answer:?}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"], error, "{what}");
        assert_eq!(answer.location, None, "{what}");
    }
}

#[tokio::test]
async fn a_client_that_did_not_register_for_codes_pushes_nothing() {
    let endpoints = Endpoints::of(RequestProfile::FAPI2);
    let client = crate::cert::Client::new("tpp", crate::cert::CertificateMatch::NoCertificate);
    let answer = endpoints.pushed_by(client, plain()).await;
    assert_eq!(answer.reason, Some(Reason::ClientUnauthorized));
}

#[tokio::test]
async fn fapi_2_takes_parameters_or_a_signed_object_and_only_pushed() {
    let endpoints = Endpoints::of(RequestProfile::FAPI2);
    let uri = endpoints.push(plain()).await;
    assert_eq!(endpoints.asked(&asking(&uri)).await.status, 200);
    let code = provable(|claims| drop(claims.insert("response_type".to_owned(), "code".into())));
    let uri = endpoints.push(vec![("request", code.clone())]).await;
    assert_eq!(endpoints.asked(&asking(&uri)).await.status, 200);
    let by_value = endpoints.asked(&query(by_value(&code))).await;
    assert_eq!(by_value.reason, Some(Reason::ParameterMissing));
    assert_eq!(by_value.location, None);

    let signing = Endpoints::of(RequestProfile::FAPI2_MESSAGE_SIGNING);
    let unsigned = signing.pushed_by(tpp(), plain()).await;
    assert_eq!(unsigned.reason, Some(Reason::ParameterMissing));
    let jarm = provable(|claims| {
        claims.insert("response_type".to_owned(), "code".into());
        claims.insert("response_mode".to_owned(), "jwt".into());
    });
    let uri = signing.push(vec![("request", jarm)]).await;
    assert_eq!(signing.asked(&asking(&uri)).await.status, 200);
}

#[tokio::test]
async fn what_stands_beside_a_pushed_object_does_not_count() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let mut parameters = plain();
    parameters.push(("request", provable(|_| {})));
    parameters[1].1 = "https://evil.example".to_owned();
    let uri = endpoints.push(parameters).await;
    assert_eq!(endpoints.asked(&(asking(&uri) + "&scope=payments&state=x")).await.status, 200);
}

#[tokio::test]
async fn a_client_whose_redirection_is_withdrawn_meanwhile_is_not_redirected_to() {
    // Pushed by a registration of the same id that had one more.
    let endpoints = Endpoints::of(RequestProfile::FAPI2);
    let registration = crate::client_auth::Registration::new(
        crate::client_auth::AuthenticationMethod::PrivateKeyJwt,
        crate::client_auth::SenderConstraint::Dpop,
    )
    .grants([crate::client_auth::GrantType::AuthorizationCode])
    .scopes(["accounts"])
    .redirect_uris(["https://old.example/cb"]);
    let before = tpp().registered_as(registration);
    let answer =
        endpoints.pushed_by(before, edited("redirect_uri", Some("https://old.example/cb")));
    let body: Value = serde_json::from_str(&answer.await.body).unwrap();
    let answer = endpoints.asked(&asking(body["request_uri"].as_str().unwrap())).await;
    assert_eq!((answer.reason, answer.location), (Some(Reason::ParameterInvalid), None));
}

#[tokio::test]
async fn a_pushed_request_may_be_looked_at_again_and_is_used_up_by_its_first_answer() {
    let endpoints = Endpoints::of(RequestProfile::FAPI2);
    let (responder, user) = (&endpoints.responder, Authenticated::user("alice"));
    let uri = endpoints.push(plain()).await;
    let page = || async { endpoints.asked(&asking(&uri)).await.permitted.unwrap() };
    let (one, other) = (page().await, page().await);
    responder.grant(&one, "code", user, None, now()).await.unwrap();
    let again = responder.grant(&other, "code", user, None, now()).await.err();
    assert_eq!(again, Some(AnswerError::RequestUriSpent));
    let again = responder.grant(&one, "code", user, None, now()).await.err();
    assert_eq!(again, Some(AnswerError::RequestUriSpent));
    assert_eq!(endpoints.asked(&asking(&uri)).await.reason, Some(Reason::RequestUriInvalid));

    let uri = endpoints.push(plain()).await;
    let request = endpoints.asked(&asking(&uri)).await.permitted.unwrap();
    let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let expired = responder.grant(&request, "code", user, None, at(NOW + 660)).await.err();
    assert_eq!(expired, Some(AnswerError::RequestUriSpent));
    let uri = endpoints.push(plain()).await;
    let request = endpoints.asked(&asking(&uri)).await.permitted.unwrap();
    let late = Endpoints { at: NOW + 60, ..endpoints.clone() };
    assert_eq!(late.asked(&asking(&uri)).await.reason, Some(Reason::RequestUriInvalid));
    // The one page that was opened in time.
    responder.grant(&request, "code", user, None, at(NOW + 659)).await.unwrap();
}

#[tokio::test]
async fn a_full_store_refuses_and_forgets_nothing() {
    let mut endpoints = Endpoints::of(RequestProfile::FAPI2);
    endpoints.pushed = Arc::new(MemoryPushedRequests::with_capacity(1));
    let uri = endpoints.push(plain()).await;
    let answer = endpoints.pushed_by(tpp(), plain()).await;
    assert_eq!((answer.status, answer.reason), (503, Some(Reason::ServiceUnavailable)));
    let request = endpoints.asked(&asking(&uri)).await.permitted.unwrap();
    endpoints.responder.deny(&request, "access_denied", now()).await.unwrap();
    endpoints.push(plain()).await;
    let later = Endpoints { at: NOW + 660, ..endpoints };
    later.push(plain()).await;
}

#[tokio::test]
async fn the_key_that_is_proved_at_the_push_is_the_one_that_the_code_is_bound_to() {
    use crate::gate::test_support::{at, request};
    use crate::gate::{Rule as _, Verdict};
    use crate::jose::Thumbprint;
    use crate::token::dpop::DpopKey;
    let (one, other) = (Thumbprint::of_certificate(b"1"), Thumbprint::of_certificate(b"2"));
    for (named, proved, bound) in [
        (None, None, Ok(None)),
        (None, Some(one), Ok(Some(one))),
        (Some(one), None, Ok(Some(one))),
        (Some(one), Some(one), Ok(Some(one))),
        (Some(one), Some(other), Err(())),
    ] {
        let asked = super::answers::permitted(RequestProfile::FAPI2, |claims| {
            claims.insert("response_type".to_owned(), "code".into());
            claims.insert("code_challenge".to_owned(), CHALLENGE.into());
            claims.insert("code_challenge_method".to_owned(), "S256".into());
            claims.extend(named.map(|named| ("dpop_jkt".to_owned(), named.to_string().into())));
        });
        let store = Arc::new(MemoryPushedRequests::with_capacity(1));
        let push = PushBoundRequest::by(PushRequest::into(store.clone()));
        let key = DpopKey::assertion(proved);
        let Verdict::Later(waiting) = push.check((&asked, &key), &mut request(), &at(NOW)) else {
            assert_eq!(bound, Err(()), "{named:?} {proved:?}");
            continue;
        };
        let pushed = waiting.await.unwrap();
        let key = PushedKey::compose("tpp", pushed.request_uri());
        let kept = store.take(key, now()).await.unwrap().unwrap();
        let kept = pushed::Kept::parse(&kept).unwrap().claims.dpop_jkt;
        assert_eq!(Ok(kept), bound.map(|bound| bound.map(|bound| bound.to_string())));
    }
}
