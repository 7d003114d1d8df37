//! Faults to order: for drills that show what a bank survives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use tower_open_banking::context::Clock;
use tower_open_banking::pki_types::UnixTime;

/// What goes wrong; nothing, unless the file says so.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drill {
    kill: Option<Kill>,
    /// Which payment is hit: the third, the sixth and so on for 3.
    kill_every: u32,
    clock_file: Option<PathBuf>,
    #[serde(skip)]
    payments: Arc<AtomicU32>,
}

/// Where the process is killed.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Kill {
    /// Before the payment is executed.
    InHandler,
    /// When it is executed, and before the gate keeps the answer.
    BeforeSettle,
}

impl Drill {
    pub fn judge(&self) -> Result<(), String> {
        match self.kill.is_some() == (self.kill_every > 0) {
            true => Ok(()),
            false => Err("drill: kill and kill_every go together".to_owned()),
        }
    }

    /// Puts the clock's file where the others are.
    pub fn within(mut self, folder: &Path) -> Self {
        self.clock_file = self.clock_file.map(|file| folder.join(file));
        self
    }

    /// Counts the payment, and says whether it is hit.
    pub fn hits(&self) -> bool {
        self.kill.is_some()
            && (self.payments.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.kill_every)
    }

    /// The end of the process, if this is the place for it: SIGKILL, which nothing can soften.
    pub fn reach(&self, place: Kill) {
        if self.kill == Some(place) {
            let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            std::process::abort();
        }
    }
}

/// The clock of the host, and the seconds that the file adds to it.
impl Clock for Drill {
    fn now(&self) -> UnixTime {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let steps = self.clock_file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        let step: i64 = steps.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let seconds = now.as_secs().saturating_add_signed(step);
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }
}
