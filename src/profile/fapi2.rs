//! A resource server of the FAPI 2.0 Security Profile.
//!
//! Its tokens are bound to their sender by a certificate or by DPoP (5.3.4). It knows neither PSD2
//! roles nor message signatures; access is by scope.

use std::sync::Arc;

use super::{echoing, once, refuse_blocked};
use crate::cert::{
    ClientRegistry, FindClient, MatchClient, MatchSender, PresentCertificate, TrustCertificate,
};
use crate::client_auth::OfferCertificate;
use crate::consent::MatchConsent;
use crate::eidas::StopList;
use crate::gate::GateBuilder;
use crate::header::{NegotiateMedia, ReadFapiHeaders};
use crate::idempotency::{ExclusiveResource, RunOnce};
use crate::reject::OAuth;
use crate::token::dpop::{DpopProofs, OfferDpopNonce, VerifyDpop};
use crate::token::{BindToken, ConstrainSender, RequireScope, TokenSchemes, VerifyToken};

/// What these presets need of the bank.
#[derive(Clone)]
pub struct ResourceServer {
    /// To what its tokens are bound.
    pub constraint: Constraint,
    /// Whose access tokens are good; under which scheme follows from the constraint.
    pub token: VerifyToken,
    /// The registered clients.
    pub clients: Arc<dyn ClientRegistry>,
    /// As in [`Bank`](super::Bank).
    pub once: RunOnce,
    /// As [`Bank::match_consent`](super::Bank::match_consent).
    pub match_consent: Option<MatchConsent>,
    /// As [`Bank::exclusive`](super::Bank::exclusive).
    pub exclusive: Option<ExclusiveResource>,
}

/// To what the tokens of a resource server are bound.
#[derive(Clone)]
pub enum Constraint {
    /// The certificate of the connection (RFC 8705), so presented and so trusted.
    Certificate {
        /// Where it comes from.
        present: PresentCertificate,
        /// Whom it must come from.
        trust: TrustCertificate,
        /// Whom the bank does not serve at present; without a list there is no step for it.
        stop_list: Option<StopList>,
    },
    /// The key of a proof (RFC 9449). Where these require nonces, they are offered.
    Dpop(DpopProofs),
    /// Whichever the token names, or both.
    CertificateOrDpop {
        /// Where a certificate comes from.
        present: PresentCertificate,
        /// Whom it must come from.
        trust: TrustCertificate,
        /// Which proofs are taken.
        proofs: DpopProofs,
    },
}

/// Reads: the token, its sender, scope, headers.
pub fn resources(server: &ResourceServer, scope: RequireScope) -> GateBuilder {
    let gate = echoing(OAuth::default());
    let (token, clients) = (server.token.clone(), server.clients.clone());
    let gate = match &server.constraint {
        Constraint::Certificate { present, trust, stop_list } => {
            let gate = gate.then(present.clone()).then(trust.clone());
            refuse_blocked(gate, stop_list.as_ref())
                .then(token.under(TokenSchemes::Bearer))
                .then(BindToken::to_certificate())
                .then(MatchClient::registered_in(clients))
        }
        Constraint::Dpop(proofs) => offer(gate, proofs)
            .then(token.under(TokenSchemes::Dpop))
            .then(VerifyDpop::by(proofs.clone()))
            .then(FindClient::registered_in(clients)),
        Constraint::CertificateOrDpop { present, trust, proofs } => offer(gate, proofs)
            .then(OfferCertificate::judged_by(present.clone(), trust.clone()))
            .then(token.under(TokenSchemes::BearerOrDpop))
            .then(ConstrainSender::by_certificate_or_dpop(proofs.clone()))
            .then(MatchSender::registered_in(clients)),
    };
    gate.then(scope).then(ReadFapiHeaders::obie()).then(NegotiateMedia::json())
}

fn offer(gate: GateBuilder, proofs: &DpopProofs) -> GateBuilder {
    match proofs.nonces() {
        Some(nonces) => gate.around(OfferDpopNonce::of(nonces.clone())),
        None => gate,
    }
}

/// Payments: the same, and each order once. FAPI is silent on idempotency; a payment that can run
/// twice is nobody's profile.
pub fn payments(server: &ResourceServer, scope: RequireScope) -> GateBuilder {
    let (consent, exclusive) = (server.match_consent.as_ref(), server.exclusive.as_ref());
    once(resources(server, scope), server.once.clone().tenant("fapi2"), consent, exclusive)
}
