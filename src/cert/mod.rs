//! X.509 certificates: read once, looked at often.
mod anchors;
mod client;
mod match_client;
mod name;
mod oid;
mod parsed;
pub mod pem;
mod presented;
pub mod time;
mod trust;

pub use self::{
    anchors::{Anchors, Revocation, TrustError},
    client::{
        CertificateMatch, Client, ClientLookup, ClientRegistry, Clients, FoundClient,
        RegistryUnavailable,
    },
    match_client::{MatchClient, RegisteredClient},
    name::{Attribute, CanonicalName, Name, NameError, NameOrder, RegisteredName},
    oid::{NotAnOid, Oid},
    parsed::{
        Certificate, CertificateError, Digest, KeyStrength, KeyUsage, RawExtension,
        SignatureAlgorithm, SubjectAlternativeNames,
    },
    presented::ClientCertificate,
    trust::{TrustCertificate, TrustedCertificate},
};
