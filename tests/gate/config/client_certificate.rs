//! `[client_certificate]`: which proxy is believed, in which headers, with which verdict.

use tower_open_banking::cert::PeerCertificates;

use super::*;

/// The keys of a bank behind a proxy, in the place of its own.
fn behind(keys: &str) -> toml::Table {
    let mut table = good(Preset::Uk314);
    table.insert("client_certificate".into(), keys.parse::<toml::Table>().unwrap().into());
    table
}

const SOURCE: &str = "source = \"header\"\ntrusted_peers = [\"10.1.2.3\"]\n";

/// Whether a payment with these headers in the place of its certificate is made.
async fn makes(keys: &str, lines: &[(&str, String)], shown: &[&[u8]]) -> bool {
    let app = App::behind(open(behind(keys)).unwrap().payments().clock(clock));
    let payment = Payment::good(Preset::Uk314, "key").with(|payment| payment.is_presented = false);
    let mut request = payment.request();
    request.extensions_mut().insert(PeerAddress::new("10.1.2.3".parse().unwrap()));
    let shown = shown.iter().map(|der| der.to_vec().into());
    request.extensions_mut().insert(PeerCertificates::new(shown));
    for (name, value) in lines {
        let name = HeaderName::try_from(*name).unwrap();
        request.headers_mut().append(name, HeaderValue::try_from(value).unwrap());
    }
    sent(&app, request).await
}

/// The payment's certificate, as nginx sends it and as HAProxy does.
fn escaped() -> String {
    let pem = pem("CERTIFICATE", &Qwac::default().der());
    pem.replace('+', "%2B").replace(' ', "%20").replace('\n', "%0A")
}

fn base64() -> String {
    BASE64_STANDARD.encode(Qwac::default().der())
}

#[test]
fn nothing_but_the_source_is_said_of_the_connection() {
    for (key, value) in [
        ("allow_unverified", true.into()),
        ("chain_header", "x".into()),
        ("encoding", "rfc9440".into()),
        ("header", "x".into()),
        ("proxy", "nginx".into()),
        ("trusted_hops", 1.into()),
        ("trusted_peers", strings(["10.0.0.1"])),
        ("trusted_thumbprints", strings([])),
        ("verdict_headers", strings([])),
    ] as [(_, toml::Value); 9]
    {
        let path = format!("client_certificate.{key}");
        let said = error(Preset::Uk314, |table| set(table, &path, value));
        assert_eq!(said, format!("{path}: only with source = \"header\""));
    }
}

#[test]
fn each_wrong_value_is_named() {
    for (keys, why) in [
        ("proxy = \"Nginx\"", "proxy: `Nginx` is no known proxy"),
        ("proxy = \"nginx\"\nencoding = \"rfc9440\"", "encoding: the proxy has its own"),
        ("proxy = \"nginx\"\nheader = \"a b\"", "header: invalid HTTP header name"),
        ("proxy = \"nginx\"\ntrusted_hops = 2", "trusted_hops: only with proxy = \"envoy\""),
        ("encoding = \"xfcc\"\ntrusted_hops = 2", "trusted_hops: only with proxy = \"envoy\""),
        (
            "proxy = \"nginx\"\nchain_header = \"x\"",
            "chain_header: this encoding of client certificates has no header for the chain",
        ),
        ("proxy = \"haproxy\"\nchain_header = \"a b\"", "chain_header: invalid HTTP header name"),
        (
            "proxy = \"haproxy\"\nverdict_headers = [\"x\"]",
            "verdict_headers: 1 headers are named for 2 verdicts of the proxy",
        ),
        (
            "encoding = \"xfcc\"\nverdict_headers = [\"x\"]",
            "verdict_headers: 1 headers are named for 0 verdicts of the proxy",
        ),
        (
            "proxy = \"nginx\"\nverdict_headers = [\"\"]",
            "verdict_headers: invalid HTTP header name",
        ),
        (
            "proxy = \"nginx\"\ntrusted_thumbprints = [\"00\"]",
            "trusted_thumbprints: not the SHA-256 of a certificate",
        ),
        (
            "proxy = \"nginx\"\ntrusted_thumbprints = []",
            "trusted_thumbprints: the list of trusted peers is empty",
        ),
    ] {
        let said = open(behind(&format!("{SOURCE}{keys}"))).err();
        assert_eq!(said, Some(format!("client_certificate.{why}")));
    }
    let zero = open(behind(&format!("{SOURCE}proxy = \"envoy\"\ntrusted_hops = 0")));
    assert!(zero.err().unwrap().contains("nonzero"));
}

