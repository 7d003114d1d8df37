//! The protected resources: accounts, and the consents of the UK.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header::DATE};
use axum::response::{IntoResponse, Response};
use httpdate::fmt_http_date;
use serde_json::{Value, json};
use tower_open_banking::authorize::{Intent, IntentLookup, IntentStatus, Intents};
use tower_open_banking::cert::RegisteredClient;
use tower_open_banking::extract::Proof;
use tower_open_banking::token::AccessToken;
use uuid::Uuid;

use super::Handler;

/// Where the UK's account information is.
pub const UK: &str = "/open-banking/v3.1/aisp";

/// The consents of this server.
#[derive(Clone, Default)]
pub struct Consents(Arc<Mutex<HashMap<String, Consent>>>);

struct Consent {
    client_id: String,
    awaits_authorisation: bool,
}

impl Consents {
    fn create(&self, client_id: &str) -> Option<String> {
        let mut consents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if consents.len() >= MOST {
            return None;
        }
        let id = Uuid::new_v4().to_string();
        let consent = Consent { client_id: client_id.to_owned(), awaits_authorisation: true };
        consents.insert(id.clone(), consent);
        Some(id)
    }

    /// Authorises a consent; false if it no longer awaits that.
    pub fn authorise(&self, id: &str) -> bool {
        let mut consents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match consents.get_mut(id) {
            Some(consent) => std::mem::take(&mut consent.awaits_authorisation),
            // Outside the UK nothing is behind an intent, and nothing is authorised by it.
            None => false,
        }
    }
}

impl Intents for Consents {
    fn find(&self, intent_id: &str) -> IntentLookup {
        let consents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let intent = consents.get(intent_id).map(|consent| {
            let status = match consent.awaits_authorisation {
                true => IntentStatus::AwaitAuthorisation,
                false => IntentStatus::Other,
            };
            Intent::new(&consent.client_id, "accounts", status)
        });
        IntentLookup::Now(Ok(intent))
    }
}

/// Creates a consent.
pub async fn consent(
    State(shared): Handler,
    client: Proof<RegisteredClient>,
    Json(document): Json<Value>,
) -> Response {
    let Some(permissions) = document["Data"]["Permissions"].as_array() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match shared.consents.create(client.client_id()) {
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(id) => {
            let data = json!({ "ConsentId": id, "Status": "AwaitingAuthorisation",
                "Permissions": permissions });
            (StatusCode::CREATED, Json(json!({ "Data": data, "Risk": {} }))).into_response()
        }
    }
}

/// Lists the accounts of whom the token speaks for.
pub async fn list(_: Proof<RegisteredClient>) -> Response {
    let account = json!({ "AccountId": "22289", "Currency": "GBP", "AccountType": "Personal" });
    let date = fmt_http_date(std::time::SystemTime::now());
    ([(DATE, date)], Json(json!({ "Data": { "Account": [account] } }))).into_response()
}

/// Says whom the token speaks for.
pub async fn userinfo(token: Proof<AccessToken>) -> Json<Value> {
    Json(json!({ "sub": token.subject() }))
}

const MOST: usize = 10_000;
