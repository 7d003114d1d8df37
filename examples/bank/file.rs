//! The bank's file: its own keys, and those of the gate.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::StartError;

/// What the file says. `examples/bank.toml` explains each key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankFile {
    pub listen: SocketAddr,
    pub admin_listen: SocketAddr,
    pub ledger_file: PathBuf,
    #[serde(default)]
    pub payment_millis: u64,
    pub tls: Option<TlsFiles>,
}

/// The bank's own certificate, in PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl BankFile {
    /// Reads and checks it.
    pub fn read(file: &Path) -> Result<Self, StartError> {
        let bad = |what: String| StartError::File(format!("{}: {what}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
        let read: Self = toml::from_str(&text).map_err(|error| bad(place(&text, &error)))?;
        if !read.admin_listen.ip().is_loopback() {
            return Err(bad("admin_listen: the ledger is shown on loopback only".to_owned()));
        }
        Ok(read)
    }
}

/// One line: where, and what.
fn place(text: &str, error: &toml::de::Error) -> String {
    let what = error.message().replace('\n', ", ");
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
            format!("line {line}, column {column}: {what}")
        }
        None => what,
    }
}
