//! Pushed authorisation requests, and PKCE.

use serde_json::json;

use super::Verdict;
use super::expect::{bad_request, pushed, want};
use super::fapi1::{ANY, INVALID};
use super::jwt::random;
use super::module::{Module, module};
use super::request::Request;
use super::token::coded;
use super::variant::Variant;
use super::world::World;

pub const MODULES: &[Module] = &[
    module(
        "PAREnsureServerAcceptsReusedRequestUriBeforeAuthenticationCompletion",
        PUSHED,
        |world| {
            let request = first(world);
            let uri = pushed(&request.push().send()?)?;
            want(request.browse("request_uri", &uri)?.status == 200, "no page at the first visit")?;
            let page = request.browse("request_uri", &uri)?;
            request.approved(&page)?.tokens()?.good()
        },
    ),
    module("PARAttemptReuseRequestUri", PUSHED, |world| {
        let request = first(world);
        let uri = pushed(&request.push().send()?)?;
        let page = request.browse("request_uri", &uri)?;
        request.clone().approved(&page)?.tokens()?.good()?;
        request.refused_page(&request.browse("request_uri", &uri)?, &["invalid_request_uri"])
    }),
    module("PARAttemptToUseExpiredRequestUri", PUSHED, |world| {
        let request = first(world);
        let reply = request.push().send()?;
        let uri = pushed(&reply)?;
        world.pass(reply.json()?["expires_in"].as_u64().ok_or("no expires_in")?);
        request.refused_page(&request.browse("request_uri", &uri)?, &["invalid_request_uri"])
    }),
    module("PAREnsureRequestUriIsBoundToClient", PUSHED, |world| {
        let uri = pushed(&first(world).push().send()?)?;
        let other = Request::new(world, world.second());
        other.refused_page(&other.browse("request_uri", &uri)?, &ANY[..3])
    }),
    module("PARRejectRequestUriInParAuthorizationFormParams", PUSHED, |world| {
        let call = first(world).push().with("request_uri", &format!("urn:example:{}", random(20)));
        bad_request(
            &call.send()?,
            &["invalid_request", "invalid_request_object", "request_uri_not_supported"],
        )
    }),
    module("PARRejectInvalidHttpVerb", PUSHED, |world| {
        let reply = first(world).push().method("PUT").send()?;
        want(reply.status.as_u16() >= 400, reply.status.to_string())
    }),
    module("PAREnsurePKCERequired", PUSHED, |world| {
        let request = first(world).without("code_challenge").without("code_challenge_method");
        request.refused(REQUEST, REQUEST)
    }),
    module("PAREnsurePKCECodeVerifierRequired", PUSHED, |world| {
        bad_request(&coded(world)?.call().without("code_verifier").send()?, GRANT)
    }),
    module("PARIncorrectPKCECodeVerifierRejected", PUSHED, |world| {
        bad_request(&coded(world)?.call().with("code_verifier", &random(43)).send()?, GRANT)
    }),
    module("PAREnsurePlainPKCERejected", PUSHED, |world| {
        // In the form of S256, so that nothing but the method is wrong.
        first(world).with("code_challenge_method", json!("plain")).refused(REQUEST, REQUEST)
    }),
    module("PARRejectInvalidAudienceInRequestObject", OBJECTS, |world| {
        let audience = json!(world.endpoint("pushed_authorization_request"));
        let request = first(world).with("aud", audience);
        request.refused(&["invalid_request_object"], &["invalid_request_uri"])
    }),
    module("PARRejectInvalidRedirectUri", OBJECTS, |world| {
        let request = first(world).with("redirect_uri", json!("https://junk.io/junk/callback"));
        bad_request(&request.push().send()?, INVALID)
    }),
    module("PARRejectRequestUriInParAuthorizationRequest", OBJECTS, |world| {
        let request = first(world).with("request_uri", json!("urn:example:1"));
        bad_request(&request.push().send()?, &["invalid_request_object"])
    }),
    module("ParWithoutDuplicateParameters", PUSHED, without_duplicates),
];

fn without_duplicates(world: &World) -> Verdict {
    first(world).alone().tokens()?.good()
}

fn first(world: &World) -> Request<'_> {
    Request::new(world, world.first())
}

const PUSHED: fn(&Variant) -> bool = |variant| variant.pushed;
const OBJECTS: fn(&Variant) -> bool = |variant| variant.pushed && !variant.fapi2();
const REQUEST: &[&str] = &["invalid_request"];
const GRANT: &[&str] = &["invalid_grant"];
