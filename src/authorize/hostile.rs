//! Request objects of an attacker, at the authorisation endpoint: each with its refusal, and whether
//! the browser is sent on.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Value, json};

use super::test_requests::*;
use super::*;
use crate::cert::test_pki::NOW;
use crate::crypto::test_keys;
use crate::jose::encode_base64url;
use crate::jose::jwe_tests;
use crate::reject::Reason;

/// How a refusal goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    /// To the user alone.
    Page,
    /// To the client, with this error.
    Redirect(&'static str),
}
use Reason::{
    ClientUnauthorized, ClientUnknown, ParameterInvalid, ParameterMissing, RequestObjectInvalid,
    RequestUriInvalid, RequestUriUnsupported, ResponseTypeUnsupported, ScopeInvalid,
};
use Told::{Page, Redirect};

mod carriers;

async fn refused(what: &str, endpoints: &Endpoints, query: String, reason: Reason, told: Told) {
    let answer = endpoints.asked(&query).await;
    assert_eq!(answer.reason, Some(reason), "{what}: {answer:?}");
    match (told, &answer.location) {
        (Page, None) => {
            assert!((400..600).contains(&answer.status), "{what}");
            assert!(answer.body.contains("Request refused"), "{what}");
        }
        (Redirect(error), Some(location)) => {
            assert_eq!(answer.status, 303, "{what}");
            assert!(location.starts_with(REDIRECT), "{what}: {location}");
            assert!(location.contains(&format!("error={error}&")), "{what}: {location}");
        }
        (told, location) => panic!("{what}: {told:?} was due, and it went to {location:?}"),
    }
}

fn without(name: &'static str) -> String {
    object(|claims| drop(claims.remove(name)))
}

fn with(name: &'static str, value: impl Into<Value>) -> String {
    object(|claims| drop(claims.insert(name.to_owned(), value.into())))
}

fn signed_as(header: Value) -> String {
    jws(&header, Value::from(claims()).to_string().as_bytes(), &own())
}

/// Signed by OpenSSL with what no key of ours signs with.
fn foreign(alg: &str) -> String {
    let header = json!({ "alg": alg, "kid": "rsa" }).to_string();
    let payload = Value::from(claims()).to_string();
    let signed = [header.as_bytes(), payload.as_bytes()].map(encode_base64url).join(".");
    let rsa = test_keys::rsa_2048();
    // The classic confusion: the public key as the secret of an HMAC.
    let secret = PKey::hmac(&rsa.public_key_to_pem().unwrap()).unwrap();
    let key = if alg == "HS256" { &secret } else { rsa };
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    let signature = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode_base64url(&signature))
}

