//! Access tokens that are missing, forged, or meant for something else.

use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use serde_json::json;

use super::super::now;
use super::super::plan::Plan;
use super::super::stage::Stage;
use super::{Anything, INVALID_HEADER, INVALID_TOKEN};

pub async fn play(stage: &mut Stage<'_>, probe: &Plan<'_>) -> Anything<()> {
    // RFC 6750, 3.1: no error code for a request without credentials.
    let message = probe.altered(|request| drop(request.headers_mut().remove(AUTHORIZATION)))?;
    stage.attack("no token", (401, "-"), message).await?;

    for (name, claim, value) in [
        ("token that has expired", "exp", json!(now() - 1)),
        ("token of another issuer", "iss", json!("https://auth.other.example")),
        ("token for another audience", "aud", json!("https://api.other.example")),
    ] {
        let message = probe.but(|plan| plan.claims[claim] = value)?;
        stage.attack(name, INVALID_TOKEN, message).await?;
    }
    let message = probe.but(|plan| {
        plan.claims.as_object_mut().map(|claims| claims.remove("cnf"));
    })?;
    stage.attack("token bound to nothing", INVALID_TOKEN, message).await?;
    let message = probe.but(|plan| plan.claims["scope"] = json!("accounts"))?;
    stage.attack("token without the scope", (403, "UK.OBIE.Reauthenticate"), message).await?;

    for (name, member, value) in [
        ("token with alg none", "alg", json!("none")),
        ("token with the public key as HMAC secret", "alg", json!("HS256")),
        ("token signed with RS256", "alg", json!("RS256")),
        ("JWT of another type", "typ", json!("logout+jwt")),
    ] {
        let message = probe.but(|plan| plan.token_header[member] = value)?;
        stage.attack(name, INVALID_TOKEN, message).await?;
    }
    let message = probe.but(|plan| plan.token_key = &probe.client.seal_key)?;
    stage.attack("token signed by its client", INVALID_TOKEN, message).await?;

    let message = probe.altered(|request| {
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let uri = format!("{}?access_token={token}", request.uri().path());
        *request.uri_mut() = uri.parse().expect("a token needs no escapes");
    })?;
    stage.attack("token in the query", INVALID_HEADER, message).await?;

    let message = probe.altered(|request| {
        let other = HeaderValue::from_static("Bearer x");
        request.headers_mut().append(AUTHORIZATION, other);
    })?;
    stage.attack("two Authorization lines", INVALID_HEADER, message).await?;
    Ok(())
}
