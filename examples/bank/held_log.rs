//! Standard error, held back until the bank has started: a file that is wrong gets one line.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

static HELD: Mutex<Option<Vec<u8>>> = Mutex::new(Some(Vec::new()));

/// Writes to standard error, or to memory as long as the log is held back.
pub struct HeldLog;

impl HeldLog {
    /// Writes what was held back, and holds nothing back from now on.
    pub fn release() {
        if let Some(log) = held().take() {
            // A log that cannot be written is no reason to stop.
            let _ = io::stderr().write_all(&log);
        }
    }
}

impl Write for HeldLog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match held().as_mut() {
            Some(log) => log.write(line),
            None => io::stderr().write(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn held() -> MutexGuard<'static, Option<Vec<u8>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
