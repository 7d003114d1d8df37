use std::fs;
use std::path::PathBuf;

use openssl::pkey::{PKey, Private};
use serde_json::json;

use super::*;
use crate::authorize::{FoundIntent, IntentLookup, Intents};
use crate::cert::test_pki::ROOT;
use crate::config::ConfigError;
use crate::crypto::{Algorithm, test_keys};
use crate::jose::Jwk;

/// A directory with what the configuration names; gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir()
            .join(format!("authorization-server-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        put("ca.der", &ROOT.der());
        put("as.pem", &pem(test_keys::rsa_2048()));
        put("ec.pem", &pem(&test_keys::p256()));
        let key = test_keys::signing(&test_keys::p256());
        let keys = json!({ "keys": [Jwk::of(key.public_key(), "k", Algorithm::Es256)] });
        put("tpp.jwks", keys.to_string().as_bytes());
        put("nonce.key", &[7; 32]);
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn pem(key: &PKey<Private>) -> Vec<u8> {
    key.private_key_to_pem_pkcs8().unwrap()
}

const GOOD: &str = r#"
    profile = "fapi2"
    issuer = "https://as.bank.example"
    [client_certificate]
    source = "tls"
    [trust]
    anchors = ["ca.der"]
    revocation = "off"
    [dpop]
    origin = "https://as.bank.example"
    nonce_keys = ["nonce.key"]
    [signing]
    key = "as.pem"
    kid = "as-1"
    algorithm = "PS256"
    [[client]]
    client_id = "bound"
    authentication = "private_key_jwt"
    constraint = "certificate"
    subject_dn = "CN=tpp"
    keys = "tpp.jwks"
    algorithms = ["ES256"]
    grants = ["authorization_code"]
    scopes = ["accounts"]
    redirect_uris = ["https://tpp.example/cb"]
    [[client]]
    client_id = "own"
    authentication = "self_signed_tls_client_auth"
    constraint = "dpop"
    keys = "tpp.jwks"
    algorithms = ["ES256"]
"#;

fn open(name: &str, edit: impl FnOnce(String) -> String) -> Result<ServerSetup, String> {
    let folder = Folder::new(name);
    let config: AuthorizationServer =
        toml::from_str(&edit(GOOD.to_owned())).map_err(|error| error.message().to_owned())?;
    config.open(&folder.0).map_err(|error| error.to_string())
}

struct Nobody;

impl Intents for Nobody {
    fn find(&self, _: &str) -> IntentLookup {
        let found: FoundIntent = Ok(None);
        IntentLookup::Now(found)
    }
}

#[test]
fn a_file_makes_the_gates_of_its_profile() {
    let setup = open("steps", |text| text).unwrap();
    let steps = |gate: crate::gate::GateBuilder| gate.build().unwrap().steps().collect::<Vec<_>>();
    let client = ["OfferCertificate", "ReadForm", "AuthenticateClient"];
    assert_eq!(steps(setup.client_endpoint()), client);
    let token = steps(setup.token());
    assert_eq!(token[3..], ["OfferDpopNonce", "ProveDpopKey", "PermitGrant"]);
    assert!(steps(setup.pushed()).ends_with(&["PermitAuthorization", "PushBoundRequest"]));
    let asked = ["ReadRequestObject", "VerifyRequestObject", "PermitAuthorization"];
    assert_eq!(steps(setup.authorization()), asked);
    assert!(setup.revocation().is_some() && setup.dpop().is_some());

    let folder = Folder::new("uk");
    let uk: AuthorizationServer = toml::from_str(&GOOD.replace("\"fapi2\"", "\"uk\"")).unwrap();
    let why = uk.open(&folder.0).err().map(|why: ConfigError| why.to_string());
    assert_eq!(why.as_deref(), Some("profile: needs the bank's consents"));
    let setup = uk.open_with_intents(&folder.0, Nobody).unwrap();
    assert!(steps(setup.authorization()).ends_with(&["MatchIntent"]));
}

#[test]
fn each_wrong_value_is_named_by_its_key() {
    for (from, to, said) in [
        (
            "https://as.bank.example\"\n    [client_",
            "http://as.bank.example\"\n    [client_",
            "issuer: ",
        ),
        ("source = \"tls\"", "source = \"tls\"\n    header = \"x\"", "client_certificate.header: "),
        ("[client_certificate]\n    source = \"tls\"\n", "", "client_certificate: "),
        ("anchors = [\"ca.der\"]", "anchors = []", "trust.anchors: "),
        ("kid = \"as-1\"", "kid = \"\"", "signing.kid: "),
        ("\"PS256\"", "\"RS256\"", "signing.algorithm: "),
        ("\"PS256\"", "\"ES256\"", "signing.algorithm: "),
        ("\"as.pem\"", "\"tpp.jwks\"", "signing.key: "),
        ("subject_dn = \"CN=tpp\"\n", "", "client[0].subject_dn: due"),
        ("subject_dn = \"CN=tpp\"", "subject_dn = \"tpp\"", "client[0].subject_dn: "),
        (
            "constraint = \"dpop\"",
            "constraint = \"dpop\"\n    subject_dn = \"CN=x\"",
            "client[1].subject_dn: not",
        ),
        (
            "constraint = \"dpop\"",
            "constraint = \"dpop\"\n    issuer_dn = \"CN=x\"",
            "client[1].issuer_dn: not",
        ),
        ("grants = [\"authorization_code\"]", "grants = [\"implicit\"]", "client[0].grants: "),
        (
            "algorithms = [\"ES256\"]\n    grants",
            "algorithms = [\"none\"]\n    grants",
            "client[0].algorithms: ",
        ),
        (
            "keys = \"tpp.jwks\"\n    algorithms = [\"ES256\"]\n    grants",
            "algorithms = [\"ES256\"]\n    grants",
            "client[0].keys: due",
        ),
        ("client_id = \"own\"", "client_id = \"bound\"", "client: "),
        ("client_id = \"own\"", "client_id = \"\"", "client[1].client_id: "),
        ("profile = \"fapi2\"", "profile = \"fapi2\"\n    secret = true", "unknown field `secret`"),
        ("nonce_keys = [\"nonce.key\"]", "nonce_keys = [\"as.pem\"]", "dpop.nonce_keys: "),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let why = open("errors", |text| text.replacen(from, to, 1)).err();
        assert!(why.as_ref().is_some_and(|why| why.starts_with(said)), "{to}: {why:?}");
    }
}
