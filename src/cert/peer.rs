use std::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

/// The certificates that the client presented on this connection, the leaf first.
///
/// A server that terminates TLS itself puts it into the extensions of every request, also when
/// the client presented none: an absent extension is a mistake in the assembly of the server, an
/// empty list is a client without a certificate.
///
/// The TLS handshake has proved that the client holds the key of the leaf. Nothing else is
/// verified: neither who issued the leaf nor that it is valid now. What stands behind the leaf is
/// unordered material for building a path.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificates(Arc<[CertificateDer<'static>]>);

impl PeerCertificates {
    /// The certificates of a connection, in the order of the TLS message.
    pub fn new(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        Self(certificates.into_iter().collect())
    }

    /// The certificate whose key the client holds, if it presented one.
    pub fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.0.first()
    }

    /// The certificates behind the leaf.
    pub fn rest(&self) -> &[CertificateDer<'static>] {
        self.0.get(1..).unwrap_or_default()
    }
}

impl fmt::Debug for PeerCertificates {
    /// Shows the number only: a certificate may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PeerCertificates").field(&self.0.len()).finish()
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
