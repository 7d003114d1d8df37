use std::num::NonZeroUsize;
use std::str::FromStr;

use http::header::HeaderValue;
use rustls_pki_types::CertificateDer;
use serde::Deserialize;

use super::armour::{self, Breaks};
use super::{ForwardedChain, ForwardedError, der, percent, rfc9440, xfcc};

/// How a proxy writes the client certificate into a header. Named by who configures the service,
/// never guessed from the value: two proxies that a client can make disagree are a way in.
///
/// Configuration files use the name that stands with each encoding.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
#[serde(try_from = "String")]
pub enum Encoding {
    /// `base64-der`: the DER in base64 without markers (HAProxy, YARP, Azure App Service).
    Base64Der,
    /// `pem-body`, `pem-body-chain`, `pem-body-percent`, `pem-body-percent-chain`: the base64
    /// between the PEM markers, without line breaks (Traefik, Cloud Foundry); a chain is a list
    /// with commas, the leaf first.
    PemBody {
        /// Whether the text is percent-encoded, as by old versions of Traefik.
        percent: PercentDecoding,
        /// How many certificates the header may hold.
        certificates: Certificates,
    },
    /// `pem-folded`: PEM with blanks or tabs in the place of line breaks, or before each line
    /// (Apache; nginx's deprecated `$ssl_client_cert`).
    PemFolded,
    /// `pem-percent`, `pem-percent-chain`: percent-encoded PEM (nginx's
    /// `$ssl_client_escaped_cert`, AWS in verify mode); with the chain behind the leaf (AWS in
    /// passthrough mode, which verifies nothing).
    PemPercent {
        /// How many certificates the header may hold.
        certificates: Certificates,
    },
    /// `rfc9440`: `Client-Cert: :base64(DER):`, with `Client-Cert-Chain` if configured.
    Rfc9440,
    /// `xfcc`: `x-forwarded-client-cert` of Envoy and Istio.
    Xfcc {
        /// The element to read. The name in a configuration file stands for the only one.
        element: XfccElement,
    },
}

/// Whether the body of a PEM certificate is percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentDecoding {
    /// It is not; a percent sign is refused.
    Absent,
    /// It is, as in a path: `+` and `%2B` are both a plus.
    Path,
}

/// How many certificates one header may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// The leaf and those that certify it.
    LeafFirst,
    /// The leaf; more are refused.
    LeafOnly,
}

/// The element of `x-forwarded-client-cert` that the trusted proxy wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XfccElement {
    /// The one at this place, counted from the end. The client can write all before it.
    FromEnd(NonZeroUsize),
    /// The only one: the proxy overwrites what it receives (`SANITIZE_SET`).
    Only,
}

impl Encoding {
    /// Reads the certificate of one header value; `None` if the proxy says that there is none, by
    /// an empty value, `(null)` or `-`.
    ///
    /// The bytes of the DER are those that were sent. Does not verify the certificate, and does
    /// not know who sent the header.
    pub fn decode(self, value: &HeaderValue) -> Result<Option<ForwardedChain>, ForwardedError> {
        let Some(text) = text(value)? else { return Ok(None) };
        match self {
            Self::Base64Der => ForwardedChain::new(der::one_in_base64(text)?, Vec::new()),
            Self::PemBody { percent: PercentDecoding::Absent, certificates } => {
                pem_bodies(text, certificates)
            }
            Self::PemBody { percent: PercentDecoding::Path, certificates } => {
                pem_bodies(&percent::decode(text)?, certificates)
            }
            Self::PemFolded => ForwardedChain::alone(armour::certificates(text, Breaks::Folds)?),
            Self::PemPercent { certificates } => {
                let found = armour::certificates(&percent::decode(text)?, Breaks::Lines)?;
                certificates.of(found)
            }
            Self::Rfc9440 => ForwardedChain::new(rfc9440::item(text)?, Vec::new()),
            Self::Xfcc { element } => return xfcc::decode(text, element),
        }
        .map(Some)
    }
}

impl Certificates {
    fn of(
        self,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Result<ForwardedChain, ForwardedError> {
        match self {
            Self::LeafFirst => ForwardedChain::leaf_first(certificates),
            Self::LeafOnly => ForwardedChain::alone(certificates),
        }
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        use Certificates::{LeafFirst, LeafOnly};
        use PercentDecoding::{Absent, Path};
        Ok(match name {
            "base64-der" => Self::Base64Der,
            "pem-body" => Self::PemBody { percent: Absent, certificates: LeafOnly },
            "pem-body-chain" => Self::PemBody { percent: Absent, certificates: LeafFirst },
            "pem-body-percent" => Self::PemBody { percent: Path, certificates: LeafOnly },
            "pem-body-percent-chain" => Self::PemBody { percent: Path, certificates: LeafFirst },
            "pem-folded" => Self::PemFolded,
            "pem-percent" => Self::PemPercent { certificates: LeafOnly },
            "pem-percent-chain" => Self::PemPercent { certificates: LeafFirst },
            "rfc9440" => Self::Rfc9440,
            "xfcc" => Self::Xfcc { element: XfccElement::Only },
            _ => return Err(UnknownEncoding { name: name.to_owned() }),
        })
    }
}

impl TryFrom<String> for Encoding {
    type Error = UnknownEncoding;

    fn try_from(name: String) -> Result<Self, UnknownEncoding> {
        name.parse()
    }
}

/// The name in the configuration is not that of an encoding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no encoding of client certificates")]
pub struct UnknownEncoding {
    /// The name.
    pub name: String,
}

/// The text of a value within the limit: visible ASCII, blanks and tabs. `None` for what proxies
/// write if there is no certificate.
pub(super) fn text(value: &HeaderValue) -> Result<Option<&str>, ForwardedError> {
    if value.len() > HEADER_LIMIT {
        return Err(ForwardedError::HeaderTooLong { limit: HEADER_LIMIT });
    }
    let text = value.to_str().map_err(|_| ForwardedError::NotAscii)?;
    let absent = matches!(text.trim_matches([' ', '\t']), "" | "(null)" | "-");
    Ok((!absent).then_some(text))
}

fn pem_bodies(text: &str, certificates: Certificates) -> Result<ForwardedChain, ForwardedError> {
    certificates.of(text.split(',').map(der::one_in_base64).collect::<Result<_, _>>()?)
}

const HEADER_LIMIT: usize = 16 * 1024;

#[cfg(test)]
mod tests;
