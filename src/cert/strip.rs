//! The names under which proxies forward certificates, or what they found out about them.

use http::header::{HeaderMap, HeaderName};

/// Removes all of them, whoever set them.
pub(super) fn strip(headers: &mut HeaderMap) {
    // Mostly there is none, and a look at the headers that came is cheaper than one for each name.
    let found: Vec<HeaderName> =
        headers.keys().filter(|name| forwards(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn forwards(name: &str) -> bool {
    if name.contains('_') {
        return FORWARDED.contains(&name.replace('_', "-").as_str());
    }
    FORWARDED.contains(&name)
}

pub(super) const FORWARDED: [&str; 36] = [
    "cf-cert-presented",
    "cf-cert-revoked",
    "cf-cert-verified",
    "cf-client-cert-der-base64",
    "client-cert",
    "client-cert-chain",
    "client-cert-chain-verified",
    "client-cert-present",
    "cloudfront-viewer-cert-issuer",
    "cloudfront-viewer-cert-pem",
    "cloudfront-viewer-cert-present",
    "cloudfront-viewer-cert-serial-number",
    "cloudfront-viewer-cert-sha256",
    "cloudfront-viewer-cert-subject",
    "cloudfront-viewer-cert-validity",
    "ssl-client-cert",
    "ssl.client.auth.cert.x509",
    "tpp-qwac-certificate",
    "x-amzn-mtls-clientcert",
    "x-amzn-mtls-clientcert-issuer",
    "x-amzn-mtls-clientcert-leaf",
    "x-amzn-mtls-clientcert-serial-number",
    "x-amzn-mtls-clientcert-subject",
    "x-amzn-mtls-clientcert-validity",
    "x-arr-clientcert",
    "x-client-cert",
    "x-client-cert-verify",
    "x-client-certificate",
    "x-forwarded-client-cert",
    "x-forwarded-tls-client-cert",
    "x-forwarded-tls-client-cert-info",
    "x-ssl-cert",
    "x-ssl-client-cert",
    "x-ssl-client-chain",
    "x-ssl-client-used",
    "x-ssl-client-verify",
];
