//! What is played, act by act.
//!
//! The attacks of the first acts start from one payment that the bank would accept, and change one
//! thing in it. At the end that payment is sent as it is: it was the change that was refused.

mod certificates;
mod headers;
mod once;
mod orders;
mod profiles;
mod proxy;
mod services;
mod signatures;
mod tokens;

use std::path::Path;

use axum::http::StatusCode;

use super::Anything;
use super::branch::Branch;
use super::plan::Plan;
use super::stage::{Expected, Score, Stage};
use super::world::{Provider, World};

/// Plays everything.
pub async fn play(world: &'static World, folder: &Path, score: &mut Score) -> Anything<()> {
    let branch = Branch::open(world, folder, "uk-3.1.4", |_| {}).await?;
    let mut stage = Stage { branch: &branch, score, bank_key: &world.bank_key };
    services::play(&mut stage, world).await?;

    let consent = consent(&mut stage, world, &world.ec).await?;
    let probe = Plan::payment(world, &world.ec, &consent, AMOUNT);
    certificates::play(&mut stage, &probe).await?;
    tokens::play(&mut stage, &probe).await?;
    headers::play(&mut stage, &probe).await?;
    signatures::play(&mut stage, &probe).await?;
    orders::play(&mut stage, &probe, &consent).await?;
    stage.legit("that payment as it is", StatusCode::CREATED, probe.message()?).await?;

    once::play(&mut stage, world).await?;
    branch.close().await?;
    proxy::play(world, folder, score).await?;
    profiles::play(world, folder, score).await
}

/// Creates a consent.
async fn consent(stage: &mut Stage<'_>, world: &World, client: &Provider) -> Anything<String> {
    let plan = Plan::consent(world, client, AMOUNT);
    let reply = stage.legit("consent", StatusCode::CREATED, plan.message()?).await?;
    Ok(reply.json()?["Data"]["ConsentId"].as_str().ok_or("no ConsentId")?.to_owned())
}

/// Small enough for the bank's one account.
const AMOUNT: &str = "165.88";

const INVALID_HEADER: Expected = (400, "UK.OBIE.Header.Invalid");
/// RFC 6750, 3.1; under 3.1 a 401 has no body.
const INVALID_TOKEN: Expected = (401, "invalid_token");
