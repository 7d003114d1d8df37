//! What goes back through the browser.

use serde_json::{Value, json};

use super::super::test_requests::*;
use super::super::*;
use crate::cert::test_pki::NOW;
use crate::client_auth::{CodeVerifier, Parameters};
use crate::crypto::{Algorithm, KeyError, test_keys};
use crate::gate::test_support::{at, request};
use crate::gate::{Rule as _, Verdict};
use crate::jose::{Accept, Compact, Key, decode_base64url};
use crate::reject::Reason;

/// The evidence of a request that is permitted.
pub(super) fn permitted(
    profile: RequestProfile,
    edit: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> AuthorizationRequest {
    let presented = PresentedRequest {
        client: std::sync::Arc::new(tpp()),
        carrier: presented::Carrier::PushedObject(object(edit)),
    };
    let verify = VerifyRequestObject::of(profile, ISSUER);
    let Verdict::Now(Ok(proven)) = verify.check(&presented, &mut request(), &at(NOW)) else {
        panic!("not proven");
    };
    match PermitAuthorization::of(profile).check(&proven, &mut request(), &at(NOW)) {
        Verdict::Now(Ok(permitted)) => permitted,
        _ => panic!("not permitted"),
    }
}

fn prove(claims: &mut serde_json::Map<String, Value>) {
    claims.insert("code_challenge".to_owned(), CHALLENGE.into());
    claims.insert("code_challenge_method".to_owned(), "S256".into());
}

fn location(response: &http::Response<bytes::Bytes>) -> &str {
    response.headers()["location"].to_str().unwrap()
}

/// The claims of a JWT that the bank signed.
fn signed_by_bank(jwt: &str) -> Value {
    let key = Key::new(bank().public_key().clone()).with_id("bank-1");
    let verified = Compact::parse(jwt).unwrap().verify(&key, Accept::FAPI1).unwrap();
    serde_json::from_slice(verified.payload()).unwrap()
}

#[tokio::test]
async fn what_was_asked_for_is_typed() {
    let intent = json!({ "value": "urn:consent:1", "essential": true });
    let acr = json!({ "essential": true, "values": ["urn:openbanking:psd2:sca"] });
    let request = permitted(RequestProfile::OBIE, |claims| {
        prove(claims);
        claims.insert("prompt".to_owned(), "login consent".into());
        claims.insert("acr_values".to_owned(), "a b".into());
        claims.insert(
            "claims".to_owned(),
            json!({ "userinfo": { "name": null }, "id_token": {
            "openbanking_intent_id": intent, "acr": acr, "given_name": { "essential": true } } }),
        );
        claims.insert("dpop_jkt".to_owned(), CHALLENGE.into());
    });
    assert_eq!(request.client_id(), "tpp");
    assert_eq!(request.redirect_uri(), REDIRECT);
    assert_eq!(request.response_type(), ResponseType::CodeIdToken);
    assert_eq!(request.scopes().collect::<Vec<_>>(), ["openid", "accounts"]);
    assert_eq!(request.nonce(), Some("n-0S6_WzA2Mj"));
    assert_eq!(request.openbanking_intent_id(), Some("urn:consent:1"));
    assert_eq!(request.acr().unwrap().values, ["urn:openbanking:psd2:sca"]);
    assert_eq!(request.acr_values().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(request.max_age().unwrap().as_secs(), 86400);
    assert_eq!(request.prompt(), [Prompt::Login, Prompt::Consent]);
    assert_eq!(request.code_challenge().unwrap().to_string(), CHALLENGE);
    assert_eq!(request.dpop_jkt().unwrap().to_string(), CHALLENGE);
    assert!(request.is_signed());
    let shown = format!("{request:?}");
    assert!(!shown.contains("n-0S6") && !shown.contains("urn:consent"), "{shown}");
}

#[tokio::test]
async fn a_hybrid_answer_is_in_the_fragment_and_its_id_token_signs_it() {
    let request = permitted(RequestProfile::OBIE, prove);
    let user = Authenticated::user("alice").by("urn:openbanking:psd2:sca").at(now());
    let responder = Endpoints::responder();
    let response = responder.grant(&request, "code-1", user, None, now()).await.unwrap();
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    let (uri, fragment) = location(&response).split_once('#').unwrap();
    assert_eq!(uri, REDIRECT);
    let answer = Parameters::parse(fragment.as_bytes()).unwrap();
    let get = |name| answer.get(name);
    assert_eq!((get("code"), get("state")), (Some("code-1"), Some("af0ifjsldkj")));
    assert_eq!(get("iss"), Some(ISSUER));
    assert_eq!(answer.iter().count(), 4);
    let token = signed_by_bank(get("id_token").unwrap());
    let expected = json!({
        "iss": ISSUER, "sub": "alice", "aud": "tpp", "iat": NOW, "exp": NOW + 300,
        "auth_time": NOW, "acr": "urn:openbanking:psd2:sca", "nonce": "n-0S6_WzA2Mj",
        // Rule 6.2's vector for this `state`; the other by `openssl dgst`.
        "s_hash": "bOhtX8F73IMjSPeVAqxyTQ",
        "c_hash": C_HASH,
        "openbanking_intent_id": "urn:consent:1",
    });
    assert_eq!(token, expected);
}

const C_HASH: &str = "Ub1mOf7XwLSCavbAa_5PTA";

#[tokio::test]
async fn the_second_published_state_has_its_hash() {
    let request = permitted(RequestProfile::OBIE, |claims| {
        prove(claims);
        claims.insert("state".to_owned(), "YWlzcDozMTQ2".into());
    });
    let user = Authenticated::user("alice");
    let made = |code| {
        let mut token = NewIdToken::answering(&request, user).access_token("token");
        if let Some(code) = code {
            token = token.beside(code, request.state());
        }
        signed_by_bank(&Endpoints::responder().id_token(&token, now()).unwrap())
    };
    assert_eq!(made(Some("code"))["s_hash"], "1cHiWA1Sv6jJsKzH4Eny5A");
    // Beside no code there is no answer that a state would belong to.
    let plain = made(None);
    assert!(plain.get("s_hash").is_none() && plain.get("c_hash").is_none());
    assert!(plain["at_hash"].is_string());
}

#[tokio::test]
async fn an_answer_by_jarm_is_signed_for_its_client() {
    let request = permitted(RequestProfile::FAPI1, |claims| {
        prove(claims);
        claims.insert("response_type".to_owned(), "code".into());
        claims.insert("response_mode".to_owned(), "jwt".into());
    });
    let user = Authenticated::user("alice");
    let responder = Endpoints::responder();
    let response = responder.grant(&request, "code-1", user, None, now()).await.unwrap();
    let (uri, query) = location(&response).split_once('?').unwrap();
    assert_eq!(uri, REDIRECT);
    let answer = Parameters::parse(query.as_bytes()).unwrap();
    assert_eq!(answer.iter().count(), 1);
    let expected = json!({ "iss": ISSUER, "aud": "tpp", "iat": NOW, "exp": NOW + 300,
        "code": "code-1", "state": "af0ifjsldkj" });
    assert_eq!(signed_by_bank(answer.get("response").unwrap()), expected);

    let unsigned = Responder::of(ISSUER).deny(&request, "access_denied", now()).await.err();
    assert_eq!(unsigned, Some(AnswerError::Unsigned));
}

#[tokio::test]
async fn a_plain_code_is_in_the_query_behind_what_the_uri_has_there() {
    let request = permitted(RequestProfile::FAPI2, |claims| {
        prove(claims);
        claims.insert("response_type".to_owned(), "code".into());
        claims.insert("redirect_uri".to_owned(), "https://tpp.example/cb?tenant=1".into());
        claims.insert("state".to_owned(), "a&b=c#d".into());
    });
    // Nothing is signed here, so no key is needed.
    let responder = Responder::of(ISSUER);
    let response = responder.deny(&request, "access_denied", now()).await.unwrap();
    assert_eq!(
        location(&response),
        "https://tpp.example/cb?tenant=1&error=access_denied&state=a%26b%3Dc%23d\
         &iss=https%3A%2F%2Fas.bank.example"
    );
}

#[tokio::test]
async fn an_access_token_goes_where_it_was_asked_for_only() {
    let request = permitted(RequestProfile::OBIE, prove);
    let token = FrontChannelToken { token: "at", expires_in: 60 };
    let user = Authenticated::user("alice");
    let refused = Endpoints::responder().grant(&request, "c", user, Some(token), now()).await.err();
    assert_eq!(refused, Some(AnswerError::NotAsked));
}

#[test]
fn a_responder_signs_with_what_fits_its_key() {
    let responder = |algorithm| Responder::of(ISSUER).signing_with(bank(), algorithm, "1").err();
    assert_eq!(responder(Algorithm::Ps256), Some(KeyError::Unsupported));
    assert_eq!(responder(Algorithm::Es256), None);
}

#[tokio::test]
async fn an_id_token_wants_a_hash_that_its_algorithm_has() {
    let key = test_keys::signing(&test_keys::ed25519());
    let responder = Responder::of(ISSUER).signing_with(key, Algorithm::EdDsa, "1").unwrap();
    let request = permitted(RequestProfile::OBIE, prove);
    let token = NewIdToken::answering(&request, Authenticated::user("a")).beside("c", None);
    let made = responder.id_token(&token, now());
    assert_eq!(made.err(), Some(AnswerError::Unsigned));
}

#[tokio::test]
async fn a_page_says_what_we_say_and_nothing_else() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let answer = endpoints.asked("client_id=%3Cscript%3E&request=%3Cscript%3E").await;
    assert_eq!((answer.status, answer.reason), (400, Some(Reason::ClientUnknown)));
    let header = |name: &str| answer.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("x-frame-options"), "DENY");
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!answer.body.contains("script"), "{}", answer.body);
    assert!(answer.body.contains("The client is not registered."));
    assert!(answer.body.contains("<code>invalid_request</code>"));
}

