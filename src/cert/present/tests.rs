use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, HeaderName, HeaderValue};
use rustls_pki_types::CertificateDer;

use super::super::strip::FORWARDED;
use super::super::test_pki::{ISSUING, NOW};
use super::super::{Encoding, PeerAddress};
use super::*;
use crate::gate::Audit;
use crate::gate::Evidence as _;
use crate::gate::test_support::{at, judged, request};

const PROXY: &str = "10.1.2.3";
const STRANGER: &str = "192.0.2.1";

/// Every name that is taken away, once more: dropping one is a decision.
const TAKEN_AWAY: [&str; 36] = [
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

fn present(rule: &PresentCertificate, request: &mut Parts) -> Result<ClientCertificate, Reason> {
    judged(rule.check((), request, &at(NOW))).map_err(|rejection| rejection.reason())
}

fn reason(rule: &PresentCertificate, request: &mut Parts) -> Option<Reason> {
    present(rule, request).err()
}

fn leaf() -> CertificateDer<'static> {
    ISSUING.issues(|_| {})
}

fn over_tls(chain: &[CertificateDer<'static>]) -> Parts {
    let mut request = request();
    request.extensions.insert(PeerCertificates::new(chain.iter().cloned()));
    request
}

/// Believes `Client-Cert` and `Client-Cert-Chain` of the one proxy.
fn from_proxy() -> PresentCertificate {
    let peers = TrustedPeers::parse([PROXY]).unwrap();
    PresentCertificate::from_header(ForwardedHeader::rfc9440(), peers)
}

fn sent_by(peer: &str, lines: &[(&str, &str)]) -> Parts {
    let mut request = request();
    let address: IpAddr = peer.parse().unwrap();
    request.extensions.insert(PeerAddress::new(address));
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        // Any byte that HTTP allows, not only ASCII.
        request.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

fn rfc9440(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

#[test]
fn the_certificate_of_the_connection_is_presented_with_its_chain() {
    let (leaf, issuer) = (leaf(), ISSUING.der());
    let mut request = over_tls(&[leaf.clone(), issuer.clone()]);
    let presented = present(&PresentCertificate::from_tls(), &mut request).unwrap();
    assert_eq!(presented.certificate().der(), &leaf);
    assert_eq!(presented.chain(), [issuer]);
}

#[test]
fn a_connection_that_the_server_tells_nothing_of_is_a_mistake_in_assembly() {
    let rule = PresentCertificate::from_tls();
    assert_eq!(reason(&rule, &mut request()), Some(Reason::Misassembled));
    let value = rfc9440(&leaf());
    let mut forged = sent_by(PROXY, &[("client-cert", &value)]);
    assert_eq!(reason(&rule, &mut forged), Some(Reason::Misassembled));
}

#[test]
fn a_connection_without_a_certificate_has_none_whatever_the_headers_say() {
    let value = rfc9440(&leaf());
    for name in TAKEN_AWAY {
        let mut request = over_tls(&[]);
        request.headers.insert(name, value.parse().unwrap());
        let refused = reason(&PresentCertificate::from_tls(), &mut request);
        assert_eq!(refused, Some(Reason::CertificateMissing), "{name}");
    }
}

#[test]
fn a_certificate_of_the_connection_that_cannot_be_read_is_untrusted() {
    let mut request = over_tls(&[vec![0x30, 0].into(), leaf()]);
    let refused = reason(&PresentCertificate::from_tls(), &mut request);
    assert_eq!(refused, Some(Reason::CertificateUntrusted));
}

#[test]
fn the_certificate_of_a_connection_is_read_once() {
    let peer = PeerCertificates::new([leaf()]);
    let rule = PresentCertificate::from_tls();
    let [one, other] = [(); 2].map(|()| {
        let mut request = request();
        request.extensions.insert(peer.clone());
        present(&rule, &mut request).unwrap().shared()
    });
    assert!(Arc::ptr_eq(&one, &other));
}

#[test]
fn the_certificate_of_the_proxys_header_is_presented_with_its_chain() {
    let (leaf, issuer) = (leaf(), ISSUING.der());
    let lines = [("Client-Cert", rfc9440(&leaf)), ("CLIENT-CERT-CHAIN", rfc9440(&issuer))];
    let lines = lines.each_ref().map(|(name, value)| (*name, value.as_str()));
    let presented = present(&from_proxy(), &mut sent_by(PROXY, &lines)).unwrap();
    assert_eq!(presented.certificate().der(), &leaf);
    assert_eq!(presented.chain(), [issuer]);
}

#[test]
fn a_proxy_that_says_nothing_has_met_no_certificate() {
    let missing = Some(Reason::CertificateMissing);
    assert_eq!(reason(&from_proxy(), &mut sent_by(PROXY, &[])), missing);
    assert_eq!(reason(&from_proxy(), &mut sent_by(PROXY, &[("client-cert", "")])), missing);
    let value = rfc9440(&leaf());
    let mut elsewhere = sent_by(PROXY, &[("client_cert", &value), ("x-client-cert", &value)]);
    assert_eq!(reason(&from_proxy(), &mut elsewhere), missing);
    assert!(elsewhere.headers.is_empty());
}

#[test]
fn the_certificate_of_the_connection_to_the_proxy_is_not_the_clients() {
    let mut request = sent_by(PROXY, &[]);
    request.extensions.insert(PeerCertificates::new([leaf()]));
    assert_eq!(reason(&from_proxy(), &mut request), Some(Reason::CertificateMissing));
}

#[test]
fn a_header_that_is_no_one_certificate_is_invalid() {
    let good = rfc9440(&leaf());
    let followed = rfc9440(&[&leaf()[..], &[0]].concat());
    let (hollow, bare) = (rfc9440(&[0x30, 0]), STANDARD.encode(leaf()));
    let two = format!("{good}, {good}");
    for (what, lines) in [
        ("repeated", vec![("client-cert", good.as_str()), ("client-cert", &good)]),
        ("repeated under two spellings", vec![("client-cert", &good), ("Client-Cert", &good)]),
        ("a list", vec![("client-cert", &two)]),
        ("no encoding", vec![("client-cert", "nonsense")]),
        ("not ASCII", vec![("client-cert", ":caf\u{e9}:")]),
        ("another encoding", vec![("client-cert", &bare)]),
        ("followed by a byte", vec![("client-cert", &followed)]),
        ("no certificate inside", vec![("client-cert", &hollow)]),
        ("a chain without a leaf", vec![("client-cert-chain", &good)]),
        ("a broken chain", vec![("client-cert", &good), ("client-cert-chain", ":!:")]),
    ] {
        let refused = reason(&from_proxy(), &mut sent_by(PROXY, &lines));
        assert_eq!(refused, Some(Reason::CertificateHeaderInvalid), "{what}");
    }
}

#[test]
fn nobody_else_than_the_proxy_is_believed() {
    let good = rfc9440(&leaf());
    for value in [good.as_str(), "nonsense", "caf\u{e9}"] {
        let mut request = sent_by(STRANGER, &[("client-cert", value)]);
        let refused = reason(&from_proxy(), &mut request);
        assert_eq!(refused, Some(Reason::CertificateHeaderInvalid), "{value}");
    }
    let twice = [("client-cert", good.as_str()), ("client-cert", &good)];
    let refused = reason(&from_proxy(), &mut sent_by(STRANGER, &twice));
    assert_eq!(refused, Some(Reason::CertificateHeaderInvalid));
    for lines in [[("client-cert", "")], [("client-cert-chain", "")]] {
        let refused = reason(&from_proxy(), &mut sent_by(STRANGER, &lines));
        assert_eq!(refused, Some(Reason::CertificateHeaderInvalid), "{lines:?}");
    }
    let refused = reason(&from_proxy(), &mut sent_by(STRANGER, &[]));
    assert_eq!(refused, Some(Reason::CertificateMissing));
}

#[test]
fn the_peer_is_that_of_the_socket_and_not_of_a_header() {
    let good = rfc9440(&leaf());
    let lines = [("client-cert", good.as_str()), ("x-forwarded-for", PROXY), ("forwarded", PROXY)];
    let refused = reason(&from_proxy(), &mut sent_by(STRANGER, &lines));
    assert_eq!(refused, Some(Reason::CertificateHeaderInvalid));
    let mut unknown = sent_by(PROXY, &lines);
    unknown.extensions.remove::<PeerAddress>();
    assert_eq!(reason(&from_proxy(), &mut unknown), Some(Reason::Misassembled));
}

#[test]
fn a_certificate_of_the_proxy_is_read_once() {
    let (rule, one, other) = (from_proxy(), rfc9440(&leaf()), rfc9440(&leaf()));
    let shared = |value: &str| {
        present(&rule, &mut sent_by(PROXY, &[("client-cert", value)])).unwrap().shared()
    };
    assert!(Arc::ptr_eq(&shared(&one), &shared(&one)));
    assert_ne!(shared(&one).thumbprint(), shared(&other).thumbprint());
}

#[test]
fn headers_with_certificates_are_taken_away_whether_the_request_passes_or_not() {
    assert_eq!(FORWARDED, TAKEN_AWAY);
    let good = rfc9440(&leaf());
    let own = ForwardedHeader::named(HeaderName::from_static("x-own"), Encoding::Base64Der)
        .with_chain(HeaderName::from_static("x-own-chain"))
        .unwrap();
    let from_own = PresentCertificate::from_header(own, TrustedPeers::parse([PROXY]).unwrap());
    let everywhere = |mut request: Parts| {
        for name in TAKEN_AWAY.iter().copied().chain(["x-own", "x-own-chain"]) {
            for _ in 0..2 {
                request.headers.append(name, good.parse().unwrap());
            }
        }
        request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        request
    };
    for (what, rule, request, left) in [
        ("TLS", PresentCertificate::from_tls(), over_tls(&[leaf()]), 5),
        ("TLS, none presented", PresentCertificate::from_tls(), over_tls(&[]), 5),
        ("TLS, misassembled", PresentCertificate::from_tls(), request(), 5),
        ("a header, from the proxy", from_own.clone(), sent_by(PROXY, &[]), 1),
        ("a header, from a stranger", from_own.clone(), sent_by(STRANGER, &[]), 1),
        ("a header, misassembled", from_own, request(), 1),
    ] {
        let mut request = everywhere(request);
        let _ = present(&rule, &mut request);
        assert!(TAKEN_AWAY.iter().all(|name| !request.headers.contains_key(*name)), "{what}");
        assert_eq!(request.headers.len(), left, "{what}");
        assert!(request.headers.contains_key(ACCEPT), "{what}");
    }
}

#[test]
fn the_drill_believes_anybody_and_still_reads_strictly() {
    let rule = PresentCertificate::from_anyones_header(ForwardedHeader::rfc9440());
    let good = rfc9440(&leaf());
    assert_eq!(reason(&rule, &mut sent_by(STRANGER, &[("client-cert", &good)])), None);
    let refused = reason(&rule, &mut sent_by(STRANGER, &[("client-cert", "nonsense")]));
    assert_eq!(refused, Some(Reason::CertificateHeaderInvalid));
}

#[test]
fn the_audit_names_the_thumbprint_and_no_person() {
    let leaf = leaf();
    let presented = present(&PresentCertificate::from_tls(), &mut over_tls(&[leaf])).unwrap();
    let mut line = Audit::default();
    presented.audit(&mut line);
    let hex: String =
        presented.certificate().thumbprint().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(line.to_string().contains(&hex) && !line.to_string().contains("TPP"), "{line}");
}
