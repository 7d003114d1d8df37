//! The authorisation endpoint: a request, a page, a decision.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tower_open_banking::authorize::{
    AnswerError, Authenticated, AuthorizationRequest, PushedRequest,
};
use tower_open_banking::client_auth::{Granted, NewCode, Parameters};
use tower_open_banking::extract::Proof;
use tower_open_banking::gate::Passport;
use tower_open_banking::jose::Scope;
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::reject::{Reason, Rejection};
use uuid::Uuid;

use super::page::{self, CUSTOMER, Question};
use super::{Handler, Shared, body};

/// What the token endpoint wants to know of a code or a refresh token.
#[derive(Deserialize, Serialize)]
pub struct Authorisation {
    /// To find the tokens that were given for it.
    pub id: String,
    pub nonce: Option<String>,
    pub intent_id: Option<String>,
    pub acr: String,
    pub authenticated_at: u64,
}

/// Answers a client that pushed its request.
pub async fn push(pushed: Proof<PushedRequest>) -> Response<Body> {
    body(pushed.response())
}

/// Asks the customer.
pub async fn ask(
    State(shared): Handler,
    passport: Passport,
    request: Proof<AuthorizationRequest>,
) -> Response<Body> {
    let Some(ticket) = shared.pending.keep(AuthorizationRequest::clone(&request), shared.now())
    else {
        return body(passport.refuse(&Rejection::new(Reason::ServiceUnavailable)));
    };
    let scope: Vec<_> = request.scopes().collect();
    let mut page = page::ask(&Question {
        client_id: request.client_id(),
        scope: &scope.join(" "),
        intent: request.openbanking_intent_id(),
        transaction: &ticket.transaction,
    });
    let browser = ticket.browser;
    let cookie = format!("{BROWSER}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        page.headers_mut().append(SET_COOKIE, cookie);
    }
    page
}

/// Hears the customer.
pub async fn decide(State(shared): Handler, headers: HeaderMap, form: Bytes) -> Response<Body> {
    let (decided, now) = (Parameters::parse(&form).unwrap_or_default(), shared.now());
    let transaction = decided.get("transaction").unwrap_or_default();
    let Some(request) =
        cookies(&headers).find_map(|browser| shared.pending.take(transaction, browser, now))
    else {
        return (StatusCode::BAD_REQUEST, "This page has expired.").into_response();
    };
    let answer = match decided.get("decision") {
        Some("approve") => approve(&shared, &request, now).await,
        _ => shared.responder.deny(&request, "access_denied", now).await.ok(),
    };
    match answer {
        Some(answer) => body(answer),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn approve(
    shared: &Shared,
    request: &AuthorizationRequest,
    now: UnixTime,
) -> Option<Response<Bytes>> {
    if let Some(intent) = request.openbanking_intent_id()
        && !shared.consents.authorise(intent)
    {
        return shared.responder.deny(request, "access_denied", now).await.ok();
    }
    let acr = acr(request);
    let authorisation = Authorisation {
        id: Uuid::new_v4().to_string(),
        nonce: request.nonce().map(str::to_owned),
        intent_id: request.openbanking_intent_id().map(str::to_owned),
        acr: acr.clone(),
        authenticated_at: now.as_secs(),
    };
    let scope: Vec<_> = request.scopes().collect();
    let granted = Granted::to(request.client_id(), Scope::parse(&scope.join(" "))?)
        .carrying(serde_json::to_string(&authorisation).ok()?);
    let mut code = NewCode::of(granted, request.redirect_uri());
    if let Some(challenge) = request.code_challenge() {
        code = code.challenge(*challenge);
    }
    if let Some(key) = request.dpop_jkt() {
        code = code.bound_to(key);
    }
    let code = shared.grants.issue_code(code, now).await;
    let code = code.map_err(|error| tracing::error!(%error, "no code")).ok()?;
    let user = Authenticated::user(CUSTOMER).by(&acr).at(now);
    match shared.responder.grant(request, &code, user, None, now).await {
        // Another page for the same request was faster.
        Err(AnswerError::RequestUriSpent) => {
            shared.responder.deny(request, "invalid_request_uri", now).await.ok()
        }
        answer => answer.map_err(|error| tracing::error!(%error, "no answer")).ok(),
    }
}

/// Strong customer authentication is what this page stands for, whatever weaker one would do.
fn acr(request: &AuthorizationRequest) -> String {
    let asked = |value: &str| {
        request.acr().is_some_and(|claim| {
            claim.value.as_deref() == Some(value) || claim.values.iter().any(|one| one == value)
        })
    };
    match asked(CA) && !asked(SCA) {
        true => CA.to_owned(),
        false => SCA.to_owned(),
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .filter_map(|pair| pair.strip_prefix(BROWSER)?.strip_prefix('='))
}

const BROWSER: &str = "__Host-browser";
const SCA: &str = "urn:openbanking:psd2:sca";
const CA: &str = "urn:openbanking:psd2:ca";
