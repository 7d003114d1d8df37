//! `PermitAuthorization`: what is asked for is what the profile and the client's registration allow.

use std::sync::Arc;

use http::request::Parts;

use super::claims::RequestClaims;
use super::profile::{PkceDue, RequestProfile};
use super::proven::{Origin, ProvenRequest};
use super::request::{AuthorizationRequest, Prompt};
use super::requested::{RequestedClaim, RequestedMembers};
use super::response_type::{ResponseMode, ResponseType};
use crate::client_auth::CodeChallenge;
use crate::context::{Context, relaxed};
use crate::gate::{Refs, Rule, Verdict, rule_layers};
use crate::jose::Thumbprint;
use crate::reject::{Reason, Rejection};

/// Judges what a proven request asks for.
///
/// # Passes when
///
/// - `response_type` is one of the profile's, with one of its response modes; beside an object that
///   came by value stand `response_type`, the same, and `scope`, as OAuth wants them;
/// - every scope is the client's, and `openid` is among them where an ID token is asked for;
/// - where the profile says so, `nonce` is there with `openid`, and `state` without it;
/// - `code_challenge` is there where the profile demands it, and is one of S256 wherever it stands;
/// - `prompt` has known values, and `none` alone; `dpop_jkt` is a thumbprint; `id_token_hint` is
///   absent where the profile refuses it;
/// - `openbanking_intent_id` is a value, the same in `id_token` and `userinfo` where both have it, and
///   is there where the profile demands it.
///
/// # Needs and leaves
///
/// Needs [`ProvenRequest`]; leaves [`AuthorizationRequest`].
///
/// # Does not check
///
/// The consent behind the intent ([`MatchIntent`](super::MatchIntent)), the user's session, and
/// whether the server can do what `acr`, `max_age` and `prompt` want: the application reads them.
///
/// # Rejections
///
/// All of them may redirect. [`Reason::ResponseTypeUnsupported`], [`Reason::ScopeInvalid`],
/// [`Reason::ParameterMissing`], [`Reason::ParameterInvalid`].
///
/// # Specification
///
/// FAPI 1.0 Baseline, 5.2.2; FAPI 1.0 Advanced, 5.2.2; FAPI 2.0 Security Profile, 5.3.2.2; RFC 7636,
/// 4; OpenID Connect Core, 3.1.2.1 and 5.5; OBIE security profile.
#[derive(Clone, Debug)]
pub struct PermitAuthorization {
    profile: RequestProfile,
    also: Vec<ResponseType>,
}

impl PermitAuthorization {
    /// Permits what the profile has.
    pub fn of(profile: RequestProfile) -> Self {
        Self { profile, also: Vec::new() }
    }

    /// Also permits `code` with a plain answer in the query, as WSO2 Open Banking did: nothing then
    /// tells the client that the code is not an attacker's, unless it checks `iss` and uses PKCE.
    #[must_use]
    pub fn allow_plain_code(self) -> Self {
        relaxed(Self::NAME, "allow_plain_code");
        self.and(ResponseType::Code)
    }

    /// Also permits `code id_token token`, as WSO2 Open Banking did: an access token that is bound to
    /// nothing passes through the browser.
    #[must_use]
    pub fn danger_token_in_front_channel(self) -> Self {
        relaxed(Self::NAME, "danger_token_in_front_channel");
        self.and(ResponseType::CodeIdTokenToken)
    }

    fn and(mut self, response_type: ResponseType) -> Self {
        self.also.push(response_type);
        self
    }
}

impl Rule for PermitAuthorization {
    const NAME: &'static str = "PermitAuthorization";
    type Needs = ProvenRequest;
    type Leaves = AuthorizationRequest;

    fn check(
        &self,
        proven: Refs<'_, ProvenRequest>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<AuthorizationRequest> {
        self.permit(proven).into()
    }
}

impl PermitAuthorization {
    fn permit(&self, proven: &ProvenRequest) -> Result<AuthorizationRequest, Rejection> {
        let claims = &proven.claims;
        let response_type = self.response_type(proven)?;
        scopes(proven, response_type)?;
        if self.profile.wants_nonce_or_state {
            let openid = claims.scopes().any(|scope| scope == "openid");
            match (openid, &claims.nonce, &claims.state) {
                (true, None, _) => return Err(missing("nonce")),
                (false, _, None) => return Err(missing("state")),
                _ => {}
            }
        }
        if claims.id_token_hint.is_some() && !self.profile.takes_id_token_hint {
            return Err(invalid("id_token_hint"));
        }
        let (signed, unspent) = match &proven.origin {
            Origin::ByValue(_) => (true, None),
            Origin::Pushed { signed, unspent } => (*signed, unspent.clone()),
        };
        let dpop_jkt = claims.dpop_jkt.as_deref().map(Thumbprint::from_base64url);
        Ok(AuthorizationRequest {
            client: proven.client.clone(),
            claims: Arc::new((*proven.claims).clone()),
            redirect_uri: proven.redirect_uri.clone(),
            delivery: proven.delivery(),
            signed,
            unspent,
            response_type,
            code_challenge: self.code_challenge(proven)?,
            prompt: prompt(claims)?,
            dpop_jkt: dpop_jkt.map(|read| read.ok_or_else(|| invalid("dpop_jkt"))).transpose()?,
            intent_id: self.intent_id(claims)?,
        })
    }

