//! A bank in a process of its own, which dies and comes back.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Anything;

/// One of the banks.
pub struct Process {
    program: PathBuf,
    file: PathBuf,
    pub address: SocketAddr,
    child: Mutex<Child>,
    is_done: AtomicBool,
    /// How often it died.
    pub deaths: AtomicUsize,
}

impl Process {
    /// Starts the bank of this file, which has no addresses yet, and waits until it listens.
    pub async fn start(
        program: PathBuf,
        file: PathBuf,
        mut content: toml::Table,
    ) -> Anything<Arc<Self>> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        content.insert("listen".into(), address.to_string().into());
        content.insert("admin_listen".into(), "127.0.0.1:0".into());
        std::fs::write(&file, content.to_string())?;
        let process = Arc::new(Self {
            child: Mutex::new(spawn(&program, &file)?),
            program,
            file,
            address,
            is_done: AtomicBool::new(false),
            deaths: AtomicUsize::new(0),
        });
        process.clone().listens().await?;
        tokio::spawn(process.clone().watch());
        Ok(process)
    }

    /// Kills it with SIGKILL; whoever watches starts it again.
    pub fn kill(&self) {
        let _ = self.child().kill();
    }

    /// Has it kill itself no more: starts it once more, if it did.
    pub async fn come_to_rest(self: &Arc<Self>) -> Anything<()> {
        let mut content: toml::Table = std::fs::read_to_string(&self.file)?.parse()?;
        let drill = content.get("drill").and_then(toml::Value::as_table);
        if drill.is_some_and(|drill| drill.contains_key("kill")) {
            content.remove("drill");
            std::fs::write(&self.file, content.to_string())?;
            let deaths = self.deaths.load(Ordering::SeqCst);
            self.kill();
            while self.deaths.load(Ordering::SeqCst) == deaths {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            self.deaths.fetch_sub(1, Ordering::SeqCst);
        }
        self.clone().listens().await
    }

    /// For good.
    pub fn end(&self) {
        self.is_done.store(true, Ordering::SeqCst);
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    async fn watch(self: Arc<Self>) {
        while !self.is_done.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let mut child = self.child();
            if !self.is_done.load(Ordering::SeqCst) && matches!(child.try_wait(), Ok(Some(_))) {
                match spawn(&self.program, &self.file) {
                    Ok(born) => *child = born,
                    Err(error) => return eprintln!("chaos: the bank does not start: {error}"),
                }
                self.deaths.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    async fn listens(self: Arc<Self>) -> Anything<()> {
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).is_err() {
            if Instant::now() > until {
                let log = std::fs::read_to_string(self.file.with_extension("log"))?;
                let start = log.len().saturating_sub(2000);
                return Err(format!("the bank does not listen: {}", &log[start..]).into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(program: &Path, file: &Path) -> Anything<Child> {
    let log = File::options().create(true).append(true).open(file.with_extension("log"))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Ok(command.spawn()?)
}

fn free_port() -> Anything<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
