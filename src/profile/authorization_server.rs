//! The endpoints of an authorization server: those that clients call themselves (token, pushed
//! requests, introspection, revocation, registration), and that of the browser.
//!
//! Behind each of them stands the bank's own server, or what it wraps. Refusals are those of RFC
//! 6749, 5.2.

mod authorize;
mod register;

use std::sync::Arc;

pub use self::authorize::{Authorizations, authorization_endpoint, par_endpoint};
pub use self::register::registration_endpoint;
use crate::cert::{ClientRegistry, PresentCertificate, TrustCertificate};
use crate::client_auth::{
    AssertionAudience, AuthenticateClient, GrantType, OfferCertificate, PermitGrant, ReadForm,
};
use crate::crypto::Algorithm;
use crate::eidas::{RefuseBlocked, StopList};
use crate::gate::{Gate, GateBuilder};
use crate::reject::AuthorizationServer;
use crate::replay::ReplayStore;
use crate::token::dpop::{DpopProofs, OfferDpopNonce, ProveDpopKey};

/// The rules by which clients authenticate and ask for tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// FAPI 1.0 Advanced: PS256 and ES256; assertions for the issuer or an endpoint, as its clients
    /// make them.
    Fapi1Advanced,
    /// FAPI 2.0 Security Profile: EdDSA too; assertions for the issuer alone; a code verifier with
    /// every code.
    Fapi2,
    /// UK Read/Write: as FAPI 1.0 Advanced; a client asks for itself for `accounts`, `payments` and
    /// `fundsconfirmations`, to create consents and to read payments, and never for `openid`.
    Obie,
}

/// What these presets need of the bank.
#[derive(Clone)]
pub struct Server {
    /// What certificates clients have.
    pub certificates: Certificates,
    /// The registered clients, each with its registration.
    pub clients: Arc<dyn ClientRegistry>,
    /// The issuer identifier, as discovery names it.
    pub issuer: String,
    /// The URLs of the endpoints, for which assertions may be meant under FAPI 1.0: that of the token
    /// endpoint and that of pushed requests.
    pub endpoints: Vec<String>,
    /// Where the `jti` of assertions are remembered: one store for all instances and endpoints.
    pub spent: Arc<dyn ReplayStore>,
}

/// What certificates clients have.
#[derive(Clone)]
pub enum Certificates {
    /// Every client has one of an authority.
    Due {
        /// Where it comes from.
        present: PresentCertificate,
        /// Whom it must come from.
        trust: TrustCertificate,
        /// Whom the bank does not serve at present; without a list there is no step for it.
        stop_list: Option<StopList>,
    },
    /// Some clients have none, or a self-signed one.
    Offered {
        /// Where it comes from.
        present: PresentCertificate,
        /// Whom it must come from, where the client is to have one of an authority.
        trust: TrustCertificate,
    },
    /// No client has one: all authenticate by assertions, and their tokens are bound by DPoP.
    Unused,
}

/// The front of every endpoint: the form, and the client that posted it. For pushed requests,
/// introspection and revocation.
pub fn client_endpoint(profile: Profile, server: &Server) -> GateBuilder {
    let gate = Gate::new(AuthorizationServer).request_body_limit(FORM);
    let client = authenticate(profile, server);
    match &server.certificates {
        Certificates::Due { present, trust, stop_list } => {
            let gate = gate.then(present.clone()).then(trust.clone());
            let gate = match stop_list {
                Some(list) => gate.then(RefuseBlocked::on(list.clone())),
                None => gate,
            };
            gate.then(ReadForm::posted()).then(client)
        }
        Certificates::Offered { present, trust } => gate
            .then(OfferCertificate::judged_by(present.clone(), trust.clone()))
            .then(ReadForm::posted())
            .then(client.if_offered()),
        Certificates::Unused => gate.then(ReadForm::posted()).then(client.without_certificates()),
    }
}

/// The token endpoint: the same, the key of a proof where there are proofs, and what the client asks
/// for.
pub fn token_endpoint(profile: Profile, server: &Server, dpop: Option<&DpopProofs>) -> GateBuilder {
    proving(client_endpoint(profile, server), dpop).then(permit(profile))
}

/// A client may have a key or a certificate; whoever binds to it asks for the right one.
fn proving(gate: GateBuilder, dpop: Option<&DpopProofs>) -> GateBuilder {
    let Some(proofs) = dpop else { return gate };
    let gate = match proofs.nonces() {
        Some(nonces) => gate.around(OfferDpopNonce::of(nonces.clone())),
        None => gate,
    };
    gate.then(ProveDpopKey::by(proofs.clone()).optional())
}

fn authenticate(profile: Profile, server: &Server) -> AuthenticateClient {
    let client = AuthenticateClient::registered_in(
        server.clients.clone(),
        server.issuer.clone(),
        server.spent.clone(),
    );
    match profile {
        Profile::Fapi2 => client,
        // FAPI 1.0 Advanced, 8.6.
        Profile::Fapi1Advanced | Profile::Obie => client
            .algorithms([Algorithm::Ps256, Algorithm::Es256])
            .audience(AssertionAudience::IssuerOrEndpoint(server.endpoints.clone())),
    }
}

fn permit(profile: Profile) -> PermitGrant {
    let rule = PermitGrant::of([
        GrantType::AuthorizationCode,
        GrantType::ClientCredentials,
        GrantType::RefreshToken,
    ]);
    match profile {
        Profile::Fapi1Advanced => rule,
        Profile::Fapi2 => rule.require_code_verifier(),
        Profile::Obie => rule
            .scopes(GrantType::ClientCredentials, ["accounts", "fundsconfirmations", "payments"]),
    }
}

/// The longest form, in bytes: what `ReadForm` takes, so that no more is read.
const FORM: usize = 64 * 1024;

#[cfg(test)]
mod tests;
