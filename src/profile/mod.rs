//! Presets: complete gates for the profiles, each an ordinary function.
//!
//! A preset returns a builder, so that an application can add `must_leave`, an observer or a clock.
//! Whoever needs another deviation copies the thirty lines.

pub mod authorization_server;
pub mod berlin;
pub mod fapi1;
pub mod fapi2;
pub mod obie;
pub mod wso2;

use std::sync::Arc;

use crate::cert::{ClientRegistry, MatchClient, PresentCertificate, TrustCertificate};
use crate::consent::MatchConsent;
use crate::eidas::{IdentifyPsp, RefuseBlocked, RequireRole, StopList};
use crate::gate::{Gate, GateBuilder};
use crate::header::{EchoInteractionId, NegotiateMedia, ReadFapiHeaders};
use crate::idempotency::{ExclusiveResource, RunOnce};
use crate::reject::ErrorFormat;
use crate::signature::{RequireOneOrganisation, VerifySignature};
use crate::token::{BindToken, VerifyToken};

/// What every preset needs of the bank.
#[derive(Clone)]
pub struct Bank {
    /// Where the client certificate comes from.
    pub present: PresentCertificate,
    /// Whom it must come from.
    pub trust: TrustCertificate,
    /// How a provider is identified, where the profile has roles: by
    /// [`from_uk_directory`](IdentifyPsp::from_uk_directory),
    /// [`eu_qualified`](IdentifyPsp::eu_qualified) or another policy.
    pub identify: IdentifyPsp,
    /// Whose access tokens are good.
    pub token: VerifyToken,
    /// The registered clients.
    pub clients: Arc<dyn ClientRegistry>,
    /// Whom it does not serve at present; without a list there is no step for it.
    pub stop_list: Option<StopList>,
    /// How certificates, token and client are compared where messages are signed; without it there
    /// is no step for it.
    pub one_organisation: Option<RequireOneOrganisation>,
    /// How a payment happens once: with its store, its windows and its hooks. The preset names the
    /// tenant, so that the keys of two versions of the API stay apart.
    pub once: RunOnce,
    /// How an order is matched with its consent; without it there is no step for it.
    pub match_consent: Option<MatchConsent>,
    /// How a consent serves one order. It needs `match_consent`, and keeps its own tenant: a consent
    /// is the same under every version of the API. Without it there is no step for it.
    pub exclusive: Option<ExclusiveResource>,
}

impl Bank {
    /// From the certificate to the role: what the UK and the WSO2-compatible presets share.
    ///
    /// `begin` has the arounds that stand before every rule.
    fn third_party(&self, begin: GateBuilder, role: RequireRole) -> GateBuilder {
        let gate =
            begin.then(self.present.clone()).then(self.trust.clone()).then(self.identify.clone());
        self.refuse_blocked(gate)
            .then(self.token.clone())
            .then(BindToken::to_certificate())
            .then(MatchClient::registered_in(self.clients.clone()))
            .then(role)
            .then(ReadFapiHeaders::obie())
            .then(NegotiateMedia::json())
    }

    fn refuse_blocked(&self, gate: GateBuilder) -> GateBuilder {
        refuse_blocked(gate, self.stop_list.as_ref())
    }

    /// The verification of a message, and whose certificate is behind it.
    fn verify(&self, gate: GateBuilder, verify: VerifySignature) -> GateBuilder {
        let gate = gate.then(verify);
        match &self.one_organisation {
            Some(rule) => gate.then(rule.clone()),
            None => gate,
        }
    }

    /// As consented, once for each key, and once for each consent.
    fn once(&self, gate: GateBuilder, tenant: &str) -> GateBuilder {
        let (consent, exclusive) = (self.match_consent.as_ref(), self.exclusive.as_ref());
        once(gate, self.once.clone().tenant(tenant), consent, exclusive)
    }
}

fn once(
    gate: GateBuilder,
    once: RunOnce,
    match_consent: Option<&MatchConsent>,
    exclusive: Option<&ExclusiveResource>,
) -> GateBuilder {
    let gate = match match_consent {
        Some(rule) => gate.then(rule.clone()),
        None => gate,
    };
    let gate = gate.around(once);
    match exclusive {
        Some(rule) => gate.around(rule.clone()),
        None => gate,
    }
}

fn refuse_blocked(gate: GateBuilder, list: Option<&StopList>) -> GateBuilder {
    match list {
        Some(list) => gate.then(RefuseBlocked::on(list.clone())),
        None => gate,
    }
}

fn echoing(format: impl ErrorFormat) -> GateBuilder {
    Gate::new(format).around(EchoInteractionId::or_generate())
}
