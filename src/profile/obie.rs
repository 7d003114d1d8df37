//! The UK Read/Write API.

use super::{Bank, echoing};
use crate::eidas::RequireRole;
use crate::gate::GateBuilder;
use crate::reject::Obie;
use crate::signature::{ObieSigning, SignResponse, VerifySignature};

/// The versions that differ in what a gate does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Version {
    /// 3.1.2 and 3.1.3: `b64` is false in message signatures.
    V3_1_3,
    /// 3.1.4 to 3.1.11: no `b64`.
    V3_1_4,
    /// 4.0: signatures as 3.1.4, and error codes of four characters.
    V4_0,
    /// 4.0.1: as 4.0, with another answer to a reused idempotency key.
    V4_0_1,
}

impl Version {
    /// The rules for message signatures.
    pub fn signing(self) -> ObieSigning {
        match self {
            Self::V3_1_3 => ObieSigning::V3_1_0,
            Self::V3_1_4 | Self::V4_0 | Self::V4_0_1 => ObieSigning::V3_1_4,
        }
    }

    /// The error format.
    pub fn format(self) -> Obie {
        match self {
            Self::V3_1_3 | Self::V3_1_4 => Obie::V3_1,
            Self::V4_0 => Obie::V4_0,
            Self::V4_0_1 => Obie::V4_0_1,
        }
    }

    fn tenant(self) -> &'static str {
        match self {
            Self::V3_1_3 | Self::V3_1_4 => "obie-3.1",
            Self::V4_0 | Self::V4_0_1 => "obie-4.0",
        }
    }
}

/// Payment initiation: role and scope of payments, signed both ways, each order once.
pub fn payments(
    version: Version,
    bank: &Bank,
    role: RequireRole,
    verify: VerifySignature,
    sign: SignResponse,
) -> GateBuilder {
    let gate = bank.third_party(echoing(version.format()).around(sign), role);
    bank.once(bank.verify(gate, verify), version.tenant())
}

/// Account information and funds confirmation: role and scope, nothing signed.
pub fn unsigned(version: Version, bank: &Bank, role: RequireRole) -> GateBuilder {
    bank.third_party(echoing(version.format()), role)
}
