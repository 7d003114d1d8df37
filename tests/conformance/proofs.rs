//! DPoP.

use serde_json::{Value, json};

use super::Verdict;
use super::call::{changed, proof};
use super::expect::{bad_request, pushed, want};
use super::flow::Tokens;
use super::jwt::{self, thumbprint};
use super::module::{DPOP, Module, module};
use super::request::Request;
use super::world::World;

pub const MODULES: &[Module] = &[
    module("CheckDpopProofNbfExp", DPOP, |world| {
        let now = world.now();
        with_claims(world, &json!({ "nbf": now, "exp": now + 300 }))
    }),
    module("EnsureDpopProofWithIat10SecondsBeforeSucceeds", DPOP, |world| {
        with_claims(world, &json!({ "iat": world.now() - 10 }))
    }),
    module("EnsureDpopProofWithIat10SecondsAfterSucceeds", DPOP, |world| {
        with_claims(world, &json!({ "iat": world.now() + 8 }))
    }),
    module("EnsureMismatchedDpopJktFails", DPOP, |world| {
        let request = bound(world).proved_by(&world.second().dpop, json!({}));
        bad_request(&request.push().send()?, &["invalid_request", "invalid_dpop_proof"])
    }),
    module("EnsureTokenEndpointFailsWithMismatchedDpopProofJkt", DPOP, |world| {
        let coded = first(world).proved_by(&world.first().dpop, json!({})).code()?;
        bad_request(&coded.call().proved_by(Some(&world.second().dpop)).send()?, MISMATCH)
    }),
    module("EnsureTokenEndpointFailsWithMismatchedDpopJkt", DPOP, |world| {
        let coded = bound(world).code()?;
        bad_request(&coded.call().proved_by(Some(&world.second().dpop)).send()?, MISMATCH)
    }),
    module("EnsureDpopProofAtParEndpointBindingSuccess", DPOP, |world| {
        first(world).proved_by(&world.first().dpop, json!({})).tokens()?.good()
    }),
    module("EnsureDpopAuthCodeBindingSuccess", DPOP, |world| {
        bound(world).proved_by(&world.first().dpop, json!({})).tokens()?.good()
    }),
    module("DpopNegativeTests", DPOP, negative),
];

/// Proofs with these claims do at all three endpoints.
fn with_claims(world: &World, claims: &Value) -> Verdict {
    let request = first(world).proved_by(&world.first().dpop, claims.clone());
    let uri = pushed(&request.push().send()?)?;
    let page = request.browse("request_uri", &uri)?;
    let coded = request.approved(&page)?;
    let reply = coded.call().proof_claims(claims.clone()).send()?;
    Tokens::read(coded, &reply)?.read_accounts().claims(claims.clone()).good()
}

fn negative(world: &World) -> Verdict {
    let tokens = first(world).tokens()?;
    let key = &world.first().dpop;
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwt::public_jwk(key) });
    let made = |head: Value, claims: Value| {
        let claims = changed(tokens.read_accounts().proof(), &claims);
        jwt::made(key, &changed(header.clone(), &head), &claims)
    };
    let claims = |change: Value| made(json!({}), change);
    let heads = |change: Value| made(change, json!({}));
    let (now, url) = (world.now(), &world.accounts);

    let rsa = &world.first().key;
    let rs256 = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": rsa_jwk(rsa) });
    let refused = [
        ("two proofs", vec![claims(json!({})), claims(json!({}))]),
        ("no proof", vec![]),
        ("no JWT", vec!["not-a-jwt".to_owned()]),
        ("typ missing", vec![heads(json!({ "typ": null }))]),
        ("typ wrong", vec![heads(json!({ "typ": "JWT" }))]),
        ("alg missing", vec![heads(json!({ "alg": null }))]),
        ("jwk missing", vec![heads(json!({ "jwk": null }))]),
        ("jti missing", vec![claims(json!({ "jti": null }))]),
        ("htm missing", vec![claims(json!({ "htm": null }))]),
        ("htu missing", vec![claims(json!({ "htu": null }))]),
        ("iat missing", vec![claims(json!({ "iat": null }))]),
        ("ath missing", vec![claims(json!({ "ath": null }))]),
        ("RS256", vec![jwt::made(rsa, &rs256, &tokens.read_accounts().proof())]),
        ("alg none", vec![heads(json!({ "alg": "none" }))]),
        ("spoiled", vec![jwt::spoiled(&claims(json!({})))]),
        ("private key", vec![heads(json!({ "jwk": jwt::private_jwk(key) }))]),
        ("htm of another", vec![claims(json!({ "htm": "PUT" }))]),
        ("htu of another", vec![claims(json!({ "htu": format!("{url}/other") }))]),
        ("an hour ago", vec![claims(json!({ "iat": now - 3600 }))]),
        ("in an hour", vec![claims(json!({ "iat": now + 3600 }))]),
        ("ath of another", vec![claims(json!({ "ath": jwt::random(43) }))]),
        ("another key", vec![proof(&jwt::p256(), &tokens.read_accounts().proof())]),
    ];
    let mut taken = Vec::new();
    for (name, proofs) in refused {
        let status = tokens.read_accounts().send_with(&proofs)?.status.as_u16();
        if !matches!(status, 400 | 401) {
            taken.push(name);
        }
    }
    want(taken.is_empty(), format!("not refused: {taken:?}"))?;
    let mut bearer = tokens.read_accounts();
    bearer.scheme = "Bearer".to_owned();
    want(bearer.send_with(&[])?.status.is_client_error(), "a bearer")?;

    let once = [claims(json!({}))];
    want(tokens.read_accounts().send_with(&once)?.status == 200, "a good proof")?;
    let again = tokens.read_accounts().send_with(&once)?.status.as_u16();
    want(matches!(again, 400 | 401), format!("the same proof twice: {again}"))?;

    // The suite also writes out the default port, which this server does not have.
    let capitals = url.replace("https://localhost", "HTTPS://LOCALHOST");
    let accepted = [
        ("members of its own", made(json!({ "x": 1 }), json!({ "x": 1 }))),
        ("query and fragment", claims(json!({ "htu": format!("{url}?a=b#c") }))),
        ("upper case", claims(json!({ "htu": capitals }))),
    ];
    for (name, proof) in accepted {
        let reply = tokens.read_accounts().send_with(&[proof])?;
        want(reply.status == 200, format!("{name}: {}", reply.status))?;
    }
    tokens.good()
}

fn rsa_jwk(key: &openssl::pkey::PKeyRef<openssl::pkey::Private>) -> Value {
    let key = key.rsa().unwrap();
    let [n, e] = [key.n(), key.e()].map(|number| jwt::base64url(number.to_vec()));
    json!({ "kty": "RSA", "n": n, "e": e })
}

/// For the first client's key.
fn bound(world: &World) -> Request<'_> {
    first(world).with("dpop_jkt", json!(thumbprint(&world.first().dpop)))
}

fn first(world: &World) -> Request<'_> {
    Request::new(world, world.first())
}

const MISMATCH: &[&str] = &["invalid_request", "invalid_grant", "invalid_dpop_proof"];
