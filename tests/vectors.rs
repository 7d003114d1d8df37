//! Published vectors, by verdict or by a policy that has a name.
//!
//! They are not in the tree: `OPEN_BANKING_TESTDATA` names the directory that holds `jose/` and
//! `obie/`. Without it each test says what it left out, and passes.

use std::{collections::BTreeMap, convert::Infallible, io::Write, path::PathBuf, time::Duration};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use tower_open_banking::body::Body;
use tower_open_banking::cert::{CLIENT_CERT, CLIENT_CERT_CHAIN, Certificate, ForwardedHeader};
use tower_open_banking::gate::{BoxFuture, Gate, Passport};
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::reject::OAuth;
use tower_open_banking::replay::MemoryReplayStore;
use tower_open_banking::token::dpop::{
    DPOP, DpopKey, DpopProofs, ExternalOrigin, ProveDpopKey, VerifyDpop,
};
use tower_open_banking::token::{
    Introspect, Introspected, IntrospectionError, TokenAudience, TokenIssuer, TokenSchemes,
    VerifyToken, introspection_response,
};
use tower_open_banking::{
    crypto::{Algorithm, PublicKey},
    jose::{Accept, Compact, Detached, Jwk, JwkError, JwsError, Key, Thumbprint, obie},
};

/// Everything that can be verified at all, so that the vectors judge verdicts and not a profile.
const ACCEPT: Accept<'static> = Accept::algorithms(&[
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
])
.understanding(&["b64", obie::IAT, obie::ISS, obie::TAN]);

fn testdata(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OPEN_BANKING_TESTDATA").or_else(|| {
        say(format_args!("left out: {name}, because OPEN_BANKING_TESTDATA is not set"));
        None
    })?;
    Some(PathBuf::from(root).join(name))
}

fn load(name: &str) -> Option<Value> {
    let bytes = std::fs::read(testdata(name)?).expect(name);
    Some(serde_json::from_slice(&bytes).expect(name))
}

/// How often each verdict and each policy had the word.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, why: &'static str) {
        *self.0.entry(why).or_default() += 1;
    }

    /// Counts, and names the vector wherever something was not examined.
    fn name(&mut self, vector: &str, why: &'static str) {
        if !matches!(why, "verified" | "refused") {
            say(format_args!("{vector}: {why}"));
        }
        self.count(why);
    }

    fn print(&self, set: &str) -> usize {
        for (why, count) in &self.0 {
            say(format_args!("{set}: {count:4} {why}"));
        }
        self.0.values().sum()
    }
}

/// The public half of a vector's key, whatever else the vector publishes.
fn public_half(jwk: &Value) -> Vec<u8> {
    let mut jwk = jwk.clone();
    for secret in ["d", "p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().unwrap().remove(secret);
    }
    serde_json::to_vec(&jwk).unwrap()
}

/// The policy by which a valid vector is refused, or the panic of a wrong verdict.
fn policy(jwk: &Value, header: &Value) -> &'static str {
    let named = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    if named(jwk, "kty") == "oct" {
        return "policy: symmetric keys verify nothing";
    }
    if named(jwk, "crv") == "P-521" {
        return "policy: P-521 is not supported";
    }
    if !named(jwk, "alg").is_empty() && named(jwk, "alg") != named(header, "alg") {
        return "policy: the key is pinned to another algorithm";
    }
    panic!("a valid vector was refused: {header}");
}

fn header_of(jws: &str) -> Value {
    let encoded = jws.split('.').next().unwrap();
    URL_SAFE_NO_PAD
        .decode(encoded)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default()
}

fn key(jwk: &Value) -> Option<Key> {
    Key::from_jwk(&Jwk::parse(&public_half(jwk)).ok()?).ok()
}

fn compact_passes(jws: &str, key: &Key) -> bool {
    Compact::parse(jws).and_then(|jws| jws.verify(key, ACCEPT)).is_ok()
}

fn detached_verdict(jws: &str, key: &Key, payload: &[u8]) -> Result<(), JwsError> {
    Detached::parse(jws)?.verify(key, ACCEPT, payload)
}

#[test]
fn rfc_vectors() {
    let Some(vectors) = load("jose/rfc-vectors.json") else { return };
    let mut tally = Tally::default();
    for vector in vectors.as_array().unwrap() {
        let why = match vector["kind"].as_str().unwrap() {
            "jws" => rfc_jws(vector),
            "dpop" => rfc_dpop(vector),
            "jwk-thumbprint" => rfc_thumbprint(vector),
            "x5t#S256" => rfc_certificate_thumbprint(vector),
            "http-message-signature" => rfc_http_message(vector),
            "client-cert-field" => rfc_client_cert(vector),
            kind => panic!("unknown kind {kind}"),
        };
        tally.name(vector["id"].as_str().unwrap(), why);
    }
    assert_eq!(tally.print("rfc-vectors"), 30);
}

