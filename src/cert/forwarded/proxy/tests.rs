//! Each proxy, as it writes and as it is attacked.

use std::net::IpAddr;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use rustls_pki_types::CertificateDer;

use super::super::VerdictHeaders;
use super::super::samples::{aws_encoded, base64, difficult, large, pem, percent_encoded};
use super::*;
use crate::cert::{PeerAddress, PresentCertificate, TrustedPeers};
use crate::gate::Rule;
use crate::gate::test_support::{at, judged, request};
use crate::reject::Reason;

/// What one proxy sends for a certificate.
struct Sends {
    proxy: &'static str,
    leaf: &'static str,
    value: fn(&CertificateDer<'_>) -> String,
    /// Header, the good value, some bad ones, and that for no certificate.
    verdicts:
        &'static [(&'static str, &'static str, &'static [&'static str], Option<&'static str>)],
}

const OPENSSL: [(&str, &str, &[&str], Option<&str>); 1] =
    [("x-ssl-client-verify", "0", &["10", "18", "00", "-0", "SUCCESS", "0, 0"], None)];
const WORDS: &[&str] = &["FAILED:certificate has expired", "GENEROUS", "success", "SUCCESS,NONE"];
const BOOLEANS: &[&str] = &["false", "True", "1", "true, true"];

const SENDS: [Sends; 17] = [
    Sends {
        proxy: "apache",
        leaf: "x-ssl-client-cert",
        value: |der| pem(der).replace('\n', " "),
        verdicts: &[("x-ssl-client-verify", "SUCCESS", WORDS, Some("NONE"))],
    },
    Sends {
        proxy: "aws-alb-passthrough",
        leaf: "x-amzn-mtls-clientcert",
        value: |der| aws_encoded(&pem(der)),
        verdicts: &[],
    },
    Sends {
        proxy: "aws-alb-verify",
        leaf: "x-amzn-mtls-clientcert-leaf",
        value: |der| aws_encoded(&pem(der)),
        verdicts: &[],
    },
    Sends {
        proxy: "azure-app-service",
        leaf: "x-arr-clientcert",
        value: |der| base64(der),
        verdicts: &[],
    },
    Sends {
        proxy: "azure-application-gateway",
        leaf: "x-client-cert",
        value: |der| percent_encoded(&pem(der)),
        verdicts: &[("x-client-cert-verify", "SUCCESS", WORDS, Some("NONE"))],
    },
    Sends {
        proxy: "cloud-foundry",
        leaf: "x-forwarded-client-cert",
        value: |der| base64(der),
        verdicts: &[],
    },
    Sends {
        proxy: "cloudflare",
        leaf: "client-cert",
        value: |der| format!(":{}:", base64(der)),
        verdicts: &[
            ("cf-cert-verified", "true", BOOLEANS, None),
            ("cf-cert-revoked", "false", &["true", "False", "0"], None),
        ],
    },
    Sends {
        proxy: "cloudfront",
        leaf: "cloudfront-viewer-cert-pem",
        value: |der| aws_encoded(&pem(der)),
        verdicts: &[],
    },
    Sends {
        proxy: "envoy",
        leaf: "x-forwarded-client-cert",
        value: |der| format!("Subject=\"a,b;c=\\\"\";Cert=\"{}\"", percent_encoded(&pem(der))),
        verdicts: &[],
    },
    Sends { proxy: "f5", leaf: "x-ssl-client-cert", value: |der| base64(der), verdicts: &OPENSSL },
    Sends {
        proxy: "google-load-balancer",
        leaf: "client-cert",
        value: |der| format!(":{}:", base64(der)),
        verdicts: &[("client-cert-chain-verified", "true", BOOLEANS, None)],
    },
    Sends {
        proxy: "haproxy",
        leaf: "x-ssl-client-cert",
        value: |der| base64(der),
        verdicts: &[("x-ssl-client-used", "1", &["2", "true"], Some("0")), OPENSSL[0]],
    },
    Sends {
        proxy: "nginx",
        leaf: "x-ssl-client-cert",
        value: |der| percent_encoded(&pem(der)),
        verdicts: &[("x-ssl-client-verify", "SUCCESS", WORDS, Some("NONE"))],
    },
    Sends {
        proxy: "rfc9440",
        leaf: "client-cert",
        value: |der| format!(":{}:", base64(der)),
        verdicts: &[],
    },
    Sends {
        proxy: "traefik",
        leaf: "x-forwarded-tls-client-cert",
        value: |der| base64(der),
        verdicts: &[],
    },
    Sends {
        proxy: "wso2",
        leaf: "ssl.client.auth.cert.x509",
        value: |der| base64(der),
        verdicts: &[],
    },
    Sends { proxy: "yarp", leaf: "x-client-cert", value: |der| base64(der), verdicts: &[] },
];

