//! What the server says of itself.

use serde_json::Value;

use super::expect::want;
use super::module::{ALWAYS, Module, module};
use super::world::World;
use super::{Anything, Verdict};

pub const MODULES: &[Module] = &[module("DiscoveryEndpointVerification", ALWAYS, |world| {
    let (document, variant) = (&world.discovery, world.variant);
    want(document["issuer"] == *world.issuer, "another issuer")?;
    for (name, value) in document.as_object().ok_or("no object")? {
        let url = name.ends_with("_endpoint") || name == "jwks_uri";
        let https = value.as_str().is_some_and(|url| url.starts_with("https://"));
        want(!url || https, format!("{name} is not https"))?;
    }
    let mut due = vec![
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_methods_supported", "tls_client_auth"),
        ("token_endpoint_auth_signing_alg_values_supported", "PS256"),
        ("response_types_supported", if variant.fapi2() || variant.jarm { "code" } else { HYBRID }),
        ("grant_types_supported", "authorization_code"),
        ("grant_types_supported", "refresh_token"),
    ];
    if variant.openid {
        due.push(("id_token_signing_alg_values_supported", "PS256"));
        due.push(("scopes_supported", "openid"));
        due.push(("subject_types_supported", "public"));
    }
    if variant.pushed {
        due.push(("code_challenge_methods_supported", "S256"));
    }
    if !variant.fapi2() {
        due.push(("request_object_signing_alg_values_supported", "PS256"));
    }
    if variant.jarm {
        due.push(("response_modes_supported", "jwt"));
        due.push(("authorization_signing_alg_values_supported", "PS256"));
    }
    if variant.dpop {
        due.push(("dpop_signing_alg_values_supported", "ES256"));
    }
    if variant.uk() {
        due.push(("scopes_supported", "accounts"));
        due.push(("grant_types_supported", "client_credentials"));
        due.push(("claims_supported", "acr"));
        due.push(("claims_supported", "openbanking_intent_id"));
        due.push(("acr_values_supported", "urn:openbanking:psd2:sca"));
    }
    for (name, value) in due {
        let listed =
            document[name].as_array().is_some_and(|all| all.iter().any(|one| one == value));
        want(listed, format!("{name} lacks {value}"))?;
    }
    let is = |name: &str, value: bool| want(document[name] == value, name);
    is("tls_client_certificate_bound_access_tokens", true)?;
    match variant.fapi2() {
        true => is("authorization_response_iss_parameter_supported", true)?,
        false if !variant.pushed => {
            is("request_parameter_supported", true)?;
            is("require_pushed_authorization_requests", false)?;
        }
        false => {}
    }
    if variant.uk() {
        is("claims_parameter_supported", true)?;
    }
    key_set(world)
})];

fn key_set(world: &World) -> Verdict {
    let keys: Anything<&Vec<Value>> = world.key_set["keys"].as_array().ok_or("no keys".into());
    for key in keys? {
        want(key["kid"].is_string(), "a key without kid")?;
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            want(key[secret].is_null(), "a private key")?;
        }
        // 2048 bits in base64url.
        want(key["n"].as_str().is_some_and(|number| number.len() >= 342), "a short key")?;
    }
    Ok(())
}

const HYBRID: &str = "code id_token";
