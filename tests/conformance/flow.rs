//! From the page to the token.

use std::collections::BTreeMap;

use ::http::{HeaderName, header};
use serde_json::Value;

use super::call::{Call, encoded};
use super::expect::{id_token, want};
use super::http::Reply;
use super::request::{Asked, Request};
use super::{Anything, jwt};

/// Where the browser is sent.
#[derive(Debug)]
pub struct Answer {
    pub base: String,
    pub query: BTreeMap<String, String>,
    pub fragment: BTreeMap<String, String>,
}

/// A code, and the request that it is for.
pub struct Coded<'a> {
    pub request: Request<'a>,
    pub code: String,
}

/// Tokens.
pub struct Tokens<'a> {
    pub request: Request<'a>,
    pub body: Value,
}

impl<'a> Request<'a> {
    /// Asks, and the customer approves: everything must be as it is to be.
    pub fn code(self) -> Anything<Coded<'a>> {
        let page = match self.ask()? {
            Asked::Push(reply) => return Err(format!("not pushed: {}", reply.text()).into()),
            Asked::Browser(page) => page,
        };
        self.approved(&page)
    }

    /// The customer approves on a page.
    pub fn approved(self, page: &Reply) -> Anything<Coded<'a>> {
        let answer = self.decide(page, "approve")?;
        let parameters = self.answered(&answer)?;
        let code = parameters["code"].as_str().ok_or(format!("no code: {parameters}"))?.to_owned();
        want(code.len() >= 22, "a code of less than 128 bits")?;
        want(parameters["state"].as_str() == self.text("state"), "another state")?;
        if !self.world.variant.fapi2() && !self.world.variant.jarm {
            id_token(&self, &parameters["id_token"], Some(&code))?;
        }
        Ok(Coded { request: self, code })
    }

    /// The whole way to tokens.
    pub fn tokens(self) -> Anything<Tokens<'a>> {
        self.code()?.tokens()
    }

    /// Presses a button of the page.
    pub fn decide(&self, page: &Reply, decision: &str) -> Anything<Answer> {
        let html = page.text();
        let hidden = html.split_once("name=\"transaction\" value=\"");
        let (_, rest) = hidden.ok_or(format!("no page: {} {}", page.status, html))?;
        let transaction = rest.split('"').next().unwrap_or_default();
        let cookie = page.header("set-cookie").ok_or("no cookie")?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let form = BTreeMap::from([
            ("transaction".to_owned(), transaction.to_owned()),
            ("decision".to_owned(), decision.to_owned()),
        ]);
        let url = format!("{}/decision", self.world.issuer);
        let cookie: [(HeaderName, String); 1] = [(header::COOKIE, cookie)];
        let reply = self.world.bare.post(&url, encoded(&form), &cookie);
        Answer::read(&self.world.wait(reply)?)
    }

    /// The parameters of an answer, from where the response mode has them and nowhere else.
    pub fn answered(&self, answer: &Answer) -> Anything<Value> {
        let mut query = answer.query.clone();
        if self.client.second {
            want(query.remove("dummy1").as_deref() == Some("lorem"), "dummy1 is lost")?;
            want(query.remove("dummy2").as_deref() == Some("ipsum"), "dummy2 is lost")?;
        }
        let base = self.client.redirect_uri.split('?').next();
        want(base == Some(answer.base.as_str()), format!("sent to {}", answer.base))?;
        let (taken, other) = match (self.world.variant.fapi2(), self.world.variant.jarm) {
            (false, false) => (&answer.fragment, &query),
            _ => (&query, &answer.fragment),
        };
        want(other.is_empty(), format!("parameters in the wrong place: {other:?}"))?;
        if self.world.variant.jarm {
            want(taken.len() == 1, "more than the response")?;
            let response = taken.get("response").ok_or("no response")?;
            let claims = jwt::read(response, &self.world.key_set)?;
            let end = claims["exp"].as_u64().unwrap_or(0);
            want(claims["aud"] == *self.client.id, "the response is for another")?;
            want(end > self.world.now() + 10 && end <= self.world.now() + 600, "its exp is wrong")?;
            want(claims["iss"] == *self.world.issuer, "the response is of another")?;
            return Ok(claims);
        }
        if self.world.variant.fapi2() {
            want(taken.get("iss") == Some(&self.world.issuer), "no iss")?;
        }
        Ok(serde_json::to_value(taken)?)
    }
}

impl<'a> Coded<'a> {
    /// The call that takes the code to the token endpoint.
    pub fn call(&self) -> Call<'a> {
        let Request { world, client, .. } = self.request;
        let call = Call::new(world, client, "token")
            .with("grant_type", "authorization_code")
            .with("code", &self.code)
            .with("redirect_uri", &client.redirect_uri);
        match self.request.inside.contains_key("code_challenge") {
            true => call.with("code_verifier", &self.request.verifier),
            false => call,
        }
    }

    pub fn tokens(self) -> Anything<Tokens<'a>> {
        let reply = self.call().send()?;
        Tokens::read(self, &reply)
    }
}

impl<'a> Tokens<'a> {
    /// What the token endpoint gave, which must be as it is to be.
    pub fn read(coded: Coded<'a>, reply: &Reply) -> Anything<Self> {
        want(reply.status == 200, format!("token: {} {}", reply.status, reply.text()))?;
        let (body, variant) = (reply.json()?, coded.request.world.variant);
        let token_type = if variant.dpop { "DPoP" } else { "Bearer" };
        want(body["token_type"] == token_type, "another token_type")?;
        want(body["access_token"].as_str().is_some_and(|token| token.len() >= 22), "no token")?;
        want(body["expires_in"].as_u64().is_some_and(|seconds| seconds > 0), "no expires_in")?;
        want(body["refresh_token"].as_str().is_some_and(|token| token.len() >= 22), "no refresh")?;
        want(reply.header("cache-control") == Some("no-store"), "it may be stored")?;
        match variant.openid {
            true => id_token(&coded.request, &body["id_token"], None)?,
            false => want(body["id_token"].is_null(), "an id_token without openid")?,
        }
        Ok(Self { request: coded.request, body })
    }

    pub fn access_token(&self) -> &str {
        self.body["access_token"].as_str().unwrap_or_default()
    }

    /// The call that refreshes them.
    pub fn refresh(&self) -> Call<'a> {
        let call = Call::new(self.request.world, self.request.client, "token")
            .with("grant_type", "refresh_token")
            .with("refresh_token", self.body["refresh_token"].as_str().unwrap_or_default());
        match self.request.client.second {
            true => call,
            false => call.with("scope", self.request.text("scope").unwrap_or_default()),
        }
    }
}

impl Answer {
    pub fn read(reply: &Reply) -> Anything<Self> {
        want(reply.status.is_redirection(), format!("{} {}", reply.status, reply.text()))?;
        let location = reply.header("location").ok_or("no location")?;
        let (rest, fragment) = location.split_once('#').unwrap_or((location, ""));
        let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Self { base: base.to_owned(), query: decoded(query), fragment: decoded(fragment) })
    }
}

fn decoded(text: &str) -> BTreeMap<String, String> {
    let plain = |part: &str| {
        let part = part.replace('+', " ");
        let mut bytes = Vec::new();
        let mut rest = part.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    let digits = std::str::from_utf8(&digits).unwrap();
                    bytes.push(u8::from_str_radix(digits, 16).unwrap());
                }
                byte => bytes.push(byte),
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}
