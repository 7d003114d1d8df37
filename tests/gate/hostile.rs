//! Bad input through whole gates: refused in the profile's format, and nothing is stored.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use rustls_pki_types::CertificateDer;
use tower_open_banking::body::Body;
use tower_open_banking::cert::{
    Encoding, ForwardedHeader, PeerAddress, PeerCertificates, PresentCertificate, TrustedPeers,
};
use tower_open_banking::idempotency::{
    Claim, Claimed, IdempotencyStore, Lease, MemoryStore, Record, Settlement, StoreFuture,
};
use tower_open_banking::jose::NewHeader;
use tower_open_banking::reject::Reason;

use crate::support::answer::Answer;
use crate::support::bank::{App, Preset, TOKEN_KEY, TOKEN_KID, bank_with};
use crate::support::payment::Payment;
use crate::support::pki::{SEQUENCE, tlv};

/// A store that counts what is asked of it.
struct Counting {
    store: MemoryStore,
    claims: Arc<AtomicUsize>,
}

impl IdempotencyStore for Counting {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.claims.fetch_add(1, Ordering::SeqCst);
        self.store.claim(claim)
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        self.store.settle(lease, record)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        self.store.release(lease)
    }
}

/// A gate under attack, and a good payment to be changed for it.
struct Target {
    preset: Preset,
    app: App,
    claims: Arc<AtomicUsize>,
    head: Parts,
    body: Bytes,
}

impl Target {
    fn new(preset: Preset) -> Self {
        Self::presenting(preset, PresentCertificate::from_tls())
    }