fn rfc_jws(vector: &Value) -> &'static str {
    let (jws, expect) = (vector["compact"].as_str().unwrap(), vector["expect"] == "valid");
    let verdict =
        key(&vector["jwk"]).is_some_and(|key| match vector["detached_payload"].as_str() {
            Some(payload) => detached_verdict(jws, &key, payload.as_bytes()).is_ok(),
            None => compact_passes(jws, &key),
        });
    match (verdict, expect) {
        (true, true) => "verified",
        (false, false) => "refused",
        (false, true) => policy(&vector["jwk"], &header_of(jws)),
        (true, false) => panic!("accepted: {}", vector["id"]),
    }
}

/// The certificate of the header, with the chain behind it.
fn rfc_client_cert(vector: &Value) -> &'static str {
    let mut headers = HeaderMap::new();
    for name in [CLIENT_CERT, CLIENT_CERT_CHAIN] {
        let title = if name == CLIENT_CERT { "Client-Cert" } else { "Client-Cert-Chain" };
        let value = vector["headers"][title].as_str().unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let forwarded = ForwardedHeader::rfc9440().read(&headers).unwrap().unwrap();
    assert_eq!(STANDARD.encode(forwarded.leaf()), vector["leaf_der_base64"]);
    let chain: Vec<_> = forwarded.rest().iter().map(|der| STANDARD.encode(der)).collect();
    assert_eq!(Value::from(chain), vector["chain_der_base64"]);
    Certificate::from_der(forwarded.leaf()).unwrap();
    "certificate and chain read from their headers"
}

/// An authorization server to which every token is one of this key.
struct Binds(String, u64);

impl Introspect for Binds {
    fn introspect<'a>(
        &'a self,
        _: &'a str,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<Introspected, IntrospectionError>> {
        let cnf = serde_json::json!({ "jkt": self.0 });
        let answer = serde_json::json!({ "active": true, "client_id": "c", "exp": self.1 + 60,
            "cnf": cnf });
        Box::pin(async move { introspection_response(answer.to_string().as_bytes()) })
    }
}

/// What the rules say of a proof at the time of its example: beside a token, or at a token endpoint.
fn rfc_dpop(vector: &Value) -> &'static str {
    let text = |member: &str| vector[member].as_str().unwrap().to_owned();
    let (uri, now, jkt) = (text("uri"), vector["now"].as_u64().unwrap(), text("jkt"));
    let origin = match uri.find("example.com").or(uri.find("example.org")) {
        Some(at) => uri[..at + "example.com".len()].to_owned(),
        None => panic!("{uri}"),
    };
    let origin = ExternalOrigin::parse(&origin).unwrap();
    let proofs = DpopProofs::at(origin, MemoryReplayStore::with_capacity(10));
    let request = Request::builder().method(text("method").as_str()).uri(uri);
    let request = request.header(DPOP, text("proof"));
    let gate = Gate::new(OAuth::default())
        .clock(move || UnixTime::since_unix_epoch(Duration::from_secs(now)));
    let (gate, request) = match vector["access_token"].as_str() {
        Some(token) => {
            let verify = VerifyToken::introspected_by(
                TokenIssuer("https://as".into()),
                TokenAudience("https://rs".into()),
                Binds(jkt.clone(), now),
            );
            let gate = gate.then(verify.under(TokenSchemes::Dpop)).then(VerifyDpop::by(proofs));
            (gate, request.header(AUTHORIZATION, format!("DPoP {token}")))
        }
        None => (gate.then(ProveDpopKey::by(proofs)), request),
    };
    let handler = service_fn(move |request: Request<Body>| {
        // At a token endpoint the key is what the rule leaves.
        if let Some(key) = Passport::of(request.extensions()).unwrap().find::<DpopKey>() {
            assert_eq!(key.thumbprint().unwrap().to_string(), jkt);
        }
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
    });
    let answer = gate.build().unwrap().layer(handler).oneshot(request.body(Body::empty()).unwrap());
    let answer = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer);
    let answer = answer.unwrap();
    let passed = answer.status() == StatusCode::OK;
    assert_eq!(passed, vector["expect"] == "valid", "{} {answer:?}", vector["id"]);
    if passed { "verified" } else { "refused" }
}

fn rfc_thumbprint(vector: &Value) -> &'static str {
    let jwk = Jwk::parse(&public_half(&vector["jwk"])).unwrap();
    let thumbprint = Thumbprint::of_key(&jwk.public_key().unwrap());
    assert_eq!(thumbprint.to_string(), vector["sha256"].as_str().unwrap());
    "thumbprint of a key"
}

fn rfc_certificate_thumbprint(vector: &Value) -> &'static str {
    let der = STANDARD.decode(vector["certificate_der_base64"].as_str().unwrap()).unwrap();
    let expected = vector["cnf"]["x5t#S256"].as_str().unwrap();
    assert_eq!(Thumbprint::of_certificate(&der).to_string(), expected);
    "thumbprint of a certificate"
}

