//! A client certificate in a header, set by the proxy that terminates TLS.
//!
//! Every form carries a public certificate and proves nothing by itself: only a channel from a
//! trusted proxy, which overwrites what the client sent, makes it evidence that somebody holds the
//! key.

use std::fmt;

use rustls_pki_types::CertificateDer;

mod armour;
mod clouds;
mod der;
mod encoding;
mod error;
mod header;
mod percent;
mod proxy;
mod rfc9440;
mod servers;
mod verdict;
mod xfcc;

#[cfg(test)]
mod samples;

pub use encoding::{Certificates, Encoding, PercentDecoding, UnknownEncoding, XfccElement};
pub use error::ForwardedError;
pub use header::{CLIENT_CERT, CLIENT_CERT_CHAIN, ForwardedHeader, NoChainHeader, VerdictHeaders};
pub use proxy::UnknownProxy;

/// A certificate that a header carried, with the certificates that came along.
///
/// Each is one DER value that has the outer form of a certificate. The certificates behind the
/// leaf are unordered material for building a path.
///
/// Nothing is verified: neither that the leaf is a certificate inside, nor who signed it, nor
/// who sent it.
#[derive(Clone, PartialEq, Eq)]
pub struct ForwardedChain {
    leaf: CertificateDer<'static>,
    rest: Vec<CertificateDer<'static>>,
}

impl ForwardedChain {
    /// The certificate of the client.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.leaf
    }

    /// The certificates that came along.
    pub fn rest(&self) -> &[CertificateDer<'static>] {
        &self.rest
    }

    /// All certificates, the leaf first.
    pub fn into_certificates(self) -> Vec<CertificateDer<'static>> {
        let mut certificates = self.rest;
        certificates.insert(0, self.leaf);
        certificates
    }

    /// A chain within the limits.
    fn new(
        leaf: CertificateDer<'static>,
        rest: Vec<CertificateDer<'static>>,
    ) -> Result<Self, ForwardedError> {
        if leaf.len() > LEAF_LIMIT {
            return Err(ForwardedError::LeafTooLarge { limit: LEAF_LIMIT });
        }
        if rest.len() >= CHAIN_LIMIT {
            return Err(ForwardedError::ChainTooLong { limit: CHAIN_LIMIT });
        }
        Ok(Self { leaf, rest })
    }

    /// A chain from certificates of which the first is the leaf.
    fn leaf_first(certificates: Vec<CertificateDer<'static>>) -> Result<Self, ForwardedError> {
        let mut certificates = certificates.into_iter();
        let leaf = certificates.next().ok_or(ForwardedError::NoCertificate)?;
        Self::new(leaf, certificates.collect())
    }

    /// A chain from one certificate, where more are too many.
    fn alone(certificates: Vec<CertificateDer<'static>>) -> Result<Self, ForwardedError> {
        match certificates.len() {
            0 | 1 => Self::leaf_first(certificates),
            _ => Err(ForwardedError::SeveralCertificates),
        }
    }
}

impl fmt::Debug for ForwardedChain {
    /// Shows sizes only: a certificate may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardedChain")
            .field("leaf_bytes", &self.leaf.len())
            .field("rest", &self.rest.len())
            .finish()
    }
}

const LEAF_LIMIT: usize = 10 * 1024;
const CHAIN_LIMIT: usize = 10;
