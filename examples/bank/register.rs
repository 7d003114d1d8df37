//! What a bank must not forget: lines of JSON in a file, to which several processes append.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One line.
pub trait Entry: Clone + DeserializeOwned + Send + Serialize + 'static {
    fn id(&self) -> &str;
}

/// The file, and in memory what was read of it so far.
///
/// A line is on disk before anybody hears of it. It is appended in one write, and begins on a line of
/// its own: a process that was killed may have left half of one, which nobody was answered for.
pub struct Register<T> {
    path: PathBuf,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    entries: HashMap<String, T>,
    /// Where the first line begins that was not read.
    read: u64,
}

impl<T: Entry> Register<T> {
    /// Goes on with the file if there is one, and starts it if there is none.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        // A file that cannot be written must not be found out by the first payment.
        appending(&path)?.sync_all()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        let register = Self { path, known: Mutex::new(Known { entries: HashMap::new(), read: 0 }) };
        drop(register.read_on()?);
        Ok(register)
    }

    /// Puts an entry on disk. After an error nobody knows whether it is there.
    pub async fn enter(self: &Arc<Self>, entry: T) -> io::Result<()> {
        let register = self.clone();
        blocking(move || {
            let line = format!("\n{}\n", serde_json::to_string(&entry)?);
            let mut file = appending(&register.path)?;
            if file.write(line.as_bytes())? != line.len() {
                return Err(io::Error::from(io::ErrorKind::WriteZero));
            }
            file.sync_data()
        })
        .await?
    }

    /// The entry of this name, whichever process made it.
    pub async fn find(self: &Arc<Self>, id: &str) -> io::Result<Option<T>> {
        if let Some(entry) = self.known().entries.get(id) {
            return Ok(Some(entry.clone()));
        }
        let (register, id) = (self.clone(), id.to_owned());
        blocking(move || Ok(register.read_on()?.entries.get(&id).cloned())).await?
    }

    /// Every entry, in the order of the file.
    pub async fn all(self: &Arc<Self>) -> io::Result<Vec<T>> {
        let register = self.clone();
        blocking(move || Ok(lines(&register.path, 0)?.0)).await?
    }

    fn read_on(&self) -> io::Result<MutexGuard<'_, Known<T>>> {
        let mut known = self.known();
        let (entries, read) = lines::<T>(&self.path, known.read)?;
        known.entries.extend(entries.into_iter().map(|entry| (entry.id().to_owned(), entry)));
        known.read = read;
        Ok(known)
    }

    fn known(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn appending(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}

/// The whole lines from a place on, and the place behind them.
fn lines<T: Entry>(path: &Path, from: u64) -> io::Result<(Vec<T>, u64)> {
    let mut file = BufReader::new(File::open(path)?);
    file.seek(SeekFrom::Start(from))?;
    let (mut entries, mut read, mut line) = (Vec::new(), from, Vec::new());
    while file.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        match serde_json::from_slice(&line) {
            Ok(entry) => entries.push(entry),
            Err(_) if line == b"\n" => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "half a line"),
        }
        read += line.len() as u64;
        line.clear();
    }
    Ok((entries, read))
}

/// Nobody waits for the disk on a thread that serves requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}
