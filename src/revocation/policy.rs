//! What happens where it cannot be told whether a certificate was revoked.

use std::time::Duration;

use crate::context::relaxed;

/// What happens to a certificate of which nothing current is known: no list and no answer, or only
/// stale ones, and nobody could be asked. A revoked one is refused under each of them.
///
/// No standard says hard or soft for the certificates of payment service providers. Soft fail is
/// what somebody wants who can keep this host from asking.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum RevocationPolicy {
    /// It is refused. For token endpoints, registration and payments.
    #[default]
    HardFail,
    /// It passes while the last good word on it has been out of date for no longer than this; else
    /// it is refused. For reading accounts, with a day.
    SoftFail {
        /// The longest time since the word went out of date.
        max_stale: Duration,
    },
    /// It passes, with a warning in the log. Made by
    /// [`allow_soft_fail_open`](Self::allow_soft_fail_open).
    #[non_exhaustive]
    SoftFailOpen,
    /// Nothing is looked at, and a revoked certificate passes. Made by
    /// [`danger_off`](Self::danger_off).
    #[non_exhaustive]
    Off,
}

impl RevocationPolicy {
    /// [`SoftFailOpen`](Self::SoftFailOpen). Logged as a warning.
    #[must_use]
    pub fn allow_soft_fail_open() -> Self {
        relaxed("Revocation", "allow_soft_fail_open");
        Self::SoftFailOpen
    }

    /// [`Off`](Self::Off). Logged as a warning.
    #[must_use]
    pub fn danger_off() -> Self {
        tracing::warn!("danger_off: revocation is off: revoked certificates are trusted");
        Self::Off
    }
}
