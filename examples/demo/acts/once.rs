//! A payment happens once, however often it is asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::super::plan::{IDEMPOTENCY_KEY, INTERACTION_ID, Plan};
use super::super::stage::{Expected, Kind, Stage};
use super::super::wire::{Reply, Wire};
use super::super::world::World;
use super::{AMOUNT, Anything, consent};

pub async fn play(stage: &mut Stage<'_>, world: &'static World) -> Anything<()> {
    retries(stage, world).await?;
    duplicates(stage, world).await?;
    two_orders(stage, world).await?;
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

    let order = Plan::consent(world, &world.ec, AMOUNT);
    stage.legit("consent", StatusCode::CREATED, order.message()?).await?;
    let message = order.but(|plan| plan.body = Plan::consent(world, &world.ec, "9.99").body)?;
    let reused = (400, "UK.OBIE.Rules.ResourceAlreadyExists");
    stage.attack("another consent under the same key", reused, message).await?;

    let message = payment.but(|plan| plan.header(IDEMPOTENCY_KEY, &Uuid::new_v4().to_string()))?;
    stage.attack("the consent once more, under another key", CONSUMED, message).await?;
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

/// Two orders for one consent at the same time, each under a key of its own.
async fn two_orders(stage: &mut Stage<'_>, world: &'static World) -> Anything<()> {
    let consent = consent(stage, world, &world.ec).await?;
    let first = Plan::payment(world, &world.ec, &consent, AMOUNT);
    let second = first.but(|plan| plan.header(IDEMPOTENCY_KEY, &Uuid::new_v4().to_string()))?;
    let wire = &stage.branch.wire;
    let (first, second) = tokio::join!(wire.send(first.message()?), wire.send(second));
    let (made, refused): (Vec<_>, Vec<_>) =
        [first?, second?].into_iter().partition(|reply| reply.status == StatusCode::CREATED);

    let name = "two orders for one consent at once, under two keys";
    let once = stage.branch.executions(&consent).await? == 1;
    let good = stage.note(once && made.len() == 1, name, "not executed once");
    // One that came late found the consent used up, which is as good.
    let is_late = refused.iter().all(|reply| reply.status == StatusCode::BAD_REQUEST);
    let expected = if is_late { CONSUMED } else { (409, "UK.OBIE.Rules.ResourceAlreadyExists") };
    stage.report(Kind::Attack, name, expected, &refused, good);
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

const CONSUMED: Expected = (400, "UK.OBIE.Resource.InvalidConsentStatus");
const CREATED: (u16, &str) = (201, "-");
