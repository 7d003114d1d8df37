use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::pool::Pool;
use super::{Inner, PostgresStore};
use crate::context::relaxed;
use crate::idempotency::StoreError;
use crate::idempotency::remote::{ClockCheck, Patience};

/// A store that is being set up.
#[derive(Debug)]
pub struct PostgresStoreBuilder {
    config: Config,
    connections: usize,
    patience: Patience,
    clock: ClockCheck,
    record_limit: usize,
    allows_plaintext: bool,
}

impl PostgresStoreBuilder {
    pub(super) fn new(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            config: url.parse().map_err(StoreError::unavailable)?,
            connections: 16,
            patience: Patience::default(),
            clock: ClockCheck::DEFAULT,
            record_limit: 64 * 1024,
            allows_plaintext: false,
        })
    }

    /// Sets how many connections there may be; 16 if not set.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    /// Sets how long an act may take, with all its attempts; three seconds if not set.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { patience: Patience(deadline), ..self }
    }

    /// Sets by how much the clock of this process may differ from that of the server before claims
    /// are refused; five minutes if not set.
    #[must_use]
    pub fn clock_tolerance(self, tolerance: Duration) -> Self {
        Self { clock: ClockCheck::Within(tolerance), ..self }
    }

    /// Sets the bytes of the largest record that is kept, its body and its headers; 64 KiB if not
    /// set.
    #[must_use]
    pub fn record_limit(self, bytes: usize) -> Self {
        Self { record_limit: bytes, ..self }
    }

    /// Compares no clocks: for tests that bring their own time. A process whose clock is ahead by a
    /// day takes every record for expired and runs every payment again.
    #[must_use]
    pub fn danger_any_clock(self) -> Self {
        relaxed("PostgresStore", "danger_any_clock");
        Self { clock: ClockCheck::Off, ..self }
    }

    /// Connects to another machine without TLS: whoever is on the way reads and writes what
    /// payments were made.
    #[must_use]
    pub fn danger_allow_plaintext(self) -> Self {
        relaxed("PostgresStore", "danger_allow_plaintext");
        Self { allows_plaintext: true, ..self }
    }

    /// The store.
    ///
    /// # Errors
    ///
    /// When the connection would not be encrypted.
    pub fn build(mut self) -> Result<PostgresStore, StoreError> {
        let is_encrypted = matches!(self.config.get_ssl_mode(), SslMode::Require);
        if !is_encrypted && !self.allows_plaintext && !stays_here(&self.config) {
            return Err(StoreError::unavailable("another machine without sslmode=require"));
        }
        // The server gives up too: what nobody waits for any more must not hold locks.
        let deadline = format!("-c statement_timeout={}", self.patience.0.as_millis().max(1));
        let options = self
            .config
            .get_options()
            .map_or(deadline.clone(), |options| format!("{options} {deadline}"));
        self.config.options(options);
        Ok(PostgresStore(Arc::new(Inner {
            pool: Pool::new(self.config, self.connections.max(1))?,
            patience: self.patience,
            clock: self.clock,
            record_limit: self.record_limit,
            claims: AtomicU32::new(0),
        })))
    }
}

/// Whether every host is a socket or an address of this machine.
fn stays_here(config: &Config) -> bool {
    let is_loopback = |host: &Host| match host {
        Host::Tcp(name) => match name.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => name == "localhost",
        },
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let hosts = config.get_hosts();
    let addresses = config.get_hostaddrs();
    (!hosts.is_empty() || !addresses.is_empty())
        && hosts.iter().all(is_loopback)
        && addresses.iter().all(std::net::IpAddr::is_loopback)
}
