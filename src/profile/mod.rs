//! Presets: complete gates for the profiles, each an ordinary function.
//!
//! A preset returns a builder, so that an application can add `must_leave`, an observer or a clock.
//! Whoever needs another deviation copies the thirty lines.

pub mod fapi1;
pub mod obie;
pub mod wso2;

use std::sync::Arc;

use crate::cert::{ClientRegistry, MatchClient, PresentCertificate, TrustCertificate};
use crate::eidas::{IdentifyPsp, RequireRole};
use crate::gate::{Gate, GateBuilder};
use crate::header::{EchoInteractionId, NegotiateMedia, ReadFapiHeaders};
use crate::idempotency::{IdempotencyStore, RunOnce};
use crate::reject::ErrorFormat;
use crate::token::{BindToken, VerifyToken};

/// What every preset needs of the bank.
#[derive(Clone)]
pub struct Bank {
    /// Where the client certificate comes from.
    pub present: PresentCertificate,
    /// Whom it must come from.
    pub trust: TrustCertificate,
    /// Whose access tokens are good.
    pub token: VerifyToken,
    /// The registered clients.
    pub clients: Arc<dyn ClientRegistry>,
    /// Where idempotency keys are kept.
    pub store: Arc<dyn IdempotencyStore>,
}

impl Bank {
    /// From the certificate to the role: what the UK and the WSO2-compatible presets share.
    ///
    /// `begin` has the arounds that stand before every rule.
    fn third_party(&self, begin: GateBuilder, role: RequireRole) -> GateBuilder {
        begin
            .then(self.present.clone())
            .then(self.trust.clone())
            .then(IdentifyPsp::from_uk_directory())
            .then(self.token.clone())
            .then(BindToken::to_certificate())
            .then(MatchClient::registered_in(self.clients.clone()))
            .then(role)
            .then(ReadFapiHeaders::obie())
            .then(NegotiateMedia::json())
    }

    fn run_once(&self, tenant: &str) -> RunOnce {
        RunOnce::per_key(self.store.clone()).tenant(tenant)
    }
}

fn echoing(format: impl ErrorFormat) -> GateBuilder {
    Gate::new(format).around(EchoInteractionId::or_generate())
}
