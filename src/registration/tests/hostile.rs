//! Requests of an attacker, of a careless provider, and of one who wants more than is its due.

use super::*;

#[test]
fn a_statement_that_is_not_the_directorys_and_of_now_is_invalid() {
    let of = |name: &'static str, value: Value| {
        statement(move |claims| drop(claims.insert(name.to_owned(), value)))
    };
    let without = |name: &'static str| statement(|claims| drop(claims.remove(name)));
    let header = |header: Value| signed(&header, statement_claims(), &DIRECTORY);
    let payload = Value::from(statement_claims()).to_string();
    let encoded = crate::jose::encode_base64url(payload.as_bytes());
    let twice = format!(r#"{},"org_id":"x"}}"#, payload.strip_suffix('}').unwrap());
    let unsigned = format!("{}.{encoded}.", crate::jose::encode_base64url(br#"{"alg":"none"}"#));
    let directory = test_keys::signing(&DIRECTORY);
    let ob = json!({ "alg": "ES256", "kid": "ob" });
    for (what, why, statement) in [
        ("unsigned", "algorithm is not supported", unsigned),
        ("signed by itself", "signature", signed(&ob, statement_claims(), &OWN)),
        ("an unknown kid", "no key of this kid", header(json!({ "alg": "ES256", "kid": "x" }))),
        ("no kid", "no kid", header(json!({ "alg": "ES256" }))),
        ("an access token", "typ", header(json!({ "alg": "ES256", "kid": "ob", "typ": "at+jwt" }))),
        ("another issuer", "iss is", of("iss", "Evil Ltd".into())),
        ("no issuer", "iss is", without("iss")),
        ("no iat", "iat is missing", without("iat")),
        ("iat ahead", "iat lies ahead", of("iat", (NOW + 11).into())),
        ("too old", "too old", of("iat", (NOW - 1801).into())),
        ("expired", "expired", of("exp", NOW.into())),
        ("no jti", "jti", without("jti")),
        ("no software", "software_id", without("software_id")),
        ("no organisation", "org_id", of("org_id", "".into())),
        ("no status", "org_status", without("org_status")),
        ("a member twice", "twice", jws(&ob, twice.as_bytes(), &directory)),
        ("a member of another type", "wrong value", of("software_roles", "AISP".into())),
        ("no JWT", "not a JWS", "x".to_owned()),
    ] {
        let refused = sent(&rule(), &obwac(), &request(statement, |_| {})).unwrap_err();
        assert_eq!(refused.reason(), Reason::SoftwareStatementInvalid, "{what}");
        assert!(refused.why().to_string().contains(why), "{what}: {}", refused.why());
    }
    let none = request(String::new(), |claims| drop(claims.remove("software_statement")));
    let invalid = Some(Reason::SoftwareStatementInvalid);
    assert_eq!(told(sent(&rule(), &obwac(), &none)), invalid);
    for status in ["Revoked", "Withdrawn", "active", ""] {
        let body = request(of("org_status", status.into()), |_| {});
        assert_eq!(told(sent(&rule(), &obwac(), &body)), UNAPPROVED, "{status}");
    }
}

#[test]
fn a_request_that_is_not_the_softwares_for_this_bank_and_now_is_invalid() {
    let with = |name: &'static str, value: Value| {
        request(statement(|_| {}), move |claims| drop(claims.insert(name.to_owned(), value)))
    };
    let without =
        |name: &'static str| request(statement(|_| {}), |claims| drop(claims.remove(name)));
    let mut claims = request_claims();
    claims.insert("software_statement".to_owned(), statement(|_| {}).into());
    let by = |header: Value, key: &PKey<Private>| signed(&header, claims.clone(), key);
    let own = json!({ "alg": "ES256", "kid": "own" });
    for (what, why, body) in [
        ("another key", "signature", by(own.clone(), &OTHER)),
        ("an unknown kid", "no key", by(json!({ "alg": "ES256", "kid": "x" }), &OWN)),
        ("no kid", "no kid", by(json!({ "alg": "ES256" }), &OWN)),
        (
            "a DPoP proof",
            "typ",
            by(json!({ "alg": "ES256", "kid": "own", "typ": "dpop+jwt" }), &OWN),
        ),
        ("another software", "iss", with("iss", "other".into())),
        ("no software", "iss", without("iss")),
        ("two softwares", "software_id", with("software_id", "other".into())),
        ("another bank", "aud", with("aud", "https://as.other.example".into())),
        ("no bank", "aud", without("aud")),
        ("no iat", "iat", without("iat")),
        ("iat ahead", "iat", with("iat", (NOW + 11).into())),
        ("no exp", "exp", without("exp")),
        ("past", "exp", with("exp", NOW.into())),
        ("for a day", "exp", with("exp", (NOW + 3601).into())),
        ("no jti", "jti", without("jti")),
        ("an endless jti", "jti", with("jti", "j".repeat(129).into())),
        ("no object", "claims", jws(&own, b"[]", &test_keys::signing(&OWN))),
        ("no JWT", "not a JWS", "no JWT".to_owned()),
        ("nothing", "not a JWS", String::new()),
    ] {
        let refused = sent(&rule(), &obwac(), &body).unwrap_err();
        assert_eq!(refused.reason(), Reason::ClientMetadataInvalid, "{what}: {}", refused.why());
        assert!(refused.why().to_string().contains(why), "{what}: {}", refused.why());
    }
    let trusted = TrustedCertificate::of(read(&obwac()));
    let body = BodyBytes::new(bytes::Bytes::from_static(b"\xff.\xff.\xff"));
    let request = Request::post("/").header("content-type", "application/jwt").body(()).unwrap();
    let verdict = rule().check((&body, &trusted), &mut request.into_parts().0, &at(NOW));
    assert_eq!(told(judged(verdict)), Some(Reason::ClientMetadataInvalid));
}

#[test]
fn a_client_gets_what_its_statement_and_the_policy_have_and_is_told_what_they_have_not() {
    let (invalid, redirect) = (Reason::ClientMetadataInvalid, Reason::RedirectUriInvalid);
    for (name, value, reason) in [
        ("redirect_uris", json!([]), redirect),
        ("redirect_uris", json!(["https://evil.example/cb"]), redirect),
        ("redirect_uris", json!(["https://tpp.example/cb", "https://evil.example/cb"]), redirect),
        ("redirect_uris", json!(["https://tpp.example/cb#x"]), redirect),
        ("redirect_uris", json!(["http://tpp.example/cb"]), redirect),
        ("token_endpoint_auth_method", json!("client_secret_basic"), invalid),
        ("token_endpoint_auth_method", json!("client_secret_jwt"), invalid),
        ("token_endpoint_auth_method", json!("self_signed_tls_client_auth"), invalid),
        ("token_endpoint_auth_method", json!("none"), invalid),
        ("token_endpoint_auth_signing_alg", json!("RS256"), invalid),
        ("token_endpoint_auth_signing_alg", json!("HS256"), invalid),
        ("token_endpoint_auth_signing_alg", json!("none"), invalid),
        ("id_token_signed_response_alg", json!("RS256"), invalid),
        ("request_object_signing_alg", json!("none"), invalid),
        ("grant_types", json!([]), invalid),
        ("grant_types", json!(["implicit"]), invalid),
        ("grant_types", json!(["authorization_code", "password"]), invalid),
        ("grant_types", json!(["client_credentials", "refresh_token"]), invalid),
        ("response_types", json!(["token"]), invalid),
        ("response_types", json!(["code id_token token"]), invalid),
        ("scope", json!("openid fundsconfirmations"), invalid),
        ("scope", json!("openid admin"), invalid),
        ("scope", json!(" "), invalid),
        ("jwks", json!({ "keys": [] }), invalid),
        ("jwks_uri", json!("https://evil.example/jwks"), invalid),
        ("tls_client_auth_san_dns", json!("evil.example"), invalid),
        ("id_token_encrypted_response_alg", json!("RSA-OAEP"), invalid),
        ("scope", json!(["openid"]), invalid),
    ] {
        let body = request(statement(|_| {}), |claims| {
            claims.insert(name.to_owned(), value.clone());
        });
        let refused = sent(&rule(), &obwac(), &body).unwrap_err();
        assert_eq!(refused.reason(), reason, "{name} {value}: {}", refused.why());
        assert!(refused.why().to_string().contains(name), "{name} {value}: {}", refused.why());
    }
    // The directory itself is careless here.
    for uri in ["http://tpp.example/cb", "https://tpp.example/cb#x", "https://a@tpp.example/cb"] {
        let own = |name: &'static str| {
            move |claims: &mut Claims| drop(claims.insert(name.to_owned(), json!([uri])))
        };
        let body = request(statement(own("software_redirect_uris")), own("redirect_uris"));
        let refused = sent(&rule(), &obwac(), &body).unwrap_err();
        assert_eq!(refused.reason(), redirect, "{uri}");
    }
    let codes_without_the_grant = request(statement(|_| {}), |claims| {
        claims.insert("grant_types".to_owned(), json!(["client_credentials"]));
    });
    let refused = sent(&rule(), &obwac(), &codes_without_the_grant).unwrap_err();
    assert_eq!((refused.reason(), refused.place_of_fault()), (invalid, Some("response_types")));
    for name in [
        "redirect_uris",
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "grant_types",
        "id_token_signed_response_alg",
        "request_object_signing_alg",
    ] {
        let body = request(statement(|_| {}), |claims| drop(claims.remove(name)));
        assert!(sent(&rule(), &obwac(), &body).is_err(), "{name}");
    }
    for (name, value) in [
        ("scope", None),
        ("software_id", None),
        ("response_types", None),
        ("jwks_uri", Some("https://keystore.example/tpp.jwks")),
        ("aud", Some(BANK)),
    ] {
        let body = request(statement(|_| {}), |claims| {
            claims.remove(name);
            claims.extend(value.map(|value| (name.to_owned(), value.into())));
        });
        let registered = sent(&rule(), &obwac(), &body).unwrap();
        if name == "scope" {
            assert_eq!(registered.scopes(), ["openid", "accounts", "payments"]);
        }
    }
}

