//! The endpoints that clients call for and about tokens.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Response};
use tower_open_banking::authorize::{Authenticated, NewIdToken};
use tower_open_banking::client_auth::{
    AuthenticatedClient, Form, Grant, Granted, NewAccessToken, PermittedGrant, TokenAnswer,
};
use tower_open_banking::extract::Proof;
use tower_open_banking::gate::Passport;
use tower_open_banking::jose::Claims;
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::reject::{Reason, Rejection};
use tower_open_banking::token::dpop::DpopKey;
use tower_open_banking::token::{IntrospectionAnswer, revocable, revoked};

use super::authorize::Authorisation;
use super::page::CUSTOMER;
use super::{Handler, Shared, body};

/// Gives tokens.
pub async fn token(
    State(shared): Handler,
    passport: Passport,
    client: Proof<AuthenticatedClient>,
    grant: Proof<PermittedGrant>,
    key: Proof<DpopKey>,
) -> Response<Body> {
    let answer = give(&shared, &client, &grant, &key, shared.now()).await;
    body(match answer {
        Ok(answer) => answer.into_response(),
        Err(rejection) => passport.refuse(&rejection),
    })
}

async fn give(
    shared: &Shared,
    client: &AuthenticatedClient,
    grant: &PermittedGrant,
    key: &DpopKey,
    now: UnixTime,
) -> Result<TokenAnswer, Rejection> {
    // First: a client that cannot have a token spends no code.
    let confirmation = client.confirmation(key.thumbprint())?;
    let granted = match shared.grants.redeem(client, grant, key.thumbprint(), now).await {
        Ok(granted) => granted,
        Err(refused) => {
            if let Some(authorisation) = refused.used_before().and_then(authorisation) {
                shared.tokens.revoke_authorisation(&authorisation.id);
            }
            return Err(refused.into());
        }
    };
    let authorisation = authorisation(&granted);
    let id = authorisation.as_ref().map_or("", |known| known.id.as_str());
    if !shared.tokens.stands(id) {
        return Err(Rejection::new(Reason::GrantInvalid).detail("the authorisation is revoked"));
    }
    let mut token = NewAccessToken::of(&granted, &shared.audience.0, confirmation);
    if let Some(authorisation) = &authorisation {
        token = token.subject(CUSTOMER);
        if let Some(intent) = &authorisation.intent_id {
            token = token.intent_id(intent);
        }
    }
    let access_token = shared.access_tokens.issue(token, now).map_err(unavailable)?;
    shared.tokens.remember(&access_token, id, now);
    let lifetime = shared.access_tokens.lifetime();
    let mut answer = TokenAnswer::of(&access_token, &confirmation, lifetime, granted.scope());
    if let (Some(authorisation), Grant::AuthorizationCode { .. }) = (&authorisation, grant.grant())
    {
        if granted.scope().contains("openid") {
            answer =
                answer.id_token(id_token(shared, &granted, authorisation, &access_token, now)?);
        }
        let refresh = shared.grants.issue_refresh_token(granted, REFRESHABLE, now).await;
        answer = answer.refresh_token(refresh.map_err(unavailable)?);
    }
    Ok(answer)
}

fn id_token(
    shared: &Shared,
    granted: &Granted,
    authorisation: &Authorisation,
    access_token: &str,
    now: UnixTime,
) -> Result<String, Rejection> {
    let at = UnixTime::since_unix_epoch(Duration::from_secs(authorisation.authenticated_at));
    let user = Authenticated::user(CUSTOMER).by(&authorisation.acr).at(at);
    let token = NewIdToken::of(granted.client_id(), user)
        .nonce(authorisation.nonce.as_deref())
        .intent_id(authorisation.intent_id.as_deref())
        .access_token(access_token);
    shared.responder.id_token(&token, now).map_err(unavailable)
}

fn authorisation(granted: &Granted) -> Option<Authorisation> {
    serde_json::from_str(granted.data()).ok()
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Rejection {
    Rejection::new(Reason::ServiceUnavailable).source(error)
}

/// Tells a resource server what a token is, or a client about its own. This server has one, which
/// shares its name.
pub async fn introspect(
    State(shared): Handler,
    passport: Passport,
    headers: HeaderMap,
    client: Proof<AuthenticatedClient>,
    form: Proof<Form>,
) -> Response<Body> {
    let Some(token) = form.get("token") else {
        return body(passport.refuse(&missing_token()));
    };
    let now = shared.now();
    let may_know = |token: &Claims| {
        let is_own = token.client_id.as_deref() == Some(client.client_id());
        is_own || shared.resource_servers.iter().any(|name| name == client.client_id())
    };
    let known = shared.tokens.active(token, now).filter(may_know);
    let answer = IntrospectionAnswer::about(known.as_ref(), &shared.audience, now);
    let signed = headers.get(ACCEPT).is_some_and(|accept| accept == SIGNED);
    body(match signed {
        false => answer.plain(),
        true => answer
            .signed(&shared.signer)
            .unwrap_or_else(|error| passport.refuse(&unavailable(error))),
    })
}

/// Revokes a token of the client that asks.
pub async fn revoke(
    State(shared): Handler,
    passport: Passport,
    client: Proof<AuthenticatedClient>,
    form: Proof<Form>,
) -> Response<Body> {
    let Some(token) = form.get("token") else {
        return body(passport.refuse(&missing_token()));
    };
    let known = shared.tokens.active(token, shared.now());
    match revocable(known.as_ref(), client.client_id()) {
        Err(rejection) => return body(passport.refuse(&rejection)),
        Ok(Some(own)) => {
            if let Some(id) = &own.id {
                shared.tokens.revoke(id);
            }
        }
        Ok(None) => {
            if let Err(error) = shared.grants.revoke(client.client_id(), token).await {
                return body(passport.refuse(&unavailable(error)));
            }
        }
    }
    body(revoked())
}

fn missing_token() -> Rejection {
    Rejection::new(Reason::ParameterMissing).place("token")
}

const REFRESHABLE: Duration = Duration::from_secs(90 * 24 * 3600);
const SIGNED: &str = "application/token-introspection+jwt";
