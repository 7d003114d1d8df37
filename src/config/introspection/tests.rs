use super::*;

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
    for (token, fetch, said) in [
        (plain.as_str(), "", "fetch.certificate: due"),
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

#[test]
fn an_endpoint_is_asked_over_https() {
    let token = |endpoint: &str| -> Token {
        let introspection = format!("{{ endpoint = \"{endpoint}\", client_id = \"rs\" }}");
        let text = format!("issuer = \"i\"\naudience = \"a\"\nintrospection = {introspection}");
        toml::from_str(&text).unwrap()
    };
    let over: Over = Some(Arc::new(
        |_: crate::fetch::FetchRequest| -> crate::gate::BoxFuture<
            'static,
            Result<crate::fetch::Fetched, crate::fetch::FetchError>,
        > { Box::pin(async { Err(crate::fetch::FetchError::Timeout) }) },
    ));
    let rule = |endpoint: &str| {
        let token = token(endpoint);
        let rule = token.introspection.as_ref().unwrap().rule(&token, None, &over);
        rule.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(rule("https://as/introspect"), Ok(()));
    for endpoint in ["http://as/introspect", "", "not an address"] {
        let error = rule(endpoint).unwrap_err();
        assert!(error.starts_with("token.introspection.endpoint: "), "{error}");
    }
}