fn unsigned() -> String {
    let parts = [r#"{"alg":"none"}"#.to_owned(), Value::from(claims()).to_string()];
    format!("{}.", parts.map(|part| encode_base64url(part.as_bytes())).join("."))
}

fn raw(payload: &str) -> String {
    jws(&json!({ "alg": "ES256", "kid": "k1" }), payload.as_bytes(), &own())
}

#[tokio::test]
async fn objects_that_are_not_the_clients_for_this_server_and_now_show_a_page() {
    let payload = Value::from(claims()).to_string();
    let twice = format!(r#"{},"aud":"{ISSUER}"}}"#, payload.strip_suffix('}').unwrap());
    let header = json!({ "alg": "ES256", "kid": "k1" });
    let nested = object(|_| {});
    let objects: Vec<(&str, &str, String)> = vec![
        ("alg none", "algorithm is not supported", unsigned()),
        ("alg RS256, registered by the client", "RS256 is not accepted", foreign("RS256")),
        (
            "alg HS256, with the public key as secret",
            "algorithm is not supported",
            foreign("HS256"),
        ),
        (
            "another key under the client's kid",
            "signature: ",
            jws(&header, payload.as_bytes(), &other()),
        ),
        (
            "another client's object",
            "client_id",
            object(|claims| {
                claims.insert("iss".to_owned(), "stranger".into());
                claims.insert("client_id".to_owned(), "stranger".into());
            }),
        ),
        ("an unknown kid", "no key of this kid", signed_as(json!({ "alg": "ES256", "kid": "k2" }))),
        ("no kid", "no kid", signed_as(json!({ "alg": "ES256" }))),
        (
            "typ of an access token",
            "typ of another",
            signed_as(json!({ "alg": "ES256", "kid": "k1", "typ": "at+jwt" })),
        ),
        (
            "typ of a client assertion",
            "typ of another",
            signed_as(json!({ "alg": "ES256", "kid": "k1", "typ": "client-authentication+jwt" })),
        ),
        (
            "a critical extension",
            "crit",
            signed_as(json!({ "alg": "ES256", "kid": "k1", "crit": ["exp"], "exp": NOW + 300 })),
        ),
        ("exp missing", "exp is missing", without("exp")),
        ("exp past", "expired", with("exp", NOW - 1)),
        ("exp now", "expired", with("exp", NOW)),
        ("exp over 60 minutes after nbf", "after nbf", with("exp", NOW - 5 + 3601)),
        ("exp in milliseconds", "\\\"exp\\\" has a wrong", with("exp", (NOW + 300) * 1000)),
        ("exp as text", "\\\"exp\\\" has a wrong", with("exp", "never")),
        ("nbf missing", "nbf is missing", without("nbf")),
        (
            "nbf over 60 minutes back",
            "after nbf",
            object(|claims| {
                claims.insert("nbf".to_owned(), (NOW - 3601).into());
                claims.insert("exp".to_owned(), (NOW + 1).into());
            }),
        ),
        ("nbf in the future", "nbf lies ahead", with("nbf", NOW + 11)),
        ("aud missing", "aud is", without("aud")),
        ("aud of another server", "aud is", with("aud", "https://as.other.example")),
        ("aud with a slash too many", "aud is", with("aud", format!("{ISSUER}/"))),
        ("aud of the token endpoint", "aud is", with("aud", format!("{ISSUER}/token"))),
        ("aud empty", "aud is", with("aud", json!([]))),
        ("iss missing", "iss is", without("iss")),
        ("iss of another", "iss is", with("iss", "stranger")),
        ("client_id missing", "client_id is", without("client_id")),
        ("client_id of another", "client_id is", with("client_id", "stranger")),
        ("request inside", "at request:", with("request", nested.clone())),
        ("request null inside", "at request:", with("request", Value::Null)),
        ("request_uri inside", "at request_uri:", with("request_uri", "https://tpp.example/ro")),
        (
            "authorization_details inside",
            "at authorization_details:",
            with("authorization_details", json!([])),
        ),
        ("a claim twice", "stands there twice", raw(&twice)),
        ("signed inside signed", "not an object", raw(&nested)),
        ("no object inside", "not an object", raw("[]")),
        ("a claim of another type", "\\\"scope\\\" has a wrong", with("scope", json!(["openid"]))),
        ("max_age below zero", "\\\"max_age\\\" has a wrong", with("max_age", -1)),
        ("encrypted to nobody here", "encrypted", jwe_tests::encrypted(nested.as_bytes(), |_| {})),
        ("too large", "too large", with("state", "s".repeat(40_000))),
        ("two parts", "not a JWS", nested.rsplit_once('.').unwrap().0.to_owned()),
        ("a moved signature", "signature: ", {
            let other = without("state");
            let (signed, signature) = (nested.rsplit_once('.'), other.rsplit_once('.'));
            format!("{}.{}", signed.unwrap().0, signature.unwrap().1)
        }),
    ];
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    assert_eq!(endpoints.asked(&query(by_value(&nested))).await.status, 200);
    for (what, why, object) in objects {
        let query = query(by_value(&object));
        let answer = endpoints.asked(&query).await;
        assert!(answer.why.contains(why), "{what}: {}", answer.why);
        refused(what, &endpoints, query, RequestObjectInvalid, Page).await;
    }
}

#[tokio::test]
async fn a_redirection_uri_that_is_not_proven_is_not_followed() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let missing = query(by_value(&without("redirect_uri")));
    refused("no URI", &endpoints, missing, ParameterMissing, Page).await;
    for uri in [
        "https://evil.example/cb",
        "https://tpp.example/cb/",
        "https://tpp.example/cb/../evil",
        "https://tpp.example/cb?x=1",
        "https://tpp.example/CB",
        "https://tpp.example:443/cb",
        "https://tpp.example/cb%2F",
        // Registered by a careless bank, and never good.
        "http://tpp.example/cb",
        "https://user@tpp.example/cb",
        "https://tpp.example/cb#part",
        "javascript:alert(1)",
        "",
    ] {
        let query = query(by_value(&with("redirect_uri", uri)));
        refused(uri, &endpoints, query, ParameterInvalid, Page).await;
    }
}

#[tokio::test]
async fn what_a_proven_client_may_not_ask_for_is_told_to_it() {
    let cases: Vec<(&str, String, Reason, &'static str)> = vec![
        (
            "token",
            with("response_type", "token"),
            ResponseTypeUnsupported,
            "unsupported_response_type",
        ),
        (
            "id_token",
            with("response_type", "id_token"),
            ResponseTypeUnsupported,
            "unsupported_response_type",
        ),
        (
            "code id_token token",
            with("response_type", "code id_token token"),
            ResponseTypeUnsupported,
            "unsupported_response_type",
        ),
        (
            "code token",
            with("response_type", "code token"),
            ResponseTypeUnsupported,
            "unsupported_response_type",
        ),
        (
            "none",
            with("response_type", "none"),
            ResponseTypeUnsupported,
            "unsupported_response_type",
        ),
        ("no response type", without("response_type"), ParameterMissing, "invalid_request"),
        ("a plain code", with("response_type", "code"), ParameterInvalid, "invalid_request"),
        ("query for a hybrid", with("response_mode", "query"), ParameterInvalid, "invalid_request"),
        ("form_post", with("response_mode", "form_post"), ParameterInvalid, "invalid_request"),
        ("no scope", without("scope"), ParameterMissing, "invalid_request"),
        ("a blank scope", with("scope", " "), ParameterMissing, "invalid_request"),
        ("no openid", with("scope", "accounts"), ScopeInvalid, "invalid_scope"),
        (
            "a foreign scope",
            with("scope", "openid fundsconfirmations"),
            ScopeInvalid,
            "invalid_scope",
        ),
        ("no nonce", without("nonce"), ParameterMissing, "invalid_request"),
        (
            "PKCE plain",
            object(|claims| {
                claims.insert("code_challenge".to_owned(), CHALLENGE.into());
                claims.insert("code_challenge_method".to_owned(), "plain".into());
            }),
            ParameterInvalid,
            "invalid_request",
        ),
        (
            "PKCE without method",
            with("code_challenge", CHALLENGE),
            ParameterInvalid,
            "invalid_request",
        ),
        (
            "PKCE method alone",
            with("code_challenge_method", "S256"),
            ParameterMissing,
            "invalid_request",
        ),
        (
            "PKCE short",
            object(|claims| {
                claims.insert("code_challenge".to_owned(), CHALLENGE[..42].into());
                claims.insert("code_challenge_method".to_owned(), "S256".into());
            }),
            ParameterInvalid,
            "invalid_request",
        ),
        ("an unknown prompt", with("prompt", "create"), ParameterInvalid, "invalid_request"),
        (
            "prompt none with others",
            with("prompt", "none login"),
            ParameterInvalid,
            "invalid_request",
        ),
        ("no thumbprint", with("dpop_jkt", "x"), ParameterInvalid, "invalid_request"),
        ("no intent", without("claims"), ParameterMissing, "invalid_request"),
        (
            "an intent without value",
            with(
                "claims",
                json!({ "id_token": {
            "openbanking_intent_id": null } }),
            ),
            ParameterInvalid,
            "invalid_request",
        ),
        (
            "an intent in userinfo alone",
            with(
                "claims",
                json!({ "userinfo": {
            "openbanking_intent_id": { "value": "1" } } }),
            ),
            ParameterMissing,
            "invalid_request",
        ),
        (
            "two intents",
            with(
                "claims",
                json!({
            "id_token": { "openbanking_intent_id": { "value": "1" } },
            "userinfo": { "openbanking_intent_id": { "value": "2" } } }),
            ),
            ParameterInvalid,
            "invalid_request",
        ),
        (
            "several intents",
            with(
                "claims",
                json!({ "id_token": { "openbanking_intent_id": {
            "value": "1", "values": ["1", "2"] } } }),
            ),
            ParameterInvalid,
            "invalid_request",
        ),
    ];
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    for (what, object, reason, error) in cases {
        // What stands beside the object agrees with it, so that it is the object that is refused.
        let mut parameters = by_value(&object);
        let inside = RequestClaims::parse(
            &crate::jose::decode_base64url(object.split('.').nth(1).unwrap()).unwrap(),
        )
        .unwrap();
        parameters[1].1 = inside.response_type.unwrap_or("code id_token".to_owned());
        refused(what, &endpoints, query(parameters), reason, Redirect(error)).await;
    }
}

#[tokio::test]
async fn what_stands_beside_the_object_is_not_believed() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let own = || by_value(&object(|_| {}));
    let edited = |at: usize, value: &str| {
        let mut parameters = own();
        parameters[at].1 = value.to_owned();
        query(parameters)
    };
    let invalid = Redirect("invalid_request");
    refused("another type", &endpoints, edited(1, "code"), ParameterInvalid, invalid).await;
    // RFC 9101, 5: the client and the object are enough.
    for absent in [1, 2] {
        assert_eq!(endpoints.asked(&edited(absent, "")).await.status, 200);
    }
    refused("another client", &endpoints, edited(0, "stranger"), RequestObjectInvalid, Page).await;
    refused("an unknown client", &endpoints, edited(0, "nobody"), ClientUnknown, Page).await;
    refused("no client", &endpoints, edited(0, ""), ParameterMissing, Page).await;
    refused("a client without the grant", &endpoints, edited(0, "idle"), ClientUnauthorized, Page)
        .await;
    refused("no object", &endpoints, edited(3, ""), ParameterMissing, Page).await;
    for repeated in ["&client_id=tpp", "&state=1&state=2", "&request=x"] {
        let query = query(own()) + repeated;
        refused(repeated, &endpoints, query, ParameterInvalid, Page).await;
    }
    let mut attack = own();
    attack.push(("redirect_uri", "https://evil.example".to_owned()));
    attack.push(("state", "other".to_owned()));
    attack.push(("nonce", "other".to_owned()));
    attack[2].1 = "openid payments".to_owned();
    assert_eq!(endpoints.asked(&query(attack)).await.status, 200);
}