fn rfc_http_message(vector: &Value) -> &'static str {
    let field = vector["headers"]["Signature"].as_str().unwrap();
    let signature = field.trim_start_matches("ttrp=:").trim_end_matches(':');
    let key = Jwk::parse(&public_half(&vector["jwk"])).unwrap().public_key().unwrap();
    let base = vector["signature_base"].as_str().unwrap();
    key.verify(Algorithm::Es256, &[base.as_bytes()], &STANDARD.decode(signature).unwrap()).unwrap();
    "HTTP message signature: over the published base"
}

#[test]
fn rfc_7520_cookbook() {
    let Some(directory) = testdata("jose/rfc7520-cookbook") else { return };
    let mut tally = Tally::default();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let vector: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let message = vector.get("input").is_some();
        let why = if message { cookbook_message(&vector) } else { cookbook_key(&vector) };
        tally.name(&path.file_name().unwrap().to_string_lossy(), why);
    }
    assert_eq!(tally.print("rfc7520"), 16);
}

fn cookbook_key(jwk: &Value) -> &'static str {
    let verdict = Jwk::parse(&serde_json::to_vec(jwk).unwrap()).and_then(|jwk| jwk.public_key());
    let secret = jwk.get("d").is_some() || jwk.get("k").is_some();
    match verdict {
        Ok(_) if !secret => "key read",
        Err(JwkError::Secret) if secret => "policy: private and symmetric keys are refused",
        Err(JwkError::Unsupported) if jwk["crv"] == "P-521" => "policy: P-521 is not supported",
        verdict => panic!("{verdict:?}"),
    }
}

fn cookbook_message(vector: &Value) -> &'static str {
    let input = &vector["input"];
    let Some(jws) = vector["output"]["compact"].as_str() else {
        return if input["payload"].is_string() && vector["output"]["json_flat"].is_object() {
            cookbook_detached(vector)
        } else {
            "policy: JSON serialization is not read"
        };
    };
    if input.get("enc").is_some() {
        return "left out: encryption";
    }
    match key(&input["key"]) {
        Some(key) if compact_passes(jws, &key) => {
            let (head, signature) = jws.rsplit_once('.').unwrap();
            let detached = format!("{}..{signature}", head.split_once('.').unwrap().0);
            let payload = input["payload"].as_str().unwrap();
            detached_verdict(&detached, &key, payload.as_bytes()).unwrap();
            "verified, compact and detached"
        }
        _ => policy(&input["key"], &header_of(jws)),
    }
}

fn cookbook_detached(vector: &Value) -> &'static str {
    let flat = &vector["output"]["json_flat"];
    match flat["protected"].as_str() {
        Some(protected) if flat.get("header").is_none() => {
            policy(&vector["input"]["key"], &header_of(protected))
        }
        _ => "policy: JSON serialization is not read",
    }
}

#[test]
fn wycheproof() {
    let Some(file) = load("jose/wycheproof/json_web_signature_test.json") else { return };
    let mut tally = Tally::default();
    for group in file["testGroups"].as_array().unwrap() {
        let jwk = group.get("public").unwrap_or(&group["private"]);
        let key = key(jwk);
        for test in group["tests"].as_array().unwrap() {
            let jws = test["jws"].as_str().unwrap();
            let verdict = key.as_ref().is_some_and(|key| compact_passes(jws, key));
            tally.count(match (verdict, test["result"].as_str().unwrap()) {
                (true, "valid") => "verified",
                (false, "invalid") if key.is_none() => "refused with the key",
                (false, "invalid") => "refused",
                (false, _) => policy(jwk, &header_of(jws)),
                (true, _) => panic!("accepted: {} {}", test["tcId"], test["comment"]),
            });
        }
    }
    assert_eq!(tally.print("wycheproof"), 401);
}

#[test]
fn signatures_banks_have_sent() {
    let Some(samples) = load("obie/real-response-signatures.json") else { return };
    for sample in samples.as_array().unwrap() {
        let detached = Detached::parse(sample["jws"].as_str().unwrap()).unwrap();
        let (header, expected) = (detached.header(), &sample["header"]);
        assert_eq!(header.algorithm().name(), expected["alg"]);
        assert_eq!(header.key_id(), expected["kid"].as_str());
        assert_eq!(header.typ(), expected["typ"].as_str());
        assert_eq!(header.cty(), expected["cty"].as_str());
        assert_eq!(header.b64(), None);
        assert_eq!(header.obie_issuer(), expected[obie::ISS].as_str());
        assert_eq!(header.obie_trust_anchor(), expected[obie::TAN].as_str());
        assert_eq!(header.critical(), [obie::IAT, obie::ISS, obie::TAN]);
        let issued_at = header.obie_issued_at().unwrap();
        assert_eq!(issued_at.seconds(), expected[obie::IAT].as_f64().unwrap() as u64);
        assert!(!issued_at.is_whole());
        say(format_args!("read: {}", sample["id"]));
    }
}

#[test]
fn hostile_keys_do_no_harm() {
    let Some(directory) = testdata("fuzz-seeds/spki_corpus") else { return };
    for entry in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        if let Ok(key) = PublicKey::from_spki(&bytes) {
            assert_eq!(key.spki(), bytes);
        }
    }
}

/// Says it past the test harness, which swallows what a passing test prints.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
