//! The same bank under other profiles.

use std::path::Path;

use axum::http::StatusCode;
use serde_json::json;

use super::super::branch::Branch;
use super::super::now;
use super::super::plan::{IDEMPOTENCY_KEY, Plan};
use super::super::stage::{Score, Stage};
use super::super::world::{IAT, ISS, TAN, World};
use super::{AMOUNT, Anything, consent};

pub async fn play(world: &World, folder: &Path, score: &mut Score) -> Anything<()> {
    let branch = under(world, folder, "uk-3.1.3").await?;
    let mut stage = Stage { branch: &branch, score, bank_key: &world.bank_key };
    version_3_1_3(&mut stage, world).await?;
    branch.close().await?;

    let branch = under(world, folder, "uk-4.0").await?;
    let mut stage = Stage { branch: &branch, score, bank_key: &world.bank_key };
    version_4_0(&mut stage, world).await?;
    branch.close().await
}

async fn under(world: &World, folder: &Path, profile: &str) -> Anything<Branch> {
    Branch::open(world, folder, profile, |file| drop(file.insert("profile".into(), profile.into())))
        .await
}

/// Until 3.1.3 the payload is signed as it is.
async fn version_3_1_3(stage: &mut Stage<'_>, world: &World) -> Anything<()> {
    let plan = Plan::consent(world, &world.ec, AMOUNT);
    let message = plan.but(|plan| {
        plan.jose("b64", json!(false));
        plan.jose("crit", json!(["b64", IAT, ISS, TAN]));
    })?;
    stage.legit("3.1.3: consent, signed with b64 false", StatusCode::CREATED, message).await?;
    let missing = (400, "UK.OBIE.Signature.MissingClaim");
    stage.attack("3.1.3: signature of 3.1.4", missing, plan.message()?).await?;
    Ok(())
}

/// From 4.0 on the codes are short, and an expired token is explained.
async fn version_4_0(stage: &mut Stage<'_>, world: &World) -> Anything<()> {
    let consent = consent(stage, world, &world.rsa).await?;
    let payment = Plan::payment(world, &world.rsa, &consent, AMOUNT);
    let message = payment.but(|plan| plan.claims["exp"] = json!(now() - 1))?;
    stage.attack("4.0: token that has expired", (401, "U028"), message).await?;
    let message = payment.but(|plan| drop(plan.headers.remove(IDEMPOTENCY_KEY)))?;
    stage.attack("4.0: no idempotency key", (400, "U007"), message).await?;
    let message = payment.but(|plan| plan.seal_key = &world.ec.seal_key)?;
    stage.attack("4.0: signature of another client's key", (400, "U015"), message).await?;

    stage.legit("4.0: payment", StatusCode::CREATED, payment.message()?).await?;
    let order = Plan::consent(world, &world.rsa, AMOUNT);
    stage.legit("4.0: consent", StatusCode::CREATED, order.message()?).await?;
    let message = order.but(|plan| plan.body = Plan::consent(world, &world.rsa, "9.99").body)?;
    stage.attack("4.0: another consent under the same key", (400, "U029"), message).await?;
    Ok(())
}
