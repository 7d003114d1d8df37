//! A bank, a third-party provider and their authorities, for tests and benchmarks.
//!
//! Time stands still at [`NOW`], so that no run depends on the day.
// Each binary that shares this module uses another part of it.
#![allow(dead_code, unreachable_pub)]

pub mod answer;
pub mod bank;
pub mod payment;
pub mod pki;

use std::time::Duration;

use rustls_pki_types::UnixTime;

/// The second at which everything here happens: in September 2026.
pub const NOW: u64 = 1_790_000_000;

/// The clock of the bank.
pub fn clock() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}
