use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use openssl::hash::MessageDigest;
use openssl::sign::Signer;
use serde_json::{Map, Value, json};

use super::super::test_tokens::{AUDIENCE, ISSUER, claims};
use super::*;
use crate::cert::test_pki::NOW;
use crate::crypto::{SigningKey, test_keys};
use crate::gate::test_support::{at, judged, request};
use crate::gate::{Audit, Evidence};
use crate::jose::{FoundKey, Jwk, Key, KeySet, KeysUnavailable, NewHeader};

mod introspection;
mod schemes;

static EC: LazyLock<SigningKey> = LazyLock::new(|| test_keys::signing(&test_keys::p256()));
static RSA: LazyLock<SigningKey> = LazyLock::new(|| test_keys::signing(test_keys::rsa_2048()));
static ED: LazyLock<SigningKey> = LazyLock::new(|| test_keys::signing(&test_keys::ed25519()));

const INVALID: Result<(), Reason> = Err(Reason::TokenInvalid);
const GOOD_HEADER: &str = r#"{"alg":"ES256","kid":"ec","typ":"at+jwt"}"#;

fn keys() -> KeySet {
    let key = |key: &SigningKey, id| Key::new(key.public_key().clone()).with_id(id);
    KeySet::of([key(&EC, "ec"), key(&RSA, "rsa"), key(&ED, "ed")]).unwrap()
}

fn rule() -> VerifyToken {
    with_keys(keys())
}

fn with_keys(keys: impl KeySource) -> VerifyToken {
    VerifyToken::issued_by(TokenIssuer(ISSUER.into()), TokenAudience(AUDIENCE.into()), keys)
}

fn verify(rule: &VerifyToken, token: &str) -> Result<AccessToken, Rejection> {
    let mut request = request();
    request.headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    judged(rule.check((), &mut request, &at(NOW)))
}

fn verdict(rule: &VerifyToken, token: &str) -> Result<(), Reason> {
    verify(rule, token).map(drop).map_err(|rejection| rejection.reason())
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs with ES256, whatever the header says.
fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = EC.sign(Algorithm::Es256, &[input.as_bytes()]).unwrap();
    format!("{input}.{}", base64url(signature))
}

/// The verdict on a token that is in order but for its header.
fn verdict_on_header(header: &str) -> Result<(), Reason> {
    verdict(&rule(), &signed(header, &Value::from(claims()).to_string()))
}

/// The verdict on a token that is in order but for its claims.
fn verdict_on(edit: impl FnOnce(&mut Map<String, Value>)) -> Result<(), Reason> {
    let mut claims = claims();
    edit(&mut claims);
    verdict(&rule(), &signed(GOOD_HEADER, &Value::from(claims).to_string()))
}

#[test]
fn a_token_of_the_issuer_for_this_audience_passes_and_is_read() {
    let mut claims = claims();
    claims.insert("openbanking_intent_id".to_owned(), "consent-1".into());
    let token = verify(&rule(), &signed(GOOD_HEADER, &Value::from(claims).to_string())).unwrap();
    assert_eq!((token.client_id(), token.subject()), ("tpp", Some("user")));
    assert_eq!(token.openbanking_intent_id(), Some("consent-1"));
    assert_eq!(token.expires_at().as_secs(), NOW + 300);
    assert!(token.has_scope("payments") && !token.has_scope("accounts"));
    assert!(token.confirmation().is_none());
    let mut line = Audit::default();
    token.audit(&mut line);
    assert_eq!(line.to_string(), "client_id=tpp");
}

#[test]
fn ps256_es256_and_eddsa_are_allowed_and_nothing_else() {
    let payload = Value::from(claims()).to_string();
    let sign = |alg: Algorithm, key: &SigningKey, kid| {
        let header = NewHeader::new(alg, kid).typ("at+jwt");
        header.sign_compact(key, payload.as_bytes()).unwrap()
    };
    assert_eq!(verdict(&rule(), &sign(Algorithm::Ps256, &RSA, "rsa")), Ok(()));
    assert_eq!(verdict(&rule(), &sign(Algorithm::Es256, &EC, "ec")), Ok(()));
    assert_eq!(verdict(&rule(), &sign(Algorithm::EdDsa, &ED, "ed")), Ok(()));
    assert_eq!(verdict(&rule(), &sign(Algorithm::Ps384, &RSA, "rsa")), INVALID);
    assert_eq!(verdict(&rule(), &rs256(&payload)), INVALID);
}