    fn response_type(&self, proven: &ProvenRequest) -> Result<ResponseType, Rejection> {
        let claims = &proven.claims;
        let name = claims.response_type.as_deref().ok_or_else(|| missing("response_type"))?;
        let unsupported = || Rejection::new(Reason::ResponseTypeUnsupported);
        let response_type = ResponseType::named(name).ok_or_else(unsupported)?;
        let mode = match claims.response_mode.as_deref() {
            None => None,
            Some(name) => Some(ResponseMode::named(name).ok_or_else(|| invalid("response_mode"))?),
        };
        let mut known = self.profile.answers.iter().filter(|(kind, _)| *kind == response_type);
        let also = self.also.contains(&response_type);
        match known.next() {
            Some((_, modes)) if modes.contains(&mode) => {}
            // The relaxations are of the plain modes, which go without saying.
            _ if also && mode.is_none_or(|mode| mode == plain(response_type)) => {}
            None if !also => return Err(unsupported()),
            _ => return Err(invalid("response_mode")),
        }
        if let Origin::ByValue(outside) = &proven.origin {
            // FAPI 1.0 Advanced, 5.2.3 has clients repeat it; RFC 9101, 5 does not, and who leaves it
            // out cannot mean another.
            let beside = outside.response_type.as_deref();
            if beside.is_some_and(|name| ResponseType::named(name) != Some(response_type)) {
                return Err(invalid("response_type").detail("another one beside the object"));
            }
        }
        Ok(response_type)
    }

    fn code_challenge(&self, proven: &ProvenRequest) -> Result<Option<CodeChallenge>, Rejection> {
        let claims = &proven.claims;
        let due = self.profile.pkce == PkceDue::Always || proven.was_pushed();
        match (claims.code_challenge.as_deref(), claims.code_challenge_method.as_deref()) {
            (None, None) if !due => Ok(None),
            (None, _) => Err(missing("code_challenge")),
            // Without a method it is `plain` (RFC 7636, 4.3), which shows the verifier.
            (Some(text), Some("S256")) => {
                CodeChallenge::parse(text).map(Some).ok_or_else(|| invalid("code_challenge"))
            }
            (Some(_), _) => Err(invalid("code_challenge_method")),
        }
    }

    fn intent_id(&self, claims: &RequestClaims) -> Result<Option<String>, Rejection> {
        let refused = |why| invalid("openbanking_intent_id").detail(why);
        let requested = claims.claims.as_ref();
        let of = |members: Option<&RequestedMembers>| {
            members.and_then(|members| members.openbanking_intent_id.clone())
        };
        let id_token = of(requested.and_then(|requested| requested.id_token.as_ref()));
        let userinfo = of(requested.and_then(|requested| requested.userinfo.as_ref()));
        let value = |claim: RequestedClaim| {
            let value = claim.value.filter(|value| !value.is_empty() && claim.values.is_empty());
            value.ok_or_else(|| refused("no one value"))
        };
        match (id_token.map(value).transpose()?, userinfo.map(value).transpose()?) {
            (Some(one), Some(other)) if one != other => {
                Err(refused("id_token and userinfo differ"))
            }
            (None, _) if self.profile.wants_intent => Err(missing("openbanking_intent_id")),
            (one, other) => Ok(one.or(other)),
        }
    }
}

fn plain(response_type: ResponseType) -> ResponseMode {
    match response_type {
        ResponseType::Code => ResponseMode::Query,
        ResponseType::CodeIdToken | ResponseType::CodeIdTokenToken => ResponseMode::Fragment,
    }
}

fn scopes(proven: &ProvenRequest, response_type: ResponseType) -> Result<(), Rejection> {
    let invalid = |why| Rejection::new(Reason::ScopeInvalid).detail(why);
    let claims = &proven.claims;
    let registration = proven.client.registration().ok_or_else(|| invalid("no registration"))?;
    if claims.scopes().next().is_none() {
        return Err(missing("scope"));
    }
    if !claims.scopes().all(|scope| registration.may_ask_for(scope)) {
        return Err(invalid("a scope that the client did not register"));
    }
    let openid = claims.scopes().any(|scope| scope == "openid");
    match response_type {
        ResponseType::CodeIdToken | ResponseType::CodeIdTokenToken if !openid => {
            Err(invalid("an ID token without openid"))
        }
        _ => Ok(()),
    }
}

fn prompt(claims: &RequestClaims) -> Result<Vec<Prompt>, Rejection> {
    let names = claims.prompt.iter().flat_map(|text| text.split(' ')).filter(|it| !it.is_empty());
    let prompt: Option<Vec<_>> = names.map(Prompt::named).collect();
    let prompt = prompt.ok_or_else(|| invalid("prompt"))?;
    match prompt.len() > 1 && prompt.contains(&Prompt::None) {
        true => Err(invalid("prompt").detail("none with others")),
        false => Ok(prompt),
    }
}

fn missing(name: &'static str) -> Rejection {
    Rejection::new(Reason::ParameterMissing).place(name)
}

fn invalid(name: &'static str) -> Rejection {
    Rejection::new(Reason::ParameterInvalid).place(name)
}

rule_layers!(PermitAuthorization);
