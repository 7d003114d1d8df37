//! Message signatures that do not fit the message, the sender or the profile.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::now;
use super::super::plan::{Message, Plan, SIGNATURE};
use super::super::stage::{Expected, Stage};
use super::super::world::{IAT, ISS, TAN};
use super::Anything;

pub async fn play(stage: &mut Stage<'_>, probe: &Plan<'_>) -> Anything<()> {
    headers(stage, probe).await?;
    let world = probe.world;
    let message = probe.but(|plan| plan.jose = None)?;
    stage.attack("no signature", (400, "UK.OBIE.Signature.Missing"), message).await?;

    let message = probe.but(|plan| plan.seal_key = &world.rsa.seal_key)?;
    stage.attack("signature of another client's key", INVALID, message).await?;

    for (name, from, to) in [
        ("body with another amount", "165.88", "965.88"),
        ("body with one more blank", "{\"Data\":", "{ \"Data\":"),
    ] {
        let message = probe.altered(|request| {
            let text = String::from_utf8_lossy(request.body()).replacen(from, to, 1);
            *request.body_mut() = Bytes::from(text);
        })?;
        stage.attack(name, INVALID, message).await?;
    }
    let other = probe.but(|plan| {
        plan.body.as_mut().expect("a payment")["Data"]["Initiation"]["InstructedAmount"]["Amount"] =
            json!("965.88");
    })?;
    let message = probe.altered(|request| {
        let replayed = other.request.headers()[SIGNATURE].clone();
        request.headers_mut().insert(SIGNATURE, replayed);
    })?;
    stage.attack("signature of another message", INVALID, message).await?;

    let message = rewritten(probe, |head, signature| format!("{head}.e30.{signature}"))?;
    stage.attack("signature that is not detached", MALFORMED, message).await?;
    let message = rewritten(probe, |head, signature| format!("{head}..{signature}=="))?;
    stage.attack("signature with padding", MALFORMED, message).await?;
    Ok(())
}

/// One member of the JOSE header at a time, under a signature that verifies.
async fn headers(stage: &mut Stage<'_>, probe: &Plan<'_>) -> Anything<()> {
    let world = probe.world;
    for (name, member, value) in [
        ("signature by RS256", "alg", json!("RS256")),
        ("signature by an unknown key", "kid", json!("tpp-ec-seal-2")),
        ("signature from the future", IAT, json!(now() + 3600)),
        ("signature in another client's name", ISS, world.rsa.jose_header()[ISS].clone()),
        ("signature under another anchor", TAN, json!("directory.example")),
        ("signature with an unknown critical member", "crit", json!([IAT, ISS, TAN, "exp"])),
        ("signature of 3.1.3, with b64 false", "b64", json!(false)),
    ] {
        let message = probe.but(|plan| plan.jose(member, value))?;
        stage.attack(name, INVALID_CLAIM, message).await?;
    }
    let message = probe.but(|plan| {
        plan.jose("crit", json!([ISS, TAN]));
        plan.jose.as_mut().and_then(Value::as_object_mut).map(|header| header.remove(IAT));
    })?;
    stage
        .attack("signature without a date", (400, "UK.OBIE.Signature.MissingClaim"), message)
        .await?;
    Ok(())
}

/// The message with its signature value put together differently.
fn rewritten<'w>(
    probe: &Plan<'w>,
    form: impl FnOnce(&str, &str) -> String,
) -> Anything<Message<'w>> {
    let mut message = probe.message()?;
    let headers = message.request.headers_mut();
    let value = headers[SIGNATURE].to_str()?;
    let (head, signature) = value.split_once("..").ok_or("not detached")?;
    let value = form(head, signature).parse()?;
    headers.insert(SIGNATURE, value);
    Ok(message)
}

const INVALID: Expected = (400, "UK.OBIE.Signature.Invalid");
const INVALID_CLAIM: Expected = (400, "UK.OBIE.Signature.InvalidClaim");
const MALFORMED: Expected = (400, "UK.OBIE.Signature.Malformed");