#[tokio::test]
async fn a_refusal_is_redirected_with_state_and_issuer_as_it_was_asked_for() {
    let endpoints = Endpoints::of(RequestProfile::FAPI1);
    let refused = object(|claims| drop(claims.insert("prompt".to_owned(), "x".into())));
    let answer = endpoints.asked(&query(by_value(&refused))).await;
    let location = answer.location.unwrap();
    let (uri, fragment) = location.split_once('#').unwrap();
    assert_eq!(uri, REDIRECT);
    let told = Parameters::parse(fragment.as_bytes()).unwrap();
    assert_eq!(told.get("error"), Some("invalid_request"));
    let description = "A request parameter is invalid. (prompt)";
    assert_eq!(told.get("error_description"), Some(description));
    assert_eq!((told.get("state"), told.get("iss")), (Some("af0ifjsldkj"), Some(ISSUER)));

    let refused = object(|claims| {
        claims.insert("response_type".to_owned(), "code".into());
        claims.insert("response_mode".to_owned(), "jwt".into());
        claims.insert("prompt".to_owned(), "x".into());
    });
    let mut parameters = by_value(&refused);
    parameters[1].1 = "code".to_owned();
    let answer = endpoints.asked(&query(parameters)).await;
    let location = answer.location.unwrap();
    let response = location.strip_prefix(&format!("{REDIRECT}?response=")).unwrap();
    let told = signed_by_bank(response);
    assert_eq!((&told["error"], &told["aud"]), (&json!("invalid_request"), &json!("tpp")));
    assert_eq!(told["state"], "af0ifjsldkj");
}

