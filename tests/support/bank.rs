//! The bank: its clients, its keys, its gates, and a ledger behind them.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};
use tower_open_banking::body::Body;
use tower_open_banking::cert::{
    Anchors, CertificateMatch, Client, Clients, NameOrder, PresentCertificate, RegisteredName,
    Trust, TrustCertificate,
};
use tower_open_banking::consent::{ConsentFault, Consents, MatchConsent, Submission};
use tower_open_banking::crypto::{Algorithm, SigningKey};
use tower_open_banking::eidas::{Block, Blocked, IdentifyPsp, RequireRole, StopList};
use tower_open_banking::gate::{BoxFuture, Gate, GateBuilder};
use tower_open_banking::idempotency::{ExclusiveResource, IdempotencyStore, MemoryStore, RunOnce};
use tower_open_banking::jose::{Jwk, Key, KeySet};
use tower_open_banking::profile::obie::Version;
use tower_open_banking::profile::{Bank, berlin, fapi1, obie, wso2};
use tower_open_banking::reject::Rejection;
use tower_open_banking::revocation::Revocation;
use tower_open_banking::signature::{
    ObieSigning, RequireOneOrganisation, ResponseSigner, SignResponse, SigningCertificates,
    VerifySignature,
};
use tower_open_banking::token::{RequireScope, TokenAudience, TokenIssuer, VerifyToken};

use super::answer::Answer;
use super::pki::{self, Qwac};

pub const ISSUER: &str = "https://as.bank.example";
pub const AUDIENCE: &str = "https://api.bank.example";
pub const TRUST_ANCHOR: &str = "openbanking.org.uk";
pub const BANK_KID: &str = "bank-sig-1";
pub const CLIENT: &str = "demo-tpp";
pub const OTHER_CLIENT: &str = "other-tpp";
pub const CLIENT_KID: &str = "tpp-sig-1";
/// The same key under another provider's seal.
pub const MIXED_KID: &str = "tpp-sig-2";
/// The same key under a seal without qcStatements.
pub const SILENT_KID: &str = "tpp-sig-3";
pub const ORGANISATION: &str = "0015800001041RHAAY";
pub const SOFTWARE: &str = "HQuZPIt3ipkh33Uxytox1E";
pub const TOKEN_KID: &str = "as-ec-1";
pub const TOKEN_RSA_KID: &str = "as-rsa-1";

/// A private key with the PEM that it was read from.
pub struct Secret {
    pub pem: String,
    pub key: SigningKey,
    algorithm: Algorithm,
}

impl Secret {
    fn rsa() -> Self {
        Self::of(pki::rsa_pem(), Algorithm::Ps256)
    }

    fn ec() -> Self {
        Self::of(pki::ec_pem(), Algorithm::Es256)
    }

