//! Authorisations that wait for the customer's word.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tower_open_banking::authorize::AuthorizationRequest;
use tower_open_banking::pki_types::UnixTime;
use uuid::Uuid;

/// Each under a name that stands in the page, for the browser that has its cookie.
#[derive(Default)]
pub struct Pending(Mutex<HashMap<String, Waiting>>);

struct Waiting {
    request: AuthorizationRequest,
    browser: String,
    until: u64,
}

/// The name of a pending authorisation, and the secret of its browser.
pub struct Ticket {
    pub transaction: String,
    pub browser: String,
}

impl Pending {
    /// Keeps a request; none if there is no room.
    pub fn keep(&self, request: AuthorizationRequest, now: UnixTime) -> Option<Ticket> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, kept| kept.until > now.as_secs());
        if waiting.len() >= MOST {
            return None;
        }
        let [transaction, browser] = [Uuid::new_v4(), Uuid::new_v4()].map(|id| id.to_string());
        let kept = Waiting { request, browser: browser.clone(), until: now.as_secs() + PATIENCE };
        waiting.insert(transaction.clone(), kept);
        Some(Ticket { transaction, browser })
    }

    /// Gives it out, once, to its browser: a page that another site makes it post has no cookie.
    pub fn take(
        &self,
        transaction: &str,
        browser: &str,
        now: UnixTime,
    ) -> Option<AuthorizationRequest> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = waiting.get(transaction)?;
        if kept.browser != browser || kept.until <= now.as_secs() {
            return None;
        }
        waiting.remove(transaction).map(|kept| kept.request)
    }
}

const MOST: usize = 10_000;
const PATIENCE: u64 = 600;
