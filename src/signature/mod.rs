//! Message signatures: `x-jws-signature` of the UK Read/Write profile, on requests and responses.

mod certificates;
mod endpoint;
mod obie;
mod one_organisation;
mod sign;
#[cfg(test)]
mod test_message;
mod verify;

pub use certificates::SigningCertificates;
pub use endpoint::{ConsentUse, Demands, Endpoint, EndpointTable};
pub use obie::{ObieSigning, TrustAnchors};
pub use one_organisation::{
    OneOrganisation, OrganisationMapping, OrganisationName, RequireOneOrganisation, by_its_own_name,
};
pub use sign::{ResponseSigner, SignResponse, SigningPlan};
pub use verify::{SignedMessage, Unexpected, VerifySignature};

use http::header::HeaderName;

pub(crate) const HEADER_TEXT: &str = "x-jws-signature";
pub(crate) const HEADER: HeaderName = HeaderName::from_static(HEADER_TEXT);
