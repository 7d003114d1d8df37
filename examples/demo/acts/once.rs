//! A payment happens once, however often it is asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::super::plan::{IDEMPOTENCY_KEY, INTERACTION_ID, Plan};
use super::super::stage::{Kind, Stage};
use super::super::wire::{Reply, Wire};
use super::super::world::World;
use super::{AMOUNT, Anything, consent};

pub async fn play(stage: &mut Stage<'_>, world: &'static World) -> Anything<()> {
    retries(stage, world).await?;
    duplicates(stage, world).await?;
    hang_up(stage, world).await
}

async fn retries(stage: &mut Stage<'_>, world: &'static World) -> Anything<()> {
    let consent = consent(stage, world, &world.ec).await?;
    let payment = Plan::payment(world, &world.ec, &consent, AMOUNT);
    let first = stage.legit("payment", StatusCode::CREATED, payment.message()?).await?;

    // Signed afresh, as a retry is: another salt, so another signature.
    let name = "the same payment again";
    let again = stage.branch.wire.send(payment.message()?).await?;
    let once = stage.branch.executions(&consent).await? == 1;
    let good = stage.note(once, name, "executed again")
        & stage.note(first.body == again.body, name, "another answer");
    stage.report(Kind::Legit, name, CREATED, &[again], good);

    let message = payment.but(|plan| {
        plan.body.as_mut().expect("a payment")["Risk"] = json!({ "PaymentContextCode": "Other" });
    })?;
    let reused = (400, "UK.OBIE.Rules.ResourceAlreadyExists");
    stage.attack("another payment under the same key", reused, message).await?;

    let message = payment.but(|plan| plan.header(IDEMPOTENCY_KEY, &Uuid::new_v4().to_string()))?;
    let consumed = (400, "UK.OBIE.Resource.InvalidConsentStatus");
    stage.attack("the consent once more, under another key", consumed, message).await?;
    Ok(())
}

async fn duplicates(stage: &mut Stage<'_>, world: &'static World) -> Anything<()> {
    let consent = consent(stage, world, &world.ec).await?;
    let payment = Plan::payment(world, &world.ec, &consent, AMOUNT);
    let mut sending = JoinSet::new();
    for _ in 0..50 {
        sending.spawn(persist(stage.branch.wire.clone(), payment.clone()));
    }
    let mut replies = Vec::new();
    while let Some(reply) = sending.join_next().await {
        replies.push(reply??);
    }
    let name = "50 duplicates at once";
    let ids: BTreeSet<_> = replies.iter().map(payment_id).collect();
    let good = stage.note(stage.branch.executions(&consent).await? == 1, name, "executed again")
        & stage.note(ids.len() == 1, name, "several payment ids");
    stage.report(Kind::Attack, name, CREATED, &replies, good);
    Ok(())
}

/// Hangs up while the bank works, and asks again.
async fn hang_up(stage: &mut Stage<'_>, world: &'static World) -> Anything<()> {
    let consent = consent(stage, world, &world.ec).await?;
    let payment = Plan::payment(world, &world.ec, &consent, AMOUNT);
    let message = payment.message()?;
    let id = message.request.headers()[INTERACTION_ID].to_str()?.to_owned();
    let wire = stage.branch.wire.clone();
    let lost = tokio::spawn(async move { wire.send(message).await });
    while stage.branch.journal.rule(Some(&id)) == "-" && !lost.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    lost.abort();

    let name = "client that hangs up and asks again";
    let reply = persist(stage.branch.wire.clone(), payment).await?;
    let once = stage.branch.executions(&consent).await? == 1;
    let good = stage.note(once, name, "not executed once");
    stage.report(Kind::Legit, name, CREATED, &[reply], good);
    Ok(())
}

/// Sends until the first of several equal requests is no longer in flight.
async fn persist(wire: Wire, plan: Plan<'static>) -> Anything<Reply> {
    loop {
        let reply = wire.send(plan.message()?).await?;
        match reply.header("retry-after") {
            Some(seconds) if reply.status == StatusCode::CONFLICT => {
                tokio::time::sleep(Duration::from_secs(seconds.parse()?)).await;
            }
            _ => return Ok(reply),
        }
    }
}

fn payment_id(reply: &Reply) -> Option<String> {
    Some(reply.json().ok()?["Data"]["DomesticPaymentId"].as_str()?.to_owned())
}

const CREATED: (u16, &str) = (201, "-");
