//! The payments that were executed, on disk before anybody hears of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// One executed payment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub payment_id: String,
    pub consent_id: String,
    pub client_id: String,
    /// None where a drill switches `RunOnce` off.
    pub idempotency_key: Option<String>,
    pub amount: String,
    pub currency: String,
}

/// A JSON array in a file, one payment per line, and the same in memory.
///
/// The file is written anew for each payment: good for a demonstration, not for a bank.
#[derive(Debug)]
pub struct Ledger {
    file: PathBuf,
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// Goes on with the file if there is one, and starts it if there is none.
    pub fn open(file: PathBuf) -> Result<Self, String> {
        let wrong = |why: String| format!("ledger_file: {}: {why}", file.display());
        let entries = match fs::read(&file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(wrong(error.to_string())),
        };
        // A ledger that cannot be written must not be found out by the first payment.
        write(&file, &entries).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { file, entries: Mutex::new(entries) })
    }

    /// Puts a payment on disk.
    pub async fn record(self: &Arc<Self>, entry: Entry) -> io::Result<()> {
        let ledger = self.clone();
        blocking(move || {
            let mut entries = ledger.lock();
            entries.push(entry);
            let written = write(&ledger.file, &entries);
            if written.is_err() {
                entries.pop();
            }
            written
        })
        .await?
    }

    /// All payments, in the order of execution.
    pub async fn entries(self: &Arc<Self>) -> io::Result<Vec<Entry>> {
        let ledger = self.clone();
        blocking(move || ledger.lock().clone()).await
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lock is held while the disk works, so nobody waits for it on a thread that serves requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}

/// Replaces the file as a whole: after a power cut it is the old one or the new one.
fn write(file: &Path, entries: &[Entry]) -> io::Result<()> {
    let lines: Vec<String> = entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let draft = file.with_extension("draft");
    let mut output = File::create(&draft)?;
    writeln!(output, "[\n{}\n]", lines.join(",\n"))?;
    output.sync_all()?;
    fs::rename(&draft, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
