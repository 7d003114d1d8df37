use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use rustls_pki_types::CertificateDer;

use super::{Certificate, CertificateError, ClientCertificate};
use crate::crypto::sha256;

/// The certificates that the client presented on this connection, the leaf first.
///
/// A server that terminates TLS itself puts it into the extensions of every request, also when
/// the client presented none: an absent extension is a mistake in the assembly of the server, an
/// empty list is a client without a certificate.
///
/// The TLS handshake has proved that the client holds the key of the leaf. Nothing else is
/// verified: neither who issued the leaf nor that it is valid now. What stands behind the leaf is
/// unordered material for building a path.
///
/// The leaf is parsed once, by the first request of the connection: clone the value into every
/// request, do not make a new one.
///
/// With the feature `tokio-rustls` one line of [`Introduce`](super::Introduce) does it for hyper,
/// [`introduce`](super::introduce) for `axum::serve` (feature `axum-serve`), and
/// [`IntroducingAcceptor`](super::IntroducingAcceptor) for axum-server (feature `axum-server`). For
/// another server that uses rustls it is made `From<&ServerConnection>`.
#[derive(Clone)]
pub struct PeerCertificates(Arc<Presented>);

struct Presented {
    certificates: Vec<CertificateDer<'static>>,
    rest: Arc<[CertificateDer<'static>]>,
    leaf: OnceLock<Result<Arc<Certificate>, CertificateError>>,
    thumbprint: OnceLock<[u8; 32]>,
}

impl PeerCertificates {
    /// The certificates of a connection, in the order of the TLS message.
    pub fn new(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let certificates: Vec<_> = certificates.into_iter().collect();
        let rest = certificates.iter().skip(1).cloned().collect();
        let (leaf, thumbprint) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Presented { certificates, rest, leaf, thumbprint }))
    }

    /// The certificate whose key the client holds, if it presented one.
    pub fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.0.certificates.first()
    }

    /// The certificates behind the leaf.
    pub fn rest(&self) -> &[CertificateDer<'static>] {
        &self.0.rest
    }

    /// The SHA-256 of the leaf, if there is one: computed once.
    pub(super) fn thumbprint(&self) -> Option<[u8; 32]> {
        let der = self.leaf()?;
        Some(*self.0.thumbprint.get_or_init(|| sha256(der)))
    }

    /// The leaf, parsed, with the certificates behind it.
    pub(super) fn read(&self) -> Option<Result<ClientCertificate, CertificateError>> {
        let der = self.leaf()?;
        let parsed = self.0.leaf.get_or_init(|| Certificate::from_der(der).map(Arc::new));
        let chain = self.0.rest.clone();
        Some(parsed.clone().map(|certificate| ClientCertificate::new(certificate, chain)))
    }
}

impl PartialEq for PeerCertificates {
    fn eq(&self, other: &Self) -> bool {
        self.0.certificates == other.0.certificates
    }
}

impl Eq for PeerCertificates {}

impl fmt::Debug for PeerCertificates {
    /// Shows the number only: a certificate may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PeerCertificates").field(&self.0.certificates.len()).finish()
    }
}

/// The address of whoever opened the connection.
///
/// A server puts it into the extensions of every request, from the socket: never from a header such
/// as `X-Forwarded-For`, which anybody can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerAddress {
    /// The address of an internet socket.
    Ip(IpAddr),
    /// The connection came over a Unix socket.
    Unix,
    /// The operating system does not know any more, because the peer has gone. Nobody trusts it.
    Unknown,
}

impl PeerAddress {
    /// The address of an internet socket.
    pub fn new(address: IpAddr) -> Self {
        Self::Ip(address)
    }

    /// The other end of a Unix socket.
    pub fn unix() -> Self {
        Self::Unix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_leaf() {
        let der = |byte: u8| CertificateDer::from(vec![byte]);
        let peer = PeerCertificates::new([der(1), der(2), der(3)]);
        assert_eq!((peer.leaf(), peer.rest()), (Some(&der(1)), &[der(2), der(3)][..]));
    }

    #[test]
    fn a_client_may_have_presented_none() {
        let peer = PeerCertificates::new([]);
        assert_eq!((peer.leaf(), peer.rest().len()), (None, 0));
    }
}
