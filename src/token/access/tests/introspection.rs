use super::super::super::test_tokens::Says;
use super::*;
use crate::gate::BoxFuture;

fn asks(server: impl Introspect) -> VerifyToken {
    let (issuer, audience) = (TokenIssuer(ISSUER.into()), TokenAudience(AUDIENCE.into()));
    VerifyToken::introspected_by(issuer, audience, server)
}

/// The verdict on a token of which the server says that it is active, with these members.
fn verdict_on_answer(edit: impl FnOnce(&mut Map<String, Value>)) -> Result<(), Reason> {
    let mut answer = claims();
    answer.insert("active".to_owned(), true.into());
    edit(&mut answer);
    verdict(&asks(Says(Value::from(answer).to_string())), "opaque")
}

#[test]
fn an_active_token_passes_and_its_members_are_read() {
    assert_eq!(verdict_on_answer(|_| {}), Ok(()));
    let mut answer = claims();
    answer.insert("active".to_owned(), true.into());
    let token = verify(&asks(Says(Value::from(answer).to_string())), "opaque").unwrap();
    assert_eq!((token.client_id(), token.has_scope("payments")), ("tpp", true));
}

#[test]
fn an_inactive_token_is_invalid_whatever_else_is_said() {
    assert_eq!(verdict(&asks(Says(r#"{"active":false}"#.into())), "opaque"), INVALID);
    let inactive = |answer: &mut Map<String, Value>| {
        answer.insert("active".to_owned(), false.into());
    };
    assert_eq!(verdict_on_answer(inactive), INVALID);
}

#[test]
fn the_members_are_checked_as_claims_are() {
    let expired = Err(Reason::TokenExpired);
    for (member, value, expected) in [
        ("exp", json!(NOW + 1), Ok(())),
        ("exp", json!(NOW), expired),
        ("nbf", json!(NOW + 10), Ok(())),
        ("nbf", json!(NOW + 11), INVALID),
        ("iat", json!(NOW + 11), INVALID),
        ("iss", json!("https://as.other.example"), INVALID),
        ("aud", json!("https://other.example"), INVALID),
        ("aud", json!(["https://other.example", AUDIENCE]), Ok(())),
        ("client_id", json!(""), INVALID),
    ] {
        let edit = |answer: &mut Map<String, Value>| {
            answer.insert(member.to_owned(), value.clone());
        };
        assert_eq!(verdict_on_answer(edit), expected, "{member} {value}");
    }
}

#[test]
fn exp_and_client_id_are_there_and_the_rest_is_optional() {
    for (member, expected) in [
        ("exp", INVALID),
        ("client_id", INVALID),
        ("iss", Ok(())),
        ("aud", Ok(())),
        ("sub", Ok(())),
        ("jti", Ok(())),
        ("iat", Ok(())),
    ] {
        assert_eq!(verdict_on_answer(|answer| drop(answer.remove(member))), expected, "{member}");
    }
}

#[test]
fn an_answer_that_is_none_is_our_fault() {
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"active":"true"}"#,
        r#"{"active":true,"active":false}"#,
        r#"{"active":true,"exp":"soon"}"#,
        r#"{"active":true,"client_id":"tpp","cnf":{"x5t#S256":"short"}}"#,
    ] {
        let verdict = verdict(&asks(Says(body.to_owned())), "opaque");
        assert_eq!(verdict, Err(Reason::ServiceUnavailable), "{body}");
    }
}

/// A server that sees which token it is asked about, and does not answer.
struct Silent;

impl Introspect for Silent {
    fn introspect<'a>(
        &'a self,
        token: &'a str,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        assert_eq!(token, "opaque");
        Box::pin(async { Err(IntrospectionError::new("connection refused")) })
    }
}

#[test]
fn a_server_that_does_not_answer_is_our_fault() {
    assert_eq!(verdict(&asks(Silent), "opaque"), Err(Reason::ServiceUnavailable));
}

#[test]
fn nobody_is_asked_about_a_token_that_is_malformed() {
    let refused = verdict(&asks(Silent), "a,b");
    assert_eq!(refused, Err(Reason::TokenMalformed));
}