type Lines = Vec<(String, String)>;

impl Sends {
    fn lines(&self, der: &CertificateDer<'_>) -> Lines {
        let leaf = (self.leaf.to_owned(), (self.value)(der));
        let verdicts = self.verdicts.iter();
        let verdicts = verdicts.map(|(name, good, ..)| ((*name).to_owned(), (*good).to_owned()));
        std::iter::once(leaf).chain(verdicts).collect()
    }

    fn header(&self) -> ForwardedHeader {
        ForwardedHeader::of_proxy(self.proxy).unwrap()
    }

    /// What the rule says to the lines, sent by the proxy.
    fn judges(&self, lines: &Lines) -> Result<CertificateDer<'static>, Reason> {
        judge(self.header(), "10.1.2.3", lines)
    }

    /// As the proxy sends it, but for the value of one verdict.
    fn with_verdict(&self, der: &CertificateDer<'_>, place: usize, value: &str) -> Lines {
        let mut lines = self.lines(der);
        lines[1 + place].1 = value.to_owned();
        lines
    }
}

fn sent(peer: &str, lines: &Lines) -> Parts {
    let mut request = request();
    request.extensions.insert(PeerAddress::new(peer.parse::<IpAddr>().unwrap()));
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

/// Nothing of what a proxy sends is left, whatever the rule says.
fn judge(
    header: ForwardedHeader,
    peer: &str,
    lines: &Lines,
) -> Result<CertificateDer<'static>, Reason> {
    let peers = TrustedPeers::parse(["10.1.2.3"]).unwrap();
    let rule = PresentCertificate::from_header(header, peers);
    let mut request = sent(peer, lines);
    let verdict = judged(rule.check((), &mut request, &at(0)));
    assert!(request.headers.is_empty(), "{:?}", request.headers);
    verdict
        .map(|presented| presented.certificate().der().clone())
        .map_err(|rejection| rejection.reason())
}

const INVALID: Result<CertificateDer<'static>, Reason> = Err(Reason::CertificateHeaderInvalid);
const MISSING: Result<CertificateDer<'static>, Reason> = Err(Reason::CertificateMissing);
const UNTRUSTED: Result<CertificateDer<'static>, Reason> = Err(Reason::CertificateUntrusted);

#[test]
fn every_proxy_has_a_name_and_a_test() {
    let names = PROXIES.map(|(name, _)| name);
    assert_eq!(names, SENDS.map(|sends| sends.proxy));
    assert!(names.is_sorted());
    let unknown = UnknownProxy { name: "Nginx".to_owned() };
    assert_eq!(ForwardedHeader::of_proxy("Nginx"), Err(unknown));
}

#[test]
fn what_the_proxy_sends_is_read_byte_for_byte() {
    for certificate in [difficult(), large(9 * 1024)] {
        for proxy in SENDS {
            let got = proxy.judges(&proxy.lines(&certificate));
            assert_eq!(got.as_ref(), Ok(&certificate), "{}", proxy.proxy);
        }
    }
}

#[test]
fn the_same_from_a_stranger_is_malformed_and_so_is_every_part_of_it() {
    let certificate = difficult();
    for proxy in SENDS {
        let lines = proxy.lines(&certificate);
        assert_eq!(judge(proxy.header(), "192.0.2.1", &lines), INVALID, "{}", proxy.proxy);
        for line in lines {
            let forged = judge(proxy.header(), "192.0.2.1", &vec![line.clone()]);
            assert_eq!(forged, INVALID, "{} {line:?}", proxy.proxy);
        }
    }
}

