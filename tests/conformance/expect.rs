//! What the suite expects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::flow::Answer;
use super::http::Reply;
use super::request::{Asked, Request};
use super::{Anything, Verdict, jwt};

/// A condition, and what is wrong where it does not hold.
pub fn want(holds: bool, what: impl Into<String>) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(what.into().into()),
    }
}

/// An error of RFC 6749, 5.2, with one of these codes: 400, or 401 for `invalid_client` alone.
pub fn refused(reply: &Reply, codes: &[&str]) -> Verdict {
    let text = || format!("{} {}, where {codes:?} is due", reply.status, reply.text());
    let body = reply.json().map_err(|_| text())?;
    let error = body["error"].as_str().ok_or_else(text)?;
    want(codes.contains(&error), text())?;
    let status = reply.status.as_u16();
    want(status == 400 || (status == 401 && error == "invalid_client"), text())?;
    want(reply.header("content-type") == Some("application/json"), "another content type")?;
    let said = body["error_description"].as_str().unwrap_or_default();
    want(
        said.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
        "error_description has characters that it must not have",
    )
}

/// The same with status 400, whatever the code.
pub fn bad_request(reply: &Reply, codes: &[&str]) -> Verdict {
    want(reply.status == 400, format!("{} {}", reply.status, reply.text()))?;
    refused(reply, codes)
}

/// Any refusal of the client's: 4xx.
pub fn denied(reply: &Reply) -> Verdict {
    want(reply.status.is_client_error(), format!("{} {}", reply.status, reply.text()))
}

impl Request<'_> {
    /// Must be refused: 400 where it is pushed, or by a page, or by a redirect, with such codes.
    pub fn refused(&self, pushed: &[&str], browser: &[&str]) -> Verdict {
        match self.ask()? {
            Asked::Push(reply) => bad_request(&reply, pushed),
            Asked::Browser(reply) => self.refused_page(&reply, browser),
        }
    }

    /// Must be refused by a page: nobody may be sent to a redirect URI that is not proven.
    pub fn refused_without_redirect(&self, pushed: &[&str]) -> Verdict {
        match self.ask()? {
            Asked::Push(reply) => bad_request(&reply, pushed),
            Asked::Browser(reply) => {
                denied(&reply)?;
                want(reply.header("location").is_none(), "sent somewhere")
            }
        }
    }

    /// May pass, and then the whole flow must be right; or be refused with such codes.
    pub fn good_or_refused(self, pushed: &[&str], browser: &[&str]) -> Verdict {
        match self.ask()? {
            Asked::Browser(page) if page.status == 200 => self.approved(&page)?.tokens()?.good(),
            Asked::Browser(page) => self.refused_page(&page, browser),
            Asked::Push(reply) => bad_request(&reply, pushed),
        }
    }

    /// The same as refused, where a redirect may have the error in the query or the fragment.
    pub fn refused_anywhere(&self, codes: &[&str]) -> Verdict {
        let reply = match self.ask()? {
            Asked::Push(reply) => return bad_request(&reply, codes),
            Asked::Browser(reply) => reply,
        };
        if !reply.status.is_redirection() {
            return denied(&reply);
        }
        let answer = Answer::read(&reply)?;
        let all: BTreeMap<_, _> = answer.query.iter().chain(&answer.fragment).collect();
        self.refused_answer(&serde_json::to_value(all)?, codes)
    }

    /// The browser must see a page that is no consent, or be sent back with such a code.
    pub fn refused_page(&self, reply: &Reply, codes: &[&str]) -> Verdict {
        if !reply.status.is_redirection() {
            return denied(reply);
        }
        let parameters = self.answered(&Answer::read(reply)?)?;
        self.refused_answer(&parameters, codes)
    }

    pub fn refused_answer(&self, parameters: &Value, codes: &[&str]) -> Verdict {
        let error = parameters["error"].as_str().unwrap_or_default();
        want(codes.contains(&error), format!("{parameters}, where {codes:?} is due"))?;
        want(parameters["code"].is_null(), "a code beside an error")?;
        let lost = matches!(error, "invalid_request_object" | "invalid_request_uri");
        let state = parameters["state"].as_str();
        want((lost && state.is_none()) || state == self.text("state"), "another state")
    }
}

/// An ID token as OpenID Connect and FAPI 1.0 want it: with a code it is one of the front channel.
pub fn id_token(request: &Request<'_>, token: &Value, code: Option<&str>) -> Verdict {
    let (world, client) = (request.world, request.client);
    let claims = jwt::read(token.as_str().ok_or("no id_token")?, &world.key_set)?;
    let number = |name: &str| claims[name].as_u64().ok_or(format!("no {name}"));
    want(claims["iss"] == *world.issuer, "id_token: another iss")?;
    want(claims["aud"] == *client.id, "id_token: another aud")?;
    want(claims["sub"].as_str().is_some_and(|subject| !subject.is_empty()), "id_token: no sub")?;
    want(number("exp")? > world.now(), "id_token: expired")?;
    want(world.now().abs_diff(number("iat")?) < 300, "id_token: iat is far away")?;
    want(claims["nonce"].as_str() == request.text("nonce"), "id_token: another nonce")?;
    let hash = |text: Option<&str>| text.map(jwt::half_hash);
    if let Some(code) = code {
        want(claims["s_hash"].as_str() == hash(request.text("state")).as_deref(), "s_hash")?;
        want(claims["c_hash"].as_str() == hash(Some(code)).as_deref(), "c_hash")?;
    }
    let asked = &request.inside.get("claims").map_or(&Value::Null, |asked| &asked["id_token"]);
    want(claims["openbanking_intent_id"] == asked["openbanking_intent_id"]["value"], "intent")?;
    let acr = &asked["acr"];
    let good = [&acr["value"]].into_iter().chain(acr["values"].as_array().into_iter().flatten());
    want(acr.is_null() || good.into_iter().any(|good| *good == claims["acr"]), "another acr")
}

/// What pushed requests are answered with.
pub fn pushed(reply: &Reply) -> Anything<String> {
    want(reply.status == 201, format!("{} {}", reply.status, reply.text()))?;
    let body = reply.json()?;
    want(body["expires_in"].as_u64().is_some_and(|seconds| seconds >= 5), "no expires_in")?;
    let request_uri = body["request_uri"].as_str().ok_or("no request_uri")?;
    want(request_uri.len() >= 22, "a short request_uri")?;
    Ok(request_uri.to_owned())
}
