//! Access tokens for the tests of rules that need one: introspected, so that no key is due.

use rustls_pki_types::UnixTime;
use serde_json::{Map, Value, json};

use super::{
    AccessToken, Introspect, Introspected, IntrospectionError, TokenAudience, TokenIssuer,
    TokenSchemes, VerifyToken, introspection_response,
};
use crate::cert::test_pki::NOW;
use crate::gate::test_support::{at, judged, request};
use crate::gate::{BoxFuture, Rule as _};

pub(crate) const ISSUER: &str = "https://as.bank.example";
pub(crate) const AUDIENCE: &str = "https://rs.bank.example";

/// The text of every token here.
pub(crate) const TOKEN: &str = "opaque";

/// The claims of a token that is in order.
pub(crate) fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user",
        "client_id": "tpp",
        "jti": "1",
        "iat": NOW,
        "exp": NOW + 300,
        "scope": "openid payments",
    });
    serde_json::from_value(claims).unwrap()
}

/// A verified token of these claims but for the edit.
pub(crate) fn access_token(edit: impl FnOnce(&mut Map<String, Value>)) -> AccessToken {
    let mut answer = claims();
    answer.insert("active".to_owned(), true.into());
    edit(&mut answer);
    let (issuer, audience) = (TokenIssuer(ISSUER.into()), TokenAudience(AUDIENCE.into()));
    let scheme =
        if answer.get("cnf").is_some_and(|cnf| cnf["jkt"].is_string()) { "DPoP" } else { "Bearer" };
    let server = Says(Value::from(answer).to_string());
    let rule = VerifyToken::introspected_by(issuer, audience, server);
    let rule = rule.under(TokenSchemes::BearerOrDpop);
    let mut request = request();
    request.headers.insert("authorization", format!("{scheme} {TOKEN}").parse().unwrap());
    judged(rule.check((), &mut request, &at(NOW))).unwrap()
}

/// An authorization server that answers every introspection with this body.
pub(crate) struct Says(pub(crate) String);

impl Introspect for Says {
    fn introspect<'a>(
        &'a self,
        _: &'a str,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        Box::pin(async { introspection_response(self.0.as_bytes()) })
    }
}
