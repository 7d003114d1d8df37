//! The NextGenPSD2 API of the Berlin Group, 1.3.x.
//!
//! A provider is known by its qualified certificate; by which policy is [`Bank::identify`]. Tokens
//! are those of the OAuth2 approach. Message signatures (`Digest`, `Signature`,
//! `TPP-Signature-Certificate`) are not verified by these gates, and `Consent-ID` is the
//! application's to look up.
//!
//! No step makes a request happen once: the API definition knows no idempotency key, and although
//! `X-Request-ID` is unique to a call it says nothing of what a repeated one is answered with. A
//! payment that is initiated twice is two resources, each of which the customer authorises; a bank
//! that executes some without that must find the duplicates itself.

use super::Bank;
use crate::cert::MatchClient;
use crate::eidas::RequireRole;
use crate::gate::{Gate, GateBuilder};
use crate::header::{EchoInteractionId, NegotiateMedia, ReadPsuHeaders};
use crate::reject::BerlinGroup;
use crate::token::BindToken;

/// Payment initiation, in JSON: the products `pain.001` need a gate with another media type.
pub fn payments(bank: &Bank, role: RequireRole) -> GateBuilder {
    third_party(bank, role, ReadPsuHeaders::due_where_created())
}

/// Consents and account information.
pub fn accounts(bank: &Bank, role: RequireRole) -> GateBuilder {
    third_party(bank, role, ReadPsuHeaders::due_where_created())
}

/// Confirmation of the availability of funds, at which no customer is present.
pub fn funds_confirmations(bank: &Bank, role: RequireRole) -> GateBuilder {
    third_party(bank, role, ReadPsuHeaders::optional())
}

fn third_party(bank: &Bank, role: RequireRole, headers: ReadPsuHeaders) -> GateBuilder {
    let gate = Gate::new(BerlinGroup::default())
        .around(EchoInteractionId::required().in_request_id())
        .then(bank.present.clone())
        .then(bank.trust.clone())
        .then(bank.identify.clone());
    bank.refuse_blocked(gate)
        .then(bank.token.clone())
        .then(BindToken::to_certificate())
        .then(MatchClient::registered_in(bank.clients.clone()))
        .then(role)
        .then(headers)
        .then(NegotiateMedia::json())
}
