//! Proofs that must not pass, each refused with its reason.

use super::*;

/// The reason why a request is refused that carries this proof.
fn refused(client: &Client, proof: &str) -> Option<Reason> {
    reason(&proofs_in(store()), &client.token(), request(&[proof]), NOW)
}

type Edit<'a> = &'a dyn Fn(&mut Value, &mut Value);

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().unwrap().remove(member).unwrap();
}

#[test]
fn a_proof_with_one_thing_wrong_is_refused() {
    let (client, other) = (Client::new(), Client::new());
    let rsa = test_keys::rsa_2048();
    let d = encode_base64url(&client.private.ec_key().unwrap().private_key().to_vec());
    let weak = test_keys::rsa(1024).rsa().unwrap();
    let hash = |text: &str| encode_base64url(&crate::crypto::sha256(text.as_bytes()));
    let cases: &[(&str, Edit<'_>)] = &[
        ("typ missing", &|header, _| remove(header, "typ")),
        ("typ of any JWT", &|header, _| header["typ"] = "JWT".into()),
        ("typ of an access token", &|header, _| header["typ"] = "at+jwt".into()),
        ("typ in capitals", &|header, _| header["typ"] = "DPOP+JWT".into()),
        ("typ as a whole media type", &|header, _| {
            header["typ"] = "application/dpop+jwt".into();
        }),
        ("alg missing", &|header, _| remove(header, "alg")),
        ("alg none", &|header, _| header["alg"] = "none".into()),
        ("alg symmetric", &|header, _| header["alg"] = "HS256".into()),
        ("alg RS256", &|header, _| header["alg"] = "RS256".into()),
        ("alg of another kind of key", &|header, _| header["alg"] = "PS256".into()),
        ("alg of another curve", &|header, _| header["alg"] = "ES384".into()),
        ("jwk missing", &|header, _| remove(header, "jwk")),
        ("jwk null", &|header, _| header["jwk"] = Value::Null),
        ("jwk as text", &|header, _| header["jwk"] = header["jwk"].to_string().into()),
        ("jwk of another", &|header, _| header["jwk"] = other.jwk()),
        ("jwk with its private key", &|header, _| header["jwk"]["d"] = d.clone().into()),
        ("jwk with an empty private key", &|header, _| header["jwk"]["d"] = "".into()),
        ("jwk with a prime", &|header, _| header["jwk"]["p"] = "AQAB".into()),
        ("jwk with a symmetric key", &|header, _| header["jwk"]["k"] = "AAAA".into()),
        ("jwk symmetric", &|header, _| {
            header["jwk"] = json!({ "kty": "oct", "k": encode_base64url(&[7; 32]) });
        }),
        ("jwk for encryption", &|header, _| header["jwk"]["use"] = "enc".into()),
        ("jwk for another algorithm", &|header, _| header["jwk"]["alg"] = "ES384".into()),
        ("jwk of RSA with 1024 bits", &|header, _| {
            header["alg"] = "PS256".into();
            header["jwk"] = json!({ "kty": "RSA", "e": "AQAB",
                "n": encode_base64url(&weak.n().to_vec()) });
        }),
        ("jwk off the curve", &|header, _| {
            header["jwk"]["y"] = encode_base64url(&[1; 32]).into();
        }),
        ("jwk of a short coordinate", &|header, _| {
            header["jwk"]["x"] = encode_base64url(&[1; 31]).into();
        }),
        ("jwk on another curve", &|header, _| header["jwk"]["crv"] = "P-521".into()),
        ("jwk of RSA under ES256", &|header, _| {
            let key = Client::with(rsa.clone());
            header["jwk"] = key.jwk();
        }),
        ("x5c instead of jwk", &|header, _| {
            remove(header, "jwk");
            header["x5c"] = json!(["AAAA"]);
        }),
        ("kid instead of jwk", &|header, _| {
            remove(header, "jwk");
            header["kid"] = "1".into();
        }),
        ("kid of another key than jwk", &|header, _| {
            header["kid"] = "1".into();
            header["jwk"]["kid"] = "2".into();
        }),
        ("crit", &|header, _| {
            header["crit"] = json!(["htm"]);
            header["htm"] = "GET".into();
        }),
        ("crit of nothing", &|header, _| header["crit"] = json!([])),
        ("crit of a known extension", &|header, _| {
            header["crit"] = json!(["b64"]);
            header["b64"] = true.into();
        }),
        ("htm missing", &|_, claims| remove(claims, "htm")),
        ("htm of another method", &|_, claims| claims["htm"] = "POST".into()),
        ("htm in lower case", &|_, claims| claims["htm"] = "get".into()),
        ("htm as a list", &|_, claims| claims["htm"] = json!(["GET"])),
        ("htu missing", &|_, claims| remove(claims, "htu")),
        ("htu of another path", &|_, claims| claims["htu"] = format!("{URI}/1").into()),
        ("htu of a path above", &|_, claims| {
            claims["htu"] = "https://api.bank.example/".into();
        }),
        ("htu of another host", &|_, claims| {
            claims["htu"] = "https://evil.example/accounts".into();
        }),
        ("htu of another port", &|_, claims| {
            claims["htu"] = "https://api.bank.example:8443/accounts".into();
        }),
        ("htu of another scheme", &|_, claims| {
            claims["htu"] = "http://api.bank.example/accounts".into();
        }),
        ("htu with a user", &|_, claims| {
            claims["htu"] = "https://api.bank.example@evil.example/accounts".into();
        }),
        ("htu relative", &|_, claims| claims["htu"] = "/accounts".into()),
        ("iat missing", &|_, claims| remove(claims, "iat")),
        ("iat an hour ago", &|_, claims| claims["iat"] = (NOW - 3600).into()),
        ("iat in an hour", &|_, claims| claims["iat"] = (NOW + 3600).into()),
        ("iat as text", &|_, claims| claims["iat"] = NOW.to_string().into()),
        ("iat in milliseconds", &|_, claims| claims["iat"] = (NOW * 1000).into()),
        ("iat negative", &|_, claims| claims["iat"] = (-1).into()),
        ("jti missing", &|_, claims| remove(claims, "jti")),
        ("jti empty", &|_, claims| claims["jti"] = "".into()),
        ("jti huge", &|_, claims| claims["jti"] = "x".repeat(257).into()),
        ("jti as a number", &|_, claims| claims["jti"] = 1.into()),
        ("ath missing", &|_, claims| remove(claims, "ath")),
        ("ath empty", &|_, claims| claims["ath"] = "".into()),
        ("ath of another token", &|_, claims| claims["ath"] = hash("other").into()),
        ("ath padded", &|_, claims| claims["ath"] = format!("{}=", hash(TOKEN)).into()),
        ("ath of the whole header", &|_, claims| claims["ath"] = hash("DPoP opaque").into()),
    ];
    for (attack, edit) in cases {
        let proof = client.proof(edit);
        assert_eq!(refused(&client, &proof), Some(Reason::DpopProofInvalid), "{attack}");
    }
    assert_eq!(refused(&client, &client.proof(|_, _| {})), None);
}

#[test]
fn the_key_of_another_client_is_not_that_of_the_token() {
    let (client, other) = (Client::new(), Client::new());
    let stolen = other.proof(|_, _| {});
    assert_eq!(refused(&client, &stolen), Some(Reason::TokenNotBound));
}

#[test]
fn a_proof_whose_envelope_is_wrong_is_refused() {
    let client = Client::new();
    let good = client.proof(|_, _| {});
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let stranger = Client::new().signs(&client.header().to_string(), &claims().to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{\"{member}\":\"x\","), 1);
    let header_twice =
        client.signs(&twice(&client.header().to_string(), "typ"), &claims().to_string());
    let jwk_twice =
        client.header().to_string().replacen("\"jwk\":{", "\"jwk\":{\"kty\":\"EC\",", 1);
    let p384 = Client::with(test_keys::ec(Nid::SECP384R1));
    let cases = [
        ("no signature", format!("{signed}.")),
        ("signature stripped", signed.to_owned()),
        ("signature of another", stranger),
        ("signature of another payload", {
            let other = client.proof(|_, claims| claims["jti"] = "2".into());
            format!("{header}.{payload}.{}", other.rsplit_once('.').unwrap().1)
        }),
        ("signature padded", format!("{good}=")),
        ("four parts", format!("{good}.{signature}")),
        ("detached", format!("{header}..{signature}")),
        ("in two members of a list", format!("{good}, {good}")),
        ("with a blank", format!("{good} ")),
        ("JSON serialization", {
            json!({ "protected": header, "payload": payload, "signature": signature }).to_string()
        }),
        ("empty", String::new()),
        ("no JWS", "DPoP".to_owned()),
        ("member of the header twice", header_twice),
        ("member of jwk twice", client.signs(&jwk_twice, &claims().to_string())),
        ("claim twice", {
            client.signs(&client.header().to_string(), &twice(&claims().to_string(), "htm"))
        }),
        ("claims no object", client.signs(&client.header().to_string(), "[]")),
        ("over 8 KiB", client.proof(|_, claims| claims["pad"] = "x".repeat(8000).into())),
        ("ES384 by its own key", p384.proof(|header, _| header["alg"] = "ES384".into())),
    ];
    for (attack, proof) in cases {
        assert_eq!(refused(&client, &proof), Some(Reason::DpopProofInvalid), "{attack}");
    }
    let by_p384 = p384.proof(|header, _| header["alg"] = "ES384".into());
    assert_eq!(refused(&p384, &by_p384), Some(Reason::DpopProofInvalid));
}

#[test]
fn there_is_one_proof_and_no_other() {
    let client = Client::new();
    let (one, two) = (client.proof(|_, _| {}), client.proof(|_, c| c["jti"] = "2".into()));
    for proofs in [&[][..], &[one.as_str(), two.as_str()], &[&one, &one], &[&one, ""]] {
        let refused = reason(&proofs_in(store()), &client.token(), request(proofs), NOW);
        assert_eq!(refused, Some(Reason::DpopProofInvalid), "{}", proofs.len());
    }
}

#[test]
fn what_the_peer_says_of_its_own_address_does_not_count() {
    let client = Client::new();
    let proof = client.proof(|_, claims| claims["htu"] = "https://evil.example/accounts".into());
    let mut request = request_to("GET", "https://evil.example/accounts", &[&proof]);
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
    ] {
        request.headers.insert(name, value.parse().unwrap());
    }
    let refused = reason(&proofs_in(store()), &client.token(), request, NOW);
    assert_eq!(refused, Some(Reason::DpopProofInvalid));
}

