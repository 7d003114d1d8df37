//! The three gates, as the file describes them.

use std::fmt;
use std::path::Path;

use tower_open_banking::config::{Config, Profile};
use tower_open_banking::context::Observer;
use tower_open_banking::gate::{Gate, GateBuilder};

use super::book::Book;
use super::in_flight::InFlight;

/// One gate for each kind of service under PSD2.
pub struct Gates {
    pub payments: Gate,
    pub accounts: Gate,
    pub funds_confirmations: Gate,
    /// Whether an interaction has its id in `X-Request-ID`.
    pub in_request_id: bool,
}

impl Gates {
    /// Reads the files that the configuration names, and builds.
    pub async fn open(
        config: &Config,
        folder: &Path,
        book: &Book,
        observer: impl Observer + Clone,
        in_flight: &InFlight,
    ) -> Result<Self, String> {
        // Whoever is asked over https is asked with it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let setup = config.open_with_consents(folder, book.consents.clone());
        let setup = setup.map_err(|error| error.to_string())?;
        setup.prepare_store().await.map_err(|error| error.to_string())?;
        let fetches = config.trust.as_ref().is_some_and(|trust| trust.fetch);
        if let Some(revocation) = setup.revocation().filter(|_| fetches) {
            revocation.refresher().spawn();
        }
        let fetches = config.signature.certificates.as_ref().is_some_and(|trust| trust.fetch);
        if let Some(revocation) = setup.signing_revocation().filter(|_| fetches) {
            revocation.refresher().spawn();
        }
        let build = |builder: GateBuilder| {
            builder
                .observer(observer.clone())
                .executor(in_flight.clone())
                .clock(book.drill.clone())
                .build()
                .map_err(|error| error.to_string())
        };
        Ok(Self {
            payments: build(setup.payments())?,
            accounts: build(setup.accounts())?,
            funds_confirmations: build(setup.funds_confirmations())?,
            in_request_id: config.profile == Profile::BerlinGroup,
        })
    }
}

impl fmt::Display for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = |gate: &Gate| gate.steps().collect::<Vec<_>>().join(", ");
        writeln!(f, "payments: {}", steps(&self.payments))?;
        writeln!(f, "accounts: {}", steps(&self.accounts))?;
        write!(f, "funds confirmations: {}", steps(&self.funds_confirmations))
    }
}
