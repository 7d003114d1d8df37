//! Whether a certificate was revoked.
//!
//! ```no_run
//! # #[cfg(feature = "fetch")] fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use tower_open_banking::fetch::HttpFetch;
//! use tower_open_banking::revocation::{Revocation, RevocationPolicy};
//!
//! let fetch = HttpFetch::new();
//! let payments = Revocation::builder()
//!     .lists([std::fs::read("/etc/bank/issuing.crl")?])
//!     .ocsp_over(fetch.clone())
//!     .lists_over(fetch)
//!     .build()?;
//! // The same knowledge under another policy.
//! let max_stale = Duration::from_secs(86_400);
//! let accounts = payments.under(RevocationPolicy::SoftFail { max_stale });
//! # Ok(()) }
//! ```
//!
//! Whatever is known is held in memory and looked up at each verdict. Where that is not enough, and a
//! way to ask was plugged in, the request waits for an answer; [`Refresher`] keeps that rare.
//!
//! - Order: a list in its time; an OCSP answer at hand; the responder; the list at its place.
//! - Any revocation that a trustworthy list or answer tells wins, until a newer one of the same
//!   kind says otherwise.
//! - An older list or answer never takes the place of a newer one.
//! - What is known of one certificate says nothing of another: lists are held by the key and name
//!   of their issuer, answers by these and the serial number.

mod answers;
mod builder;
mod crl;
mod engine;
mod error;
mod exempt;
mod failures;
mod flights;
mod issuer_key;
mod lists;
mod ocsp;
mod ocsp_settings;
mod policy;
mod question;
mod refresher;
mod standing;

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use self::engine::{Engine, Known};
use self::standing::FOREVER;
pub use self::{
    builder::RevocationBuilder, error::RevocationError, issuer_key::IssuerKey,
    ocsp_settings::OcspSettings, policy::RevocationPolicy, refresher::Refresher,
};
use crate::cert::Path;
use crate::gate::BoxFuture;
use crate::reject::{Reason, Rejection};

/// How revocation is told. Clones share what is known.
#[derive(Clone)]
pub struct Revocation {
    engine: Arc<Engine>,
    policy: RevocationPolicy,
}

/// A verdict on a path.
pub(crate) enum Checked {
    /// Good until this second, as long as the generation is the same.
    Good {
        until: UnixTime,
    },
    Refused(Rejection),
    /// Somebody has to be asked; answers as [`Checked::Good`] or [`Checked::Refused`] do.
    Ask(BoxFuture<'static, Result<UnixTime, Rejection>>),
}

impl Revocation {
    /// By revocation lists, in DER, and nothing else. Each certificate of a path but the anchor must
    /// be covered by a list of its issuer that is in its time. Of several by one issuer the newest
    /// decides: what an older one says is superseded.
    ///
    /// A list is verified when a path first leads through its issuer. One that does not verify, or
    /// is from the future, is no source, and does not keep the others from being one.
    ///
    /// # Errors
    ///
    /// No list, or one that cannot be read; RFC 5280 demands `nextUpdate`.
    pub fn by_lists(lists: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, RevocationError> {
        let lists: Vec<_> = lists.into_iter().collect();
        if lists.is_empty() {
            Err(RevocationError::NoList)
        } else {
            Self::builder().lists(lists).build()
        }
    }

    /// By lists, by OCSP, or both, from files and over the network.
    pub fn builder() -> RevocationBuilder {
        RevocationBuilder::new()
    }

    /// Not at all: a revoked certificate passes. Logged as a warning.
    #[must_use]
    pub fn danger_off() -> Self {
        let settings = Self::builder().settings;
        Self::of(Engine::new(settings), RevocationPolicy::danger_off())
    }

    fn of(engine: Engine, policy: RevocationPolicy) -> Self {
        Self { engine: Arc::new(engine), policy }
    }

    /// The same knowledge under another policy.
    #[must_use]
    pub fn under(&self, policy: RevocationPolicy) -> Self {
        Self { engine: self.engine.clone(), policy }
    }

    /// Takes these lists, in DER, for those of before, for all clones at once. What was fetched
    /// stays. A verdict of before is looked at again.
    ///
    /// A list that is older than the one at hand of the same issuer and scope is not taken, with a
    /// warning; the newer one stays, and the other lists are taken. Answers the places of those. Of
    /// issuers that no path has led through yet nothing is verified, and nothing is compared.
    ///
    /// Verifies the lists: to be called outside the request path.
    ///
    /// # Errors
    ///
    /// No list, or one that cannot be read: then everything stays as it was.
    pub fn replace_lists(
        &self,
        lists: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<usize>, RevocationError> {
        self.engine.replace_lists(lists)
    }

    /// What renews lists and answers outside the request path; the application runs it.
    pub fn refresher(&self) -> Refresher {
        Refresher::of(&self.engine)
    }

    /// Bumped by every change after which an earlier "good" may be wrong. To be read *before*
    /// [`check`](Self::check), whose verdict is good for that generation.
    pub(crate) fn generation(&self) -> u64 {
        self.engine.generation()
    }

    /// Judges every certificate of a validated path but the anchor. Synchronous from what is known;
    /// asks only where that may change the verdict and a way to ask was plugged in.
    pub(crate) fn check(&self, path: &Arc<Path>, now: UnixTime) -> Checked {
        if self.policy == RevocationPolicy::Off {
            return Checked::Good { until: FOREVER };
        }
        if path.links().is_empty() {
            // Nobody vouches for a certificate without an issuer.
            return Checked::Refused(Rejection::new(Reason::RevocationUnknown));
        }
        match self.engine.judge(path, self.policy, now) {
            Known::Verdict(Ok(until)) => Checked::Good { until },
            Known::Verdict(Err(rejection)) => Checked::Refused(rejection),
            Known::Open => {
                let engine = self.engine.clone();
                Checked::Ask(Box::pin(engine.resolve(path.clone(), self.policy, now)))
            }
        }
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation").field("policy", &self.policy).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