#[test]
fn a_line_that_comes_twice_is_malformed_also_in_capitals() {
    let certificate = difficult();
    for proxy in SENDS {
        let lines = proxy.lines(&certificate);
        for (name, value) in &lines {
            for spelling in [name.clone(), name.to_uppercase()] {
                let mut twice = lines.clone();
                twice.insert(0, (spelling, value.clone()));
                assert_eq!(proxy.judges(&twice), INVALID, "{} {name}", proxy.proxy);
            }
        }
    }
}

#[test]
fn capitals_are_the_same_name() {
    let certificate = difficult();
    for proxy in SENDS {
        let mut lines = proxy.lines(&certificate);
        lines.iter_mut().for_each(|(name, _)| *name = name.to_uppercase());
        assert_eq!(proxy.judges(&lines).as_ref(), Ok(&certificate), "{}", proxy.proxy);
    }
}

#[test]
fn a_header_that_was_nominated_away_is_missing_and_a_verdict_malformed() {
    let certificate = difficult();
    for proxy in SENDS {
        for place in 0..proxy.lines(&certificate).len() {
            let mut lines = proxy.lines(&certificate);
            let (name, _) = lines.remove(place);
            let refused = if place == 0 { MISSING } else { INVALID };
            assert_eq!(proxy.judges(&lines), refused, "{} without {name}", proxy.proxy);
        }
        assert_eq!(proxy.judges(&Vec::new()), MISSING, "{}", proxy.proxy);
    }
}

#[test]
fn a_name_with_underscores_is_not_read_and_taken_away() {
    let certificate = difficult();
    for proxy in SENDS.into_iter().filter(|proxy| proxy.leaf.contains('-')) {
        let mut lines = proxy.lines(&certificate);
        lines[0].0 = lines[0].0.replace('-', "_");
        assert_eq!(proxy.judges(&lines), MISSING, "{}", proxy.proxy);
        let mut both = proxy.lines(&certificate);
        both.push((lines[0].0.clone(), "forged".to_owned()));
        assert_eq!(proxy.judges(&both).as_ref(), Ok(&certificate), "{}", proxy.proxy);
    }
}

#[test]
fn a_value_that_was_encoded_twice_is_malformed() {
    let certificate = difficult();
    for proxy in SENDS {
        let mut lines = proxy.lines(&certificate);
        lines[0].1 = percent_encoded(&lines[0].1);
        assert_eq!(proxy.judges(&lines), INVALID, "{}", proxy.proxy);
    }
}

#[test]
fn an_empty_value_or_a_marker_is_no_certificate_whatever_the_verdict() {
    let certificate = difficult();
    for proxy in SENDS {
        for marker in ["", "(null)", "-"] {
            let mut lines = proxy.lines(&certificate);
            lines[0].1 = marker.to_owned();
            assert_eq!(proxy.judges(&lines), MISSING, "{} {marker}", proxy.proxy);
            for (line, (.., none)) in lines.iter_mut().skip(1).zip(proxy.verdicts) {
                line.1 = none.unwrap_or("").to_owned();
            }
            assert_eq!(proxy.judges(&lines), MISSING, "{} {marker}", proxy.proxy);
        }
    }
}

#[test]
fn a_certificate_that_the_proxy_could_not_verify_is_untrusted() {
    let certificate = difficult();
    let mut judged = 0;
    for proxy in SENDS {
        for (place, (name, _, bad, _)) in proxy.verdicts.iter().enumerate() {
            for value in *bad {
                let lines = proxy.with_verdict(&certificate, place, value);
                assert_eq!(proxy.judges(&lines), UNTRUSTED, "{} {name}: {value}", proxy.proxy);
                let left_to_the_gate = proxy.header().allow_unverified();
                let allowed = judge(left_to_the_gate, "10.1.2.3", &lines);
                assert_eq!(allowed.as_ref(), Ok(&certificate), "{} {value}", proxy.proxy);
                judged += 1;
            }
        }
    }
    assert_eq!(judged, 37);
}

