//! `PresentCertificate`: the certificate of the client, from one source.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::strip::strip;
use super::{
    Certificate, ClientCertificate, ForwardedChain, ForwardedError, ForwardedHeader,
    PeerCertificates, Remembered, TrustedPeers,
};
use crate::context::Context;
use crate::gate::{Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Takes the client certificate from the TLS connection or from the header of a trusted proxy,
/// never from both.
///
/// # Passes when
///
/// - [`from_tls`](Self::from_tls): the connection presented a certificate that can be read
///   ([`PeerCertificates`] in the request's extensions);
/// - [`from_header`](Self::from_header): the peer is one of the trusted proxies, by its address
///   ([`PeerAddress`](super::PeerAddress) in the request's extensions) or by its own certificate;
///   the one header holds one certificate in the configured encoding; and the proxy's verdict,
///   where it has one, is that the certificate is good.
///
/// The configured headers, and those that proxies are known to use for certificates and for what
/// they found out about them, are removed from the request in every case, so that no handler can
/// believe a forged one. A name with underscores in the place of hyphens is removed too, because
/// CGI knows no difference, and never read.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`ClientCertificate`].
///
/// # Does not check
///
/// The certificate, not even its dates: [`TrustCertificate`](super::TrustCertificate) does. Nor
/// that the proxy demanded the key, and overwrote what the client sent.
///
/// # Rejections
///
/// [`Reason::CertificateMissing`]; [`Reason::CertificateHeaderInvalid`] for a header that is
/// repeated, does not decode, or comes from any other peer, and for a certificate without a
/// verdict or with one that there is none; [`Reason::CertificateUntrusted`] for a certificate that
/// the proxy could not verify, and for one of the connection that cannot be read;
/// [`Reason::Misassembled`] where the server gives no extension.
///
/// # Specification
///
/// RFC 8705, 2 and 3; RFC 9440, 3 and 4.
///
/// ```
/// # use base64::{Engine, engine::general_purpose::STANDARD};
/// use http::{HeaderName, Request};
/// use tower_open_banking::cert::{ForwardedHeader, PeerAddress, PresentCertificate, TrustedPeers};
/// use tower_open_banking::context::Context;
/// use tower_open_banking::gate::{Rule, Verdict};
///
/// # let made = rcgen::generate_simple_self_signed(["tpp.example".to_owned()])?;
/// # let base64 = STANDARD.encode(made.cert.der());
/// let name = HeaderName::from_static("x-ssl-cert");
/// let header = ForwardedHeader::named(name, "base64-der".parse()?);
/// let rule = PresentCertificate::from_header(header, TrustedPeers::parse(["10.1.0.0/16"])?);
/// let judged = |peer: [u8; 4]| {
///     let request = Request::get("/accounts").header("x-ssl-cert", &base64);
///     let request = request.extension(PeerAddress::new(peer.into()));
///     let (mut parts, ()) = request.body(()).unwrap().into_parts();
///     let verdict = rule.check((), &mut parts, &Context::default());
///     assert!(parts.headers.is_empty());
///     verdict
/// };
/// assert!(matches!(judged([10, 1, 2, 3]), Verdict::Now(Ok(_))));
/// assert!(matches!(judged([192, 0, 2, 1]), Verdict::Now(Err(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PresentCertificate(Arc<Source>);

enum Source {
    Header(Box<FromProxy>),
    Tls,
}

struct FromProxy {
    header: ForwardedHeader,
    peers: Peers,
    read: Remembered<Arc<Certificate>>,
}

enum Peers {
    Anyone,
    Trusted(TrustedPeers),
}

impl PresentCertificate {
    /// From the TLS connection.
    pub fn from_tls() -> Self {
        Self(Arc::new(Source::Tls))
    }

    /// From a header that a proxy sets, and from no other peer than these. The proxy must remove the
    /// header from every request that it receives (RFC 9440, 4).
    pub fn from_header(header: ForwardedHeader, peers: TrustedPeers) -> Self {
        Self::from_proxy(header, Peers::Trusted(peers))
    }

    /// The greppable door for a drill without the check of the peer.
    pub(crate) fn from_anyones_header(header: ForwardedHeader) -> Self {
        Self::from_proxy(header, Peers::Anyone)
    }

    fn from_proxy(header: ForwardedHeader, peers: Peers) -> Self {
        let read = Remembered::of_strangers();
        Self(Arc::new(Source::Header(Box::new(FromProxy { header, peers, read }))))
    }
}

impl PresentCertificate {
    /// Takes the certificate, and strips the headers whatever comes of it.
    pub(crate) fn present(&self, request: &mut Parts) -> Result<ClientCertificate, Rejection> {
        let presented = match &*self.0 {
            Source::Header(proxy) => {
                let presented = proxy.present(request);
                proxy.header.strip(&mut request.headers);
                presented
            }
            Source::Tls => from_connection(request),
        };
        strip(&mut request.headers);
        presented
    }
}

impl Rule for PresentCertificate {
    const NAME: &'static str = "PresentCertificate";
    type Needs = ();
    type Leaves = ClientCertificate;

    fn check(
        &self,
        (): Refs<'_, ()>,
        request: &mut Parts,
        _: &Context,
    ) -> Verdict<ClientCertificate> {
        self.present(request).into()
    }
}

fn from_connection(request: &Parts) -> Result<ClientCertificate, Rejection> {
    let peer = request.extensions.get::<PeerCertificates>().ok_or_else(|| {
        Rejection::new(Reason::Misassembled).detail("the server gives no PeerCertificates")
    })?;
    let read = peer.read().ok_or_else(|| Rejection::new(Reason::CertificateMissing))?;
    read.map_err(|error| Rejection::new(Reason::CertificateUntrusted).source(error))
}

impl FromProxy {
    fn present(&self, request: &Parts) -> Result<ClientCertificate, Rejection> {
        let headers = &request.headers;
        if !self.trusts(request)? {
            return Err(match self.header.occurs(headers) {
                true => Rejection::new(Reason::CertificateHeaderInvalid)
                    .detail("a certificate header from a peer that is no trusted proxy"),
                false => Rejection::new(Reason::CertificateMissing),
            });
        }
        let chain = self.header.read(headers).map_err(refused)?;
        let chain = chain.ok_or_else(|| Rejection::new(Reason::CertificateMissing))?;
        let invalid = |error| Rejection::new(Reason::CertificateHeaderInvalid).source(error);
        let certificate = self.parse(&chain).map_err(invalid)?;
        Ok(ClientCertificate::new(certificate, chain.rest().into()))
    }

    fn trusts(&self, request: &Parts) -> Result<bool, Rejection> {
        match &self.peers {
            Peers::Anyone => Ok(true),
            Peers::Trusted(peers) => peers.sent(&request.extensions),
        }
    }

    fn parse(&self, chain: &ForwardedChain) -> Result<Arc<Certificate>, super::CertificateError> {
        let thumbprint = crate::crypto::sha256(chain.leaf());
        if let Some(known) = self.read.get(&thumbprint) {
            return Ok(known);
        }
        let certificate = Arc::new(Certificate::from_der(chain.leaf())?);
        self.read.put(thumbprint, certificate.clone());
        Ok(certificate)
    }
}

fn refused(error: ForwardedError) -> Rejection {
    let reason = match error {
        ForwardedError::Unverified { .. } => Reason::CertificateUntrusted,
        _ => Reason::CertificateHeaderInvalid,
    };
    Rejection::new(reason).source(error)
}

impl fmt::Debug for PresentCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Header(proxy) => write!(f, "PresentCertificate({:?})", proxy.header),
            Source::Tls => write!(f, "PresentCertificate(TLS)"),
        }
    }
}

rule_layers!(PresentCertificate);

#[cfg(test)]
mod tests;
