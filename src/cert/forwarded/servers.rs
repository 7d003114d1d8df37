//! Proxies that a bank runs itself.

use std::num::NonZeroUsize;

use http::header::HeaderName;

use super::verdict::ProxyVerdict;
use super::{Certificates, Encoding, ForwardedHeader, PercentDecoding, XfccElement};

/// Proxies that a bank runs itself, each with the headers that its configuration below writes.
///
/// In each of them the proxy proves that the client holds the key. What it thinks of the certificate
/// is its verdict; [`TrustCertificate`](crate::cert::TrustCertificate) judges the certificate again.
impl ForwardedHeader {
    /// Apache httpd: `x-ssl-client-cert` and the verdict in `x-ssl-client-verify`.
    ///
    /// ```text
    /// SSLVerifyClient optional
    /// SSLOptions +StdEnvVars +ExportCertData
    /// RequestHeader set X-SSL-Client-Cert "%{SSL_CLIENT_CERT}s"
    /// RequestHeader set X-SSL-Client-Verify "%{SSL_CLIENT_VERIFY}s"
    /// ```
    ///
    /// Not with `optional_no_ca`: there httpd (2.4.71) calls a certificate that it could not verify
    /// `GENEROUS`, which is refused, but `SUCCESS` as soon as its holder resumes a session of TLS 1.2.
    /// Then the gate alone refuses it.
    ///
    /// A client that nominates these headers (`Connection: x-ssl-client-cert`) has none: httpd drops
    /// its own.
    pub fn apache() -> Self {
        Self::named(X_SSL_CLIENT_CERT, Encoding::PemFolded).judged([SUCCESS])
    }

    /// Envoy and Istio: `x-forwarded-client-cert` with one element.
    ///
    /// ```text
    /// forward_client_cert_details: SANITIZE_SET
    /// set_current_client_cert_details: { cert: true, chain: true }
    /// ```
    ///
    /// There is no verdict: the listener must have a `validation_context` and
    /// `require_client_certificate`. Under `APPEND_FORWARD` a client can write elements of its own,
    /// so more than one is refused: see [`envoy_behind`](Self::envoy_behind). An element without
    /// `Cert` and `Chain` is no certificate.
    pub fn envoy() -> Self {
        Self::named(XFCC, Encoding::Xfcc { element: XfccElement::Only })
    }

    /// As [`envoy`](Self::envoy), from the element that stands at this place counted from the end:
    /// 2 if one more trusted Envoy stands between the one that met the client and the service, and
    /// appends its own (`APPEND_FORWARD`).
    ///
    /// Fewer elements are refused; whatever stands before is not believed.
    pub fn envoy_behind(place: NonZeroUsize) -> Self {
        Self::named(XFCC, Encoding::Xfcc { element: XfccElement::FromEnd(place) })
    }

    /// F5 BIG-IP with this iRule: `x-ssl-client-cert`, the DER in base64, and the verdict in
    /// `x-ssl-client-verify`, `0` for a good certificate.
    ///
    /// ```text
    /// when HTTP_REQUEST {
    ///   HTTP::header remove X-SSL-Client-Cert
    ///   HTTP::header remove X-SSL-Client-Verify
    ///   if { [SSL::cert count] > 0 } {
    ///     HTTP::header insert X-SSL-Client-Cert [b64encode [SSL::cert 0]]
    ///     HTTP::header insert X-SSL-Client-Verify [SSL::verify_result]
    ///   }
    /// }
    /// ```
    ///
    /// The header is what the iRule makes it; this one was not run on a device.
    pub fn f5() -> Self {
        Self::named(X_SSL_CLIENT_CERT, Encoding::Base64Der).judged([VERIFY_RESULT])
    }

