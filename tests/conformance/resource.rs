//! Calls to the accounts.

use ::http::{HeaderName, header};
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use serde_json::{Value, json};

use super::call::{changed, proof};
use super::expect::want;
use super::flow::Tokens;
use super::http::{Http, Reply};
use super::world::World;
use super::{Anything, Verdict, jwt};

/// A call, as a client makes it that does everything right.
pub struct Read<'a> {
    pub world: &'a World,
    pub http: &'a Http,
    pub key: &'a PKey<Private>,
    pub scheme: String,
    pub token: String,
    pub headers: Vec<(HeaderName, String)>,
    /// Changes to the claims of the proof.
    pub claims: Value,
}

impl<'a> Tokens<'a> {
    pub fn read_accounts(&self) -> Read<'a> {
        let (world, client) = (self.request.world, self.request.client);
        let mut headers = Vec::new();
        if !client.second {
            let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(world.now());
            for (name, value) in [
                ("x-fapi-auth-date", httpdate::fmt_http_date(now)),
                ("x-fapi-customer-ip-address", "198.51.100.119".to_owned()),
                ("x-fapi-interaction-id", uuid::Uuid::new_v4().to_string()),
                ("accept", "application/json".to_owned()),
            ] {
                headers.push((HeaderName::from_static(name), value));
            }
        }
        Read {
            world,
            http: &client.http,
            key: &client.dpop,
            scheme: self.body["token_type"].as_str().unwrap_or_default().to_owned(),
            token: self.access_token().to_owned(),
            headers,
            claims: json!({}),
        }
    }

    /// The accounts are there.
    pub fn good(&self) -> Verdict {
        self.read_accounts().good()
    }
}

impl<'a> Read<'a> {
    pub fn over(mut self, http: &'a Http) -> Self {
        self.http = http;
        self
    }

    pub fn proved_by(mut self, key: &'a PKey<Private>) -> Self {
        self.key = key;
        self
    }

    pub fn claims(mut self, claims: Value) -> Self {
        self.claims = claims;
        self
    }

    /// With another value of a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((HeaderName::from_static(name), value.to_owned()));
        self
    }

    /// The claims of the proof.
    pub fn proof(&self) -> Value {
        let mut claims = self.world.proof("GET", &self.world.accounts);
        claims["ath"] = json!(jwt::base64url(sha256(self.token.as_bytes())));
        changed(claims, &self.claims)
    }

    pub fn send(self) -> Anything<Reply> {
        let claims = self.proof();
        let proof = self.world.variant.dpop.then(|| proof(self.key, &claims));
        self.send_with(proof.as_slice())
    }

    /// With these proofs.
    pub fn send_with(mut self, proofs: &[String]) -> Anything<Reply> {
        self.headers.push((header::AUTHORIZATION, format!("{} {}", self.scheme, self.token)));
        let name = HeaderName::from_static("dpop");
        self.headers.extend(proofs.iter().map(|proof| (name.clone(), proof.clone())));
        self.world.wait(self.http.get(&self.world.accounts, &self.headers))
    }

    /// The accounts must be there.
    pub fn good(self) -> Verdict {
        let sent = self.headers.iter().find(|(name, _)| name == "x-fapi-interaction-id").cloned();
        let reply = self.send()?;
        want(reply.status == 200, format!("accounts: {} {}", reply.status, reply.text()))?;
        want(reply.header("date").is_some(), "no Date")?;
        let kind = reply.header("content-type").unwrap_or_default().to_ascii_lowercase();
        want(
            matches!(kind.as_str(), "application/json" | "application/json; charset=utf-8"),
            kind,
        )?;
        let id = reply.header("x-fapi-interaction-id");
        want(id.is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()), "no interaction id")?;
        want(sent.is_none_or(|(_, sent)| id == Some(&sent)), "another interaction id")
    }
}
