//! The registration endpoint.

use crate::cert::{PresentCertificate, TrustCertificate};
use crate::eidas::{RefuseBlocked, StopList};
use crate::gate::{Gate, GateBuilder};
use crate::registration::VerifyRegistration;
use crate::reject::AuthorizationServer;

/// Dynamic registration as in the UK (DCR 3.2 and 3.3), for POST and PUT: a certificate, and a signed
/// request with a software statement. The handler keeps the client and answers 201 with its metadata.
///
/// Reading and deleting a registration is by the access token of the client: another gate.
pub fn registration_endpoint(
    present: PresentCertificate,
    trust: TrustCertificate,
    stop_list: Option<StopList>,
    verify: VerifyRegistration,
) -> GateBuilder {
    let gate = Gate::new(AuthorizationServer).request_body_limit(REQUEST);
    let gate = gate.then(present).then(trust);
    let gate = match stop_list {
        Some(list) => gate.then(RefuseBlocked::on(list)),
        None => gate,
    };
    gate.then(verify)
}

const REQUEST: usize = 64 * 1024;