    fn of(pem: String, algorithm: Algorithm) -> Self {
        let key = SigningKey::from_pem(pem.as_bytes()).unwrap();
        Self { pem, key, algorithm }
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half, as its owner publishes it.
    pub fn jwk(&self, kid: &str) -> Jwk {
        Jwk::of(self.key.public_key(), kid, self.algorithm)
    }

    pub fn verifying(&self, kid: &str) -> Key {
        Key::new(self.key.public_key().clone()).with_id(kid)
    }
}

pub static BANK_KEY: LazyLock<Secret> = LazyLock::new(Secret::rsa);
pub static CLIENT_KEY: LazyLock<Secret> = LazyLock::new(Secret::rsa);
pub static STRANGERS_KEY: LazyLock<Secret> = LazyLock::new(Secret::rsa);
pub static TOKEN_KEY: LazyLock<Secret> = LazyLock::new(Secret::ec);
pub static TOKEN_RSA_KEY: LazyLock<Secret> = LazyLock::new(Secret::rsa);
pub static STRANGERS_TOKEN_KEY: LazyLock<Secret> = LazyLock::new(Secret::ec);

/// A JWK set with these keys.
pub fn jwks(keys: &[(&Secret, &str)]) -> String {
    let keys: Vec<Jwk> = keys.iter().map(|(secret, kid)| secret.jwk(kid)).collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// A JWK set with the key of the client under its seals.
pub fn sealed_jwks() -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let silent = Qwac { raw_statements: Some(Vec::new()), ..Qwac::default() };
    let all =
        [(CLIENT_KID, Qwac::default()), (MIXED_KID, Qwac::of_a_third()), (SILENT_KID, silent)];
    let keys: Vec<_> = all
        .into_iter()
        .map(|(kid, qwac)| {
            let mut jwk = serde_json::to_value(CLIENT_KEY.jwk(kid)).unwrap();
            let seal = qwac.seal().issued_to(&CLIENT_KEY.pem);
            jwk["x5c"] = serde_json::json!([BASE64_STANDARD.encode(seal)]);
            jwk
        })
        .collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// A bank with an empty store.
pub fn bank() -> Bank {
    bank_with(Arc::new(MemoryStore::with_capacity(10_000)))
}

/// A bank that also keeps a stop list, judges signing certificates, and compares organisations.
pub fn strict_bank() -> Bank {
    let blocked = Block::of(Blocked::Organisation(pki::BLOCKED.parse().unwrap()));
    Bank {
        stop_list: Some(StopList::of([blocked])),
        one_organisation: Some(RequireOneOrganisation::by_name()),
        ..bank()
    }
}

/// A bank that compares orders with their consents, of which it takes every one.
pub fn consenting_bank() -> Bank {
    struct Any;
    impl Consents for Any {
        fn compare(&self, _: Submission) -> BoxFuture<'static, Result<(), ConsentFault>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }
    let store: Arc<dyn IdempotencyStore> = Arc::new(MemoryStore::with_capacity(10_000));
    Bank {
        match_consent: Some(MatchConsent::compared_by(Any)),
        exclusive: Some(ExclusiveResource::consent(store.clone())),
        ..bank_with(store)
    }
}

/// A bank that knows its clients by their certificates.
fn eu(bank: &Bank) -> Bank {
    Bank { identify: IdentifyPsp::from_certificate(), ..bank.clone() }
}

fn seals() -> SigningCertificates {
    let lists = Revocation::by_lists([pki::revocation_list()]).unwrap();
    let trust = Trust::seals(Anchors::of([pki::anchor()]).unwrap(), lists);
    SigningCertificates::trusted_by(trust, IdentifyPsp::from_uk_directory())
}

/// A bank with this store.
pub fn bank_with(store: Arc<dyn IdempotencyStore>) -> Bank {
    let lists = Revocation::by_lists([pki::revocation_list()]).unwrap();
    let keys = KeySet::of([TOKEN_KEY.verifying(TOKEN_KID), TOKEN_RSA_KEY.verifying(TOKEN_RSA_KID)]);
    Bank {
        present: PresentCertificate::from_tls(),
        trust: TrustCertificate::anchored_in(Anchors::of([pki::anchor()]).unwrap(), lists),
        identify: IdentifyPsp::from_uk_directory(),
        token: VerifyToken::issued_by(
            TokenIssuer(ISSUER.into()),
            TokenAudience(AUDIENCE.into()),
            keys.unwrap(),
        ),
        clients: Arc::new(clients()),
        stop_list: None,
        one_organisation: None,
        once: RunOnce::per_key(store),
        match_consent: None,
        exclusive: None,
    }
}

/// Two clients, each with its certificate, its place in the directory and its key.
pub fn clients() -> Clients {
    let of = |id: &str, qwac: Qwac, organisation: &str, software: &str, key: &Secret| {
        let subject = RegisteredName::parse(&qwac.subject_dn(), NameOrder::AllowReversed).unwrap();
        let identifier = qwac.organisation_identifier;
        let sealed =
            |kid, seal: Qwac| key.verifying(kid).certified_by([seal.issued_to(&key.pem)]).unwrap();
        let keys = [sealed(CLIENT_KID, qwac.seal()), sealed(MIXED_KID, Qwac::of_a_third().seal())];
        Client::new(id, CertificateMatch::SubjectDn { subject, issuer: None })
            .in_directory(organisation, software)
            .identified_by(identifier)
            .signs_with(KeySet::of(keys).unwrap(), [Algorithm::Ps256])
    };
    Clients::of([
        of(CLIENT, Qwac::default(), ORGANISATION, SOFTWARE, &CLIENT_KEY),
        of(OTHER_CLIENT, Qwac::of_another(), "0015800001OTHERAAA", "other", &STRANGERS_KEY),
    ])
    .unwrap()
}

/// The presets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Preset {
    Uk313,
    Uk314,
    Uk40,
    Fapi1,
    Wso2,
    Berlin,
}

impl Preset {
    pub const ALL: [Self; 6] =
        [Self::Uk313, Self::Uk314, Self::Uk40, Self::Fapi1, Self::Wso2, Self::Berlin];

    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uk313 => "uk-3.1.3",
            Self::Uk314 => "uk-3.1.4",
            Self::Uk40 => "uk-4.0",
            Self::Fapi1 => "fapi1-advanced",
            Self::Wso2 => "wso2",
            Self::Berlin => "berlin-group",
        }
    }

