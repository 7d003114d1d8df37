//! Certificates that prove nothing, or prove somebody else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::plan::Plan;
use super::super::stage::Stage;
use super::{Anything, INVALID_TOKEN};

pub async fn play(stage: &mut Stage<'_>, probe: &Plan<'_>) -> Anything<()> {
    let world = probe.world;
    let message = probe.but(|plan| plan.certificate = None)?;
    stage.attack("no certificate", INVALID_TOKEN, message).await?;

    let encoded = STANDARD.encode(&world.ec.qwac.certificate);
    let message = probe.but(|plan| {
        plan.certificate = None;
        plan.header("client-cert", &format!(":{encoded}:"));
    })?;
    stage.attack("certificate in a header only", INVALID_TOKEN, message).await?;

    for (name, certificate) in [
        ("certificate of a rogue authority", &world.rogue),
        ("certificate that has expired", &world.expired),
        ("certificate that is revoked", &world.revoked),
    ] {
        let message = probe.but(|plan| plan.present(certificate))?;
        stage.attack(name, INVALID_TOKEN, message).await?;
    }
    let message = probe.but(|plan| plan.present(&world.ec.seal))?;
    stage.attack("seal in the handshake", INVALID_TOKEN, message).await?;

    let message = probe.but(|plan| plan.present(&world.no_role))?;
    stage.attack("certificate without the role", (403, "Role.Missing"), message).await?;

    let message = probe.but(|plan| plan.certificate = Some(&world.rsa.qwac))?;
    stage.attack("another client's certificate", INVALID_TOKEN, message).await?;

    let consent = probe.claims["openbanking_intent_id"].as_str().unwrap_or_default();
    let thief = Plan::payment(world, &world.rsa, consent, super::AMOUNT);
    let message = thief.but(|plan| plan.claims = probe.claims.clone())?;
    stage.attack("stolen token in another client's request", INVALID_TOKEN, message).await?;

    let message = thief.but(|plan| plan.claims["client_id"] = json!("tpp-ec"))?;
    stage.attack("token of one client, bound to another", INVALID_TOKEN, message).await?;
    let message =
        Plan::accounts(world, &world.rsa).but(|plan| plan.claims["client_id"] = json!("tpp-ec"))?;
    stage.attack("accounts with such a token", INVALID_TOKEN, message).await?;
    Ok(())
}
