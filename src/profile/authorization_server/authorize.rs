//! The endpoints of authorisation: where requests are pushed, and where the browser comes.

use std::sync::Arc;

use super::{Profile, Server, client_endpoint, proving};
use crate::authorize::{
    Intents, MatchIntent, PermitAuthorization, PushBoundRequest, PushRequest, PushedRequests,
    ReadPushedRequest, ReadRequestObject, RequestProfile, Responder, VerifyRequestObject,
};
use crate::gate::{Gate, GateBuilder};
use crate::jose::DecryptionKeys;
use crate::reject::AuthorizationEndpoint;
use crate::token::dpop::DpopProofs;

/// What authorisation needs of the bank besides.
#[derive(Clone)]
pub struct Authorizations {
    /// What requests must be like.
    pub requests: RequestProfile,
    /// Where pushed requests are kept: one store for all instances and both endpoints.
    pub pushed: Arc<dyn PushedRequests>,
    /// How the browser is sent back.
    pub responder: Responder,
    /// With what encrypted request objects are opened; without, they are refused.
    pub decryption: Option<DecryptionKeys>,
    /// The consents that requests name; without, no step looks them up.
    pub intents: Option<Arc<dyn Intents>>,
    /// How proofs by DPoP are judged where requests are pushed; without, none is looked at.
    pub dpop: Option<DpopProofs>,
}

/// The PAR endpoint: the client, its request, and the keeping of it. The handler answers with
/// [`PushedRequest::response`](crate::authorize::PushedRequest::response).
pub fn par_endpoint(
    profile: Profile,
    server: &Server,
    authorizations: &Authorizations,
) -> GateBuilder {
    let push = PushRequest::into(authorizations.pushed.clone());
    let read = |gate: GateBuilder| gate.then(ReadPushedRequest::posted());
    let gate = client_endpoint(profile, server);
    match &authorizations.dpop {
        None => judged(read(gate), server, authorizations).then(push),
        Some(proofs) => {
            let gate = read(proving(gate, Some(proofs)));
            judged(gate, server, authorizations).then(PushBoundRequest::by(push))
        }
    }
}

/// The authorisation endpoint: the request by value or pushed. The handler asks the user and answers
/// with the [`Responder`]; refusals go where they may.
pub fn authorization_endpoint(server: &Server, authorizations: &Authorizations) -> GateBuilder {
    let gate = Gate::new(AuthorizationEndpoint::of(authorizations.responder.clone()));
    let read = ReadRequestObject::of(authorizations.requests, server.clients.clone());
    let read = read.pushed_to(authorizations.pushed.clone());
    judged(gate.request_body_limit(FORM).then(read), server, authorizations)
}

/// What both endpoints have in common: where a request is pushed, all of it is judged there and
/// again where it is used.
fn judged(gate: GateBuilder, server: &Server, authorizations: &Authorizations) -> GateBuilder {
    let verify = VerifyRequestObject::of(authorizations.requests, server.issuer.clone());
    let verify = match &authorizations.decryption {
        Some(keys) => verify.decrypting_with(keys.clone()),
        None => verify,
    };
    let gate = gate.then(verify).then(PermitAuthorization::of(authorizations.requests));
    match &authorizations.intents {
        Some(intents) => gate.then(MatchIntent::among(intents.clone())),
        None => gate,
    }
}

const FORM: usize = 64 * 1024;

#[cfg(test)]
mod tests;
