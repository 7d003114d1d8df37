//! The demo's keys and certificates as files: for the banks that it starts, and for curl.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use rcgen::Certificate;
use serde_json::json;
use uuid::Uuid;

use super::pki::Identity;
use super::tokens::{self, ISSUER_KID};
use super::world::{BANK_KID, Provider, World};
use super::{Anything, jws};

/// A folder that is gone when the demo ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn temporary() -> Anything<Self> {
        let folder = std::env::temp_dir().join(format!("open-banking-demo-{}", Uuid::new_v4()));
        // Private keys lie in it: made here, and for nobody else to read.
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

/// Writes everything that `bank.toml` names, and what a third party needs to use that bank.
pub fn write(world: &World, folder: &Path) -> Anything<()> {
    fs::create_dir_all(folder.join("tokens"))?;
    let put = |name: &str, text: String| fs::write(folder.join(name), text);
    let pem = |certificate: &Certificate| certificate.pem();
    put("root-ca.pem", pem(&world.root.certificate))?;
    put("issuing-ca.pem", pem(&world.issuing.certificate))?;
    put("root-ca.crl.pem", world.root.revocation_list(&[])?)?;
    put("issuing-ca.crl.pem", world.issuing.revocation_list(&[&world.revoked.serial])?)?;
    put_identity(folder, "bank", &world.server)?;
    for (name, identity) in [
        ("expired", &world.expired),
        ("no-role", &world.no_role),
        ("revoked", &world.revoked),
        ("rogue", &world.rogue),
        ("server-auth-only", &world.server_auth_only),
    ] {
        put_identity(folder, name, identity)?;
        put_tokens(world, folder, name, identity)?;
    }
    for client in [&world.ec, &world.rsa] {
        put_client(world, folder, client)?;
    }
    put("bank-signing.key", key_pem(&world.bank_key)?)?;
    put("bank-signing.jwks.json", key_set(&world.bank_key, BANK_KID)?)?;
    put("authorization-server.key", key_pem(&world.issuer_key)?)?;
    put("authorization-server.jwks.json", key_set(&world.issuer_key, ISSUER_KID)?)?;
    put("bank.toml", include_str!("../bank.toml").to_owned())?;
    put("try.sh", include_str!("try.sh").to_owned())?;
    Ok(())
}

fn put_identity(folder: &Path, name: &str, identity: &Identity) -> Anything<()> {
    fs::write(folder.join(format!("{name}.pem")), &identity.chain_pem)?;
    fs::write(folder.join(format!("{name}.key")), identity.key.serialize_pem())?;
    Ok(())
}

/// QWAC, seal, JWK set and tokens.
fn put_client(world: &World, folder: &Path, client: &Provider) -> Anything<()> {
    let name = client.client_id;
    put_identity(folder, name, &client.qwac)?;
    put_identity(folder, &client.kid(), &client.seal)?;
    let keys = key_set(&client.seal_key, &client.kid())?;
    fs::write(folder.join(format!("{name}.jwks.json")), keys)?;
    put_tokens(world, folder, name, &client.qwac)
}

/// A token for each scope, bound to this certificate.
fn put_tokens(world: &World, folder: &Path, name: &str, certificate: &Identity) -> Anything<()> {
    for scope in ["accounts", "payments", "fundsconfirmations"] {
        let claims = tokens::claims(client_of(name), &certificate.thumbprint(), scope, WEEK);
        let token = tokens::sign(&tokens::header(), &claims, &world.issuer_key)?;
        fs::write(folder.join(format!("tokens/{name}.{scope}")), token)?;
    }
    Ok(())
}

fn key_pem(key: &PKey<Private>) -> Anything<String> {
    Ok(String::from_utf8(key.private_key_to_pem_pkcs8()?)?)
}

fn key_set(key: &PKey<Private>, kid: &str) -> Anything<String> {
    Ok(json!({ "keys": [jws::jwk(key, kid)?] }).to_string())
}

/// Takes a step out of the gates of the banks that will be started from this folder.
pub fn switch_off(folder: &Path, step: &str) -> Anything<()> {
    let file = folder.join("bank.toml");
    let mut bank: toml::Table = fs::read_to_string(&file)?.parse()?;
    bank.insert("steps".into(), toml::Table::from_iter([(step.into(), false.into())]).into());
    Ok(fs::write(file, bank.to_string())?)
}

/// The client that a certificate names: the odd ones are variants of the first client's.
fn client_of(name: &str) -> &str {
    if name == "tpp-rsa" { name } else { "tpp-ec" }
}

/// Prints an access token bound to a certificate, signed with the key of a written folder.
pub fn print_token(folder: &str, name: &str, scope: &str, consent: Option<&str>) -> Anything<bool> {
    let folder = Path::new(folder);
    let key = fs::read(folder.join("authorization-server.key"))?;
    let certificate = X509::from_pem(&fs::read(folder.join(format!("{name}.pem")))?)?;
    let thumbprint = jws::encode(openssl::sha::sha256(&certificate.to_der()?));
    let mut claims = tokens::claims(client_of(name), &thumbprint, scope, WEEK);
    if let Some(consent) = consent {
        claims["openbanking_intent_id"] = json!(consent);
    }
    let key = PKey::private_key_from_pem(&key)?;
    println!("{}", tokens::sign(&tokens::header(), &claims, &key)?);
    Ok(true)
}

/// How to go on from a written folder.
pub fn instructions(folder: &str) -> String {
    format!(
        "Wrote {folder}. Certificates, tokens and revocation lists are good for a week.

Start the bank:
    cargo run --example bank -- --config {folder}/bank.toml

Ask for the accounts:
    curl --cacert {folder}/root-ca.pem --cert {folder}/tpp-ec.pem --key {folder}/tpp-ec.key \\
        -H \"Authorization: Bearer $(cat {folder}/tokens/tpp-ec.accounts)\" \\
        https://127.0.0.1:8443/open-banking/v3.1/aisp/accounts

Consent to a payment and make it, signed by the openssl command:
    sh {folder}/try.sh {folder} tpp-ec
    sh {folder}/try.sh {folder} tpp-rsa

One more access token, for a payment that the customer consented to:
    cargo run --example demo -- --token {folder} tpp-ec payments CONSENT_ID

Certificates of tpp-ec to be refused: expired, no-role, revoked and rogue. server-auth-only is
accepted. Each has its own .pem, .key and tokens."
    )
}

const WEEK: u64 = 7 * 24 * 3600;
