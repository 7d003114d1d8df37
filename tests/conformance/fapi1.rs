//! FAPI1-Advanced-Final: the flow, and the request object.

use serde_json::json;

use super::Verdict;
use super::expect::{denied, want};
use super::flow::Tokens;
use super::http::Reply;
use super::jwt::random;
use super::module::{ALWAYS, BY_VALUE, Module, module};
use super::request::{Asked, Request};
use super::uk::requested;
use super::world::World;
use super::{Anything, tls};

pub const MODULES: &[Module] = &[
    module("FAPI1AdvancedFinal", ALWAYS, |world| {
        tls::is_of_fapi(world)?;
        let first = first(world)?.tokens()?;
        happy(&first)?;
        let second = requested(world, world.second())?.tokens()?;
        second.good()?;
        denied(&second.read_accounts().over(&world.first().certified).send()?)
    }),
    module("UserRejectsAuthentication", ALWAYS, user_rejects),
    module("EnsureServerAcceptsRequestObjectWithMultipleAud", ALWAYS, |world| {
        let audiences = json!([world.issuer, "https://other1.example.com", "invalid"]);
        let request = first(world)?.with("aud", audiences);
        if world.variant.pushed { request.alone() } else { request }.tokens()?.good()
    }),
    module("EnsureAuthorizationRequestWithoutStateSuccess", ALWAYS, |world| {
        first(world)?.without("state").tokens()?.good()
    }),
    module("EnsureValidPKCESucceeds", BY_VALUE, |world| {
        first(world)?.challenged().tokens()?.good()
    }),
    module("EnsureOtherScopeOrderSucceeds", ALWAYS, |world| {
        first(world)?.with("scope", json!("accounts openid")).tokens()?.good()
    }),
    module("AccessTokenTypeHeaderCaseSensitivity", ALWAYS, |world| {
        let mut read = first(world)?.tokens()?.read_accounts();
        read.scheme = "bEARER".to_owned();
        read.good()
    }),
    module("EnsureResponseModeQuery", ALWAYS, |world| {
        let request = first(world)?.with("response_mode", json!("query"));
        request.refused_anywhere(&["invalid_request", "invalid_request_object"])
    }),
    module("EnsureDifferentNonceInsideAndOutsideRequestObject", ALWAYS, |world| {
        first(world)?.beside("nonce", "another").good_or_refused(&[], &["invalid_request"])
    }),
    module("EnsureRegisteredRedirectUri", ALWAYS, |world| {
        let other = format!("{}/{}", world.first().redirect_uri, random(10));
        first(world)?.with("redirect_uri", json!(other)).refused_without_redirect(INVALID)
    }),
    module("EnsureRequestObjectWithLongNonce", ALWAYS, |world| {
        let request = first(world)?.with("nonce", json!(random(384)));
        request.good_or_refused(&["invalid_request"], &["invalid_request"])
    }),
    module("EnsureRequestObjectWith64CharNonceSuccess", ALWAYS, |world| {
        first(world)?.with("nonce", json!(random(64))).tokens()?.good()
    }),
    module("EnsureRequestObjectWithLongState", ALWAYS, |world| {
        first(world)?.with("state", json!(random(1000))).tokens()?.good()
    }),
    module("EnsureRequestObjectWithoutExpFails", ALWAYS, |world| {
        first(world)?.without("exp").refused(OBJECT, ANY)
    }),
    module("EnsureRequestObjectWithoutNbfFails", ALWAYS, |world| {
        first(world)?.without("nbf").refused(OBJECT, ANY)
    }),
    module("EnsureRequestObjectWithoutScopeFails", ALWAYS, |world| {
        first(world)?.moved_beside("scope").refused(INVALID, ANY)
    }),
    module("EnsureRequestObjectWithoutState", ALWAYS, |world| {
        first(world)?.moved_beside("state").good_or_refused(INVALID, ANY)
    }),
    module("EnsureRequestObjectWithoutNonceFails", ALWAYS, |world| {
        first(world)?.moved_beside("nonce").refused(INVALID, &ANY[..3])
    }),
    module("EnsureRequestObjectWithoutRedirectUriFails", ALWAYS, |world| {
        first(world)?.moved_beside("redirect_uri").refused(INVALID, INVALID)
    }),
    module("EnsureExpiredRequestObjectFails", ALWAYS, |world| {
        let now = world.now();
        first(world)?.with("exp", json!(now - 3600)).refused(OBJECT, OBJECT)
    }),
    module("EnsureRequestObjectWithBadAudFails", ALWAYS, |world| {
        first(world)?.with("aud", json!("https://www.other1.example.com/")).refused(OBJECT, OBJECT)
    }),
    module("EnsureRequestObjectWithExpOver60Fails", ALWAYS, |world| {
        let now = world.now();
        first(world)?.with("exp", json!(now + 70 * 60)).refused(OBJECT, OBJECT)
    }),
    module("EnsureRequestObjectWithNbfOver60Fails", ALWAYS, |world| {
        let now = world.now();
        first(world)?.with("nbf", json!(now - 70 * 60)).refused(OBJECT, OBJECT)
    }),
    module("EnsureSignedRequestObjectWithRS256Fails", ALWAYS, |world| {
        first(world)?.signed_with("RS256").refused(OBJECT, OBJECT)
    }),
    module("EnsureRequestObjectSignatureAlgorithmIsNotNone", ALWAYS, |world| {
        state_in_url(first(world)?).signed_with("none").refused(OBJECT, OBJECT)
    }),
    module("EnsureRequestObjectWithInvalidSignatureFails", ALWAYS, |world| {
        state_in_url(first(world)?).spoiled().refused(OBJECT, OBJECT)
    }),
    module("EnsureMatchingKeyInAuthorizationRequest", ALWAYS, |world| {
        state_in_url(first(world)?).signed_by(world.second()).refused(INVALID, OBJECT)
    }),
    module("EnsureAuthorizationRequestWithoutRequestObjectFails", ALWAYS, |world| {
        let request = first(world)?;
        let plain = ["client_id", "redirect_uri", "response_type", "scope", "state", "nonce"];
        let query = plain.map(|name| (name.to_owned(), request.text(name).unwrap().to_owned()));
        request.refused_page(&request.visit(&query.into())?, &["invalid_request"])
    }),
    module("EnsureRedirectUriInAuthorizationRequest", ALWAYS, |world| {
        first(world)?.without("redirect_uri").refused_without_redirect(INVALID)
    }),
    module("EnsureResponseTypeCodeFails", ALWAYS, |world| {
        let request = first(world)?.with("response_type", json!("code")).without("response_mode");
        request.refused_anywhere(&["unsupported_response_type", "invalid_request"])
    }),
];

