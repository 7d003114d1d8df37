//! How a [`Revocation`] is made that asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;

use super::crl::Freshness;
use super::engine::{Engine, Settings};
use super::exempt::Exempt;
use super::ocsp::SKEW;
use super::{IssuerKey, OcspSettings, Revocation, RevocationError, RevocationPolicy};
use crate::cert::Certificate;
use crate::context::{Clock, SystemClock, relaxed};
use crate::fetch::Fetch;

/// Settles where the word on certificates comes from. See [`Revocation::builder`].
#[must_use]
pub struct RevocationBuilder {
    lists: Vec<Vec<u8>>,
    policy: RevocationPolicy,
    pub(super) settings: Settings,
    responders: Vec<(IssuerKey, CertificateDer<'static>)>,
}

impl RevocationBuilder {
    pub(super) fn new() -> Self {
        Self {
            lists: Vec::new(),
            policy: RevocationPolicy::HardFail,
            settings: Settings {
                ocsp_over: None,
                lists_over: None,
                freshness: Freshness::default(),
                skew: SKEW,
                ocsp: OcspSettings::new(),
                ocsp_of: BTreeMap::new(),
                responders: BTreeMap::new(),
                exempt: Exempt::default(),
                capacity: CAPACITY,
                clock: Arc::new(SystemClock),
            },
            responders: Vec::new(),
        }
    }

    /// Holds these lists, in DER, as [`Revocation::by_lists`] does.
    pub fn lists(mut self, lists: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.lists.extend(lists);
        self
    }

    /// Asks the responders that certificates name (OCSP, RFC 6960).
    pub fn ocsp_over(mut self, fetch: impl Fetch) -> Self {
        self.settings.ocsp_over = Some(Arc::new(fetch));
        self
    }

    /// Fetches the lists that certificates name where none is at hand.
    pub fn lists_over(mut self, fetch: impl Fetch) -> Self {
        self.settings.lists_over = Some(Arc::new(fetch));
        self
    }

    /// Sets what happens where nothing is known: [`HardFail`](RevocationPolicy::HardFail) if this
    /// is not called.
    pub fn policy(mut self, policy: RevocationPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how far the clocks of issuers and responders may be ahead of this host's; five minutes
    /// if this is not called.
    pub fn clock_skew(mut self, skew: Duration) -> Self {
        self.settings.skew = skew;
        self.settings.freshness = self.settings.freshness.skew(skew);
        self
    }

    /// Believes no list that is older than this, whatever its `nextUpdate`.
    pub fn list_age(mut self, at_most: Duration) -> Self {
        self.settings.freshness = self.settings.freshness.max_age(at_most);
        self
    }

    /// Believes a list for a while after its `nextUpdate`, since some issuers publish late. Logged as
    /// a warning.
    pub fn allow_late_lists(mut self, grace: Duration) -> Self {
        relaxed("Revocation", "allow_late_lists");
        self.settings.freshness = self.settings.freshness.allow_late(grace);
        self
    }

    /// Believes a list without `nextUpdate`, which RFC 5280, 5.1.2.5 demands, until it is as old as
    /// this. Logged as a warning.
    pub fn allow_lists_without_end(mut self, age: Duration) -> Self {
        relaxed("Revocation", "allow_lists_without_end");
        self.settings.freshness = self.settings.freshness.allow_no_next_update(age);
        self
    }

    /// Sets how responders are asked.
    pub fn ocsp(mut self, settings: OcspSettings) -> Self {
        self.settings.ocsp = settings;
        self
    }

    /// Sets how the responders of one issuer are asked.
    pub fn ocsp_of(mut self, issuer: IssuerKey, settings: OcspSettings) -> Self {
        self.settings.ocsp_of.insert(issuer, settings);
        self
    }

    /// Believes this responder about the certificates of one issuer, whoever signed its certificate
    /// (RFC 6960, 4.2.2.2, first case).
    pub fn responder(mut self, issuer: IssuerKey, certificate: CertificateDer<'static>) -> Self {
        self.responders.push((issuer, certificate));
        self
    }

    /// Lets certificates of these issuers pass unchecked which say that no revocation data exists
    /// (RFC 9608; EN 319 412-1, 5.2.2), and that are good for no longer than `up_to`; a day is
    /// usual. Logged as a warning. A revocation that is known counts all the same.
    pub fn allow_short_lived(
        mut self,
        issuers: impl IntoIterator<Item = IssuerKey>,
        up_to: Duration,
    ) -> Self {
        relaxed("Revocation", "allow_short_lived");
        self.settings.exempt.short_lived.extend(issuers);
        self.settings.exempt.longest = up_to;
        self
    }

    /// Lets the certificates of an issuer pass unchecked for whom there is no revocation data.
    /// Logged as a warning. A revocation that is known counts all the same. Not for an issuer on a
    /// trusted list.
    pub fn allow_unchecked(mut self, issuer: IssuerKey) -> Self {
        tracing::warn!(
            ?issuer,
            "allow_unchecked: nobody is asked about this issuer's certificates"
        );
        self.settings.exempt.issuers.insert(issuer);
        self
    }

    /// Sets how many OCSP answers are held; 100 000 if this is not called.
    pub fn capacity(mut self, answers: usize) -> Self {
        self.settings.capacity = answers;
        self
    }

    /// Sets the clock of the [`Refresher`](super::Refresher). Verdicts take the time of the request.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Takes the lists and judges the settings.
    ///
    /// # Errors
    ///
    /// [`RevocationError`]: a list that cannot be read, nothing that could tell anything, a clock
    /// that is before the making of this crate.
    pub fn build(mut self) -> Result<Revocation, RevocationError> {
        if self.settings.clock.now().as_secs() < MADE {
            return Err(RevocationError::Clock);
        }
        let fetches = self.settings.ocsp_over.is_some() || self.settings.lists_over.is_some();
        if self.lists.is_empty() && !fetches {
            return Err(RevocationError::NoSource);
        }
        for (issuer, der) in &self.responders {
            let certificate = Arc::new(Certificate::from_der(der)?);
            self.settings.responders.entry(*issuer).or_default().push(certificate);
        }
        let engine = Engine::new(self.settings);
        if !self.lists.is_empty() {
            engine.replace_lists(self.lists)?;
        }
        Ok(Revocation::of(engine, self.policy))
    }
}

const CAPACITY: usize = 100_000;
/// 2026-01-01T00:00:00Z.
const MADE: u64 = 1_767_225_600;
