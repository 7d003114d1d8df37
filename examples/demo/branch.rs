//! One running bank, started from the file that `--write` writes, with a few keys changed.

use std::path::Path;

use axum::http::{Request, Uri};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Anything;
use super::bank::Bank;
use super::journal::Journal;
use super::plan::Message;
use super::wire::Wire;
use super::world::World;

/// A bank in this process, and the wires to its two ports.
pub struct Branch {
    pub wire: Wire,
    pub journal: Journal,
    admin: Wire,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Branch {
    /// Opens a bank whose file differs from `bank.toml` as `change` says.
    pub async fn open(
        world: &World,
        folder: &Path,
        name: &str,
        change: impl FnOnce(&mut toml::Table),
    ) -> Anything<Self> {
        let mut file: toml::Table = std::fs::read_to_string(folder.join("bank.toml"))?.parse()?;
        file.insert("listen".into(), "127.0.0.1:0".into());
        file.insert("admin_listen".into(), "127.0.0.1:0".into());
        file.insert("ledger_file".into(), format!("{name}.ledger.jsonl").into());
        file.insert("consent_file".into(), format!("{name}.consents.jsonl").into());
        change(&mut file);
        let encrypted = file.contains_key("tls");
        let path = folder.join(format!("{name}.toml"));
        std::fs::write(&path, file.to_string())?;

        let journal = Journal::default();
        let bank = Bank::open(&path, journal.clone()).await?;
        eprintln!("{}", bank.announcement()?);
        let root = encrypted.then(|| world.root.certificate.der().clone());
        let wire = Wire::new(bank.address()?, root);
        let admin = Wire::new(bank.admin_address()?, None);
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(bank.serve(async {
            // Also when the sender is gone.
            let _ = stopped.await;
        }));
        Ok(Self { wire, journal, admin, stop, serving })
    }

    /// How many payments the ledger holds for a consent.
    pub async fn executions(&self, consent: &str) -> Anything<usize> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = Uri::from_static("/ledger");
        let ledger = self.admin.send(Message { certificate: None, request }).await?.json()?;
        let entries = ledger.as_array().ok_or("the ledger is not an array")?;
        let of_consent = |entry: &&Value| entry["consent_id"] == consent;
        Ok(entries.iter().filter(of_consent).count())
    }

    /// Stops the bank as SIGTERM would.
    pub async fn close(self) -> Anything<()> {
        // Nobody listens any more if the bank has stopped by itself.
        let _ = self.stop.send(());
        Ok(self.serving.await?)
    }
}