#[tokio::test]
async fn a_refusal_that_cannot_be_signed_is_shown_and_not_sent() {
    let mut endpoints = Endpoints::of(RequestProfile::FAPI1);
    endpoints.responder = Responder::of(ISSUER);
    let refused = object(|claims| {
        claims.insert("response_type".to_owned(), "code".into());
        claims.insert("response_mode".to_owned(), "jwt".into());
        claims.insert("prompt".to_owned(), "x".into());
    });
    let answer = endpoints.asked(&query(by_value(&refused))).await;
    assert_eq!((answer.status, answer.location), (400, None));
    assert!(answer.body.contains("Request refused"));
}

#[test]
fn a_request_object_of_our_own_making_is_what_the_verifier_wants() {
    let text = |text: &str| Some(text.to_owned());
    let mut claims = RequestClaims {
        response_type: text("code id_token"),
        redirect_uri: text(REDIRECT),
        scope: text("openid accounts"),
        nonce: text("n"),
        max_age: Some(5),
        ..RequestClaims::default()
    };
    claims.demand_intent("urn:consent:1");
    let verifier = CodeVerifier::random().unwrap();
    claims.prove_by(&verifier.challenge());
    let maker = NewRequestObject::of("tpp", ISSUER);
    let made = maker.sign(claims.clone(), &own(), Algorithm::Es256, "k1", now()).unwrap();
    let payload = decode_base64url(made.split('.').nth(1).unwrap()).unwrap();
    let read = RequestClaims::parse(&payload).unwrap();
    assert_eq!((read.max_age, &read.claims), (Some(5), &claims.claims));
    let presented = PresentedRequest {
        client: std::sync::Arc::new(tpp()),
        carrier: presented::Carrier::PushedObject(made),
    };
    let verify = VerifyRequestObject::of(RequestProfile::OBIE, ISSUER);
    let Verdict::Now(Ok(proven)) = verify.check(&presented, &mut request(), &at(NOW)) else {
        panic!("not proven");
    };
    let permit = PermitAuthorization::of(RequestProfile::OBIE);
    let Verdict::Now(Ok(permitted)) = permit.check(&proven, &mut request(), &at(NOW)) else {
        panic!("not permitted");
    };
    assert!(permitted.code_challenge().unwrap().is_met_by(&verifier));
}
