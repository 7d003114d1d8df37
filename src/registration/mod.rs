//! Dynamic client registration by software statement, as in the UK (DCR 3.2 and 3.3; RFC 7591).
//!
//! A provider posts one JWT, signed by a key of its software. Inside is the software statement, which
//! the directory signed, and what the client wants to be. [`VerifyRegistration`] says what of it is
//! proven and allowed; the bank gives the `client_id` and keeps the [`Client`](crate::cert::Client).

mod directory;
mod metadata;
mod policy;
mod request;
mod signed;
mod software;
mod statement;
mod verify;

pub use self::directory::Directory;
pub use self::metadata::{ClientMetadata, MetadataError};
pub use self::policy::RegistrationPolicy;
pub use self::request::RegistrationRequest;
pub use self::software::{Approval, ApprovalUnavailable, ApproveSoftware, SoftwareKeys};
pub use self::statement::{CompetentAuthority, SoftwareStatement};
pub use self::verify::VerifyRegistration;

#[cfg(test)]
mod tests;
