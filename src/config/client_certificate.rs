//! Where the client certificate comes from.

use http::HeaderName;

use super::{CertificateSource, ClientCertificate, ConfigError, Profile};
use crate::cert::{
    CLIENT_CERT, Encoding, ForwardedHeader, PresentCertificate, TrustedPeers, TrustedPeersError,
};
use crate::profile::wso2::CERTIFICATE_HEADER;

impl ClientCertificate {
    pub(super) fn rule(&self, profile: Profile) -> Result<PresentCertificate, ConfigError> {
        match self.source {
            CertificateSource::Tls => match self.set_for_header() {
                Some(name) => Err(wrong(name, "only with source = \"header\"")),
                None => Ok(PresentCertificate::from_tls()),
            },
            CertificateSource::Header => {
                let (peers, header) = (self.peers()?, self.header(profile)?);
                let header = if self.allow_unverified { header.allow_unverified() } else { header };
                Ok(PresentCertificate::from_header(header, peers))
            }
        }
    }

    /// A key that means nothing to the connection.
    fn set_for_header(&self) -> Option<&'static str> {
        let keys = [
            ("allow_unverified", self.allow_unverified),
            ("chain_header", self.chain_header.is_some()),
            ("encoding", self.encoding.is_some()),
            ("header", self.header.is_some()),
            ("proxy", self.proxy.is_some()),
            ("trusted_hops", self.trusted_hops.is_some()),
            ("trusted_peers", self.trusted_peers.is_some()),
            ("trusted_thumbprints", self.trusted_thumbprints.is_some()),
            ("verdict_headers", self.verdict_headers.is_some()),
        ];
        keys.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
    }

    fn peers(&self) -> Result<TrustedPeers, ConfigError> {
        let Some(texts) = &self.trusted_thumbprints else {
            return self
                .trusted_peers
                .clone()
                .ok_or_else(|| wrong("trusted_peers", "no trusted proxy"));
        };
        let pins: Option<Vec<_>> = texts.iter().map(|text| thumbprint(text)).collect();
        let wrong = |why: String| wrong("trusted_thumbprints", why);
        let pins = pins.ok_or_else(|| wrong("not the SHA-256 of a certificate".to_owned()))?;
        let peers = match self.trusted_peers.clone() {
            Some(addresses) => addresses.and_pinned(pins),
            None => TrustedPeers::pinned(pins),
        };
        peers.map_err(|error: TrustedPeersError| wrong(error.to_string()))
    }

    /// The headers of the configuration, or the customary ones.
    pub(super) fn header(&self, profile: Profile) -> Result<ForwardedHeader, ConfigError> {
        let named = |key| {
            move |name: &String| {
                HeaderName::try_from(name.as_str()).map_err(|error| wrong(key, error))
            }
        };
        let leaf = self.header.as_ref().map(named("header")).transpose()?;
        let mut header = match (&self.proxy, self.encoding) {
            (Some(_), Some(_)) => return Err(wrong("encoding", "the proxy has its own")),
            (Some(proxy), None) => self.of_proxy(proxy, leaf)?,
            (None, Some(encoding)) => in_encoding(encoding, leaf, profile)?,
            (None, None) if profile == Profile::Wso2 => {
                let customary = ForwardedHeader::wso2();
                leaf.map_or(customary.clone(), |leaf| customary.in_header(leaf))
            }
            (None, None) => return Err(wrong("encoding", "missing, and no proxy")),
        };
        if self.trusted_hops.is_some() && self.proxy.as_deref() != Some("envoy") {
            return Err(wrong("trusted_hops", "only with proxy = \"envoy\""));
        }
        if let Some(chain) = self.chain_header.as_ref().map(named("chain_header")).transpose()? {
            header = header.with_chain(chain).map_err(|error| wrong("chain_header", error))?;
        }
        if let Some(names) = &self.verdict_headers {
            let names: Result<Vec<_>, _> = names.iter().map(named("verdict_headers")).collect();
            header =
                header.with_verdicts(names?).map_err(|error| wrong("verdict_headers", error))?;
        }
        Ok(header)
    }

    fn of_proxy(
        &self,
        name: &str,
        leaf: Option<HeaderName>,
    ) -> Result<ForwardedHeader, ConfigError> {
        let header = match (name, self.trusted_hops) {
            ("envoy", Some(place)) => ForwardedHeader::envoy_behind(place),
            _ => ForwardedHeader::of_proxy(name).map_err(|error| wrong("proxy", error))?,
        };
        Ok(match leaf {
            Some(leaf) => header.in_header(leaf),
            None => header,
        })
    }
}

fn in_encoding(
    encoding: Encoding,
    leaf: Option<HeaderName>,
    profile: Profile,
) -> Result<ForwardedHeader, ConfigError> {
    let customary = (profile == Profile::Wso2).then_some(CERTIFICATE_HEADER);
    Ok(match (leaf.or(customary), encoding) {
        (Some(leaf), Encoding::Rfc9440) if leaf == CLIENT_CERT => ForwardedHeader::rfc9440(),
        (Some(leaf), _) => ForwardedHeader::named(leaf, encoding),
        (None, Encoding::Rfc9440) => ForwardedHeader::rfc9440(),
        (None, Encoding::Xfcc { .. }) => ForwardedHeader::envoy(),
        (None, _) => return Err(wrong("header", "missing")),
    })
}

/// 64 hexadecimal digits, with colons as openssl prints them or without.
fn thumbprint(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|character| *character != ':')
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, []) = digits.as_deref()?.as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

fn wrong(key: &str, why: impl ToString) -> ConfigError {
    ConfigError::value(format!("client_certificate.{key}"), why)
}
