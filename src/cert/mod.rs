//! cert

mod forwarded;
mod peer;
mod trusted_peers;

pub use forwarded::{
    CLIENT_CERT, CLIENT_CERT_CHAIN, Certificates, Encoding, ForwardedChain, ForwardedError,
    ForwardedHeader, NoChainHeader, PercentDecoding, UnknownEncoding, XfccElement,
};
pub use peer::PeerCertificates;
pub use trusted_peers::{TrustedPeers, TrustedPeersError};
