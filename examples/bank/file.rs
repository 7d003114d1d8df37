//! The bank's file: its own keys, and those of the gates.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tower_open_banking::config::{
    CertificateSource, Client, ClientCertificate, Config, Dpop, Fetch, Idempotency, Identity,
    Profile, Scopes, SenderConstraint, Signature, Signing, Token, Trust,
};

use super::drill::Drill;

/// What the file says. `examples/bank.toml` explains each key.
///
/// The keys of [`Config`] stand here once more: serde can flatten one struct into another, but then
/// knows neither unknown keys nor the line of a mistake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankFile {
    pub listen: SocketAddr,
    pub admin_listen: SocketAddr,
    pub consent_file: PathBuf,
    pub ledger_file: PathBuf,
    #[serde(default)]
    pub payment_millis: u64,
    #[serde(default)]
    pub drill: Drill,
    pub tls: Option<TlsFiles>,

    profile: Profile,
    sender_constraint: Option<SenderConstraint>,
    client_certificate: Option<ClientCertificate>,
    trust: Option<Trust>,
    dpop: Option<Dpop>,
    #[serde(default)]
    identity: Identity,
    stop_list: Option<PathBuf>,
    token: Token,
    fetch: Option<Fetch>,
    #[serde(default)]
    client: Vec<Client>,
    signing: Option<Signing>,
    #[serde(default)]
    signature: Signature,
    #[serde(default)]
    idempotency: Idempotency,
    #[serde(default)]
    scopes: Scopes,
    #[serde(default)]
    steps: BTreeMap<String, bool>,
}

/// The bank's own certificate, in PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl BankFile {
    /// Reads it, and judges what concerns the bank; the gates judge the rest.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
        let read: Self = toml::from_str(&text).map_err(|error| place(&text, &error))?;
        read.judge()?;
        Ok(read)
    }

    fn judge(&self) -> Result<(), String> {
        self.drill.judge()?;
        if !self.admin_listen.ip().is_loopback() {
            return Err("admin_listen: the ledger is shown on loopback only".to_owned());
        }
        let source = self.client_certificate.as_ref().map(|certificate| certificate.source);
        match (source.unwrap_or(CertificateSource::Tls), &self.tls) {
            (CertificateSource::Tls, None) => {
                Err("tls: missing, without client_certificate.source = \"header\"".to_owned())
            }
            (CertificateSource::Header, Some(_)) => {
                Err("tls: the proxy has it, with client_certificate.source = \"header\"".to_owned())
            }
            (CertificateSource::Header, None) if !self.listen.ip().is_loopback() => {
                Err("listen: without TLS on loopback only".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// What concerns the gates.
    pub fn into_config(self) -> Config {
        Config {
            profile: self.profile,
            sender_constraint: self.sender_constraint,
            client_certificate: self.client_certificate,
            trust: self.trust,
            dpop: self.dpop,
            identity: self.identity,
            stop_list: self.stop_list,
            token: self.token,
            fetch: self.fetch,
            client: self.client,
            signing: self.signing,
            signature: self.signature,
            idempotency: self.idempotency,
            scopes: self.scopes,
            steps: self.steps,
        }
    }
}

/// One line: where, and what.
fn place(text: &str, error: &toml::de::Error) -> String {
    let what = error.message().replace('\n', ", ");
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column =
                before.chars().rev().take_while(|&character| character != '\n').count() + 1;
            format!("line {line}, column {column}: {what}")
        }
        None => what,
    }
}
