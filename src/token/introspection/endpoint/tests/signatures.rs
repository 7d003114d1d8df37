//! Signed answers (RFC 9701), made and read.

use super::*;

fn keys() -> KeySet {
    KeySet::of([Key::new(KEY.public_key().clone()).with_id("as-1")]).unwrap()
}

fn signer() -> IntrospectionSigner {
    IntrospectionSigner {
        issuer: ISSUER.to_owned(),
        key: KEY.clone(),
        kid: "as-1".to_owned(),
        algorithm: Algorithm::Es256,
    }
}

fn demanding(server: &Server, keys: impl KeySource) -> IntrospectionEndpoint {
    server.endpoint().signed_by(issuer(), audience(), keys)
}

fn token() -> Claims {
    Claims::parse(Value::from(claims()).to_string().as_bytes()).unwrap()
}

/// The claims of a signed answer that is in order.
fn payload() -> Map<String, Value> {
    let introspection: Value = serde_json::from_str(&active(|_| {})).unwrap();
    let payload = json!({
        "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "token_introspection": introspection,
    });
    serde_json::from_value(payload).unwrap()
}

/// The verdict on this answer, sent as the media type says.
fn on(media_type: &'static str, body: &str) -> Result<(), Reason> {
    let server = Server::answering(Ok(answer(StatusCode::OK, media_type, body)));
    verdict(demanding(&server, keys()), "opaque")
}

fn on_payload(edit: impl FnOnce(&mut Map<String, Value>)) -> Result<(), Reason> {
    let mut payload = payload();
    edit(&mut payload);
    on(SIGNED, &signed(&Value::from(payload).to_string(), TYP))
}

fn signed(payload: &str, typ: &str) -> String {
    let header = NewHeader::new(Algorithm::Es256, "as-1").typ(typ);
    header.sign_compact(&KEY, payload.as_bytes()).unwrap()
}

const FAILURE: Result<(), Reason> = Err(Reason::ServiceUnavailable);

#[test]
fn an_answer_that_the_issuer_signed_for_this_server_is_believed() {
    let server = Server::saying("");
    let (token, to) = (token(), audience());
    let made = IntrospectionAnswer::about(Some(&token), &to, at(NOW)).signed(&signer()).unwrap();
    assert_eq!(made.headers()["content-type"], SIGNED);
    assert_eq!(made.headers()["cache-control"], "no-store");
    server.sends(made);
    assert_eq!(verdict(demanding(&server, keys()), "opaque"), Ok(()));
    assert_eq!(server.asked().1, SIGNED);
    // And one that says no.
    server.sends(IntrospectionAnswer::about(None, &to, at(NOW)).signed(&signer()).unwrap());
    let refused = verdict(demanding(&server, keys()), "opaque");
    assert_eq!(refused, Err(Reason::TokenInvalid));
}

#[test]
fn a_plain_answer_is_a_failure_where_a_signed_one_is_demanded() {
    assert_eq!(on("application/json", &active(|_| {})), FAILURE);
    assert_eq!(on(SIGNED, &active(|_| {})), FAILURE);
    let good = signed(&Value::from(payload()).to_string(), TYP);
    assert_eq!(on(SIGNED, &good), Ok(()));
    assert_eq!(on("application/json", &good), FAILURE);
    assert_eq!(on("application/jwt", &good), FAILURE);
    // Nor is a signed one an answer to who did not ask for it.
    let server = Server::answering(Ok(answer(StatusCode::OK, SIGNED, &good)));
    assert_eq!(verdict(server.endpoint(), "opaque"), FAILURE);
}

#[test]
fn typ_is_token_introspection_jwt() {
    let payload = Value::from(payload()).to_string();
    for (typ, expected) in [
        ("token-introspection+jwt", Ok(())),
        ("application/token-introspection+jwt", Ok(())),
        ("Token-Introspection+JWT", Ok(())),
        ("JWT", FAILURE),
        ("at+jwt", FAILURE),
        ("", FAILURE),
    ] {
        assert_eq!(on(SIGNED, &signed(&payload, typ)), expected, "{typ}");
    }
    let untyped = NewHeader::new(Algorithm::Es256, "as-1");
    let untyped = untyped.sign_compact(&KEY, payload.as_bytes()).unwrap();
    assert_eq!(on(SIGNED, &untyped), FAILURE);
}