#[test]
fn a_request_of_another_form_is_not_read() {
    let trusted = TrustedCertificate::of(read(&obwac()));
    let asked = |method: &str, kind: Option<&str>, body: String| {
        let mut request = Request::builder().method(method);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let body = BodyBytes::new(body.into());
        let mut request = request.body(()).unwrap().into_parts().0;
        told(judged(rule().check((&body, &trusted), &mut request, &at(NOW))))
    };
    let good = || request(statement(|_| {}), |_| {});
    let jwt = Some("application/jwt");
    assert_eq!(asked("PUT", jwt, good()), None);
    assert_eq!(asked("GET", jwt, good()), Some(Reason::MethodUnsupported));
    let unsupported = Some(Reason::ContentTypeUnsupported);
    assert_eq!(asked("POST", Some("application/json"), good()), unsupported);
    assert_eq!(asked("POST", None, good()), unsupported);
    let long = "x".repeat(64 * 1024 + 1);
    assert_eq!(asked("POST", jwt, long), Some(Reason::BodyTooLarge));
}

#[test]
fn a_policy_only_ever_narrows() {
    let policy = RegistrationPolicy::obie()
        .methods([
            AuthenticationMethod::SelfSignedTlsClientAuth,
            AuthenticationMethod::TlsClientAuth,
        ])
        .algorithms([Algorithm::Rs256, Algorithm::Ps256]);
    assert_eq!(policy.accepted(), [Algorithm::Ps256]);
    let shown = format!("{policy:?}");
    assert!(!shown.contains("SelfSigned") && !shown.contains("PrivateKeyJwt"), "{shown}");
}

