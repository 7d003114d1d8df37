//! An authorisation request: pushed or by value, and what becomes of it.

use std::collections::BTreeMap;

use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use serde_json::{Map, Value, json};

use super::call::{Call, encoded};
use super::http::Reply;
use super::world::{Client, World};
use super::{Anything, jwt};

/// A request, as a client makes it that does everything right; a module changes one thing.
#[derive(Clone)]
pub struct Request<'a> {
    pub world: &'a World,
    pub client: &'a Client,
    /// What is inside: of the object, or of the pushed form.
    pub inside: Map<String, Value>,
    /// What the URL says besides; of what is inside it repeats some.
    pub beside: BTreeMap<String, String>,
    pub verifier: String,
    header: Value,
    key: &'a PKey<Private>,
    spoiled: bool,
    repeated: &'static [&'static str],
    proof: Option<(&'a PKey<Private>, Value)>,
}

/// What became of a request.
pub enum Asked {
    /// The endpoint of pushed requests answered.
    Push(Reply),
    /// The browser saw a page, or is sent on.
    Browser(Reply),
}

impl<'a> Request<'a> {
    pub fn new(world: &'a World, client: &'a Client) -> Self {
        let (variant, now, second) = (&world.variant, world.now(), client.second);
        let mut header = json!({ "alg": "PS256", "kid": client.kid });
        let mut inside = Map::new();
        let mut set = |name: &str, value: Value| inside.insert(name.to_owned(), value);
        if !variant.fapi2() {
            set("iss", json!(client.id));
            set("aud", json!(world.issuer));
            set("nbf", json!(now));
            set("exp", json!(now + 300));
            set("client_id", json!(client.id));
            if second {
                set("iat", json!(now));
                header["typ"] = json!("oauth-authz-req+jwt");
            }
        }
        let (types, mode) = match (variant.fapi2(), variant.jarm) {
            (true, _) => ("code", None),
            (false, true) => ("code", Some("jwt")),
            (false, false) => ("code id_token", None),
        };
        set("scope", json!(if variant.openid { "openid accounts" } else { "accounts" }));
        set("redirect_uri", json!(client.redirect_uri));
        set("state", json!(jwt::random(if second { 128 } else { 10 })));
        if variant.openid {
            set("nonce", json!(jwt::random(if second { 43 } else { 10 })));
        }
        set("response_type", json!(types));
        if let Some(mode) = mode {
            set("response_mode", json!(mode));
        }
        let request = Self {
            world,
            client,
            inside,
            beside: BTreeMap::new(),
            verifier: jwt::random(43),
            header,
            key: &client.key,
            spoiled: false,
            repeated: &["redirect_uri", "response_type", "scope"],
            proof: None,
        };
        if variant.pushed { request.challenged() } else { request }
    }

    /// With the challenge of its verifier.
    pub fn challenged(self) -> Self {
        let challenge = jwt::base64url(sha256(self.verifier.as_bytes()));
        self.with("code_challenge", json!(challenge)).with("code_challenge_method", json!("S256"))
    }

    /// Changes what is inside; null removes it.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        match value {
            Value::Null => self.inside.remove(name),
            value => self.inside.insert(name.to_owned(), value),
        };
        self
    }

    pub fn without(self, name: &str) -> Self {
        self.with(name, Value::Null)
    }

    /// Adds a parameter to the URL.
    pub fn beside(mut self, name: &str, value: &str) -> Self {
        self.beside.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The URL repeats no more than is due.
    pub fn alone(mut self) -> Self {
        self.repeated = &[];
        self
    }

    /// From inside to the URL.
    pub fn moved_beside(mut self, name: &str) -> Self {
        let value = self.inside.remove(name).unwrap();
        self.beside(name, value.as_str().unwrap())
    }

    pub fn signed_with(mut self, algorithm: &str) -> Self {
        self.header["alg"] = json!(algorithm);
        self
    }

    pub fn signed_by(mut self, other: &'a Client) -> Self {
        (self.header["kid"], self.key) = (json!(other.kid), &other.key);
        self
    }

    /// With a signature whose last bytes are flipped.
    pub fn spoiled(mut self) -> Self {
        self.spoiled = true;
        self
    }

    /// Pushed with the proof of a key, with these claims over its own.
    pub fn proved_by(mut self, key: &'a PKey<Private>, claims: Value) -> Self {
        self.proof = Some((key, claims));
        self
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.inside.get(name)?.as_str()
    }

    /// The call that pushes it.
    pub fn push(&self) -> Call<'a> {
        let mut call = Call::new(self.world, self.client, "pushed_authorization_request");
        if let Some((key, claims)) = &self.proof {
            call = call.proved_by(Some(key)).proof_claims(claims.clone());
        }
        match self.world.variant.fapi2() {
            false => call.with("request", &self.object()),
            true => self
                .inside
                .iter()
                .fold(call, |call, (name, value)| call.with(name, value.as_str().unwrap())),
        }
    }

    /// The whole way to the page.
    pub fn ask(&self) -> Anything<Asked> {
        if !self.world.variant.pushed {
            return Ok(Asked::Browser(self.browse("request", &self.object())?));
        }
        let pushed = self.push().send()?;
        match pushed.status.as_u16() {
            201 => {
                let answer = pushed.json()?;
                let request_uri = answer["request_uri"].as_str().ok_or("no request_uri")?;
                Ok(Asked::Browser(self.browse("request_uri", request_uri)?))
            }
            _ => Ok(Asked::Push(pushed)),
        }
    }

    /// The browser's request, with the object or the name of what was pushed.
    pub fn browse(&self, name: &str, value: &str) -> Anything<Reply> {
        let mut query = BTreeMap::from([
            ("client_id".to_owned(), self.client.id.clone()),
            (name.to_owned(), value.to_owned()),
        ]);
        for name in self.repeated {
            if let Some(value) = self.text(name) {
                query.insert((*name).to_owned(), value.to_owned());
            }
        }
        query.extend(self.beside.clone());
        self.visit(&query)
    }

    /// The browser's request with these parameters.
    pub fn visit(&self, query: &BTreeMap<String, String>) -> Anything<Reply> {
        let url = format!("{}?{}", self.world.endpoint("authorization"), encoded(query));
        self.world.wait(self.world.bare.get(&url, &[]))
    }

    pub fn object(&self) -> String {
        let object = jwt::made(self.key, &self.header, &Value::Object(self.inside.clone()));
        match self.spoiled {
            false => object,
            true => jwt::spoiled(&object),
        }
    }
}