    /// HAProxy: `x-ssl-client-cert`, the chain in `x-ssl-client-chain` if it is sent, and two
    /// verdicts: `x-ssl-client-used` (`1`) and `x-ssl-client-verify` (`0`).
    ///
    /// ```text
    /// bind :443 ssl crt bank.pem ca-file issuing.pem verify optional
    /// http-request set-header X-SSL-Client-Cert   %[ssl_c_der,base64]
    /// http-request set-header X-SSL-Client-Chain  %[ssl_c_chain_der,base64]
    /// http-request set-header X-SSL-Client-Used   %[ssl_c_used]
    /// http-request set-header X-SSL-Client-Verify %[ssl_c_verify]
    /// ```
    ///
    /// `ssl_c_verify` alone is no verdict: it is `0` for a client without a certificate as well.
    /// `crt-ignore-err all` and `ca-ignore-err all` let unverified certificates through, with the
    /// number of the error, which is refused.
    ///
    /// `ssl_c_chain_der` is what the client sent behind the leaf, and empty in a resumed session: the
    /// gate must know the issuing authority as an anchor.
    pub fn haproxy() -> Self {
        Self::named(X_SSL_CLIENT_CERT, Encoding::Base64Der)
            .chained(HeaderName::from_static("x-ssl-client-chain"))
            .judged([
                ProxyVerdict::new(HeaderName::from_static("x-ssl-client-used"), "1", Some("0")),
                VERIFY_RESULT,
            ])
    }

    /// nginx: `x-ssl-client-cert` and the verdict in `x-ssl-client-verify`.
    ///
    /// ```text
    /// ssl_verify_client optional;
    /// ssl_client_certificate issuing.pem;
    /// proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
    /// proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
    /// ```
    ///
    /// A `proxy_set_header` in a `location` drops those of the `server`: both lines belong where the
    /// `proxy_pass` is. Under `optional_no_ca` the verdict of a certificate that nginx could not
    /// verify is `FAILED:` and why, which is refused.
    ///
    /// Not for the old `$ssl_client_cert`, whose line breaks no server should take: hyper does not.
    pub fn nginx() -> Self {
        let encoding = Encoding::PemPercent { certificates: Certificates::LeafOnly };
        Self::named(X_SSL_CLIENT_CERT, encoding).judged([SUCCESS])
    }

    /// Traefik 2.3 and later: `x-forwarded-tls-client-cert`, the leaf first, with commas.
    ///
    /// ```text
    /// passTLSClientCert: { pem: true }
    /// tls.options.default.clientAuth: { clientAuthType: RequireAndVerifyClientCert, … }
    /// ```
    ///
    /// There is no verdict: under `RequestClientCert` and `RequireAnyClientCert` nothing is
    /// verified. Older versions escape the value: `pem-body-percent-chain`. `…-Cert-Info` is text,
    /// and never read.
    pub fn traefik() -> Self {
        let encoding = Encoding::PemBody {
            percent: PercentDecoding::Absent,
            certificates: Certificates::LeafFirst,
        };
        Self::named(HeaderName::from_static("x-forwarded-tls-client-cert"), encoding)
    }

    /// The load balancer in front of WSO2 Open Banking: `ssl.client.auth.cert.x509`, the base64 of
    /// the PEM. There is no verdict.
    pub fn wso2() -> Self {
        let encoding = Encoding::PemBody {
            percent: PercentDecoding::Absent,
            certificates: Certificates::LeafOnly,
        };
        Self::named(crate::profile::wso2::CERTIFICATE_HEADER, encoding)
    }

    /// YARP: `x-client-cert`, the DER in base64.
    ///
    /// ```text
    /// "Transforms": [ { "ClientCert": "X-Client-Cert" } ]
    /// ```
    ///
    /// There is no verdict: Kestrel verifies under `ClientCertificateMode.RequireCertificate`
    /// without a validation callback of its own.
    pub fn yarp() -> Self {
        Self::named(HeaderName::from_static("x-client-cert"), Encoding::Base64Der)
    }
}

const X_SSL_CLIENT_CERT: HeaderName = HeaderName::from_static("x-ssl-client-cert");
const X_SSL_CLIENT_VERIFY: HeaderName = HeaderName::from_static("x-ssl-client-verify");
const XFCC: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
const SUCCESS: ProxyVerdict = ProxyVerdict::new(X_SSL_CLIENT_VERIFY, "SUCCESS", Some("NONE"));
/// The result of OpenSSL: 0 is `X509_V_OK`.
const VERIFY_RESULT: ProxyVerdict = ProxyVerdict::new(X_SSL_CLIENT_VERIFY, "0", None);
