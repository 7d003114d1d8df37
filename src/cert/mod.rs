//! X.509 certificates: read once, looked at often.
mod name;
mod oid;
mod parsed;
pub mod pem;
pub mod time;

pub use self::{
    name::{Attribute, CanonicalName, Name, NameError, NameOrder, RegisteredName},
    oid::{NotAnOid, Oid},
    parsed::{
        Certificate, CertificateError, Digest, KeyStrength, KeyUsage, RawExtension,
        SignatureAlgorithm, SubjectAlternativeNames,
    },
};
