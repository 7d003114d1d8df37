//! Orders that the customer did not give: signed well, and refused all the same.

use serde_json::{Value, json};

use super::super::plan::{IDEMPOTENCY_KEY, Plan};
use super::super::stage::Stage;
use super::{Anything, INVALID_HEADER, consent};

pub async fn play(stage: &mut Stage<'_>, probe: &Plan<'_>, consent_id: &str) -> Anything<()> {
    let world = probe.world;
    let message = probe.but(|plan| drop(plan.headers.remove(IDEMPOTENCY_KEY)))?;
    stage.attack("no idempotency key", (400, "UK.OBIE.Header.Missing"), message).await?;
    let message = probe.but(|plan| plan.header(IDEMPOTENCY_KEY, &"k".repeat(41)))?;
    stage.attack("idempotency key of 41 characters", INVALID_HEADER, message).await?;

    let mismatch = "UK.OBIE.Resource.ConsentMismatch";
    let message = ordering(probe, "/Data/Initiation/InstructedAmount/Amount", json!("165.89"))?;
    stage.attack("a penny more than consented", (400, mismatch), message).await?;
    let message = ordering(probe, "/Risk", json!({ "PaymentContextCode": "Other" }))?;
    stage.attack("another risk than consented", (400, mismatch), message).await?;
    let message = ordering(probe, "/Data/Initiation/InstructedAmount/Amount", json!(165.88))?;
    stage.attack("amount as a number", (400, mismatch), message).await?;
    let message = ordering(probe, "/Data/Initiation", Value::Null)?;
    stage.attack("no initiation", (400, mismatch), message).await?;

    let other = consent(stage, world, probe.client).await?;
    let message = probe.but(|plan| plan.claims["openbanking_intent_id"] = json!(other))?;
    stage.attack("token for another consent", (403, mismatch), message).await?;

    let thief = Plan::payment(world, &world.rsa, consent_id, super::AMOUNT);
    stage.attack("another client's consent", (403, mismatch), thief.message()?).await?;
    Ok(())
}

/// The order with another value in one place, signed anew and under a key of its own.
fn ordering<'w>(
    probe: &Plan<'w>,
    place: &str,
    value: Value,
) -> Anything<super::super::plan::Message<'w>> {
    probe.but(|plan| {
        plan.header(IDEMPOTENCY_KEY, &uuid::Uuid::new_v4().to_string());
        if let Some(member) = plan.body.as_mut().and_then(|body| body.pointer_mut(place)) {
            *member = value;
        }
    })
}