#[tokio::test]
async fn the_endpoint_wants_a_certificate_and_answers_with_the_codes_of_rfc_7591() {
    use crate::body::Body;
    use crate::cert::{PeerCertificates, PresentCertificate, TrustCertificate};
    use crate::profile::authorization_server::registration_endpoint;
    use http_body_util::BodyExt;
    use tower::{Layer, ServiceExt, service_fn};

    let trust = || {
        let anchors = Anchors::of([ISSUING.der()]).unwrap();
        TrustCertificate::anchored_in(anchors, Revocation::danger_off())
    };
    let handler = service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::empty()))
    });
    let statement_of = |status: &'static str| {
        statement(move |claims| drop(claims.insert("org_status".to_owned(), status.into())))
    };
    let redirected = |claims: &mut Claims| {
        claims.insert("redirect_uris".to_owned(), json!(["https://evil.example"]));
    };
    for (chain, body, status, error) in [
        (vec![obwac()], request(statement(|_| {}), |_| {}), 200, None),
        (vec![], request(statement(|_| {}), |_| {}), 401, Some("invalid_client")),
        (vec![obwac()], request("x".to_owned(), |_| {}), 400, Some("invalid_software_statement")),
        (
            vec![obwac()],
            request(statement_of("Revoked"), |_| {}),
            400,
            Some("unapproved_software_statement"),
        ),
        (vec![obwac()], request(statement(|_| {}), redirected), 400, Some("invalid_redirect_uri")),
        (vec![obwac()], "x".to_owned(), 400, Some("invalid_client_metadata")),
    ] {
        let gate = registration_endpoint(PresentCertificate::from_tls(), trust(), None, rule());
        let now = || UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW));
        let gate = gate.clock(now).must_leave::<RegistrationRequest>().build().unwrap();
        let request = Request::post("/register")
            .header("content-type", "application/jwt")
            .extension(PeerCertificates::new(chain))
            .body(Body::from(bytes::Bytes::from(body)))
            .unwrap();
        let answer = gate.layer(handler).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{error:?}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        assert_eq!(body.get("error").and_then(Value::as_str), error);
    }
}
