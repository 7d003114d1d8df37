//! cert

mod forwarded;
mod peer;
#[cfg(feature = "rustls")]
mod tls;
mod trusted_peers;

pub use forwarded::{
    CLIENT_CERT, CLIENT_CERT_CHAIN, Certificates, Encoding, ForwardedChain, ForwardedError,
    ForwardedHeader, NoChainHeader, PercentDecoding, UnknownEncoding, XfccElement,
};
pub use peer::PeerCertificates;
#[cfg(feature = "rustls")]
pub use tls::PossessionOnly;
pub use trusted_peers::{TrustedPeers, TrustedPeersError};
