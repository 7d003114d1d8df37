//! Assertions by which somebody would like to be another client, or the same one again.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::super::super::ReadForm;
use super::*;
use crate::body::BodyBytes;

/// An assertion of these exact bytes, signed with the key of `tpp`.
fn signed(header: &str, payload: &str) -> String {
    signed_by(&EC, header, payload)
}

fn payload() -> String {
    Value::from(claims()).to_string()
}

fn set(claim: &'static str, value: Value) -> String {
    with(|claims| drop(claims.insert(claim.to_owned(), value)))
}

fn without(claim: &str) -> String {
    with(|claims| drop(claims.remove(claim)))
}

fn header(members: &str) -> String {
    signed(&format!(r#"{{"alg":"ES256","kid":"ec",{members}}}"#), &payload())
}

/// Signed by OpenSSL, with what the crate itself does not sign.
fn foreign(alg: &str, kid: &str, key: &PKey<openssl::pkey::Private>) -> String {
    let header = format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
    let input = format!("{}.{}", base64url(header), base64url(payload()));
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    format!("{input}.{}", base64url(signer.sign_oneshot_to_vec(input.as_bytes()).unwrap()))
}

/// A key that is public, used as if it were the secret of an HMAC.
fn hmac_with_public_key() -> String {
    let public = test_keys::rsa_2048().public_key_to_pem().unwrap();
    foreign("HS256", "rsa", &PKey::hmac(&public).unwrap())
}

fn unsigned() -> String {
    format!("{}.{}.", base64url(r#"{"alg":"none","kid":"ec"}"#), base64url(payload()))
}

/// The last character of the signature with one of the bits set that encode nothing.
fn stray_bits() -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut assertion = with(|_| {});
    let last = assertion.pop().unwrap();
    let index = ALPHABET.iter().position(|known| char::from(*known) == last).unwrap();
    assert_eq!(index % 16, 0, "64 bytes leave four bits over");
    assertion.push(char::from(ALPHABET[index + 1]));
    assertion
}

fn moved_signature() -> String {
    let (one, two) = (with(|_| {}), set("jti", json!("2")));
    let signature = one.rsplit_once('.').unwrap().1;
    format!("{}.{signature}", two.rsplit_once('.').unwrap().0)
}

/// Every row is refused although everything that it does not name is in order.
#[test]
fn hostile_assertions_are_refused() {
    let rsa = test_keys::rsa_2048();
    let other_client = json!({ "iss": "other", "sub": "tpp", "aud": ISSUER, "jti": "1",
        "exp": NOW + 60 });
    let swapped = json!({ "iss": "tpp", "sub": "other", "aud": ISSUER, "jti": "1",
        "exp": NOW + 60 });
    let duplicate = payload().replacen('{', &format!(r#"{{"exp":{},"#, NOW + 60), 1);
    let escaped = payload().replacen('{', r#"{"s\u0075b":"other","#, 1);
    let jwe = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.AA.AA.AA";
    let good = with(|_| {});
    let rows: Vec<(&str, String)> = vec![
        ("RS256", foreign("RS256", "rsa", rsa)),
        ("alg none", unsigned()),
        ("HS256 with the public key as secret", hmac_with_public_key()),
        ("PS256 said, ES256 signed", signed(r#"{"alg":"PS256","kid":"ec"}"#, &payload())),
        ("ES384 said", signed(r#"{"alg":"ES384","kid":"ec"}"#, &payload())),
        ("alg in lower case", signed(r#"{"alg":"es256","kid":"ec"}"#, &payload())),
        ("no alg", signed(r#"{"kid":"ec"}"#, &payload())),
        ("no kid", signed(r#"{"alg":"ES256"}"#, &payload())),
        ("unknown kid", signed(r#"{"alg":"ES256","kid":"x"}"#, &payload())),
        ("kid of another key of the client", signed(r#"{"alg":"ES256","kid":"rsa"}"#, &payload())),
        ("key of another client", signed_by(&OTHER, GOOD_HEADER, &payload())),
        ("own key, another sub", signed(GOOD_HEADER, &swapped.to_string())),
        ("own key, another iss", signed(GOOD_HEADER, &other_client.to_string())),
        ("sub in other case", set("sub", json!("TPP"))),
        ("no iss", without("iss")),
        ("no sub", without("sub")),
        ("no aud", without("aud")),
        ("aud of two", set("aud", json!([ISSUER, "https://evil.example"]))),
        ("aud is the token endpoint", set("aud", json!(TOKEN_ENDPOINT))),
        ("aud with a slash", set("aud", json!(format!("{ISSUER}/")))),
        ("aud is an object", set("aud", json!({ "0": ISSUER }))),
        ("exp in milliseconds", set("exp", json!((NOW + 60) * 1000))),
        ("exp in a year", set("exp", json!(NOW + 31_536_000))),
        ("exp in the past", set("exp", json!(NOW - 1))),
        ("exp as text", set("exp", json!((NOW + 60).to_string()))),
        ("exp negative", set("exp", json!(-1))),
        ("no exp", without("exp")),
        ("no jti", without("jti")),
        ("empty jti", set("jti", json!(""))),
        ("jti is a number", set("jti", json!(1))),
        ("jti of 257 bytes", set("jti", json!("j".repeat(257)))),
        ("iat ahead", set("iat", json!(NOW + 61))),
        ("nbf ahead", set("nbf", json!(NOW + 61))),
        ("nbf null", set("nbf", Value::Null)),
        ("a claim twice", signed(GOOD_HEADER, &duplicate)),
        ("a claim twice, once escaped", signed(GOOD_HEADER, &escaped)),
        ("a header member twice", signed(r#"{"alg":"ES256","kid":"ec","kid":"x"}"#, &payload())),
        ("alg twice", signed(r#"{"alg":"ES256","kid":"ec","alg":"none"}"#, &payload())),
        ("typ at+jwt", header(r#""typ":"at+jwt""#)),
        ("typ dpop+jwt", header(r#""typ":"dpop+jwt""#)),
        ("typ oauth-authz-req+jwt", header(r#""typ":"oauth-authz-req+jwt""#)),
        ("typ is a number", header(r#""typ":1"#)),
        ("crit", header(r#""crit":["x"],"x":1"#)),
        ("crit of b64", header(r#""crit":["b64"],"b64":true"#)),
        ("unencoded", header(r#""crit":["b64"],"b64":false"#)),
        ("jku", header(r#""jku":"https://evil.example/jwks""#)),
        ("x5u", header(r#""x5u":"https://evil.example/cert""#)),
        ("jwk", header(r#""jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#)),
        ("padded", format!("{good}==")),
        ("stray bits in the signature", stray_bits()),
        ("a blank", format!("{good} ")),
        ("signature of another assertion", moved_signature()),
        ("no signature", format!("{}.", good.rsplit_once('.').unwrap().0)),
        ("four parts", format!("{good}.AA")),
        ("a JWE", jwe.to_owned()),
        ("a JWE inside", signed(r#"{"alg":"ES256","kid":"ec","cty":"JWT"}"#, jwe)),
        ("a JWT inside", signed(GOOD_HEADER, &good)),
        ("claims in an array", signed(GOOD_HEADER, &format!("[{}]", payload()))),
        ("JSON serialisation", r#"{"payload":"e30","signatures":[]}"#.to_owned()),
        ("over 16 KiB", set("x", json!("x".repeat(16 * 1024)))),
        ("empty parts", "..".to_owned()),
    ];
    for named in [false, true] {
        for (attack, assertion) in &rows {
            let mut pairs = vec![("client_assertion", assertion.as_str())];
            pairs.push(("client_assertion_type", CLIENT_ASSERTION_TYPE));
            if named {
                pairs.push(("client_id", "tpp"));
            }
            assert_eq!(verdict(&rule(), &form(&pairs)), FAILED, "{attack}, named: {named}");
        }
    }
    assert_eq!(asserted(&rule(), &good), Ok(()), "but for the attack it is in order");
}

#[test]
fn hostile_forms_are_refused() {
    let good = with(|_| {});
    let of_type = |typ: &str| format!("client_assertion_type={typ}&client_assertion={good}");
    let typ = CLIENT_ASSERTION_TYPE.replace(':', "%3A");
    let failed = Some(Reason::ClientAuthenticationFailed);
    let invalid = Some(Reason::ParameterInvalid);
    for (form, expected) in [
        (of_type(&typ), None),
        (format!("{}&client_assertion={good}", of_type(&typ)), invalid),
        (format!("{}&client_assertion_type={typ}", of_type(&typ)), invalid),
        (format!("{}&client%5Fassertion=x", of_type(&typ)), invalid),
        (format!("{}&client_secret=s", of_type(&typ)), invalid),
        (format!("{}&client_id=other", of_type(&typ)), failed),
        (format!("{}&client_id=TPP", of_type(&typ)), failed),
        (of_type("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), failed),
        (of_type(&typ.to_uppercase()), failed),
        (of_type(""), failed),
        (format!("client_assertion_type={typ}"), failed),
        (format!("client_assertion={good}"), failed),
        ("client_id=tpp".to_owned(), failed),
        (String::new(), failed),
    ] {
        let mut request = http::Request::post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let body = BodyBytes::new(form.clone().into());
        let read = judged(ReadForm::posted().check(&body, &mut request, &at(NOW)));
        let reason = match read {
            Ok(read) => verdict(&rule(), &read).err(),
            Err(why) => Some(why.reason()),
        };
        assert_eq!(reason, expected, "{form}");
    }
}
