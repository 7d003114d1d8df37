use std::sync::LazyLock;
use std::{env, fs, process};

use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};

use super::*;
use crate::crypto::test_keys;
use crate::fetch::FetchError;
use crate::gate::BoxFuture;

/// What is wrong with `[token]` of these lines, beside these of `[fetch]`.
fn judged(token: &str, fetch: &str) -> String {
    let text = format!(
        "profile = \"fapi1-advanced\"\n\
         client_certificate = {{ source = \"tls\" }}\n\
         trust = {{ anchors = [], revocation = \"off\" }}\n\
         fetch = {{ {fetch} }}\n\
         [token]\nissuer = \"https://as\"\naudience = \"https://rs\"\n{token}"
    );
    let config = toml::from_str::<Config>(&text).map_err(|error| error.to_string());
    let judged = |config: Config| config.judge_introspection().map_err(|error| error.to_string());
    config.and_then(judged).err().unwrap_or_default()
}

const CERTIFICATE: &str = "certificate = \"rs.pem\", key = \"rs.key\"";

fn introspection(more: &str) -> String {
    format!("introspection = {{ endpoint = \"https://as/introspect\", client_id = \"rs\"{more} }}")
}

#[test]
fn a_key_that_is_due_or_has_no_effect_is_named() {
    let (plain, signed) = (introspection(""), introspection(", signed = true"));
    assert_eq!(judged(&plain, CERTIFICATE), "");
    assert_eq!(judged(&format!("{signed}\nkeys = \"as.jwks\""), CERTIFICATE), "");
    assert_eq!(judged(&format!("{signed}\njwks_uri = \"https://as/jwks\""), CERTIFICATE), "");
    let by_key = introspection(", key = \"rs.pem\", kid = \"rs-1\"");
    assert_eq!(judged(&by_key, "roots = []"), "");
    for (token, fetch, said) in [
        (plain.as_str(), "", "fetch.certificate: due"),
        (&introspection(", key = \"rs.pem\""), CERTIFICATE, "token.introspection.kid: due"),
        (
            &introspection(", key = \"rs.pem\", kid = \"\""),
            CERTIFICATE,
            "token.introspection.kid: due",
        ),
        (&introspection(", kid = \"rs-1\""), CERTIFICATE, "token.introspection.kid: has no effect"),
        (&signed, CERTIFICATE, "token.keys: due for signed answers"),
        (&format!("{plain}\nkeys = \"as.jwks\""), CERTIFICATE, "token.keys: has no effect"),
        (
            &format!("{plain}\njwks_uri = \"https://as/jwks\""),
            CERTIFICATE,
            "token.jwks_uri: has no effect",
        ),
        (&format!("{plain}\nallow_untyped = true"), CERTIFICATE, "token.allow_untyped: has no"),
        (
            "introspection = { endpoint = \"https://as\", client_id = \"\" }",
            CERTIFICATE,
            "token.introspection.client_id: empty",
        ),
    ] {
        let error = judged(token, fetch);
        assert!(error.starts_with(said), "{token}: {error}");
    }
    let unknown = judged(&introspection(", sgned = true"), CERTIFICATE);
    assert!(unknown.contains("unknown field `sgned`"), "{unknown}");
}

fn nowhere(
    _: crate::fetch::FetchRequest,
) -> BoxFuture<'static, Result<crate::fetch::Fetched, FetchError>> {
    Box::pin(async { Err(FetchError::Timeout) })
}

/// What is wrong with the rule of this endpoint and these lines.
fn rule(endpoint: &str, more: &str) -> String {
    let introspection = format!("{{ endpoint = \"{endpoint}\", client_id = \"rs\"{more} }}");
    let text = format!("issuer = \"i\"\naudience = \"a\"\nintrospection = {introspection}");
    let token: Token = toml::from_str(&text).unwrap();
    let introspection = token.introspection.as_ref().unwrap();
    let rule = introspection.rule(&Files(&FOLDER), &token, None, &Some(Arc::new(nowhere)));
    rule.err().map(|error| error.to_string()).unwrap_or_default()
}

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("config-introspection-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let pem = |key: &PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
    fs::write(folder.join("rsa.pem"), pem(test_keys::rsa_2048())).unwrap();
    fs::write(folder.join("p256.pem"), pem(&test_keys::p256())).unwrap();
    fs::write(folder.join("p384.pem"), pem(&test_keys::ec(Nid::SECP384R1))).unwrap();
    folder
});

#[test]
fn an_endpoint_is_asked_over_https() {
    assert_eq!(rule("https://as/introspect", ""), "");
    for endpoint in ["http://as/introspect", "", "not an address"] {
        let error = rule(endpoint, "");
        assert!(error.starts_with("token.introspection.endpoint: "), "{error}");
    }
}

#[test]
fn assertions_are_signed_with_what_the_profiles_allow() {
    let with =
        |key: &str| rule("https://as/introspect", &format!(", key = \"{key}\", kid = \"rs-1\""));
    assert_eq!((with("rsa.pem"), with("p256.pem")), (String::new(), String::new()));
    for key in ["p384.pem", "none.pem"] {
        let error = with(key);
        assert!(error.starts_with("token.introspection.key: "), "{error}");
    }
}