#[test]
fn iss_aud_and_iat_are_there_and_right() {
    assert_eq!(on_payload(|_| {}), Ok(()));
    for member in ["iss", "aud", "iat", "token_introspection"] {
        assert_eq!(on_payload(|payload| drop(payload.remove(member))), FAILURE, "{member}");
    }
    for (member, value, expected) in [
        ("iss", json!("https://as.other.example"), FAILURE),
        ("iss", json!(format!("{ISSUER}/")), FAILURE),
        ("aud", json!("https://other.example"), FAILURE),
        ("aud", json!([]), FAILURE),
        ("aud", json!(["https://other.example", AUDIENCE]), Ok(())),
        // Known to the issuer by its client_id, as servers in the field name it.
        ("aud", json!("rs"), Ok(())),
        ("iat", json!(NOW + 10), Ok(())),
        ("iat", json!(NOW + 11), FAILURE),
        ("iat", json!(NOW - 60), Ok(())),
        ("iat", json!(NOW - 61), FAILURE),
        ("iat", json!("now"), FAILURE),
        ("token_introspection", json!({}), FAILURE),
        ("token_introspection", json!({ "active": "true" }), FAILURE),
        ("token_introspection", json!([true]), FAILURE),
        ("token_introspection", json!({ "active": false }), Err(Reason::TokenInvalid)),
    ] {
        let edit = |payload: &mut Map<String, Value>| {
            payload.insert(member.to_owned(), value.clone());
        };
        assert_eq!(on_payload(edit), expected, "{member} {value}");
    }
}

#[test]
fn only_what_stands_inside_token_introspection_is_said_of_the_token() {
    // The members of an active token beside it make no inactive one active.
    let beside = on_payload(|payload| {
        payload.extend(serde_json::from_str::<Map<_, _>>(&active(|_| {})).unwrap());
        payload.insert("iat".to_owned(), NOW.into());
        payload.insert("token_introspection".to_owned(), json!({ "active": false }));
    });
    assert_eq!(beside, Err(Reason::TokenInvalid));
    // An end beside it is not the token's.
    let beside = on_payload(|payload| {
        payload.insert("exp".to_owned(), (NOW + 300).into());
        payload["token_introspection"].as_object_mut().unwrap().remove("exp");
    });
    assert_eq!(beside, Err(Reason::TokenInvalid));
}

#[test]
fn the_signature_is_one_by_a_key_of_the_issuer() {
    let payload = Value::from(payload()).to_string();
    let other = test_keys::signing(&test_keys::p256());
    let by = |key: &SigningKey, algorithm, kid| {
        NewHeader::new(algorithm, kid).typ(TYP).sign_compact(key, payload.as_bytes()).unwrap()
    };
    assert_eq!(on(SIGNED, &by(&KEY, Algorithm::Es256, "as-1")), Ok(()));
    assert_eq!(on(SIGNED, &by(&other, Algorithm::Es256, "as-1")), FAILURE);
    assert_eq!(on(SIGNED, &by(&KEY, Algorithm::Es256, "as-2")), FAILURE);
    // A key that the issuer has, with an algorithm that is not allowed.
    let rsa = test_keys::signing(test_keys::rsa_2048());
    let keys = || KeySet::of([Key::new(rsa.public_key().clone()).with_id("rsa")]).unwrap();
    for (algorithm, expected) in [(Algorithm::Ps256, Ok(())), (Algorithm::Ps384, FAILURE)] {
        let server =
            Server::answering(Ok(answer(StatusCode::OK, SIGNED, &by(&rsa, algorithm, "rsa"))));
        assert_eq!(verdict(demanding(&server, keys()), "opaque"), expected, "{algorithm:?}");
    }
}

/// A source that answers this, later.
struct Later(FoundKey);

impl KeySource for Later {
    fn find(&self, _: &str, now: UnixTime) -> KeyLookup {
        assert_eq!(now.as_secs(), NOW);
        let found = self.0.clone();
        Lookup::Later(Box::pin(async { found }))
    }
}

#[test]
fn keys_that_come_later_verify_and_those_that_do_not_come_fail() {
    let good = signed(&Value::from(payload()).to_string(), TYP);
    let server = Server::answering(Ok(answer(StatusCode::OK, SIGNED, &good)));
    let key = keys().get("as-1").cloned();
    assert_eq!(verdict(demanding(&server, Later(Ok(key))), "opaque"), Ok(()));
    assert_eq!(verdict(demanding(&server, Later(Ok(None))), "opaque"), FAILURE);
    assert_eq!(verdict(demanding(&server, Later(Err(KeysUnavailable))), "opaque"), FAILURE);
}

#[test]
fn a_signed_answer_is_no_access_token() {
    let (token, to) = (token(), audience());
    let answer = IntrospectionAnswer::about(Some(&token), &to, at(NOW)).signed(&signer()).unwrap();
    let jwt = std::str::from_utf8(answer.body()).unwrap();
    let strict = VerifyToken::issued_by(issuer(), audience(), keys());
    for rule in [strict.clone(), strict.clone().allow_untyped()] {
        let verdict = presented(&rule, jwt, &test_support::at(NOW));
        assert_eq!(verdict, Err(Reason::TokenInvalid));
    }
    // Not even where its type was left away: it has no end of its own.
    let payload = Value::from(payload()).to_string();
    let untyped =
        presented(&strict.allow_untyped(), &signed(&payload, "JWT"), &test_support::at(NOW));
    assert_eq!(untyped, Err(Reason::TokenInvalid));
}

#[test]
fn a_key_signs_with_its_own_algorithm() {
    let by = IntrospectionSigner { algorithm: Algorithm::Ps256, ..signer() };
    assert!(IntrospectionAnswer::about(None, &audience(), at(NOW)).signed(&by).is_err());
}
