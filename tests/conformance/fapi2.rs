//! FAPI2-Security-Profile-Final: the flow, and what is pushed.

use serde_json::json;

use super::expect::denied;
use super::fapi1::{ANY, INVALID, happy, user_rejects};
use super::jwt::{random, thumbprint};
use super::module::{ALWAYS, Module, OPENID, module, skipped};
use super::request::Request;
use super::tls;
use super::world::World;

pub const MODULES: &[Module] = &[
    module("HappyFlow", ALWAYS, |world| {
        tls::is_of_fapi(world)?;
        happy(&first(world).tokens()?)?;
        let mut second = Request::new(world, world.second());
        if world.variant.dpop {
            second = second.with("dpop_jkt", json!(thumbprint(&world.second().dpop)));
        }
        let second = second.tokens()?;
        second.good()?;
        let other = world.first();
        let read = second.read_accounts();
        denied(
            &match world.variant.dpop {
                true => read.proved_by(&other.dpop),
                false => read.over(&other.certified),
            }
            .send()?,
        )
    }),
    module("UserRejectsAuthentication", ALWAYS, user_rejects),
    module("EnsureAuthorizationRequestWithoutStateSuccess", ALWAYS, |world| {
        first(world).without("state").tokens()?.good()
    }),
    module("EnsureAuthorizationRequestWithoutNonceSuccess", OPENID, |world| {
        first(world).without("nonce").tokens()?.good()
    }),
    module("EnsureAuthorizationRequestWith64CharNonceSuccess", OPENID, |world| {
        first(world).with("nonce", json!(random(64))).tokens()?.good()
    }),
    module("EnsureOtherScopeOrderSucceeds", OPENID, |world| {
        first(world).with("scope", json!("accounts openid")).tokens()?.good()
    }),
    skipped(
        "TestClaimsParameterIdentityClaims",
        OPENID,
        "the server says claims_parameter_supported: false",
        |world| {
            super::expect::want(
                world.discovery["claims_parameter_supported"] == false,
                "claims_parameter_supported is not false",
            )
        },
    ),
    module("AccessTokenTypeHeaderCaseSensitivity", ALWAYS, |world| {
        let mut read = first(world).tokens()?.read_accounts();
        read.scheme = if world.variant.dpop { "dpOp" } else { "bEARER" }.to_owned();
        read.good()
    }),
    module("EnsureDifferentNonceInsideAndOutsideRequestObject", OPENID, |world| {
        first(world).beside("nonce", "another").good_or_refused(&[], &["invalid_request"])
    }),
    module("EnsureDifferentStateInsideAndOutsideRequestObject", ALWAYS, |world| {
        first(world).beside("state", "another").good_or_refused(&[], &["invalid_request"])
    }),
    module("EnsureAuthorizationRequestWithLongNonce", OPENID, |world| {
        let request = first(world).with("nonce", json!(random(384)));
        request.good_or_refused(&["invalid_request"], &["invalid_request"])
    }),
    module("EnsureAuthorizationRequestWithLongState", ALWAYS, |world| {
        first(world).with("state", json!(random(1000))).tokens()?.good()
    }),
    module("StateOnlyOutsideRequestObjectNotUsed", ALWAYS, |world| {
        first(world).moved_beside("state").good_or_refused(&[], ANY)
    }),
    module("EnsureRequestObjectWithoutRedirectUriFails", ALWAYS, |world| {
        first(world).moved_beside("redirect_uri").refused(INVALID, INVALID)
    }),
    module("TolerateUnregisteredRedirectUri", ALWAYS, |world| {
        let other = format!("{}/{}", world.first().redirect_uri, random(10));
        first(world).with("redirect_uri", json!(other)).refused_without_redirect(INVALID)
    }),
    module("EnsureUnsignedAuthorizationRequestWithoutUsingParFails", ALWAYS, |world| {
        let request = first(world);
        let mut query: std::collections::BTreeMap<_, _> = request
            .inside
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        query.insert("client_id".to_owned(), request.client.id.clone());
        request.refused_page(&request.visit(&query)?, &["invalid_request"])
    }),
    module("EnsureRedirectUriInAuthorizationRequest", ALWAYS, |world| {
        first(world).without("redirect_uri").refused_without_redirect(INVALID)
    }),
    module("EnsureResponseTypeCodeIdTokenFails", ALWAYS, |world| {
        first(world).with("response_type", json!("code id_token")).refused_anywhere(TYPE)
    }),
    module("EnsureResponseTypeTokenFails", ALWAYS, |world| {
        first(world).with("response_type", json!("token")).refused_anywhere(TYPE)
    }),
];

fn first(world: &World) -> Request<'_> {
    Request::new(world, world.first())
}

const TYPE: &[&str] = &["unsupported_response_type", "invalid_request", "unauthorized_client"];
