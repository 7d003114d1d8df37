use http::HeaderName;

use crate::header::Repeated;

/// Why a certificate header cannot be read. The request is malformed: status 400; only for
/// [`Unverified`](Self::Unverified) it is not.
///
/// Carries no part of the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardedError {
    /// More certificates than are read.
    #[error("more than {limit} certificates")]
    ChainTooLong {
        /// The largest number, the leaf included.
        limit: usize,
    },
    /// A chain header without the header of the leaf (RFC 9440, section 2.3).
    #[error("a chain came without the certificate it belongs to")]
    ChainWithoutLeaf,
    /// The proxy sent a certificate, and says that there is none: it forwards what clients wrote.
    #[error("a certificate came, and {header} says that there is none")]
    DeniedCertificate {
        /// The header of the verdict.
        header: HeaderName,
    },
    /// The `Cert`, `Chain` and `Hash` of one XFCC element are not of one certificate.
    #[error("the parts of the XFCC element disagree")]
    Disagreement,
    /// The value of a header is longer than is read.
    #[error("the header is longer than {limit} bytes")]
    HeaderTooLong {
        /// The largest number of bytes.
        limit: usize,
    },
    /// The leaf is larger than is read.
    #[error("the certificate is larger than {limit} bytes")]
    LeafTooLarge {
        /// The largest number of bytes.
        limit: usize,
    },
    /// The certificate is neither there nor marked as absent.
    #[error("no certificate in the header")]
    NoCertificate,
    /// A certificate came without the verdict of the proxy.
    #[error("a certificate came without a verdict in {header}")]
    NoVerdict {
        /// The header of the verdict.
        header: HeaderName,
    },
    /// Bytes outside ASCII, or control characters.
    #[error("the header is not ASCII")]
    NotAscii,
    /// Not standard base64 with its padding.
    #[error("not strict base64")]
    NotBase64,
    /// Not one DER sequence of its stated length; trailing bytes count.
    #[error("not exactly one DER sequence")]
    NotDer,
    /// Not certificates between the markers `-----BEGIN CERTIFICATE-----` and
    /// `-----END CERTIFICATE-----`, or something beside them.
    #[error("not a PEM certificate and nothing else")]
    NotPem,
    /// A percent sign that does not begin the code of an ASCII character.
    #[error("malformed percent-encoding")]
    NotPercentEncoded,
    /// Not the structured field of RFC 9440.
    #[error("not a structured field of byte sequences")]
    NotStructured,
    /// Not the grammar of `x-forwarded-client-cert`, or a part that may occur once occurs twice.
    #[error("malformed XFCC")]
    NotXfcc,
    /// The header came in several lines.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// Several certificates where one is due.
    #[error("more than one certificate")]
    SeveralCertificates,
    /// Another number of XFCC elements than the configured proxies make.
    #[error("{found} XFCC elements do not fit the configured proxies")]
    UnexpectedElements {
        /// The number of elements.
        found: usize,
    },
    /// The proxy could not verify the certificate. The request is well formed: the certificate is
    /// untrusted.
    #[error("{header} does not say that the certificate is good")]
    Unverified {
        /// The header of the verdict.
        header: HeaderName,
    },
}