#[test]
fn a_request_target_with_dot_segments_is_nobodys() {
    let client = Client::new();
    for uri in ["/x/../accounts", "/x/%2e%2E/accounts", "/./accounts"] {
        let request = request_to("GET", uri, &[&client.proof(|_, _| {})]);
        let refused = reason(&proofs_in(store()), &client.token(), request, NOW);
        assert_eq!(refused, Some(Reason::DpopProofInvalid), "{uri}");
    }
}

#[test]
fn what_the_rfc_allows_passes() {
    let client = Client::new();
    let cases: &[(&str, Edit<'_>)] = &[
        ("default port", &|_, claims| {
            claims["htu"] = "https://api.bank.example:443/accounts".into();
        }),
        ("host in capitals", &|_, claims| {
            claims["htu"] = "HTTPS://API.bank.example/accounts".into();
        }),
        ("escapes", &|_, claims| claims["htu"] = "https://api.bank.example/%61ccounts".into()),
        ("dot segments", &|_, claims| {
            claims["htu"] = "https://api.bank.example/x/../accounts".into();
        }),
        ("query and fragment", &|_, claims| claims["htu"] = format!("{URI}?a=b#c").into()),
        ("members and claims nobody knows", &|header, claims| {
            header["x"] = "y".into();
            claims["x"] = "y".into();
        }),
        ("a nonce nobody asked for", &|_, claims| claims["nonce"] = "x".into()),
        ("a kid", &|header, _| header["kid"] = "1".into()),
        ("a fraction of a second", &|_, claims| claims["iat"] = (NOW as f64 + 0.5).into()),
        ("a long jti", &|_, claims| claims["jti"] = "x".repeat(256).into()),
    ];
    for (what, edit) in cases {
        assert_eq!(refused(&client, &client.proof(edit)), None, "{what}");
    }
}
