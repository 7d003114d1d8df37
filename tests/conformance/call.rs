//! A call of a client to the token endpoint, or to that of pushed requests.

use std::collections::BTreeMap;

use ::http::HeaderName;
use openssl::pkey::{PKey, Private};
use serde_json::{Value, json};

use super::http::{Http, Reply};
use super::world::{Client, World};
use super::{Anything, jwt};

/// A form, as a client makes it that does everything right; a module changes one thing.
#[derive(Clone)]
pub struct Call<'a> {
    world: &'a World,
    client: &'a Client,
    url: String,
    method: &'a str,
    form: BTreeMap<String, String>,
    header: Value,
    assertion: Option<Value>,
    http: &'a Http,
    proof: Option<&'a PKey<Private>>,
    proof_claims: Value,
}

impl<'a> Call<'a> {
    pub fn new(world: &'a World, client: &'a Client, endpoint: &str) -> Self {
        let (url, now) = (world.endpoint(endpoint), world.now());
        let fapi1_token = !world.variant.fapi2() && endpoint == "token";
        let audience = if fapi1_token { &url } else { &world.issuer };
        let assertion = json!({ "iss": client.id, "sub": client.id, "aud": audience,
            "jti": jwt::random(20), "iat": now, "nbf": now, "exp": now + 60 });
        let pushed = endpoint != "token";
        Self {
            world,
            client,
            url,
            method: "POST",
            form: BTreeMap::new(),
            header: json!({ "alg": "PS256", "kid": client.kid }),
            assertion: world.variant.jwt().then_some(assertion),
            // With assertions, requests are pushed without a certificate.
            http: if pushed && world.variant.jwt() { &world.bare } else { &client.http },
            proof: (world.variant.dpop && !pushed).then_some(&client.dpop),
            proof_claims: json!({}),
        }
        .identified(world.variant.fapi2() || !world.variant.jwt())
    }

    fn identified(self, due: bool) -> Self {
        let id = self.client.id.clone();
        if due { self.with("client_id", &id) } else { self }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.form.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.form.remove(name);
        self
    }

    pub fn method(mut self, method: &'a str) -> Self {
        self.method = method;
        self
    }

    /// Changes claims of the assertion; null removes one.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        if let Some(claims) = self.assertion.as_mut().and_then(Value::as_object_mut) {
            match value {
                Value::Null => claims.remove(name),
                value => claims.insert(name.to_owned(), value),
            };
        }
        self
    }

    pub fn signed_with(mut self, algorithm: &str) -> Self {
        self.header["alg"] = json!(algorithm);
        self
    }

    pub fn without_assertion(mut self) -> Self {
        self.assertion = None;
        let id = self.client.id.clone();
        self.with("client_id", &id)
    }

    pub fn over(mut self, http: &'a Http) -> Self {
        self.http = http;
        self
    }

    /// With the proof of this key, or of none.
    pub fn proved_by(mut self, key: Option<&'a PKey<Private>>) -> Self {
        self.proof = key;
        self
    }

    /// With these claims in the proof.
    pub fn proof_claims(mut self, claims: Value) -> Self {
        self.proof_claims = claims;
        self
    }

    pub fn send(mut self) -> Anything<Reply> {
        if let Some(assertion) = &self.assertion {
            let assertion = jwt::made(&self.client.key, &self.header, assertion);
            self.form.insert("client_assertion".to_owned(), assertion);
            self.form.insert("client_assertion_type".to_owned(), ASSERTION_TYPE.to_owned());
        }
        let mut headers =
            vec![(::http::header::CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned())];
        if let Some(key) = self.proof {
            let claims = changed(self.world.proof(self.method, &self.url), &self.proof_claims);
            headers.push((HeaderName::from_static("dpop"), proof(key, &claims)));
        }
        let form = encoded(&self.form);
        self.world.wait(self.http.send(self.method, &self.url, &headers, form.into()))
    }
}

impl World {
    /// The claims of a proof without a token.
    pub fn proof(&self, method: &str, url: &str) -> Value {
        json!({ "jti": jwt::random(20), "htm": method, "htu": url, "iat": self.now() })
    }
}

/// A proof of this key.
pub fn proof(key: &PKey<Private>, claims: &Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwt::public_jwk(key) });
    jwt::made(key, &header, claims)
}

/// These claims with those over them; null removes one.
pub fn changed(mut claims: Value, changes: &Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// A form or a query.
pub fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
