//! Codes, refresh tokens, and to whom they are bound.

use serde_json::json;

use super::call::Call;
use super::expect::{bad_request, denied, refused, want};
use super::flow::Coded;
use super::module::{ALWAYS, F1, F2, Module, module};
use super::uk::requested;
use super::world::World;
use super::{Anything, Verdict, jwt, tls};

pub const MODULES: &[Module] = &[
    module("EnsureClientIdInTokenEndpoint", ALWAYS, |world| {
        let other = &world.second().id;
        let call = coded(world)?.call().with("client_id", other);
        let call = call.claim("iss", json!(other)).claim("sub", json!(other));
        refused(&call.send()?, &["invalid_client", "invalid_grant"])
    }),
    module("EnsureMTLSHolderOfKeyRequired", F1, holder_of_key),
    module("EnsureHolderOfKeyRequired", F2, holder_of_key),
    module("EnsureAuthorizationCodeIsBoundToClient", ALWAYS, |world| {
        let coded = coded(world)?;
        let call = Call::new(world, world.second(), "token")
            .with("grant_type", "authorization_code")
            .with("code", &coded.code)
            .with("redirect_uri", &world.first().redirect_uri);
        let call = match coded.request.inside.contains_key("code_challenge") {
            true => call.with("code_verifier", &coded.request.verifier),
            false => call,
        };
        bad_request(&call.send()?, &["invalid_grant"])
    }),
    module("AttemptReuseAuthorizationCodeAfterOneSecond", ALWAYS, |world| {
        let coded = coded(world)?;
        let tokens = Coded { request: coded.request.clone(), code: coded.code.clone() }.tokens()?;
        tokens.good()?;
        world.pass(1);
        bad_request(&coded.call().send()?, &["invalid_grant"])?;
        denied(&tokens.read_accounts().send()?)
    }),
    module("AttemptToUseExpiredAuthCode", F2, |world| {
        let coded = coded(world)?;
        world.pass(62);
        bad_request(&coded.call().send()?, &["invalid_grant"])
    }),
    module("RefreshToken", ALWAYS, |world| {
        let variant = world.variant;
        for client in &world.clients {
            let mut tokens = requested(world, client)?.tokens()?;
            // A new access token may be bound to a new key.
            let key = jwt::p256();
            let call = tokens.refresh();
            let reply = if variant.dpop { call.proved_by(Some(&key)) } else { call }.send()?;
            want(reply.status == 200, format!("refresh: {} {}", reply.status, reply.text()))?;
            want(reply.header("cache-control") == Some("no-store"), "it may be stored")?;
            want(reply.header("content-type") == Some("application/json"), "no JSON")?;
            let old = tokens.access_token().to_owned();
            tokens.body["access_token"] = reply.json()?["access_token"].clone();
            want(tokens.access_token() != old, "the same access token")?;
            match variant.dpop {
                true => {
                    tokens.read_accounts().proved_by(&key).good()?;
                    denied(&tokens.read_accounts().send()?)?;
                }
                false => tokens.good()?,
            }
            if variant.fapi2() && variant.jwt() {
                refused(&tokens.refresh().without_assertion().send()?, UNPROVEN)?;
            } else if variant.dpop {
                refused(&tokens.refresh().over(&world.bare).send()?, UNPROVEN)?;
            }
            match variant.dpop {
                true => bad_request(&tokens.refresh().proved_by(None).send()?, NO_PROOF)?,
                false => refused(&tokens.refresh().over(&world.bare).send()?, unbound(world))?,
            }
        }
        let (first, second) = (world.first(), requested(world, world.second())?.tokens()?);
        let read = second.read_accounts();
        denied(
            &match variant.dpop {
                true => read.proved_by(&first.dpop),
                false => read.over(&first.certified),
            }
            .send()?,
        )?;
        let call = Call::new(world, first, "token").with("grant_type", "refresh_token");
        let token = second.body["refresh_token"].as_str().unwrap_or_default();
        bad_request(&call.with("refresh_token", token).send()?, &["invalid_grant"])
    }),
];

fn holder_of_key(world: &World) -> Verdict {
    tls::is_of_fapi(world)?;
    let coded = coded(world)?;
    match world.variant.dpop {
        true => bad_request(&coded.call().proved_by(None).send()?, NO_PROOF)?,
        false => refused(&coded.call().over(&world.bare).send()?, unbound(world))?,
    }
    // With the key, the same code is still good: nothing else was wrong.
    coded.tokens()?.good()
}

/// A code of the first client.
pub fn coded(world: &World) -> Anything<Coded<'_>> {
    requested(world, world.first())?.code()
}

/// Without a certificate.
fn unbound(world: &World) -> &'static [&'static str] {
    match world.variant.jwt() {
        true => UNPROVEN,
        false => &["invalid_client", "invalid_request"],
    }
}

const UNPROVEN: &[&str] = &["invalid_client", "invalid_grant", "invalid_request"];
const NO_PROOF: &[&str] = &["invalid_request", "invalid_grant", "invalid_dpop_proof"];
