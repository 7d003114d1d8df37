//! The API as clients of WSO2 Open Banking know it.
//!
//! The rules are those of the UK profile from 3.1.4; what differs is the error body, and 401 for a
//! reused idempotency key. The product's certificate header is a name for
//! [`ForwardedHeader::named`](crate::cert::ForwardedHeader::named): see [`CERTIFICATE_HEADER`].

use http::HeaderName;

use super::{Bank, echoing};
use crate::eidas::RequireRole;
use crate::gate::GateBuilder;
use crate::reject::Wso2;
use crate::signature::{SignResponse, VerifySignature};

/// The header in which the product expects its load balancer to forward the client certificate.
pub const CERTIFICATE_HEADER: HeaderName = HeaderName::from_static("ssl.client.auth.cert.x509");

/// Payment initiation.
pub fn payments(
    bank: &Bank,
    role: RequireRole,
    verify: VerifySignature,
    sign: SignResponse,
) -> GateBuilder {
    let gate = bank.third_party(echoing(Wso2::default()).around(sign), role);
    bank.once(bank.verify(gate, verify), "wso2")
}

/// Account information and funds confirmation.
pub fn unsigned(bank: &Bank, role: RequireRole) -> GateBuilder {
    bank.third_party(echoing(Wso2::default()), role)
}