    /// Behind a proxy that hands the certificate over in `x-cert`.
    fn behind_proxy(preset: Preset, encoding: Encoding) -> Self {
        let header = ForwardedHeader::named(HeaderName::from_static("x-cert"), encoding);
        let peers = TrustedPeers::parse(["127.0.0.1"]).unwrap();
        let mut target = Self::presenting(preset, PresentCertificate::from_header(header, peers));
        target.head.extensions.insert(PeerAddress::new(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        target
    }

    fn presenting(preset: Preset, present: PresentCertificate) -> Self {
        let claims = Arc::new(AtomicUsize::new(0));
        let store = MemoryStore::with_capacity(10_000);
        let mut bank = bank_with(Arc::new(Counting { store, claims: claims.clone() }));
        bank.present = present;
        let payment = Payment::good(preset, "key-1");
        let (head, _) = payment.request().into_parts();
        let body = Bytes::from(payment.body);
        Self { preset, app: App::behind(preset.payments(&bank)), claims, head, body }
    }

    async fn answer(&self, change: impl FnOnce(&mut Parts)) -> Answer {
        let mut head = self.head.clone();
        change(&mut head);
        self.app.answer(Request::from_parts(head, Body::from(self.body.clone()))).await
    }

    /// The change is answered with a 4xx in the format of the profile, and stores nothing.
    async fn refuses(&self, case: &str, change: impl FnOnce(&mut Parts)) -> Reason {
        let answer = self.answer(change).await;
        let case = format!("{:?}, {case}: {answer:?}", self.preset);
        assert!(answer.status.is_client_error(), "{case}");
        assert_eq!((self.app.ran(), self.claims.load(Ordering::SeqCst)), (0, 0), "{case}");
        assert_eq!(answer.header(self.preset.id_header()).len(), 36, "{case}");
        let is_bare = match self.preset {
            Preset::Uk313 | Preset::Uk314 | Preset::Uk40 => answer.status == 401,
            Preset::Berlin => answer.status == 415,
            Preset::Fapi1 | Preset::Wso2 => false,
        };
        assert_eq!(answer.body.is_empty(), is_bare, "{case}");
        assert_eq!(answer.code().is_empty(), is_bare, "{case}");
        if answer.status == 401 {
            assert!(answer.header("www-authenticate").starts_with("Bearer realm="), "{case}");
        }
        let is_signed = self.preset.is_signed() && !answer.body.is_empty();
        assert_eq!(answer.is_signed(self.preset.signing()), is_signed, "{case}");
        assert!(answer.body.len() < 1000, "nothing is echoed: {case}");
        answer.reason().unwrap().0
    }

    async fn refuses_header(&self, name: &'static str, value: &[u8], why: &str) -> Reason {
        let value = HeaderValue::from_bytes(value).unwrap();
        let case = format!("{name} {why}");
        self.refuses(&case, |head| drop(head.headers.insert(name, value))).await
    }

    async fn refuses_certificate(&self, der: Vec<u8>, case: &str) -> Reason {
        let peer = PeerCertificates::new([CertificateDer::from(der)]);
        self.refuses(case, |head| drop(head.extensions.insert(peer))).await
    }
}

/// Every header that a gate reads, and whether it may come in several lines.
const HEADERS: [(&str, bool); 11] = [
    ("accept", true),
    ("authorization", false),
    ("content-encoding", false),
    ("content-type", false),
    ("psu-ip-address", false),
    ("x-fapi-auth-date", false),
    ("x-fapi-customer-ip-address", false),
    ("x-fapi-interaction-id", false),
    ("x-idempotency-key", false),
    ("x-jws-signature", false),
    ("x-request-id", false),
];

/// Whether the payments of a preset read a header.
fn reads(preset: Preset, name: &str) -> bool {
    match name {
        "content-encoding" | "x-jws-signature" => preset.is_signed(),
        "psu-ip-address" | "x-request-id" => preset == Preset::Berlin,
        "x-idempotency-key" => preset.is_once(),
        _ => preset != Preset::Berlin || !name.starts_with("x-fapi"),
    }
}

#[tokio::test]
async fn a_header_that_is_empty_huge_repeated_or_not_ascii_is_refused() {
    let huge = vec![b'a'; 64 * 1024];
    for preset in Preset::ALL {
        let target = Target::new(preset);
        for (name, is_list) in HEADERS {
            if !reads(preset, name) {
                continue;
            }
            target.refuses_header(name, &huge, "huge").await;
            for hostile in [&b"\xff\xfe"[..], "caf\u{e9}".as_bytes(), b"a\tb"] {
                target.refuses_header(name, hostile, "not ASCII").await;
            }
            for hostile in [&b""[..], b",", b"\"", b";=;"] {
                let is_good = match name {
                    // RFC 9110, 12.5.1: an empty list asks for nothing in particular.
                    "accept" => hostile.is_empty() || hostile == b",",
                    // Opaque: whatever is visible.
                    "x-idempotency-key" => !hostile.is_empty(),
                    _ => false,
                };
                if !is_good {
                    target.refuses_header(name, hostile, "garbled").await;
                }
            }
            if !is_list {
                let value = target.head.headers.get(name).cloned();
                let value = value.unwrap_or_else(|| HeaderValue::from_static("gzip"));
                target
                    .refuses(&format!("{name} repeated"), |head| {
                        head.headers.append(name, value.clone());
                        if head.headers.get_all(name).iter().count() < 2 {
                            head.headers.append(name, value);
                        }
                    })
                    .await;
            }
        }
    }
}

#[tokio::test]
async fn hundreds_of_unknown_headers_change_nothing() {
    let target = Target::new(Preset::Uk314);
    let answer = target.answer(|head| {
        for number in 0..500 {
            let name = HeaderName::try_from(format!("x-unknown-{number}")).unwrap();
            head.headers.insert(name, HeaderValue::from_static("a"));
        }
    });
    assert_eq!(answer.await.status, 201);
}

/// `depth` sequences, each inside the one before.
fn nested(depth: usize) -> Vec<u8> {
    // From the inside out, with every length known before it is written.
    let mut lengths = Vec::with_capacity(depth);
    let mut length = 0;
    for _ in 0..depth {
        lengths.push(length);
        length += tlv(SEQUENCE, &[]).len() + length_octets(length);
    }
    let mut der = Vec::with_capacity(length);
    for length in lengths.into_iter().rev() {
        der.push(SEQUENCE);
        let octets = length_octets(length);
        if octets == 0 {
            der.push(u8::try_from(length).unwrap());
        } else {
            der.push(0x80 | u8::try_from(octets).unwrap());
            der.extend(&length.to_be_bytes()[8 - octets..]);
        }
    }
    der
}

/// How many octets follow the first one of a length.
fn length_octets(length: usize) -> usize {
    match length {
        0..0x80 => 0,
        0x80..0x100 => 1,
        0x100..0x1_0000 => 2,
        _ => 3,
    }
}

#[test]
fn the_nest_is_proper_der() {
    assert_eq!(nested(2), [0x30, 2, 0x30, 0]);
    let deep = nested(100);
    assert_eq!(deep, tlv(SEQUENCE, &nested(99)));
}

#[tokio::test]
async fn a_certificate_cut_at_any_length_is_refused() {
    let der = Payment::good(Preset::Wso2, "key").certificate.der();
    let target = Target::new(Preset::Fapi1);
    for length in 0..der.len() {
        target.refuses_certificate(der[..length].to_vec(), &format!("cut at {length}")).await;
    }
    target.refuses_certificate([&der[..], &[0]].concat(), "with a byte behind it").await;
    let proxied = Target::behind_proxy(Preset::Fapi1, Encoding::Base64Der);
    for length in 0..der.len() {
        let value = BASE64_STANDARD.encode(&der[..length]);
        proxied.refuses_header("x-cert", value.as_bytes(), &format!("cut at {length}")).await;
    }
}

#[tokio::test]
async fn a_certificate_with_any_byte_changed_is_refused() {
    let der = Payment::good(Preset::Fapi1, "key").certificate.der();
    let target = Target::new(Preset::Fapi1);
    for place in 0..der.len() {
        let mut changed = der.to_vec();
        changed[place] ^= 0x55;
        target.refuses_certificate(changed, &format!("changed at {place}")).await;
    }
}

#[tokio::test]
async fn deep_asn1_is_refused() {
    let indefinite = [0x30, 0x80].repeat(10_000);
    for preset in [Preset::Uk314, Preset::Wso2] {
        let target = Target::new(preset);
        for (der, case) in [(nested(10_000), "deep"), (indefinite.clone(), "indefinite")] {
            let reason = target.refuses_certificate(der.clone(), case).await;
            assert_eq!(reason, Reason::CertificateUntrusted);
            let proxied = Target::behind_proxy(preset, Encoding::Rfc9440);
            let value = format!(":{}:", BASE64_STANDARD.encode(&der));
            proxied.refuses_header("x-cert", value.as_bytes(), case).await;
        }
        // From an authority that the bank trusts, in the extension that says who the holder is.
        for (statements, case) in [
            (nested(10_000), "deep statements"),
            (tlv(SEQUENCE, &nested(5000)), "a deep statement"),
            (indefinite.clone(), "indefinite statements"),
            (tlv(SEQUENCE, &tlv(SEQUENCE, &[]).repeat(10_000)), "ten thousand statements"),
            (Vec::new(), "no statements"),
        ] {
            let payment = Payment::good(preset, "key-1").with(|payment| {
                payment.certify(|qwac| qwac.raw_statements = Some(statements));
            });
            let (head, _) = payment.request().into_parts();
            let reason = target.refuses(case, |good| *good = head).await;
            assert_eq!(reason, Reason::CertificatePurposeWrong, "{case}");
        }
    }
}

#[tokio::test]
async fn no_encoding_of_a_certificate_header_takes_garbage() {
    for encoding in [
        "base64-der",
        "pem-body",
        "pem-body-chain",
        "pem-body-percent",
        "pem-body-percent-chain",
        "pem-folded",
        "pem-percent",
        "pem-percent-chain",
        "rfc9440",
        "xfcc",
    ] {
        let target = Target::behind_proxy(Preset::Wso2, encoding.parse().unwrap());
        for hostile in [
            vec![b'A'; 64 * 1024],
            b"%".repeat(10_000),
            b"%2".to_vec(),
            b":".to_vec(),
            b"::".to_vec(),
            b"::::".to_vec(),
            b",".repeat(10_000),
            b";".repeat(10_000),
            b"\"".to_vec(),
            b"Cert=\"".to_vec(),
            b"Hash=a;Cert=\"%\";Cert=\"%\"".to_vec(),
            b"-----BEGIN CERTIFICATE-----".repeat(1000),
            b"-----BEGIN CERTIFICATE----- -----END CERTIFICATE-----".to_vec(),
            b"-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----%0A".to_vec(),
            b"caf\xc3\xa9".to_vec(),
            b"\xff".to_vec(),
            BASE64_STANDARD.encode(nested(10_000)).into_bytes(),
            format!(":{}:", BASE64_STANDARD.encode(nested(10_000))).into_bytes(),
        ] {
            target.refuses_header("x-cert", &hostile, encoding).await;
        }
        let twice = HeaderValue::from_static("a");
        target
            .refuses(encoding, |head| {
                head.headers.append("x-cert", twice.clone());
                head.headers.append("x-cert", twice);
            })
            .await;
    }
}

/// JSON that is made to hurt its reader.
fn bombs() -> Vec<(&'static str, String)> {
    let good = r#""alg":"PS256","typ":"at+jwt","#;
    let many: Vec<String> = (0..100_000).map(|number| format!("\"m{number}\":1")).collect();
    vec![
        ("a key id of 1 MiB", format!("{{{good}\"kid\":\"{}\"}}", "k".repeat(1 << 20))),
        ("100 000 arrays", format!("{{{good}\"kid\":\"k\",\"x\":{}", "[".repeat(100_000))),
        (
            "arrays and their ends",
            format!("{{{good}\"kid\":\"k\",\"x\":{}{}}}", "[".repeat(3000), "]".repeat(3000)),
        ),
        (
            "objects",
            format!(
                "{{{good}\"kid\":\"k\",\"x\":{}1{}}}",
                "{\"a\":".repeat(1500),
                "}".repeat(1500)
            ),
        ),
        (
            "a deep crit",
            format!("{{{good}\"kid\":\"k\",\"crit\":{}{}}}", "[".repeat(3000), "]".repeat(3000)),
        ),
        ("100 000 members", format!("{{{good}\"kid\":\"k\",{}}}", many.join(","))),
        ("1000 members", format!("{{{good}\"kid\":\"k\",{}}}", many[..700].join(","))),
        (
            "a long crit",
            format!("{{{good}\"kid\":\"k\",\"crit\":[{}]}}", vec!["\"b64\""; 1000].join(",")),
        ),
        ("a large number", format!("{{{good}\"kid\":\"k\",\"x\":1e{}}}", "9".repeat(5000))),
        (
            "a number for a date",
            format!(
                "{{{good}\"kid\":\"k\",\"http://openbanking.org.uk/iat\":{}}}",
                "9".repeat(5000)
            ),
        ),
        ("a lone surrogate", format!("{{{good}\"kid\":\"\\ud800\"}}")),
        ("a zero in the key id", format!("{{{good}\"kid\":\"a\\u0000b\"}}")),
        ("a line break in the key id", format!("{{{good}\"kid\":\"a\\nb\"}}")),
        ("the same name twice", format!("{{{good}\"kid\":\"k\",\"kid\":\"l\"}}")),
        ("a name twice by escapes", format!("{{{good}\"kid\":\"k\",\"k\\u0069d\":\"l\"}}")),
        ("blanks", format!("{{{good}\"kid\":\"k\"{}}}", " ".repeat(1 << 20))),
        ("two values", format!("{{{good}\"kid\":\"k\"}}{{}}")),
        ("no object", "[1]".to_owned()),
        ("null", "null".to_owned()),
        ("nothing", String::new()),
        ("a byte order mark", format!("\u{feff}{{{good}\"kid\":\"k\"}}")),
    ]
}

#[tokio::test]
async fn json_bombs_in_the_header_of_a_signature_are_refused() {
    for preset in [Preset::Uk313, Preset::Uk314, Preset::Uk40, Preset::Wso2] {
        let target = Target::new(preset);
        for (case, json) in bombs() {
            let header = BASE64_URL_SAFE_NO_PAD.encode(json);
            for value in [format!("{header}..AAAA"), header.clone(), format!("..{header}")] {
                let reason = target.refuses_header("x-jws-signature", value.as_bytes(), case).await;
                let expected = [
                    Reason::SignatureMalformed,
                    Reason::SignatureClaimInvalid,
                    Reason::SignatureClaimMissing,
                ];
                assert!(expected.contains(&reason), "{case}: {reason:?}");
            }
        }
        for hostile in [&b".."[..], b".", b"..................", b"=..=", b"e30..", b"e30..AAAA"] {
            target.refuses_header("x-jws-signature", hostile, "short").await;
        }
    }
}

#[tokio::test]
async fn json_bombs_in_the_header_of_a_token_are_refused() {
    for preset in Preset::ALL {
        let target = Target::new(preset);
        for (case, json) in bombs() {
            let header = BASE64_URL_SAFE_NO_PAD.encode(json);
            for token in [format!("{header}.e30.AAAA"), format!("e30.{header}.AAAA"), header] {
                let value = format!("Bearer {token}");
                let reason = target.refuses_header("authorization", value.as_bytes(), case).await;
                let expected = [Reason::TokenInvalid, Reason::TokenMalformed];
                // An empty header leaves nothing of a token.
                let missing = reason == Reason::TokenMissing && token.is_empty();
                assert!(expected.contains(&reason) || missing, "{case}: {reason:?}");
            }
        }
    }
}

#[tokio::test]
async fn json_bombs_in_the_claims_of_a_signed_token_are_refused() {
    let target = Target::new(Preset::Uk314);
    let bombs = bombs().into_iter().filter(|(_, json)| json.len() < 11_000);
    for (case, json) in bombs {
        let header = NewHeader::new(TOKEN_KEY.algorithm(), TOKEN_KID).typ("at+jwt");
        let token = header.sign_compact(&TOKEN_KEY.key, json.as_bytes()).unwrap();
        let value = format!("Bearer {token}");
        let reason = target.refuses_header("authorization", value.as_bytes(), case).await;
        assert_eq!(reason, Reason::TokenInvalid, "{case}");
    }
}

#[tokio::test]
async fn a_body_of_garbage_is_refused_by_its_signature_and_a_long_one_by_its_length() {
    let target = Target::new(Preset::Uk314);
    for (body, reason) in [
        (vec![], Reason::SignatureInvalid),
        (vec![0xff; 1000], Reason::SignatureInvalid),
        (b"[".repeat(100_000), Reason::SignatureInvalid),
        (vec![b' '; (1 << 20) + 1], Reason::BodyTooLarge),
        (vec![b' '; 8 << 20], Reason::BodyTooLarge),
    ] {
        let request = Request::from_parts(target.head.clone(), Body::from(Bytes::from(body)));
        let answer = target.app.answer(request).await;
        assert_eq!(answer.reason().map(|(reason, _)| reason), Some(reason));
        assert!(answer.is_signed(Preset::Uk314.signing()));
    }
    assert_eq!((target.app.ran(), target.claims.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn after_all_that_the_good_payment_is_the_first() {
    let target = Target::new(Preset::Uk314);
    for (name, _) in HEADERS.into_iter().filter(|(name, _)| reads(Preset::Uk314, name)) {
        target.refuses_header(name, b"\xff", "not ASCII").await;
    }
    let answer = target.answer(|_| ()).await;
    assert_eq!((answer.payment_id(), target.app.ran()), ("pay-1".into(), 1));
    assert_eq!(target.claims.load(Ordering::SeqCst), 1);
}