#[test]
fn a_certificate_without_a_verdict_or_that_the_proxy_denies_is_malformed() {
    let certificate = difficult();
    for proxy in SENDS {
        for (place, (name, _, _, none)) in proxy.verdicts.iter().enumerate() {
            for value in none.iter().copied().chain([""]) {
                let lines = proxy.with_verdict(&certificate, place, value);
                let lenient = proxy.header().allow_unverified();
                assert_eq!(proxy.judges(&lines), INVALID, "{} {name}: {value}", proxy.proxy);
                assert_eq!(judge(lenient, "10.1.2.3", &lines), INVALID, "{} {name}", proxy.proxy);
            }
            let mut lines = proxy.lines(&certificate);
            lines.remove(1 + place);
            let lenient = proxy.header().allow_unverified();
            assert_eq!(judge(lenient, "10.1.2.3", &lines), INVALID, "{} {name}", proxy.proxy);
        }
    }
}

#[test]
fn headers_have_other_names_where_they_are_configured() {
    let certificate = difficult();
    let name = |text: String| HeaderName::try_from(text).unwrap();
    for proxy in SENDS {
        let verdicts = proxy.verdicts.len();
        let renamed = proxy.header().in_header(name("x-own".to_owned()));
        let names = (0..verdicts).map(|place| name(format!("x-own-{place}")));
        let renamed = renamed.with_verdicts(names).unwrap();
        let mut lines = proxy.lines(&certificate);
        lines[0].0 = "x-own".to_owned();
        for (place, line) in lines.iter_mut().skip(1).enumerate() {
            line.0 = format!("x-own-{place}");
        }
        let got = judge(renamed.clone(), "10.1.2.3", &lines);
        assert_eq!(got.as_ref(), Ok(&certificate), "{}", proxy.proxy);
        let customary = judge(renamed, "10.1.2.3", &proxy.lines(&certificate));
        assert_eq!(customary, MISSING, "{}", proxy.proxy);
        let more = (0..=verdicts).map(|place| name(format!("x-own-{place}")));
        let error = proxy.header().with_verdicts(more);
        assert_eq!(error, Err(VerdictHeaders { due: verdicts, named: verdicts + 1 }));
    }
}

#[test]
fn only_the_element_of_the_trusted_envoy_is_read() {
    let (certificate, forged) = (difficult(), difficult());
    let element = |der: &CertificateDer<'_>| format!("Cert=\"{}\"", percent_encoded(&pem(der)));
    let value = format!("{},{},By=spiffe://inner", element(&forged), element(&certificate));
    let lines = vec![("x-forwarded-client-cert".to_owned(), value)];
    let second = ForwardedHeader::envoy_behind(2.try_into().unwrap());
    assert_eq!(judge(second, "10.1.2.3", &lines).as_ref(), Ok(&certificate));
    assert_eq!(judge(ForwardedHeader::envoy(), "10.1.2.3", &lines), INVALID);
    let fourth = ForwardedHeader::envoy_behind(4.try_into().unwrap());
    assert_eq!(judge(fourth, "10.1.2.3", &lines), INVALID);
    let first = ForwardedHeader::envoy_behind(1.try_into().unwrap());
    assert_eq!(judge(first, "10.1.2.3", &lines), MISSING);
}

#[test]
fn the_chain_of_a_proxy_that_sends_one_comes_along() {
    let (certificate, issuer) = (difficult(), difficult());
    let text = |proxy: &str| match proxy {
        "haproxy" => ("x-ssl-client-chain", base64(&issuer)),
        _ => ("client-cert-chain", format!(":{}:", base64(&issuer))),
    };
    for proxy in ["cloudflare", "google-load-balancer", "haproxy", "rfc9440"] {
        let proxy = SENDS.into_iter().find(|sends| sends.proxy == proxy).unwrap();
        let (name, value) = text(proxy.proxy);
        let mut lines = proxy.lines(&certificate);
        lines.push((name.to_owned(), value));
        let read = proxy.header().read(&sent("10.1.2.3", &lines).headers).unwrap().unwrap();
        assert_eq!((read.leaf(), read.rest()), (&certificate, &[issuer.clone()][..]));
        assert_eq!(proxy.judges(&lines).as_ref(), Ok(&certificate), "{}", proxy.proxy);
        assert_eq!(judge(proxy.header(), "192.0.2.1", &lines[lines.len() - 1..].to_vec()), INVALID);
        let alone = lines.split_off(lines.len() - 1);
        assert_eq!(proxy.judges(&alone), INVALID, "{}", proxy.proxy);
    }
}
