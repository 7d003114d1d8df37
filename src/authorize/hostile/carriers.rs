//! Request URIs and encrypted objects of an attacker.

use super::*;

#[tokio::test]
async fn a_request_uri_is_one_of_this_server_for_this_client_and_once() {
    let endpoints = Endpoints::of(RequestProfile::OBIE);
    let ask = |client: &str, uri: &str| {
        query(vec![("client_id", client.to_owned()), ("request_uri", uri.to_owned())])
    };
    for uri in [
        "https://evil.example/object",
        "http://169.254.169.254/latest/meta-data",
        "urn:ietf:params:oauth:request_uri:short",
        "urn:ietf:params:oauth:request_uri:../../../../../../../../../../../etc/passwd",
        "file:///etc/passwd",
    ] {
        refused(uri, &endpoints, ask("tpp", uri), RequestUriUnsupported, Page).await;
    }
    let unknown = RequestUri::random().unwrap();
    refused("unknown", &endpoints, ask("tpp", unknown.as_str()), RequestUriInvalid, Page).await;

    let pushable = object(|claims| {
        claims.insert("code_challenge".to_owned(), CHALLENGE.into());
        claims.insert("code_challenge_method".to_owned(), "S256".into());
    });
    let push = || vec![("request", pushable.clone())];
    let uri = endpoints.push(push()).await;
    // Another client that has seen the URI neither uses it nor spends it.
    refused("stolen", &endpoints, ask("stranger", &uri), RequestUriInvalid, Page).await;
    let request = endpoints.asked(&ask("tpp", &uri)).await.permitted.unwrap();
    let user = Authenticated::user("alice");
    endpoints.responder.grant(&request, "code", user, None, now()).await.unwrap();
    refused("used before", &endpoints, ask("tpp", &uri), RequestUriInvalid, Page).await;

    let uri = endpoints.push(push()).await;
    let late = Endpoints { at: NOW + 60, ..endpoints.clone() };
    refused("expired", &late, ask("tpp", &uri), RequestUriInvalid, Page).await;

    let uri = endpoints.push(push()).await;
    let both = ask("tpp", &uri) + "&request=" + &pushable;
    refused("with an object", &endpoints, both, ParameterInvalid, Page).await;
    assert_eq!(endpoints.asked(&ask("tpp", &uri)).await.status, 200, "not spent by that");
}

#[tokio::test]
async fn encrypted_objects_are_opened_and_judged_as_strictly() {
    let mut endpoints = Endpoints::of(RequestProfile::BRASIL);
    endpoints.verify = endpoints.verify.decrypting_with(jwe_tests::keys());
    let inside = |text: &str| query(by_value(&jwe_tests::encrypted(text.as_bytes(), |_| {})));
    assert_eq!(endpoints.asked(&inside(&object(|_| {}))).await.status, 200);
    for (what, query) in [
        ("not encrypted", query(by_value(&object(|_| {})))),
        ("alg none inside", inside(&unsigned())),
        (
            "another key inside",
            inside(&jws(
                &json!({ "alg": "ES256", "kid": "k1" }),
                Value::from(claims()).to_string().as_bytes(),
                &other(),
            )),
        ),
        ("claims inside, unsigned", inside(&Value::from(claims()).to_string())),
        ("encrypted twice", inside(&jwe_tests::encrypted(object(|_| {}).as_bytes(), |_| {}))),
        (
            "compressed",
            query(by_value(&jwe_tests::encrypted(object(|_| {}).as_bytes(), |header| {
                header.set_compression("DEF")
            }))),
        ),
        (
            "another encryption",
            query(by_value(&jwe_tests::encrypted(object(|_| {}).as_bytes(), |header| {
                header.set_content_encryption("A128GCM")
            }))),
        ),
    ] {
        refused(what, &endpoints, query, RequestObjectInvalid, Page).await;
    }
    let hint = inside(&with("id_token_hint", "x"));
    refused("a hint", &endpoints, hint, ParameterInvalid, Redirect("invalid_request")).await;
}