#[tokio::test]
async fn a_proxy_is_named_and_its_verdict_is_wanted() {
    let keys = format!("{SOURCE}proxy = \"nginx\"");
    let certificate = ("x-ssl-client-cert", escaped());
    let verdict = |value: &str| ("x-ssl-client-verify", value.to_owned());
    assert!(makes(&keys, &[certificate.clone(), verdict("SUCCESS")], &[]).await);
    assert!(!makes(&keys, &[certificate.clone(), verdict("FAILED:x")], &[]).await);
    assert!(!makes(&keys, std::slice::from_ref(&certificate), &[]).await);
    let allowed = format!("{keys}\nallow_unverified = true");
    assert!(makes(&allowed, &[certificate.clone(), verdict("FAILED:x")], &[]).await);
    assert!(!makes(&allowed, &[certificate, verdict("NONE")], &[]).await);
}

#[tokio::test]
async fn every_header_of_a_proxy_can_have_another_name() {
    let keys = format!(
        "{SOURCE}proxy = \"haproxy\"\nheader = \"x-c\"\nchain_header = \"x-ch\"\n\
         verdict_headers = [\"x-u\", \"x-v\"]"
    );
    let lines = |used: &str, verify: &str, chain: &str| {
        let text = |value: &str| value.to_owned();
        [("x-c", base64()), ("x-u", text(used)), ("x-v", text(verify)), ("x-ch", text(chain))]
    };
    assert!(makes(&keys, &lines("1", "0", ""), &[]).await);
    assert!(!makes(&keys, &lines("0", "1", ""), &[]).await);
    assert!(!makes(&keys, &lines("1", "0", "nonsense"), &[]).await);
}

#[tokio::test]
async fn the_place_of_the_trusted_envoy_is_counted_from_the_end() {
    let element = format!("Cert=\"{}\"", escaped());
    let lines = [("x-forwarded-client-cert", format!("{element},By=inner"))];
    assert!(makes(&format!("{SOURCE}proxy = \"envoy\"\ntrusted_hops = 2"), &lines, &[]).await);
    assert!(!makes(&format!("{SOURCE}proxy = \"envoy\"\ntrusted_hops = 1"), &lines, &[]).await);
    assert!(!makes(&format!("{SOURCE}proxy = \"envoy\""), &lines, &[]).await);
}

#[tokio::test]
async fn a_pinned_proxy_counts_from_its_addresses_if_there_are_any() {
    let pin = openssl::sha::sha256(b"proxy");
    let hex: Vec<String> = pin.iter().map(|byte| format!("{byte:02X}")).collect();
    let lines = [("client-cert", format!(":{}:", base64()))];
    for thumbprint in [hex.concat(), hex.concat().to_lowercase(), hex.join(":")] {
        let pinned = format!("proxy = \"rfc9440\"\ntrusted_thumbprints = [\"{thumbprint}\"]\n");
        let anywhere = format!("source = \"header\"\n{pinned}");
        assert!(makes(&anywhere, &lines, &[b"proxy"]).await);
        assert!(!makes(&anywhere, &lines, &[b"other"]).await);
        assert!(makes(&format!("{SOURCE}{pinned}"), &lines, &[b"proxy"]).await);
        assert!(!makes(&format!("{SOURCE}{pinned}"), &lines, &[]).await);
        let elsewhere = format!("{anywhere}trusted_peers = [\"192.0.2.1\"]");
        assert!(!makes(&elsewhere, &lines, &[b"proxy"]).await);
    }
}

#[tokio::test]
async fn the_product_that_is_replaced_may_have_another_header() {
    let mut table = good(Preset::Wso2);
    set(&mut table, "client_certificate.source", "header");
    set(&mut table, "client_certificate.header", "x-own");
    set(&mut table, "client_certificate.trusted_peers", strings(["10.1.2.3"]));
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    let mut request = forwarded("10.1.2.3", "key-1");
    let value = request.headers_mut().remove("ssl.client.auth.cert.x509").unwrap();
    request.headers_mut().insert("x-own", value);
    assert!(sent(&app, request).await);
    assert!(!sent(&app, forwarded("10.1.2.3", "key-2")).await);
}
