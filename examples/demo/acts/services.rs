//! What the API is for.

use axum::http::StatusCode;

use super::super::plan::Plan;
use super::super::stage::Stage;
use super::super::world::World;
use super::{AMOUNT, Anything, consent};

pub async fn play(stage: &mut Stage<'_>, world: &World) -> Anything<()> {
    for client in [&world.ec, &world.rsa] {
        let accounts = Plan::accounts(world, client);
        let name = format!("accounts for {}", client.client_id);
        stage.legit(&name, StatusCode::OK, accounts.message()?).await?;

        let consent = consent(stage, world, client).await?;
        let payment = Plan::payment(world, client, &consent, AMOUNT);
        let name = format!("payment by {}", client.client_id);
        let reply = stage.legit(&name, StatusCode::CREATED, payment.message()?).await?;
        let paid = reply.json()?;
        let id = paid["Data"]["DomesticPaymentId"].as_str().ok_or("no DomesticPaymentId")?;

        let status = Plan::status(world, client, id);
        stage.legit("its status", StatusCode::OK, status.message()?).await?;
        let stranger = if client.client_id == "tpp-ec" { &world.rsa } else { &world.ec };
        let status = Plan::status(world, stranger, id);
        let unknown = (400, "UK.OBIE.Resource.NotFound");
        stage.attack("its status, asked by another client", unknown, status.message()?).await?;
    }
    let funds = Plan::funds(world, &world.ec, AMOUNT);
    stage.legit("confirmation of funds", StatusCode::CREATED, funds.message()?).await?;

    let accounts = Plan::accounts(world, &world.ec);
    // Browser programmes take clientAuth out of public certificates.
    let message = accounts.but(|plan| plan.present(&world.server_auth_only))?;
    stage.legit("certificate for serverAuth only", StatusCode::OK, message).await?;
    Ok(())
}
