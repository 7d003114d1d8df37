//! The modules that the UK adds, and its consents.

use ::http::{HeaderName, header};
use serde_json::{Value, json};

use super::Anything;
use super::call::Call;
use super::expect::want;
use super::module::{ALWAYS, Module, module};
use super::request::Request;
use super::world::{Client, World};

pub const MODULES: &[Module] = &[
    module("EnsureServerHandlesNonMatchingIntentId", ALWAYS, |world| {
        let consent = consent(world, world.first())?;
        let request = Request::new(world, world.second()).with("claims", asked(&consent, false));
        request.refused(
            &[],
            &["invalid_request", "invalid_request_object", "invalid_request_uri", "access_denied"],
        )
    }),
    module("TestEssentialAcrScaClaim", ALWAYS, |world| {
        let request = requested(world, world.first())?;
        let mut claims = request.inside["claims"].clone();
        claims["id_token"]["acr"] = json!({ "value": SCA, "essential": true });
        request.with("claims", claims).tokens()?.good()
    }),
];

/// A request as the profile wants it: in the UK, for a new consent.
pub fn requested<'a>(world: &'a World, client: &'a Client) -> Anything<Request<'a>> {
    let request = Request::new(world, client);
    match world.variant.uk() {
        false => Ok(request),
        true => Ok(request.with("claims", asked(&consent(world, client)?, !client.second))),
    }
}

fn asked(consent: &str, acr: bool) -> Value {
    let mut claims = json!({ "id_token": {
        "openbanking_intent_id": { "value": consent, "essential": true } } });
    if acr {
        claims["id_token"]["acr"] = json!({ "values": [SCA, CA], "essential": true });
    }
    claims
}

/// Creates a consent with a token of the client's own.
fn consent(world: &World, client: &Client) -> Anything<String> {
    let token = Call::new(world, client, "token")
        .with("grant_type", "client_credentials")
        .with("scope", "accounts")
        .send()?;
    want(token.status == 200, token.text())?;
    let token = token.json()?["access_token"].as_str().ok_or("no access_token")?.to_owned();
    let mut body = json!({ "Data": { "Permissions": ["ReadAccountsBasic"] }, "Risk": {} });
    if client.second {
        body["Data"]["ExpirationDateTime"] = json!("2099-01-01T00:00:00+00:00");
    }
    let url = world.accounts.replace("/accounts", "/account-access-consents");
    let headers: [(HeaderName, String); 2] = [
        (header::AUTHORIZATION, format!("Bearer {token}")),
        (header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    let body = body.to_string().into();
    let reply = world.wait(client.http.send("POST", &url, &headers, body))?;
    want(reply.status.is_success(), format!("consent: {} {}", reply.status, reply.text()))?;
    let id = reply.header("x-fapi-interaction-id");
    want(id.is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()), "consent: no interaction id")?;
    Ok(reply.json()?["Data"]["ConsentId"].as_str().ok_or("no ConsentId")?.to_owned())
}

const SCA: &str = "urn:openbanking:psd2:sca";
const CA: &str = "urn:openbanking:psd2:ca";