/// A good signature with RS256, which the crate itself does not make.
fn rs256(payload: &str) -> String {
    let header = base64url(br#"{"alg":"RS256","kid":"rsa","typ":"at+jwt"}"#);
    let input = format!("{header}.{}", base64url(payload));
    let mut signer = Signer::new(MessageDigest::sha256(), test_keys::rsa_2048()).unwrap();
    let signature = signer.sign_oneshot_to_vec(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(signature))
}

#[test]
fn the_algorithms_can_be_restricted_and_not_extended() {
    let payload = Value::from(claims()).to_string();
    let token = signed(GOOD_HEADER, &payload);
    let only = |algorithms: &[Algorithm]| rule().algorithms(algorithms);
    assert_eq!(verdict(&only(&[Algorithm::Es256]), &token), Ok(()));
    assert_eq!(verdict(&only(&[Algorithm::Ps256]), &token), INVALID);
    assert_eq!(verdict(&only(&[]), &token), INVALID);
    let wide = only(&[Algorithm::Rs256, Algorithm::Ps256]);
    assert_eq!(verdict(&wide, &rs256(&payload)), INVALID);
}

#[test]
fn unsigned_and_symmetric_tokens_are_invalid() {
    let payload = base64url(Value::from(claims()).to_string());
    for alg in ["none", "None", "HS256", "es256"] {
        let header = format!(r#"{{"alg":"{alg}","kid":"ec","typ":"at+jwt"}}"#);
        assert_eq!(verdict_on_header(&header), INVALID, "{alg}");
        let header = base64url(&header);
        assert_eq!(verdict(&rule(), &format!("{header}.{payload}.")), INVALID, "{alg}");
    }
}

#[test]
fn typ_is_at_jwt() {
    let header = |typ: &str| format!(r#"{{"alg":"ES256","kid":"ec"{typ}}}"#);
    let untyped = rule().allow_untyped();
    let payload = Value::from(claims()).to_string();
    for (typ, strict, lenient) in [
        (r#","typ":"at+jwt""#, Ok(()), Ok(())),
        (r#","typ":"AT+JWT""#, Ok(()), Ok(())),
        (r#","typ":"application/at+jwt""#, Ok(()), Ok(())),
        ("", INVALID, Ok(())),
        (r#","typ":"JWT""#, INVALID, Ok(())),
        (r#","typ":"application/jwt""#, INVALID, Ok(())),
        (r#","typ":"""#, INVALID, INVALID),
        (r#","typ":"dpop+jwt""#, INVALID, INVALID),
        (r#","typ":"oauth-authz-req+jwt""#, INVALID, INVALID),
        (r#","typ":"client-authentication+jwt""#, INVALID, INVALID),
        (r#","typ":"token-introspection+jwt""#, INVALID, INVALID),
        (r#","typ":"application/application/at+jwt""#, INVALID, INVALID),
        (r#","typ":null"#, INVALID, INVALID),
    ] {
        let token = signed(&header(typ), &payload);
        assert_eq!(verdict(&rule(), &token), strict, "{typ}");
        assert_eq!(verdict(&untyped, &token), lenient, "{typ}");
    }
}

#[test]
fn the_key_is_the_one_that_kid_names() {
    for kid in [r#""kid":"other","#, r#""kid":"rsa","#, r#""kid":"","#, ""] {
        let header = format!(r#"{{"alg":"ES256",{kid}"typ":"at+jwt"}}"#);
        assert_eq!(verdict_on_header(&header), INVALID, "{kid}");
    }
    let thief = test_keys::signing(&test_keys::p256());
    let theirs = Key::new(thief.public_key().clone()).with_id("ec");
    let token = signed(GOOD_HEADER, &Value::from(claims()).to_string());
    assert_eq!(verdict(&with_keys(KeySet::of([theirs]).unwrap()), &token), INVALID);
}

#[test]
fn a_key_that_comes_along_is_not_used() {
    let thief = test_keys::signing(&test_keys::p256());
    let jwk = Jwk::of(thief.public_key(), "ec", Algorithm::Es256);
    let jwk = serde_json::to_string(&jwk).unwrap();
    let header = format!(r#"{{"alg":"ES256","kid":"ec","typ":"at+jwt","jwk":{jwk}}}"#);
    let input = format!("{}.{}", base64url(&header), base64url(Value::from(claims()).to_string()));
    let signature = thief.sign(Algorithm::Es256, &[input.as_bytes()]).unwrap();
    let token = format!("{input}.{}", base64url(signature));
    assert_eq!(verdict(&rule(), &token), INVALID);
}

#[test]
fn an_altered_token_is_invalid_before_its_claims_are_looked_at() {
    let token = signed(GOOD_HEADER, &Value::from(claims()).to_string());
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let mut richer = claims();
    richer.insert("scope".to_owned(), "payments accounts".into());
    let mut past = claims();
    past.insert("exp".to_owned(), 1.into());
    for claims in [richer, past] {
        let payload = base64url(Value::from(claims).to_string());
        assert_eq!(verdict(&rule(), &format!("{header}.{payload}.{signature}")), INVALID);
    }
    for text in [&token[..token.len() - 1], "e30.e30.", "opaque", &format!("{token}.x")] {
        assert_eq!(verdict(&rule(), text), INVALID, "{text}");
    }
}

#[test]
fn a_critical_extension_is_not_understood() {
    let header = r#"{"alg":"ES256","kid":"ec","typ":"at+jwt","crit":["x"],"x":1}"#;
    assert_eq!(verdict_on_header(header), INVALID);
}

#[test]
fn every_claim_of_rfc_9068_is_there() {
    for claim in ["iss", "aud", "exp", "sub", "client_id", "iat", "jti"] {
        assert_eq!(verdict_on(|claims| drop(claims.remove(claim))), INVALID, "{claim}");
    }
    assert_eq!(verdict_on(|claims| drop(claims.remove("scope"))), Ok(()));
}

#[test]
fn older_tokens_lack_sub_iat_and_jti_and_nothing_else() {
    let untyped = rule().allow_untyped();
    for (claim, expected) in [
        ("sub", Ok(())),
        ("iat", Ok(())),
        ("jti", Ok(())),
        ("iss", INVALID),
        ("aud", INVALID),
        ("exp", INVALID),
        ("client_id", INVALID),
    ] {
        let mut claims = claims();
        claims.remove(claim);
        let token = signed(r#"{"alg":"ES256","kid":"ec"}"#, &Value::from(claims).to_string());
        assert_eq!(verdict(&untyped, &token), expected, "{claim}");
    }
}

#[test]
fn issuer_and_audience_are_compared_character_by_character() {
    for (claim, value, expected) in [
        ("iss", json!(format!("{ISSUER}/")), INVALID),
        ("iss", json!(ISSUER.to_uppercase()), INVALID),
        ("iss", json!("https://as.other.example"), INVALID),
        ("iss", json!(""), INVALID),
        ("iss", json!([ISSUER]), INVALID),
        ("aud", json!([AUDIENCE]), Ok(())),
        ("aud", json!(["https://other.example", AUDIENCE]), Ok(())),
        ("aud", json!(["https://other.example"]), INVALID),
        ("aud", json!(format!("{AUDIENCE}/")), INVALID),
        ("aud", json!(format!("x {AUDIENCE}")), INVALID),
        ("aud", json!([]), INVALID),
        ("aud", json!(""), INVALID),
        ("client_id", json!(""), INVALID),
        ("client_id", json!(1), INVALID),
    ] {
        let verdict = verdict_on(|claims| drop(claims.insert(claim.to_owned(), value.clone())));
        assert_eq!(verdict, expected, "{claim} {value}");
    }
}

#[test]
fn a_token_is_good_until_the_second_before_exp() {
    for (exp, expected) in [
        (json!(NOW + 1), Ok(())),
        (json!(NOW), Err(Reason::TokenExpired)),
        (json!(NOW - 1), Err(Reason::TokenExpired)),
        (json!(f64::from(u32::try_from(NOW).unwrap()) + 0.9), Err(Reason::TokenExpired)),
        (json!((NOW + 300) * 1000), INVALID),
        (json!((NOW + 300).to_string()), INVALID),
        (json!(-1), INVALID),
        (json!(null), INVALID),
    ] {
        let verdict = verdict_on(|claims| drop(claims.insert("exp".to_owned(), exp.clone())));
        assert_eq!(verdict, expected, "{exp}");
    }
}

#[test]
fn nbf_and_iat_may_lie_ten_seconds_ahead_and_no_more() {
    for claim in ["nbf", "iat"] {
        for (date, expected) in [(NOW - 10_000, Ok(())), (NOW + 10, Ok(())), (NOW + 11, INVALID)] {
            let verdict = verdict_on(|claims| drop(claims.insert(claim.to_owned(), date.into())));
            assert_eq!(verdict, expected, "{claim} {date}");
        }
    }
}

#[test]
fn a_token_of_somebody_else_is_invalid_rather_than_expired() {
    for (claim, value) in [("iss", "https://as.other.example"), ("aud", "https://other.example")] {
        let verdict = verdict_on(|claims| {
            claims.insert("exp".to_owned(), 1.into());
            claims.insert(claim.to_owned(), value.into());
        });
        assert_eq!(verdict, INVALID, "{claim}");
    }
}

#[test]
fn a_claim_twice_is_invalid() {
    let good = Value::from(claims()).to_string();
    let open = good.strip_suffix('}').unwrap();
    for twice in [r#""exp":4102444800"#, r#""scope":"accounts""#, r#""\u0069ss":"x""#] {
        let payload = format!("{open},{twice}}}");
        assert_eq!(verdict(&rule(), &signed(GOOD_HEADER, &payload)), INVALID, "{twice}");
    }
    for payload in ["[]", "", "{} {}", "null"] {
        assert_eq!(verdict(&rule(), &signed(GOOD_HEADER, payload)), INVALID, "{payload}");
    }
}

#[test]
fn the_token_stands_in_the_authorization_header() {
    let token = signed(GOOD_HEADER, &Value::from(claims()).to_string());
    for (uri, values, expected) in [
        ("/", vec![], Reason::TokenMissing),
        ("/", vec![format!("Basic {token}")], Reason::TokenMissing),
        ("/", vec![format!("DPoP {token}")], Reason::TokenMissing),
        ("/", vec![format!("Bearer {token}"); 2], Reason::TokenMalformed),
        ("/", vec![format!("Bearer {token} x")], Reason::TokenMalformed),
        ("/?access_token=x", vec![format!("Bearer {token}")], Reason::TokenMalformed),
    ] {
        let mut request = request();
        request.uri = uri.parse().unwrap();
        for value in &values {
            request.headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        let refused = judged(rule().check((), &mut request, &at(NOW))).unwrap_err();
        assert_eq!(refused.reason(), expected, "{uri} {}", values.len());
    }
}

/// A source that answers after waiting.
struct Slow(FoundKey);

impl KeySource for Slow {
    fn find(&self, _: &str, _: UnixTime) -> KeyLookup {
        let found = self.0.clone();
        KeyLookup::Later(Box::pin(async { found }))
    }
}

/// A source that answers at once that it cannot.
struct Down;

impl KeySource for Down {
    fn find(&self, _: &str, _: UnixTime) -> KeyLookup {
        KeyLookup::Now(Err(KeysUnavailable))
    }
}

#[test]
fn keys_that_come_later_verify_the_same_way() {
    let token = signed(GOOD_HEADER, &Value::from(claims()).to_string());
    let key = keys().get("ec").cloned();
    assert_eq!(verdict(&with_keys(Slow(Ok(key.clone()))), &token), Ok(()));
    assert_eq!(verdict(&with_keys(Slow(Ok(None))), &token), INVALID);
    let mut past = claims();
    past.insert("exp".to_owned(), NOW.into());
    let past = signed(GOOD_HEADER, &Value::from(past).to_string());
    assert_eq!(verdict(&with_keys(Slow(Ok(key))), &past), Err(Reason::TokenExpired));
}

#[test]
fn keys_that_cannot_be_asked_for_are_our_fault() {
    let token = signed(GOOD_HEADER, &Value::from(claims()).to_string());
    let unavailable = Err(Reason::ServiceUnavailable);
    assert_eq!(verdict(&with_keys(Down), &token), unavailable);
    assert_eq!(verdict(&with_keys(Slow(Err(KeysUnavailable))), &token), unavailable);
}
