//! Proxies that somebody else runs.

use http::header::HeaderName;

use super::verdict::ProxyVerdict;
use super::{
    CLIENT_CERT, CLIENT_CERT_CHAIN, Certificates, Encoding, ForwardedHeader, PercentDecoding,
};

/// Proxies that somebody else runs.
///
/// None can be tried here: the forms are those of the providers' documentation. A cloud's addresses
/// are shared by its customers, so the networks of [`TrustedPeers`](crate::cert::TrustedPeers) are
/// rarely proof enough: pin the certificate that the proxy shows, or let nobody else reach the
/// service.
impl ForwardedHeader {
    /// AWS Application Load Balancer, `mutual_authentication.mode=passthrough`:
    /// `x-amzn-mtls-clientcert`, the whole chain.
    ///
    /// **Nothing is verified** but the key; the gate must trust by itself.
    pub fn aws_alb_passthrough() -> Self {
        let encoding = Encoding::PemPercent { certificates: Certificates::LeafFirst };
        Self::named(HeaderName::from_static("x-amzn-mtls-clientcert"), encoding)
    }

    /// AWS Application Load Balancer, `mutual_authentication.mode=verify`:
    /// `x-amzn-mtls-clientcert-leaf`.
    ///
    /// There is no verdict: the balancer closes the connection of a certificate that its trust
    /// store does not verify.
    pub fn aws_alb_verify() -> Self {
        let encoding = Encoding::PemPercent { certificates: Certificates::LeafOnly };
        Self::named(HeaderName::from_static("x-amzn-mtls-clientcert-leaf"), encoding)
    }

    /// Azure App Service: `x-arr-clientcert`, with `clientCertMode: Required`.
    ///
    /// **Nothing is verified** but the key.
    pub fn azure_app_service() -> Self {
        Self::named(HeaderName::from_static("x-arr-clientcert"), Encoding::Base64Der)
    }

    /// Azure Application Gateway: `x-client-cert` and the verdict in `x-client-cert-verify`, by
    /// these rewrites.
    ///
    /// ```text
    /// X-Client-Cert        = {var_client_certificate}
    /// X-Client-Cert-Verify = {var_client_certificate_verification}
    /// ```
    pub fn azure_application_gateway() -> Self {
        let encoding = Encoding::PemPercent { certificates: Certificates::LeafOnly };
        let header = HeaderName::from_static("x-client-cert-verify");
        Self::named(HeaderName::from_static("x-client-cert"), encoding).judged([ProxyVerdict::new(
            header,
            "SUCCESS",
            Some("NONE"),
        )])
    }

    /// The router of Cloud Foundry: `x-forwarded-client-cert`, which is not Envoy's.
    ///
    /// ```text
    /// router.forwarded_client_cert: sanitize_set
    /// router.client_cert_validation: require
    /// ```
    ///
    /// There is no verdict. Under `always_forward` a client can write the header itself.
    pub fn cloud_foundry() -> Self {
        let encoding = Encoding::PemBody {
            percent: PercentDecoding::Absent,
            certificates: Certificates::LeafOnly,
        };
        Self::named(HeaderName::from_static("x-forwarded-client-cert"), encoding)
    }

    /// Cloudflare: `client-cert`, `client-cert-chain` and two verdicts, `cf-cert-verified` (`true`)
    /// and `cf-cert-revoked` (`false`).
    ///
    /// Set by one request header modification rule, for every request:
    ///
    /// ```text
    /// Client-Cert       = cf.tls_client_auth.cert_rfc9440
    /// Client-Cert-Chain = cf.tls_client_auth.cert_chain_rfc9440
    /// Cf-Cert-Verified  = to_string(cf.tls_client_auth.cert_verified)
    /// Cf-Cert-Revoked   = to_string(cf.tls_client_auth.cert_revoked)
    /// ```
    ///
    /// The certificate is there whatever was found out about it, and a revoked one counts as
    /// verified: hence both verdicts. One above 10 KiB is missing.
    pub fn cloudflare() -> Self {
        Self::rfc9440().judged([
            ProxyVerdict::new(HeaderName::from_static("cf-cert-verified"), "true", None),
            ProxyVerdict::new(HeaderName::from_static("cf-cert-revoked"), "false", None),
        ])
    }

    /// AWS CloudFront: `cloudfront-viewer-cert-pem`, of an origin request policy that names it.
    ///
    /// There is no verdict: the distribution must demand certificates (`required`); in its
    /// passthrough mode nothing is verified but the key. `CloudFront-Viewer-Cert-Present` says only
    /// that there was one.
    pub fn cloudfront() -> Self {
        let encoding = Encoding::PemPercent { certificates: Certificates::LeafOnly };
        Self::named(HeaderName::from_static("cloudfront-viewer-cert-pem"), encoding)
    }

    /// Google's Application Load Balancers: `client-cert`, `client-cert-chain` and the verdict in
    /// `client-cert-chain-verified`, by these custom request headers.
    ///
    /// ```text
    /// Client-Cert:{client_cert_leaf}
    /// Client-Cert-Chain:{client_cert_chain}
    /// Client-Cert-Chain-Verified:{client_cert_chain_verified}
    /// ```
    ///
    /// The verdict of a certificate on the allow-list is `true` without a chain, and after its end.
    pub fn google_load_balancer() -> Self {
        let header = HeaderName::from_static("client-cert-chain-verified");
        Self::rfc9440().judged([ProxyVerdict::new(header, "true", None)])
    }

    /// Any proxy that follows RFC 9440: `client-cert` with `client-cert-chain`. There is no verdict.
    pub fn rfc9440() -> Self {
        Self::named(CLIENT_CERT, Encoding::Rfc9440).chained(CLIENT_CERT_CHAIN)
    }
}
