//! Assertions of clients.

use serde_json::json;

use super::call::Call;
use super::expect::{pushed, refused};
use super::flow::Tokens;
use super::module::{JWT, Module, module};
use super::request::Request;
use super::token::coded;
use super::uk::requested;
use super::variant::Variant;
use super::world::World;
use super::{Anything, Verdict};

pub const MODULES: &[Module] = &[
    module("EnsureSignedClientAssertionWithRS256Fails", JWT, |world| {
        refused(&coded(world)?.call().signed_with("RS256").send()?, &["invalid_client"])
    }),
    module("EnsureClientAssertionInTokenEndpoint", JWT, |world| {
        refused(&coded(world)?.call().without_assertion().send()?, INVALID)
    }),
    module("EnsureClientAssertionWithExpIs5MinutesInPastFails", JWT, |world| {
        at_token(world, |call| call.claim("exp", json!(world.now() - 300)))
    }),
    module("EnsureClientAssertionWithWrongAudFails", JWT, |world| {
        at_token(world, |call| call.claim("aud", json!(STRANGER)))
    }),
    module("EnsureClientAssertionWithNoSubFails", JWT, |world| {
        at_token(world, |call| call.claim("sub", json!(null)))
    }),
    module("EnsureClientAssertionWithWrongIssFails", JWT_F1, |world| {
        at_token(world, |call| call.claim("iss", json!("wrong-issuer-value")))
    }),
    module("EnsureClientAssertionWithWrongSubFails", JWT_F1, |world| {
        at_token(world, |call| call.claim("sub", json!("wrong-sub-value")))
    }),
    module("EnsureClientAssertionWithIssAudSucceeds", JWT_F1, |world| {
        let coded = coded(world)?;
        let reply = coded.call().claim("aud", json!(world.issuer)).send()?;
        Tokens::read(coded, &reply)?.good()
    }),
    module("PARArrayAsAudienceForJWTClientAssertion", JWT_F1, |world| {
        let audiences = json!([world.issuer, world.endpoint("token")]);
        let request = requested(world, world.first())?;
        let coded = match world.variant.pushed {
            true => {
                let uri = pushed(&request.push().claim("aud", audiences.clone()).send()?)?;
                let page = request.browse("request_uri", &uri)?;
                request.approved(&page)?
            }
            false => request.code()?,
        };
        let reply = coded.call().claim("aud", audiences).send()?;
        Tokens::read(coded, &reply)?.good()
    }),
    module("PARCheckAudienceForJWTClientAssertion", JWT_F1_PUSHED, |world| {
        let audience = world.endpoint("pushed_authorization_request");
        flows(request(world)?, |call| call.claim("aud", json!(audience)))
    }),
    module("PARTokenEndpointAsAudienceForJWTClientAssertion", JWT_F1_PUSHED, |world| {
        let audience = world.endpoint("token");
        flows(request(world)?, |call| call.claim("aud", json!(audience)))
    }),
    module("PAREnsureClientAssertionWithWrongAudFails", JWT_F1_PUSHED, |world| {
        at_par(world, |call| call.claim("aud", json!(STRANGER)))
    }),
    module("PAREnsureClientAssertionWithWrongIssFails", JWT_F1_PUSHED, |world| {
        at_par(world, |call| call.claim("iss", json!("wrong-issuer-value")))
    }),
    module("PAREnsureClientAssertionWithWrongSubFails", JWT_F1_PUSHED, |world| {
        at_par(world, |call| call.claim("sub", json!("wrong-sub-value")))
    }),
    module("PAREnsureJWTClientAssertionWithIatNbf8SecondsInTheFutureIsAccepted", JWT_F2, |world| {
        let ahead = world.now() + 8;
        flows(request(world)?, |call| call.claim("iat", json!(ahead)).claim("nbf", json!(ahead)))
    }),
    module("PAREnsureJWTClientAssertionWithIatNbfOver60SecondsInTheFutureFails", JWT_F2, |world| {
        let ahead = world.now() + 62;
        at_par(world, |call| {
            let call = call.claim("iat", json!(ahead)).claim("nbf", json!(ahead));
            call.claim("exp", json!(ahead + 60))
        })
    }),
    module("PAREndpointAsArrayAudienceFails", JWT_F2, |world| {
        let audiences = json!([world.issuer, world.endpoint("token")]);
        at_par(world, |call| call.claim("aud", audiences))
    }),
    module("PAREndpointAsAudienceFails", JWT_F2, |world| {
        let audience = world.endpoint("pushed_authorization_request");
        at_par(world, |call| call.claim("aud", json!(audience)))
    }),
    module("PARTokenEndpointAsAudienceFails", JWT_F2, |world| {
        at_par(world, |call| call.claim("aud", json!(world.endpoint("token"))))
    }),
];

/// The assertion must be refused at the token endpoint; a right one gets the code's tokens then.
fn at_token<'a>(world: &'a World, change: impl Fn(Call<'a>) -> Call<'a>) -> Verdict {
    let coded = coded(world)?;
    refused(&change(coded.call()).send()?, INVALID)?;
    coded.tokens()?.good()
}

/// The assertion must be refused at the endpoint of pushed requests.
fn at_par<'a>(world: &'a World, change: impl FnOnce(Call<'a>) -> Call<'a>) -> Verdict {
    refused(&change(request(world)?.push()).send()?, INVALID)
}

/// The assertion must do at the endpoint of pushed requests.
fn flows<'a>(request: Request<'a>, change: impl Fn(Call<'a>) -> Call<'a>) -> Verdict {
    let uri = pushed(&change(request.push()).send()?)?;
    let page = request.browse("request_uri", &uri)?;
    request.approved(&page)?.tokens()?.good()
}

fn request(world: &World) -> Anything<Request<'_>> {
    requested(world, world.first())
}

const JWT_F1: fn(&Variant) -> bool = |variant| variant.jwt() && !variant.fapi2();
const JWT_F1_PUSHED: fn(&Variant) -> bool = |variant| JWT_F1(variant) && variant.pushed;
const JWT_F2: fn(&Variant) -> bool = |variant| variant.jwt() && variant.fapi2();
const INVALID: &[&str] = &["invalid_client", "invalid_request"];
const STRANGER: &str = "https://other.example/api/userinfo";
