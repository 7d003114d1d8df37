//! A resource server of FAPI 1.0 Advanced.
//!
//! It knows neither PSD2 roles nor message signatures; certificates are trusted by their issuer
//! alone, tokens by their binding, and access is by scope.

use super::{Bank, echoing};
use crate::cert::MatchClient;
use crate::gate::GateBuilder;
use crate::header::{NegotiateMedia, ReadFapiHeaders};
use crate::reject::OAuth;
use crate::token::{BindToken, RequireScope};

/// Reads: certificate, bound token, scope, headers.
pub fn resources(bank: &Bank, scope: RequireScope) -> GateBuilder {
    let gate = echoing(OAuth::default()).then(bank.present.clone()).then(bank.trust.clone());
    bank.refuse_blocked(gate)
        .then(bank.token.clone())
        .then(BindToken::to_certificate())
        .then(MatchClient::registered_in(bank.clients.clone()))
        .then(scope)
        .then(ReadFapiHeaders::obie())
        .then(NegotiateMedia::json())
}

/// Payments: the same, and each order once. FAPI is silent on idempotency; a payment that can run
/// twice is nobody's profile.
pub fn payments(bank: &Bank, scope: RequireScope) -> GateBuilder {
    bank.once(resources(bank, scope), "fapi1")
}
