use http::header::{HeaderMap, HeaderName, HeaderValue};
use rustls_pki_types::CertificateDer;

use super::encoding::text;
use super::verdict::{ProxyVerdict, Unverified};
use super::{Encoding, ForwardedChain, ForwardedError, der, rfc9440};
use crate::context::relaxed;
use crate::header::single;

/// `Client-Cert` (RFC 9440).
pub const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");

/// `Client-Cert-Chain` (RFC 9440).
pub const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// The headers in which the proxy in front of the service hands over the client certificate, with
/// the chain and with its verdict if it has one.
///
/// Does not judge who sent them: read them only from a trusted peer, and strip them from every
/// request. [`nginx`](Self::nginx), [`haproxy`](Self::haproxy) and the others know what each product
/// sends; [`named`](Self::named) is for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardedHeader {
    leaf: HeaderName,
    encoding: Encoding,
    chain: Option<(HeaderName, ChainForm)>,
    verdicts: Vec<ProxyVerdict>,
    unverified: Unverified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChainForm {
    /// The DER of one behind that of the other, in one base64 text.
    Concatenated,
    /// The list of RFC 9440, which may span lines.
    List,
}

impl ForwardedHeader {
    /// A header of the proxy's own, without a header for the chain and without a verdict.
    pub fn named(leaf: HeaderName, encoding: Encoding) -> Self {
        let (verdicts, unverified) = (Vec::new(), Unverified::Refuse);
        Self { leaf, encoding, chain: None, verdicts, unverified }
    }

    /// Reads the certificate from a header of another name.
    #[must_use]
    pub fn in_header(self, leaf: HeaderName) -> Self {
        Self { leaf, ..self }
    }

    /// Also reads a header that holds the chain: a list for [`Encoding::Rfc9440`], certificates
    /// one behind the other for [`Encoding::Base64Der`] (HAProxy's `ssl_c_chain_der,base64`).
    ///
    /// Refused for the other encodings, which have no such header.
    pub fn with_chain(self, chain: HeaderName) -> Result<Self, NoChainHeader> {
        let chained = self.chained(chain);
        if chained.chain.is_some() { Ok(chained) } else { Err(NoChainHeader) }
    }

    /// Reads the verdicts from headers of other names, in the order in which the product's page
    /// names them.
    ///
    /// Refuses another number of names than the proxy has verdicts.
    pub fn with_verdicts(
        mut self,
        names: impl IntoIterator<Item = HeaderName>,
    ) -> Result<Self, VerdictHeaders> {
        let names: Vec<_> = names.into_iter().collect();
        if names.len() != self.verdicts.len() {
            return Err(VerdictHeaders { due: self.verdicts.len(), named: names.len() });
        }
        for (verdict, name) in self.verdicts.iter_mut().zip(names) {
            verdict.header = name;
        }
        Ok(self)
    }

    /// Also takes certificates that the proxy could not verify, and leaves the judgement to
    /// [`TrustCertificate`](crate::cert::TrustCertificate) alone: for a proxy that cannot know
    /// every issuer (nginx with `optional_no_ca`). The verdict is still due, and one that there
    /// is no certificate still counts.
    #[must_use]
    pub fn allow_unverified(self) -> Self {
        relaxed("PresentCertificate", "allow_unverified");
        Self { unverified: Unverified::Allow, ..self }
    }

    /// Reads the certificate; `None` if no header came, or one that says there is none.
    ///
    /// Refuses a header in several lines, except for the list of RFC 9440, a chain without a leaf
    /// (RFC 9440, section 2.3), and a certificate without the verdict of the proxy that it is good.
    pub fn read(&self, headers: &HeaderMap) -> Result<Option<ForwardedChain>, ForwardedError> {
        let forwarded = self.certificates(headers)?;
        for verdict in &self.verdicts {
            verdict.judge(headers, forwarded.is_some(), self.unverified)?;
        }
        Ok(forwarded)
    }

    fn certificates(&self, headers: &HeaderMap) -> Result<Option<ForwardedChain>, ForwardedError> {
        let leaf = match single(headers, &self.leaf)? {
            None => None,
            Some(value) => self.encoding.decode(value)?,
        };
        let Some((name, form)) = &self.chain else { return Ok(leaf) };
        let certificates = form.read(headers, name)?;
        match leaf {
            None if certificates.is_empty() => Ok(None),
            None => Err(ForwardedError::ChainWithoutLeaf),
            Some(leaf) => ForwardedChain::new(leaf.leaf, certificates).map(Some),
        }
    }

    /// Whether one of the headers came, with whatever value.
    pub(in crate::cert) fn occurs(&self, headers: &HeaderMap) -> bool {
        self.names().any(|name| headers.contains_key(name))
    }

    /// Removes the headers, whoever set them.
    pub fn strip(&self, headers: &mut HeaderMap) {
        for name in self.names() {
            headers.remove(name);
        }
    }

    fn names(&self) -> impl Iterator<Item = &HeaderName> {
        let chain = self.chain.iter().map(|(name, _)| name);
        let verdicts = self.verdicts.iter().map(|verdict| &verdict.header);
        std::iter::once(&self.leaf).chain(chain).chain(verdicts)
    }

    /// With a header for the chain, if the encoding has one.
    pub(super) fn chained(self, chain: HeaderName) -> Self {
        let form = match self.encoding {
            Encoding::Base64Der => Some(ChainForm::Concatenated),
            Encoding::Rfc9440 => Some(ChainForm::List),
            _ => None,
        };
        Self { chain: form.map(|form| (chain, form)), ..self }
    }

