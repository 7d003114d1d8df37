mod certificates;
mod hostile;

use std::sync::{Arc, LazyLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::super::{ClientAssertions, Parameters, Registration};
use super::*;
use crate::cert::test_pki::NOW;
use crate::cert::{Certificate, CertificateMatch, Clients, FoundClient, RegistryUnavailable};
use crate::crypto::{SigningKey, test_keys};
use crate::gate::BoxFuture;
use crate::gate::test_support::{at, judged, request};
use crate::jose::{FoundKey, Key, KeyLookup, KeySet, KeySource, KeysUnavailable};
use crate::replay::{MemoryReplayStore, NoReplayStore};

const ISSUER: &str = "https://as.bank.example";
const TOKEN_ENDPOINT: &str = "https://as.bank.example/token";
const GOOD_HEADER: &str = r#"{"alg":"ES256","kid":"ec"}"#;
const FAILED: Result<(), Reason> = Err(Reason::ClientAuthenticationFailed);

static EC: LazyLock<SigningKey> = LazyLock::new(|| test_keys::signing(&test_keys::p256()));
static OTHER: LazyLock<SigningKey> = LazyLock::new(|| test_keys::signing(&test_keys::p256()));
static RSA: LazyLock<SigningKey> = LazyLock::new(|| test_keys::signing(test_keys::rsa_2048()));

fn keys(keys: &[(&SigningKey, &str)]) -> KeySet {
    let key = |key: &SigningKey, kid: &str| Key::new(key.public_key().clone()).with_id(kid);
    KeySet::of(keys.iter().map(|(signing, kid)| key(signing, kid))).unwrap()
}

fn by_assertions() -> Registration {
    Registration::new(AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Dpop)
}

fn client(id: &str, registration: Registration, keys: impl KeySource) -> Client {
    Client::new(id, CertificateMatch::NoCertificate)
        .signs_with(keys, vec![Algorithm::Ps256, Algorithm::Es256])
        .registered_as(registration)
}

/// `tpp` and `other` have keys of the same id; `ps` registered PS256 alone, `none` nothing.
fn clients() -> Clients {
    let ps_only = Client::new("ps", CertificateMatch::NoCertificate)
        .signs_with(keys(&[(&RSA, "rsa"), (&EC, "ec")]), vec![Algorithm::Ps256])
        .registered_as(by_assertions());
    Clients::of([
        client("tpp", by_assertions(), keys(&[(&EC, "ec"), (&RSA, "rsa")])),
        client("other", by_assertions(), keys(&[(&OTHER, "ec")])),
        ps_only,
        Client::new("none", CertificateMatch::NoCertificate),
        Client::new("keyless", CertificateMatch::NoCertificate).registered_as(by_assertions()),
    ])
    .unwrap()
}

fn rule() -> AuthenticateClient<()> {
    let spent = MemoryReplayStore::with_capacity(100);
    AuthenticateClient::registered_in(clients(), ISSUER, spent).without_certificates()
}

/// The claims of an assertion that is in order.
fn claims() -> Map<String, Value> {
    let claims = json!({ "iss": "tpp", "sub": "tpp", "aud": ISSUER, "jti": "1", "iat": NOW,
        "exp": NOW + 60 });
    serde_json::from_value(claims).unwrap()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An ES256 signature, whatever the header says.
fn signed_by(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = key.sign(Algorithm::Es256, &[input.as_bytes()]).unwrap();
    format!("{input}.{}", base64url(signature))
}

/// An assertion that is in order but for these claims.
fn with(edit: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut claims = claims();
    edit(&mut claims);
    signed_by(&EC, GOOD_HEADER, &Value::from(claims).to_string())
}

fn form(pairs: &[(&str, &str)]) -> Form {
    Form::assertion(pairs.iter().map(|(name, value)| (*name, *value)).collect())
}

fn asserting(assertion: &str) -> Form {
    form(&[("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", assertion)])
}

fn authenticated(
    rule: &AuthenticateClient<()>,
    form: &Form,
    request: &mut Parts,
) -> Result<AuthenticatedClient, Rejection> {
    judged(rule.check(form, request, &at(NOW)))
}

fn verdict(rule: &AuthenticateClient<()>, form: &Form) -> Result<(), Reason> {
    authenticated(rule, form, &mut request()).map(drop).map_err(|why| why.reason())
}

fn asserted(rule: &AuthenticateClient<()>, assertion: &str) -> Result<(), Reason> {
    verdict(rule, &asserting(assertion))
}

#[test]
fn a_client_is_authenticated_by_the_assertion_that_it_signed() {
    let client = authenticated(&rule(), &asserting(&with(|_| {})), &mut request()).unwrap();
    assert_eq!((client.client_id(), client.client().client_id()), ("tpp", "tpp"));
    assert!(client.certificate().is_none());
    let named = with(|_| {});
    let mut pairs = vec![("client_id", "tpp"), ("client_assertion", named.as_str())];
    pairs.push(("client_assertion_type", CLIENT_ASSERTION_TYPE));
    assert_eq!(verdict(&rule(), &form(&pairs)), Ok(()));
    pairs[0].1 = "other";
    assert_eq!(verdict(&rule(), &form(&pairs)), FAILED);
}

#[test]
fn what_the_crate_makes_the_crate_accepts() {
    let now = at(NOW).now();
    let ec = SigningKey::from_pem(rcgen::KeyPair::generate().unwrap().serialize_pem().as_bytes());
    let ec = Arc::new(ec.unwrap());
    let known = client("tpp", by_assertions(), keys(&[(&ec, "k"), (&RSA, "rsa")]));
    let spent = MemoryReplayStore::with_capacity(100);
    let rule = AuthenticateClient::registered_in(Clients::of([known]).unwrap(), ISSUER, spent)
        .without_certificates();
    let maker = ClientAssertions::of("tpp", ec, "k", Algorithm::Es256);
    for maker in [&maker, &maker.clone().typed()] {
        for _ in 0..2 {
            let form = maker.parameters(ISSUER, now).unwrap();
            let form = Form::assertion(Parameters::from_iter(form));
            assert_eq!(verdict(&rule, &form), Ok(()));
            assert_eq!(verdict(&rule, &form), FAILED, "the same again");
        }
        assert_eq!(asserted(&rule, &maker.make(TOKEN_ENDPOINT, now).unwrap()), FAILED);
    }
    assert!(!format!("{maker:?}").contains("PRIVATE"));
}

#[test]
fn the_types_of_an_authentication_and_no_others_are_taken() {
    let typed = |typ: &str| format!(r#"{{"alg":"ES256","kid":"ec","typ":"{typ}"}}"#);
    let payload = Value::from(claims()).to_string();
    for typ in ["JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"]
    {
        let assertion = signed_by(&EC, &typed(typ), &payload);
        assert_eq!(asserted(&rule(), &assertion), Ok(()), "{typ}");
    }
    for typ in ["at+jwt", "dpop+jwt", "oauth-authz-req+jwt", "logout+jwt", "JOSE", ""] {
        let assertion = signed_by(&EC, &typed(typ), &payload);
        assert_eq!(asserted(&rule(), &assertion), FAILED, "{typ}");
    }
}

#[test]
fn an_assertion_for_an_endpoint_passes_where_the_profile_says_so() {
    let urls = vec![TOKEN_ENDPOINT.to_owned(), format!("{ISSUER}/par")];
    let wide = || rule().audience(AssertionAudience::IssuerOrEndpoint(urls.clone()));
    for (audience, sole, either) in [
        (json!(ISSUER), Ok(()), Ok(())),
        (json!([ISSUER]), Ok(()), Ok(())),
        (json!(TOKEN_ENDPOINT), FAILED, Ok(())),
        (json!([format!("{ISSUER}/par")]), FAILED, Ok(())),
        (json!([ISSUER, TOKEN_ENDPOINT]), FAILED, Ok(())),
        // Whoever is among them could use it here.
        (json!([ISSUER, "https://other.example"]), FAILED, FAILED),
        (json!(["https://other.example", TOKEN_ENDPOINT]), FAILED, FAILED),
        (json!([ISSUER, ""]), FAILED, FAILED),
        (json!([]), FAILED, FAILED),
        (json!(""), FAILED, FAILED),
        (json!(format!("{ISSUER}/")), FAILED, FAILED),
        (json!("https://as.bank.example/TOKEN"), FAILED, FAILED),
        (json!("https://as.evil.example"), FAILED, FAILED),
    ] {
        let assertion = with(|claims| drop(claims.insert("aud".to_owned(), audience.clone())));
        assert_eq!(asserted(&rule(), &assertion), sole, "{audience}");
        assert_eq!(asserted(&wide(), &assertion), either, "{audience}");
    }
}

#[test]
fn the_times_of_an_assertion_are_bounded_to_the_second() {
    for (claim, time, expected) in [
        ("exp", NOW + 1, Ok(())),
        ("exp", NOW, FAILED),
        ("exp", NOW + 310, Ok(())),
        ("exp", NOW + 311, FAILED),
        ("iat", NOW + 10, Ok(())),
        ("iat", NOW + 11, FAILED),
        ("iat", NOW + 61, FAILED),
        ("iat", 0, Ok(())),
        ("nbf", NOW + 10, Ok(())),
        ("nbf", NOW + 11, FAILED),
        ("nbf", NOW + 61, FAILED),
    ] {
        let assertion = with(|claims| drop(claims.insert(claim.to_owned(), time.into())));
        assert_eq!(asserted(&rule(), &assertion), expected, "{claim} at {time}");
    }
    let hour = || rule().allow_lifetime(Duration::from_secs(3600));
    for (exp, expected) in [(NOW + 3610, Ok(())), (NOW + 3611, FAILED)] {
        let assertion = with(|claims| drop(claims.insert("exp".to_owned(), exp.into())));
        assert_eq!(asserted(&hour(), &assertion), expected);
    }
}

#[test]
fn a_jti_is_spent_once_per_client_and_only_by_whoever_can_sign() {
    let rule = rule();
    let forged = signed_by(&OTHER, GOOD_HEADER, &Value::from(claims()).to_string());
    assert_eq!(asserted(&rule, &forged), FAILED);
    let expired = with(|claims| drop(claims.insert("exp".to_owned(), NOW.into())));
    assert_eq!(asserted(&rule, &expired), FAILED);
    assert_eq!(asserted(&rule, &with(|_| {})), Ok(()));
    assert_eq!(asserted(&rule, &with(|_| {})), FAILED);
    let others = json!({ "iss": "other", "sub": "other", "aud": ISSUER, "jti": "1",
        "exp": NOW + 60 });
    let others = signed_by(&OTHER, GOOD_HEADER, &others.to_string());
    assert_eq!(asserted(&rule, &others), Ok(()));
}

#[test]
fn algorithms_are_those_of_the_profile_and_of_the_client() {
    let payload = |id: &str| {
        json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": "1", "exp": NOW + 60 }).to_string()
    };
    let ps256 = |id: &str| {
        let header = crate::jose::NewHeader::new(Algorithm::Ps256, "rsa");
        header.sign_compact(&RSA, payload(id).as_bytes()).unwrap()
    };
    let es256 = |id: &str| signed_by(&EC, GOOD_HEADER, &payload(id));
    assert_eq!(asserted(&rule(), &ps256("ps")), Ok(()));
    assert_eq!(asserted(&rule(), &es256("ps")), FAILED);
    let only = |algorithms: &[Algorithm]| rule().algorithms(algorithms);
    assert_eq!(asserted(&only(&[Algorithm::Es256]), &es256("tpp")), Ok(()));
    assert_eq!(asserted(&only(&[Algorithm::Es256]), &ps256("tpp")), FAILED);
    assert_eq!(asserted(&only(&[]), &es256("tpp")), FAILED);
}

#[test]
fn two_methods_in_one_request_are_refused_as_such() {
    let assertion = with(|_| {});
    let pairs =
        [("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", &assertion)];
    let invalid = Err(Reason::ParameterInvalid);
    let secret = [pairs[0], pairs[1], ("client_secret", "s")];
    assert_eq!(verdict(&rule(), &form(&secret)), invalid);
    let authorized = |form: &Form| {
        let mut request = request();
        request.headers.insert(AUTHORIZATION, "Basic dHBwOnM=".parse().unwrap());
        authenticated(&rule(), form, &mut request).map(drop).map_err(|why| why.reason())
    };
    assert_eq!(authorized(&form(&pairs)), invalid);
    assert_eq!(authorized(&form(&[("client_id", "tpp"), ("client_secret", "s")])), invalid);
    assert_eq!(authorized(&form(&[("client_id", "tpp")])), FAILED);
    assert_eq!(verdict(&rule(), &form(&[("client_id", "tpp"), ("client_secret", "s")])), FAILED);
}

/// A registry and key source that answer this, at once or later.
#[derive(Clone)]
struct Says<T>(fn() -> T, bool);

impl<T: Send + 'static> Says<T> {
    fn answer(&self) -> Result<T, BoxFuture<'static, T>> {
        let says = self.0;
        if self.1 { Err(Box::pin(async move { says() })) } else { Ok(says()) }
    }
}

impl ClientRegistry for Says<FoundClient> {
    fn find(&self, _: &str) -> ClientLookup {
        match self.answer() {
            Ok(now) => ClientLookup::Now(now),
            Err(later) => ClientLookup::Later(later),
        }
    }
}

impl KeySource for Says<FoundKey> {
    fn find(&self, _: &str, _: UnixTime) -> KeyLookup {
        match self.answer() {
            Ok(now) => KeyLookup::Now(now),
            Err(later) => KeyLookup::Later(later),
        }
    }
}

#[test]
fn registries_keys_and_stores_that_do_not_answer_are_our_fault() {
    let unavailable = Err(Reason::ServiceUnavailable);
    let spent = || MemoryReplayStore::with_capacity(100);
    for later in [false, true] {
        let silent = Says::<FoundClient>(|| Err(RegistryUnavailable), later);
        let rule = AuthenticateClient::registered_in(silent, ISSUER, spent());
        assert_eq!(asserted(&rule.without_certificates(), &with(|_| {})), unavailable);
        for (says, expected) in [
            (Says::<FoundKey>(|| Err(KeysUnavailable), later), unavailable),
            (Says(|| Ok(None), later), FAILED),
            (Says(|| Ok(keys(&[(&EC, "ec")]).get("ec").cloned()), later), Ok(())),
        ] {
            let known = Clients::of([client("tpp", by_assertions(), says)]).unwrap();
            let rule = AuthenticateClient::registered_in(known, ISSUER, spent());
            assert_eq!(asserted(&rule.without_certificates(), &with(|_| {})), expected);
        }
    }
    let rule = AuthenticateClient::registered_in(clients(), ISSUER, NoReplayStore);
    assert_eq!(asserted(&rule.without_certificates(), &with(|_| {})), unavailable);
}

#[test]
fn every_refusal_of_a_client_looks_the_same_and_the_log_tells_which() {
    let assertion = with(|_| {});
    let other_key = signed_by(&OTHER, GOOD_HEADER, &Value::from(claims()).to_string());
    let of = |id: &str| {
        with(|claims| {
            claims.insert("iss".to_owned(), id.into());
            claims.insert("sub".to_owned(), id.into());
        })
    };
    let refused = |form: &Form| authenticated(&rule(), form, &mut request()).unwrap_err();
    for (form, why) in [
        (form(&[]), "neither client_id nor an assertion"),
        (form(&[("client_id", "nobody")]), "no such client"),
        (asserting(&of("nobody")), "no such client"),
        (asserting(&of("none")), "registered for no method"),
        (asserting(&of("keyless")), "the client registered no keys"),
        (form(&[("client_id", "tpp")]), "not by private_key_jwt"),
        (form(&[("client_assertion", &assertion)]), "client_assertion_type is missing"),
        (asserting(&other_key), "assertion: "),
    ] {
        let rejection = refused(&form);
        assert_eq!(rejection.reason(), Reason::ClientAuthenticationFailed, "{why}");
        assert_eq!(rejection.place_of_fault(), None);
        assert!(rejection.why().to_string().contains(why), "{rejection:?}");
    }
}

#[cfg(feature = "redb")]
#[test]
fn a_jti_that_one_process_spent_is_refused_by_the_next() {
    use crate::idempotency::FileStore;

    let name: u128 = u128::from_be_bytes(crate::crypto::random().unwrap());
    let path = std::env::temp_dir().join(format!("spent-{name:032x}"));
    let judged_by = |store: FileStore, jti: &str| {
        let rule = AuthenticateClient::registered_in(clients(), ISSUER, store);
        let assertion = with(|claims| drop(claims.insert("jti".to_owned(), jti.into())));
        asserted(&rule.without_certificates(), &assertion)
    };
    let first = judged_by(FileStore::open_or_create(&path).unwrap(), "1");
    let [again, fresh] = ["1", "2"].map(|jti| judged_by(FileStore::open(&path).unwrap(), jti));
    let _ = std::fs::remove_file(&path);
    assert_eq!((first, again, fresh), (Ok(()), FAILED, Ok(())));
}