    /// The header under which a request and its answer have one id.
    pub fn id_header(self) -> &'static str {
        match self {
            Self::Berlin => "x-request-id",
            _ => "x-fapi-interaction-id",
        }
    }

    /// Whether a payment is made once for each key.
    pub fn is_once(self) -> bool {
        self != Self::Berlin
    }

    pub fn signing(self) -> ObieSigning {
        match self {
            Self::Uk313 => ObieSigning::V3_1_0,
            _ => ObieSigning::V3_1_4,
        }
    }

    pub fn is_signed(self) -> bool {
        !matches!(self, Self::Berlin | Self::Fapi1)
    }

    fn version(self) -> Version {
        match self {
            Self::Uk313 => Version::V3_1_3,
            Self::Uk40 => Version::V4_0,
            _ => Version::V3_1_4,
        }
    }

    /// The gate in front of payment initiation.
    pub fn payments(self, bank: &Bank) -> GateBuilder {
        let verify = VerifySignature::detached_jws(self.signing());
        let verify = match bank.one_organisation {
            Some(_) => verify.certified_by(seals()),
            None => verify,
        };
        let sign = signer(self.signing());
        let role = RequireRole::payment_initiation();
        let gate = match self {
            Self::Fapi1 => fapi1::payments(bank, RequireScope::all(["payments"])),
            Self::Wso2 => wso2::payments(bank, role, verify, sign),
            Self::Berlin => berlin::payments(&eu(bank), role),
            _ => obie::payments(self.version(), bank, role, verify, sign),
        };
        gate.clock(super::clock)
    }

    /// The gate in front of account information.
    pub fn accounts(self, bank: &Bank) -> GateBuilder {
        let role = RequireRole::account_information();
        let gate = match self {
            Self::Fapi1 => fapi1::resources(bank, RequireScope::all(["accounts"])),
            Self::Wso2 => wso2::unsigned(bank, role),
            Self::Berlin => berlin::accounts(&eu(bank), role),
            _ => obie::unsigned(self.version(), bank, role),
        };
        gate.clock(super::clock)
    }
}

/// The bank's signature on its answers.
pub fn signer(signing: ObieSigning) -> SignResponse {
    let sign = |signing| {
        let key = SigningKey::from_pem(BANK_KEY.pem.as_bytes()).unwrap();
        SignResponse::with(
            ResponseSigner::new(signing, key, BANK_KID, "0015800001BANKAAAA", TRUST_ANCHOR)
                .unwrap(),
        )
    };
    static UNENCODED: OnceLock<SignResponse> = OnceLock::new();
    static ENCODED: OnceLock<SignResponse> = OnceLock::new();
    let made = match signing {
        ObieSigning::V3_1_0 => &UNENCODED,
        _ => &ENCODED,
    };
    made.get_or_init(|| sign(signing)).clone()
}

/// A ledger behind a gate.
#[derive(Clone)]
pub struct App {
    service: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
    ran: Arc<AtomicUsize>,
}

impl App {
    /// The ledger of a bank, behind this gate.
    pub fn behind(gate: GateBuilder) -> Self {
        Self::slow(gate.build().unwrap(), Duration::ZERO)
    }

    /// A payment preset in front of a bank of its own.
    pub fn of(preset: Preset) -> Self {
        Self::behind(preset.payments(&bank()))
    }

    /// A ledger whose entries take some time.
    pub fn slow(gate: Gate, takes: Duration) -> Self {
        let ran = Arc::new(AtomicUsize::new(0));
        let counter = ran.clone();
        let ledger = service_fn(move |request: Request<Body>| {
            let counter = counter.clone();
            async move {
                if !takes.is_zero() {
                    tokio::time::sleep(takes).await;
                }
                Ok::<_, Infallible>(enter(request, &counter).await)
            }
        });
        Self { service: BoxCloneSyncService::new(gate.layer(ledger)), ran }
    }

    pub async fn answer(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.service.clone().oneshot(request).await;
        Answer::read(response).await
    }

    /// How often the handler has run.
    pub fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }
}

/// Makes a payment, or reads something.
async fn enter(request: Request<Body>, ran: &AtomicUsize) -> Response<Body> {
    let number = ran.fetch_add(1, Ordering::SeqCst) + 1;
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let (status, data) = match head.method {
        Method::POST => (
            StatusCode::CREATED,
            serde_json::json!({
                "DomesticPaymentId": format!("pay-{number}"), "Received": bytes.len(),
            }),
        ),
        _ => (StatusCode::OK, serde_json::json!({ "Read": number })),
    };
    let body = serde_json::json!({ "Data": data }).to_string();
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::CREATED {
        let location = format!("{}/pay-{number}", head.uri.path());
        response.headers_mut().insert(LOCATION, HeaderValue::try_from(location).unwrap());
    }
    response
}

/// The rejection in a response's extensions.
pub fn rejection<B>(response: &Response<B>) -> Option<Rejection> {
    response.extensions().get::<Rejection>().cloned()
}
