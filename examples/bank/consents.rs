//! Consents: authorised at creation, used once, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tower_open_banking::reject::{Reason, Rejection};
use uuid::Uuid;

use super::amount::Amount;

/// What a customer has agreed to.
#[derive(Clone)]
pub struct Terms {
    /// `Data.Initiation`.
    pub initiation: Value,
    /// `Risk`.
    pub risk: Value,
    /// `Data.Initiation.InstructedAmount`.
    pub amount: Amount,
}

struct Consent {
    client_id: String,
    terms: Terms,
    status: Status,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Status {
    Authorised,
    Consumed,
}

/// All consents: as many as memory holds, for this is a demonstration.
#[derive(Default)]
pub struct Consents(Mutex<HashMap<String, Consent>>);

impl Consents {
    /// Keeps a consent and gives it a name.
    pub fn create(&self, client_id: &str, terms: Terms) -> String {
        let id = Uuid::new_v4().to_string();
        let consent =
            Consent { client_id: client_id.to_owned(), terms, status: Status::Authorised };
        self.lock().insert(id.clone(), consent);
        id
    }

    /// Uses a consent up. Of several orders at once, one gets it.
    pub fn consume(&self, id: &str, client_id: &str, terms: &Terms) -> Result<(), Rejection> {
        let refuse = |reason, place: &'static str| Err(Rejection::new(reason).place(place));
        let mut consents = self.lock();
        // Whose consent it is must not show: another client's consent is as good as none.
        let known = consents.get_mut(id).filter(|consent| consent.client_id == client_id);
        let Some(consent) = known else {
            return refuse(Reason::ResourceUnknown, "Data.ConsentId");
        };
        if consent.status != Status::Authorised {
            return refuse(Reason::ConsentStatusInvalid, "Data.ConsentId");
        }
        if consent.terms.initiation != terms.initiation {
            return refuse(Reason::ConsentMismatch, "Data.Initiation");
        }
        if consent.terms.risk != terms.risk {
            return refuse(Reason::ConsentMismatch, "Risk");
        }
        consent.status = Status::Consumed;
        Ok(())
    }

    /// Gives back a consent whose payment was not executed.
    pub fn restore(&self, id: &str) {
        if let Some(consent) = self.lock().get_mut(id) {
            consent.status = Status::Authorised;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Consent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