/// A flow with everything that the suite does to the accounts beside it.
pub fn happy(tokens: &Tokens<'_>) -> Verdict {
    tokens.good()?;
    for accept in ["application/json;charset=UTF-8", "application/json, application/*+json, */*"] {
        tokens.read_accounts().header("accept", accept).good()?;
    }
    let address = "2001:DB8::1893:25c8:1946";
    tokens.read_accounts().header("x-fapi-customer-ip-address", address).good()?;
    let world = tokens.request.world;
    let url = format!("{}?access_token={}", world.accounts, tokens.access_token());
    let reply: Reply = world.wait(tokens.request.client.certified.get(&url, &[]))?;
    want(matches!(reply.status.as_u16(), 400 | 401), format!("in the query: {}", reply.status))
}

/// Both clients hear that the customer refused.
pub fn user_rejects(world: &World) -> Verdict {
    for client in &world.clients {
        let request = requested(world, client)?.with("state", json!(random(128)));
        let Asked::Browser(page) = request.ask()? else { return Err("not pushed".into()) };
        let parameters = request.answered(&request.decide(&page, "deny")?)?;
        request.refused_answer(&parameters, &["access_denied"])?;
    }
    Ok(())
}

fn first(world: &World) -> Anything<Request<'_>> {
    requested(world, world.first())
}

fn state_in_url(request: Request<'_>) -> Request<'_> {
    let state = request.text("state").unwrap().to_owned();
    request.beside("state", &state)
}

pub const INVALID: &[&str] = &["invalid_request", "invalid_request_object"];
pub const ANY: &[&str] =
    &["invalid_request", "invalid_request_object", "invalid_request_uri", "access_denied"];
const OBJECT: &[&str] = &["invalid_request_object"];
