//! Behind a proxy: the certificate comes in a header, which anybody can write.

use std::path::Path;

use axum::http::HeaderValue;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::branch::Branch;
use super::super::pki::Identity;
use super::super::plan::Plan;
use super::super::stage::{Score, Stage};
use super::super::world::World;
use super::{Anything, INVALID_HEADER, INVALID_TOKEN};

pub async fn play(world: &World, folder: &Path, score: &mut Score) -> Anything<()> {
    let branch = behind(world, folder, "proxy", "127.0.0.1/32").await?;
    let mut stage = Stage { branch: &branch, score, bank_key: &world.bank_key };
    let plan = Plan::accounts(world, &world.ec);
    let forwarded = plan.but(|plan| plan.header(HEADER, &forward(&world.ec.qwac)))?;
    stage.legit("certificate from the proxy", StatusCode::OK, forwarded).await?;
    stage.attack("no certificate from the proxy", INVALID_TOKEN, plan.message()?).await?;

    let message = plan.but(|plan| {
        plan.present(&world.expired);
        plan.header(HEADER, &forward(&world.expired));
    })?;
    stage.attack("expired certificate from the proxy", INVALID_TOKEN, message).await?;

    let message = plan.but(|plan| plan.header(HEADER, ":AAAA:"))?;
    stage.attack("garbage from the proxy", INVALID_HEADER, message).await?;

    let value = HeaderValue::from_str(&forward(&world.ec.qwac))?;
    let message = plan.but(|plan| {
        plan.headers.append(HEADER, value.clone());
        plan.headers.append(HEADER, value);
    })?;
    stage.attack("two certificates from the proxy", INVALID_HEADER, message).await?;
    branch.close().await?;

    let branch = behind(world, folder, "stranger", "192.0.2.1/32").await?;
    let mut stage = Stage { branch: &branch, score, bank_key: &world.bank_key };
    let message = plan.but(|plan| plan.header(HEADER, &forward(&world.ec.qwac)))?;
    stage.attack("certificate from a stranger", INVALID_HEADER, message).await?;
    branch.close().await
}

/// A bank behind a proxy of this address.
async fn behind(world: &World, folder: &Path, name: &str, peers: &str) -> Anything<Branch> {
    let source = format!(
        "source = \"header\"\nheader = \"{HEADER}\"\nencoding = \"rfc9440\"\ntrusted_peers = [\"{peers}\"]"
    );
    let source: toml::Table = source.parse()?;
    Branch::open(world, folder, name, |file| {
        file.remove("tls");
        file.insert("client_certificate".into(), source.into());
    })
    .await
}

/// RFC 9440, 2.1.
fn forward(identity: &Identity) -> String {
    format!(":{}:", STANDARD.encode(&identity.certificate))
}

const HEADER: &str = "client-cert";
