use http::header::{HeaderMap, HeaderName};

use super::ForwardedError;
use crate::header::single;

/// What a proxy found out about the certificate, in a header of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyVerdict {
    pub(super) header: HeaderName,
    /// The one value for a good certificate.
    good: &'static str,
    /// The value for a client without a certificate, if the proxy has one.
    none: Option<&'static str>,
}

/// What to do with a certificate that the proxy could not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unverified {
    Allow,
    Refuse,
}

impl ProxyVerdict {
    pub(super) const fn new(
        header: HeaderName,
        good: &'static str,
        none: Option<&'static str>,
    ) -> Self {
        Self { header, good, none }
    }

    /// Judges a request, which carries a certificate or does not.
    ///
    /// Without a certificate there is nothing to judge. With one, the header is due: it may have
    /// been nominated away (`Connection: x-ssl-client-verify`).
    pub(super) fn judge(
        &self,
        headers: &HeaderMap,
        has_certificate: bool,
        unverified: Unverified,
    ) -> Result<(), ForwardedError> {
        let value = single(headers, &self.header)?;
        if !has_certificate {
            return Ok(());
        }
        let header = || self.header.clone();
        let value = value.ok_or_else(|| ForwardedError::NoVerdict { header: header() })?;
        match value.as_bytes() {
            good if good == self.good.as_bytes() => Ok(()),
            none if self.none.is_some_and(|wanted| none == wanted.as_bytes()) => {
                Err(ForwardedError::DeniedCertificate { header: header() })
            }
            // An empty value is that of a variable which the proxy does not have.
            b"" => Err(ForwardedError::NoVerdict { header: header() }),
            _ if unverified == Unverified::Allow => Ok(()),
            _ => Err(ForwardedError::Unverified { header: header() }),
        }
    }
}
