//! A gate from a file: what is refused at start-up, and what each rule is there for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, Request};
use tower_open_banking::body::Body;
use tower_open_banking::cert::PeerAddress;
use tower_open_banking::config::{Config, ConfigError, Setup};
use tower_open_banking::crypto::sha256;
use tower_open_banking::gate::GateBuilder;
use tower_open_banking::token::BoundToken;

use crate::demands;
use crate::support::answer::Answer;
use crate::support::bank::{
    App, BANK_KEY, CLIENT_KEY, CLIENT_KID, Preset, STRANGERS_KEY, TOKEN_KEY, TOKEN_KID, jwks,
    sealed_jwks,
};
use crate::support::clock;
use crate::support::payment::{BoundTo, Payment, TokenFrom};
use crate::support::pki::{self, Authority, PSP_AI, QcType, Qwac, pem};

mod client_certificate;
mod identity;
mod sender;
mod store;

/// A directory with every file that the configuration names.
pub(crate) static FILES: LazyLock<PathBuf> = LazyLock::new(|| {
    // One for each process: the keys differ.
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gate-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: &str| fs::write(directory.join(name), text).unwrap();
    write("ca.pem", &pem("CERTIFICATE", &pki::anchor()));
    write("ca.crl", &pem("X509 CRL", &pki::revocation_list()));
    write("as.jwks", &jwks(&[(&TOKEN_KEY, TOKEN_KID)]));
    write("tpp.jwks", &jwks(&[(&CLIENT_KEY, CLIENT_KID)]));
    write("sealed.jwks", &sealed_jwks());
    let blocked: String = sha256(&demands::of_serial(demands::BLOCKED).der())
        .map(|byte| format!("{byte:02x}"))
        .concat();
    write("stop.json", &format!(r#"[{{"thumbprint": "{blocked}"}}]"#));
    write("nobody.json", r#"[{"organization": "PSDGB-FCA-1"}]"#);
    write("other.jwks", &jwks(&[(&STRANGERS_KEY, CLIENT_KID)]));
    write("bank.pem", &BANK_KEY.pem);
    write("ec.pem", &TOKEN_KEY.pem);
    write("empty", "");
    write("nonce.key", "0123456789abcdef0123456789abcdef");
    write("former.key", "fedcba9876543210fedcba9876543210");
    write("empty.jwks", r#"{"keys":[]}"#);
    directory
});

/// The configuration of a preset that accepts the demo provider.
pub(crate) fn good(preset: Preset) -> toml::Table {
    let (tpp, other) = (Qwac::default().subject_dn(), Qwac::of_another().subject_dn());
    let (organisation, software) =
        (crate::support::bank::ORGANISATION, crate::support::bank::SOFTWARE);
    let text = format!(
        r#"
        profile = "{profile}"
        [client_certificate]
        source = "tls"
        [trust]
        anchors = ["ca.pem"]
        crls = ["ca.crl"]
        revocation = "crl"
        [token]
        issuer = "https://as.bank.example"
        audience = "https://api.bank.example"
        keys = "as.jwks"
        [[client]]
        client_id = "demo-tpp"
        organisation_id = "{organisation}"
        software_id = "{software}"
        subject_dn = "{tpp}"
        keys = "tpp.jwks"
        algorithms = ["PS256"]
        [[client]]
        client_id = "other-tpp"
        subject_dn = "{other}"
        keys = "other.jwks"
        algorithms = ["PS256"]
        [signing]
        key = "bank.pem"
        kid = "bank-sig-1"
        issuer = "0015800001BANKAAAA"
        trust_anchor = "openbanking.org.uk"
        [signature]
        max_age = 600
        [idempotency]
        store = "memory"
        capacity = 1000
        [scopes]
        payment_initiation = ["payments"]
        [steps]
        BindToken = true
        "#,
        profile = preset.name(),
    );
    text.parse().unwrap()
}

/// The table or value at a path such as `client.0.keys`, to change.
fn at<'a>(table: &'a mut toml::Table, path: &str) -> (&'a mut toml::Table, String) {
    let (places, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut here = table;
    let mut places = places.split('.').filter(|place| !place.is_empty()).peekable();
    while let Some(place) = places.next() {
        let value = here.entry(place).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        here = match value {
            toml::Value::Array(all) => {
                let index: usize = places.next().unwrap().parse().unwrap();
                all[index].as_table_mut().unwrap()
            }
            value => value.as_table_mut().unwrap(),
        };
    }
    (here, key.to_owned())
}

pub(crate) fn set(table: &mut toml::Table, path: &str, value: impl Into<toml::Value>) {
    let (here, key) = at(table, path);
    here.insert(key, value.into());
}

pub(crate) fn unset(table: &mut toml::Table, path: &str) {
    let (here, key) = at(table, path);
    here.remove(&key);
}

pub(crate) fn strings<const N: usize>(all: [&str; N]) -> toml::Value {
    toml::Value::Array(all.into_iter().map(toml::Value::from).collect())
}

pub(crate) fn open(table: toml::Table) -> Result<Setup, String> {
    let config: Config = table.try_into().map_err(|error: toml::de::Error| error.to_string())?;
    config.open(&FILES).map_err(|error| error.to_string())
}

fn error(preset: Preset, change: impl FnOnce(&mut toml::Table)) -> String {
    let mut table = good(preset);
    change(&mut table);
    open(table).err().unwrap_or_default()
}

#[tokio::test]
async fn a_configuration_makes_the_gates_of_its_preset() {
    for preset in Preset::ALL {
        let setup = open(good(preset)).unwrap();
        let bank = crate::support::bank::bank();
        for (configured, preset) in
            [(setup.payments(), preset.payments(&bank)), (setup.accounts(), preset.accounts(&bank))]
        {
            let (configured, preset) = (configured.build().unwrap(), preset.build().unwrap());
            assert!(configured.steps().eq(preset.steps()));
        }
        let app = App::behind(setup.payments().clock(clock));
        let answer = app.answer(Payment::good(preset, "key-1").request()).await;
        assert_eq!(answer.payment_id(), "pay-1", "{preset:?} {:?}", answer.rejection);
        let app = App::behind(setup.accounts().clock(clock));
        assert_eq!(app.answer(Payment::accounts().request()).await.status, 200);
    }
}

#[test]
fn an_unknown_key_is_an_error_at_every_level() {
    for path in [
        "profil",
        "client_certificate.sorce",
        "trust.anchor",
        "identity.polici",
        "token.allow_untypd",
        "client.0.algoritms",
        "signing.kidd",
        "signature.max_ages",
        "idempotency.stor",
        "scopes.payment",
    ] {
        let said = error(Preset::Uk314, |table| set(table, path, "x"));
        let key = path.rsplit('.').next().unwrap();
        assert!(said.contains(&format!("unknown field `{key}`")), "{path}: {said}");
    }
    let said = error(Preset::Uk314, |table| set(table, "steps.BindTokn", false));
    assert_eq!(said, "steps.BindTokn: no such step");
    // A step of another profile is none of this one.
    let said = error(Preset::Fapi1, |table| set(table, "steps.VerifySignature", false));
    assert_eq!(said, "steps.VerifySignature: no such step");
}

#[test]
fn what_is_missing_is_named() {
    for path in [
        "profile",
        "client_certificate.source",
        "trust.anchors",
        "trust.revocation",
        "token",
        "token.issuer",
        "token.audience",
        "client.0.client_id",
        "signing.key",
        "signing.trust_anchor",
    ] {
        let said = error(Preset::Uk314, |table| unset(table, path));
        let key = path.rsplit('.').next().unwrap();
        assert!(said.contains(&format!("missing field `{key}`")), "{path}: {said}");
    }
    for (path, key) in [
        ("client_certificate", "client_certificate"),
        ("trust", "trust"),
        ("client.0.subject_dn", "client[0].subject_dn"),
    ] {
        let said = error(Preset::Uk314, |table| unset(table, path));
        assert_eq!(said, format!("{key}: due for this sender_constraint"));
    }
    let said = error(Preset::Uk314, |table| unset(table, "token.keys"));
    assert_eq!(said, "token.keys: due, or `jwks_uri`");
}

#[test]
fn a_value_outside_its_list_is_refused() {
    for (path, value) in [
        ("profile", "uk-3.1.5"),
        ("client_certificate.source", "both"),
        ("client_certificate.encoding", "pem"),
        ("trust.revocation", "stapled"),
        ("idempotency.store", "etcd"),
    ] {
        let said = error(Preset::Uk314, |table| set(table, path, value));
        assert!(said.contains(value), "{path}: {said}");
    }
    let said = error(Preset::Uk314, |table| set(table, "signature.max_age", -1));
    assert!(said.contains("max_age") || said.contains("-1"), "{said}");
}

#[test]
fn what_cannot_be_used_is_refused_with_its_key_and_its_reason() {
    type Change = fn(&mut toml::Table);
    let cases: [(Change, &str); 20] = [
        (
            |t| set(t, "trust.anchors", strings([])),
            "trust.anchors: no anchor: nothing would be trusted",
        ),
        (
            |t| unset(t, "trust.crls"),
            "trust.crls: no revocation list: say that revocation is off, or give lists",
        ),
        (|t| set(t, "token.issuer", ""), "token.issuer: empty"),
        (|t| set(t, "token.audience", ""), "token.audience: empty"),
        (
            |t| set(t, "client.1.client_id", "demo-tpp"),
            "client: the client \"demo-tpp\" is registered twice",
        ),
        (|t| set(t, "client.1.client_id", ""), "client[1].client_id: empty"),
        (
            |t| set(t, "client.0.algorithms", strings(["PS256", "RS256"])),
            "client[0].algorithms: RS256 is too weak",
        ),
        (
            |t| set(t, "client.0.algorithms", strings(["none"])),
            "client[0].algorithms: none is not a signature algorithm",
        ),
        (
            |t| set(t, "client.0.algorithms", strings([])),
            "client[0].algorithms: none is allowed by the profile",
        ),
        (
            |t| set(t, "client.0.algorithms", strings(["ES256"])),
            "client[0].algorithms: none is allowed by the profile",
        ),
        (|t| unset(t, "client.0.keys"), "client[0].keys: due in a profile with message signatures"),
        (
            |t| {
                let asks = "endpoint = \"https://as/introspect\"\nclient_id = \"rs\"";
                set(t, "token.introspection", asks.parse::<toml::Table>().unwrap());
            },
            "fetch.certificate: due to ask about tokens",
        ),
        (|t| set(t, "fetch", toml::Table::new()), "fetch: has no effect: nothing is fetched"),
        (|t| unset(t, "signing"), "signing: due in a profile with signatures"),
        (|t| set(t, "signing.kid", ""), "signing.kid: empty"),
        (|t| set(t, "signing.issuer", ""), "signing.issuer: empty"),
        (|t| set(t, "signing.trust_anchor", ""), "signing.trust_anchor: empty"),
        (
            |t| set(t, "client_certificate.source", "header"),
            "client_certificate.trusted_peers: no trusted proxy",
        ),
        (
            |t| {
                set(t, "client_certificate.source", "header");
                set(t, "client_certificate.trusted_peers", strings(["10.0.0.1"]));
            },
            "client_certificate.encoding: missing, and no proxy",
        ),
        (
            |t| {
                set(t, "client_certificate.source", "header");
                set(t, "client_certificate.trusted_peers", strings(["10.0.0.1"]));
                set(t, "client_certificate.encoding", "base64-der");
            },
            "client_certificate.header: missing",
        ),
    ];
    for (change, why) in cases {
        assert_eq!(error(Preset::Uk314, change), why);
    }
}

#[test]
fn a_file_that_is_not_there_or_not_what_it_should_be_is_named() {
    for (path, is_list) in [
        ("trust.anchors", true),
        ("trust.crls", true),
        ("token.keys", false),
        ("client.0.keys", false),
        ("signing.key", false),
    ] {
        let key = path.replace(".0.", "[0].");
        for file in ["absent", "empty", "bank.pem", "ca.pem", "empty.jwks", "ec.pem"] {
            let value = || match is_list {
                true => strings([file]),
                false => file.into(),
            };
            let said = error(Preset::Uk314, |table| set(table, path, value()));
            let is_good =
                matches!((path, file), ("trust.anchors", "ca.pem") | ("signing.key", "bank.pem"));
            match is_good {
                true => assert_eq!(said, "", "{path} {file}"),
                false => assert!(said.starts_with(&format!("{key}: ")), "{path} {file}: {said}"),
            }
            // An error that is read in a log must stay one line.
            assert!(!said.contains('\n'), "{said}");
        }
    }
}

#[test]
fn the_kinds_of_errors_can_be_told_apart() {
    let kind = |change: fn(&mut toml::Table)| {
        let mut table = good(Preset::Uk314);
        change(&mut table);
        let config: Config = table.try_into().unwrap();
        config.open(&FILES).err().unwrap()
    };
    let absent = kind(|table| set(table, "token.keys", "absent"));
    assert!(matches!(&absent, ConfigError::File { key, path, .. }
        if key == "token.keys" && path.ends_with("absent")));
    let empty = kind(|table| set(table, "token.keys", "empty.jwks"));
    assert!(matches!(&empty, ConfigError::Content { key, .. } if key == "token.keys"));
    let value = kind(|table| set(table, "token.issuer", ""));
    assert!(matches!(&value, ConfigError::Value { key, .. } if key == "token.issuer"));
}

/// A payment whose certificate a proxy at this address forwards in the product's header.
fn forwarded(from: &str, key: &str) -> Request<Body> {
    let payment = Payment::good(Preset::Wso2, key).with(|payment| payment.is_presented = false);
    let value = BASE64_STANDARD.encode(payment.certificate.der());
    let mut request = payment.request();
    request.extensions_mut().insert(PeerAddress::new(from.parse().unwrap()));
    let name = HeaderName::from_static("ssl.client.auth.cert.x509");
    request.headers_mut().insert(name, HeaderValue::try_from(value).unwrap());
    request
}

#[tokio::test]
async fn the_header_of_the_replaced_product_counts_from_its_proxies_alone() {
    let mut table = good(Preset::Wso2);
    set(&mut table, "client_certificate.source", "header");
    set(&mut table, "client_certificate.trusted_peers", strings(["10.1.0.0/16"]));
    let app = App::behind(open(table.clone()).unwrap().payments().clock(clock));
    assert!(sent(&app, forwarded("10.1.2.3", "key-1")).await);
    assert!(!sent(&app, forwarded("10.2.2.3", "key-2")).await);
    // The connection of the proxy has a certificate too, which is nobody's here.
    let direct = Payment::good(Preset::Wso2, "key-3");
    let mut request = direct.request();
    request.extensions_mut().insert(PeerAddress::new("10.1.2.3".parse().unwrap()));
    assert!(!sent(&app, request).await);

    set(&mut table, "steps.PresentCertificate", false);
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    assert!(sent(&app, forwarded("10.2.2.3", "key-1")).await);
}

#[test]
fn fapi1_needs_neither_signing_nor_keys_of_clients() {
    let said = error(Preset::Fapi1, |table| {
        unset(table, "signing");
        unset(table, "client.0.keys");
        unset(table, "client.0.algorithms");
    });
    assert_eq!(said, "");
}

/// A request that one rule stops, and that passes without it.
struct Attack {
    step: &'static str,
    send: fn(&App, &str) -> Sending,
}

type Sending = std::pin::Pin<Box<dyn Future<Output = bool> + Send>>;

/// Whether a payment so changed is made.
fn paid(app: &App, key: &str, change: impl FnOnce(&mut Payment)) -> Sending {
    let request = Payment::good(Preset::Uk314, key).with(change).request();
    sent(app, request)
}

fn sent(app: &App, request: Request<Body>) -> Sending {
    let app = app.clone();
    Box::pin(async move {
        let before = app.ran();
        let answer: Answer = app.answer(request).await;
        let is_paid = app.ran() > before;
        assert_eq!(is_paid, answer.status == 201 && answer.rejection.is_none(), "{answer:?}");
        is_paid
    })
}

const ATTACKS: [Attack; 12] = [
    Attack {
        step: "EchoInteractionId",
        // A line for somebody's log.
        send: |app, key| paid(app, key, |p| p.set("x-fapi-interaction-id", "1 outcome=passed")),
    },
    Attack {
        step: "PresentCertificate",
        // The certificate of another, which is public, in a header of one's own.
        send: |app, key| {
            let payment = Payment::good(Preset::Uk314, key).with(|p| p.is_presented = false);
            let mut request = payment.request();
            let der = payment.certificate.der();
            let value = format!(":{}:", BASE64_STANDARD.encode(der));
            let value = HeaderValue::try_from(value).unwrap();
            request.headers_mut().insert(HeaderName::from_static("client-cert"), value);
            sent(app, request)
        },
    },
    Attack {
        step: "TrustCertificate",
        send: |app, key| paid(app, key, |p| p.certify(|qwac| qwac.issuer = Authority::Rogue)),
    },
    Attack {
        step: "IdentifyPsp",
        send: |app, key| paid(app, key, |p| p.certify(|qwac| qwac.qc_type = QcType::Seal)),
    },
    Attack {
        step: "VerifyToken",
        send: |app, key| paid(app, key, |p| p.token_from = TokenFrom::Stranger),
    },
    Attack {
        step: "BindToken",
        send: |app, key| paid(app, key, |p| p.bound_to = BoundTo::Another),
    },
    Attack {
        step: "MatchClient",
        send: |app, key| paid(app, key, |p| p.certificate = Qwac::of_another()),
    },
    Attack {
        step: "RequireRole",
        send: |app, key| paid(app, key, |p| p.certify(|qwac| qwac.roles = &[PSP_AI])),
    },
    Attack {
        step: "ReadFapiHeaders",
        send: |app, key| paid(app, key, |p| p.set("x-fapi-customer-ip-address", "::1%eth0")),
    },
    Attack {
        step: "NegotiateMedia",
        send: |app, key| paid(app, key, |p| p.set("accept", "text/html")),
    },
    Attack { step: "VerifySignature", send: |app, key| paid(app, key, |p| p.tampered = true) },
    Attack {
        step: "RunOnce",
        // The same payment a second time.
        send: |app, key| {
            let (app, key) = (app.clone(), key.to_owned());
            Box::pin(async move {
                let before = app.ran();
                for _ in 0..2 {
                    let answer = app.answer(Payment::good(Preset::Uk314, &key).request()).await;
                    assert_eq!(answer.status, 201);
                }
                app.ran() == before + 2
            })
        },
    },
];

#[tokio::test]
async fn each_step_stops_its_attack_and_without_it_that_attack_alone_passes() {
    let number = AtomicUsize::new(0);
    let key = || format!("key-{}", number.fetch_add(1, Ordering::SeqCst));
    let whole = App::behind(open(good(Preset::Uk314)).unwrap().payments().clock(clock));
    for attack in &ATTACKS {
        assert!(!(attack.send)(&whole, &key()).await, "{}", attack.step);
    }
    for off in &ATTACKS {
        let mut table = good(Preset::Uk314);
        set(&mut table, &format!("steps.{}", off.step), false);
        let gate = open(table).unwrap().payments().clock(clock);
        let app = App::behind(gate);
        for attack in &ATTACKS {
            let passes = (attack.send)(&app, &key()).await;
            assert_eq!(passes, attack.step == off.step, "{} without {}", attack.step, off.step);
        }
    }
}

#[tokio::test]
async fn without_sign_response_the_answer_can_be_changed_on_its_way() {
    let mut table = good(Preset::Uk314);
    let signing = Preset::Uk314.signing();
    let app = App::behind(open(table.clone()).unwrap().payments().clock(clock));
    let payment = Payment::good(Preset::Uk314, "key-1");
    assert!(app.answer(payment.request()).await.is_signed(signing));
    set(&mut table, "steps.SignResponse", false);
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    assert!(!app.answer(payment.request()).await.is_signed(signing));
}

#[tokio::test]
async fn without_require_scope_a_token_for_accounts_pays() {
    let mut table = good(Preset::Fapi1);
    let narrow = Payment::good(Preset::Fapi1, "key-1").with(|p| p.claim("scope", "accounts"));
    let app = App::behind(open(table.clone()).unwrap().payments().clock(clock));
    assert_eq!(app.answer(narrow.request()).await.status, 403);
    set(&mut table, "steps.RequireScope", false);
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    assert_eq!(app.answer(narrow.request()).await.status, 201);
}

#[tokio::test]
async fn every_step_of_every_gate_is_tried() {
    for preset in Preset::ALL {
        let setup = open(demands::strict(preset)).unwrap();
        for gate in [setup.payments(), setup.accounts(), setup.funds_confirmations()] {
            for step in gate.build().unwrap().steps() {
                let tried = ["RequireScope", "SignResponse"].contains(&step)
                    || ATTACKS.iter().any(|attack| attack.step == step)
                    || demands::ATTACKS.iter().any(|(_, known, _)| *known == step);
                assert!(tried, "{step}");
            }
        }
    }
}

#[tokio::test]
async fn a_step_switched_off_cannot_go_below_the_floor() {
    use tower_open_banking::signature::SignedMessage;
    let mut table = good(Preset::Uk314);
    set(&mut table, "steps.VerifySignature", false);
    set(&mut table, "steps.BindToken", false);
    let setup = open(table).unwrap();
    assert!(setup.payments().build().is_ok());
    let said = |gate: GateBuilder| gate.build().unwrap_err().to_string();
    assert_eq!(
        said(setup.payments().must_leave::<SignedMessage>()),
        "the gate must leave SignedMessage, and no step does"
    );
    assert_eq!(
        said(setup.payments().must_leave::<BoundToken>()),
        "the gate must leave BoundToken, and no step does",
        "what stands in the place of BindToken does not count"
    );
}