    pub(super) fn judged(self, verdicts: impl Into<Vec<ProxyVerdict>>) -> Self {
        Self { verdicts: verdicts.into(), ..self }
    }
}

impl ChainForm {
    fn read(
        self,
        headers: &HeaderMap,
        name: &HeaderName,
    ) -> Result<Vec<CertificateDer<'static>>, ForwardedError> {
        match self {
            Self::Concatenated => match single(headers, name)? {
                None => Ok(Vec::new()),
                Some(value) => certificates(value, der::several_in_base64),
            },
            Self::List => {
                let mut found = Vec::new();
                for line in headers.get_all(name) {
                    found.extend(certificates(line, rfc9440::list)?);
                }
                Ok(found)
            }
        }
    }
}

/// The certificates of one value; none if the proxy says there are none.
fn certificates(
    value: &HeaderValue,
    decode: fn(&str) -> Result<Vec<CertificateDer<'static>>, ForwardedError>,
) -> Result<Vec<CertificateDer<'static>>, ForwardedError> {
    text(value)?.map_or_else(|| Ok(Vec::new()), decode)
}

/// A header for the chain was configured for an encoding that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this encoding of client certificates has no header for the chain")]
pub struct NoChainHeader;

/// The names for a proxy's verdicts do not fit their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{named} headers are named for {due} verdicts of the proxy")]
pub struct VerdictHeaders {
    /// How many verdicts the proxy has.
    pub due: usize,
    /// How many headers were named.
    pub named: usize,
}

#[cfg(test)]
mod tests {
    use super::super::samples::{RFC9440_INTERMEDIATE, RFC9440_LEAF, RFC9440_ROOT, base64, der};
    use super::*;
    use crate::header::Repeated;

    fn headers(lines: &[(&'static str, String)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, String)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        lines.iter().map(line).collect()
    }

    fn read(lines: &[(&'static str, String)]) -> Result<Option<ForwardedChain>, ForwardedError> {
        ForwardedHeader::rfc9440().read(&headers(lines))
    }

    fn leaf() -> (&'static str, String) {
        ("client-cert", format!(":{RFC9440_LEAF}:"))
    }

    fn chain(base64: &str) -> (&'static str, String) {
        ("client-cert-chain", format!(":{base64}:"))
    }

    #[test]
    fn leaf_and_chain_are_read_and_the_chain_may_span_lines() {
        let forwarded =
            read(&[leaf(), chain(RFC9440_INTERMEDIATE), chain(RFC9440_ROOT)]).unwrap().unwrap();
        assert_eq!(forwarded.leaf(), &der(RFC9440_LEAF));
        assert_eq!(forwarded.rest(), [der(RFC9440_INTERMEDIATE), der(RFC9440_ROOT)]);
        assert_eq!(forwarded.into_certificates().len(), 3);
    }

    #[test]
    fn an_absent_header_or_an_empty_one_is_no_certificate() {
        let empty = |name| (name, String::new());
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[empty("client-cert"), empty("client-cert-chain")]), Ok(None));
        assert!(matches!(read(&[leaf(), empty("client-cert-chain")]), Ok(Some(_))));
    }

    #[test]
    fn two_leaves_are_refused_even_when_they_agree() {
        assert_eq!(
            read(&[leaf(), leaf()]),
            Err(ForwardedError::Repeated(Repeated { name: CLIENT_CERT }))
        );
    }

    #[test]
    fn a_chain_without_a_leaf_is_refused() {
        let absent = ("client-cert", String::new());
        for lines in [&[chain(RFC9440_ROOT)][..], &[absent, chain(RFC9440_ROOT)]] {
            assert_eq!(read(lines), Err(ForwardedError::ChainWithoutLeaf));
        }
    }

    #[test]
    fn ten_certificates_are_read_and_eleven_are_refused() {
        let mut lines = vec![leaf()];
        lines.resize(10, chain(RFC9440_ROOT));
        assert!(read(&lines).is_ok());
        lines.push(chain(RFC9440_ROOT));
        assert_eq!(read(&lines), Err(ForwardedError::ChainTooLong { limit: 10 }));
    }

    #[test]
    fn haproxy_writes_the_chain_as_one_text() {
        let name = HeaderName::from_static;
        let header = ForwardedHeader::named(name("x-leaf"), Encoding::Base64Der)
            .with_chain(name("x-chain"))
            .unwrap();
        let chain = [&der(RFC9440_INTERMEDIATE)[..], &der(RFC9440_ROOT)].concat();
        let chain = ("x-chain", base64(&chain.into()));
        let leaf = ("x-leaf", RFC9440_LEAF.to_owned());
        let forwarded = header.read(&headers(&[leaf.clone(), chain.clone()])).unwrap().unwrap();
        assert_eq!(forwarded.rest(), [der(RFC9440_INTERMEDIATE), der(RFC9440_ROOT)]);
        assert!(header.read(&headers(&[leaf, chain.clone(), chain])).is_err());
    }

    #[test]
    fn encodings_without_a_chain_header_refuse_one() {
        let header = ForwardedHeader::named(CLIENT_CERT, Encoding::PemFolded);
        assert_eq!(header.with_chain(CLIENT_CERT_CHAIN), Err(NoChainHeader));
    }

    #[test]
    fn every_line_is_stripped() {
        let mut lines = headers(&[leaf(), leaf(), chain(RFC9440_ROOT), ("x-other", "x".into())]);
        ForwardedHeader::rfc9440().strip(&mut lines);
        assert_eq!(lines.len(), 1);
    }
}
