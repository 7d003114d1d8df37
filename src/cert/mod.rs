//! X.509 certificates: presented, read once, trusted, and matched with a client.

mod anchors;
mod client;
mod fields;
mod find_client;
mod forwarded;
mod issuer;
mod match_client;
mod match_sender;
mod name;
mod oid;
mod parsed;
mod path;
mod peer;
pub mod pem;
mod present;
mod presented;
mod remembered;
mod strip;
#[cfg(test)]
pub(crate) mod test_pki;
pub mod time;
#[cfg(feature = "rustls")]
mod tls;
mod trust;
mod trusted_peers;

#[cfg(feature = "axum-server")]
pub use self::tls::IntroducingAcceptor;
#[cfg(feature = "rustls")]
pub use self::tls::PossessionOnly;
#[cfg(feature = "axum-serve")]
pub use self::tls::introduce;
#[cfg(feature = "tokio-rustls")]
pub use self::tls::{Introduce, TlsListener};
pub use self::{
    anchors::{Anchors, TrustError},
    client::{
        CertificateMatch, Client, ClientLookup, ClientRegistry, Clients, FoundClient,
        RegisteredTwice, RegistryUnavailable,
    },
    find_client::FindClient,
    forwarded::{
        CLIENT_CERT, CLIENT_CERT_CHAIN, Certificates, Encoding, ForwardedChain, ForwardedError,
        ForwardedHeader, NoChainHeader, PercentDecoding, UnknownEncoding, UnknownProxy,
        VerdictHeaders, XfccElement,
    },
    match_client::{MatchClient, RegisteredClient},
    match_sender::MatchSender,
    name::{Attribute, CanonicalName, Name, NameError, NameOrder, RegisteredName},
    oid::{NotAnOid, Oid},
    parsed::{
        Certificate, CertificateError, Digest, KeyStrength, KeyUsage, RawExtension,
        SignatureAlgorithm, SubjectAlternativeNames,
    },
    peer::{PeerAddress, PeerCertificates},
    present::PresentCertificate,
    presented::ClientCertificate,
    trust::{Trust, TrustCertificate, TrustedCertificate},
    trusted_peers::{TrustedPeers, TrustedPeersError},
};
pub(crate) use self::{
    fields::Fields,
    issuer::Issuer,
    path::{Link, Path},
    remembered::Remembered,
};
