//! Consents: authorised at creation. Whether one is used up is the gate's to know.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_open_banking::consent::{ConsentFault, Consents, Submission};
use tower_open_banking::gate::BoxFuture;

use super::register::{Entry, Register};

/// What a customer has agreed to.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    pub consent_id: String,
    pub client_id: String,
    /// `Data.Initiation`.
    pub initiation: Value,
    /// `Risk`.
    pub risk: Value,
}

impl Entry for Consent {
    fn id(&self) -> &str {
        &self.consent_id
    }
}

/// All consents.
#[derive(Clone)]
pub struct ConsentBook(pub Arc<Register<Consent>>);

impl ConsentBook {
    /// Whether an order is what its client has a consent to.
    pub async fn matches(
        &self,
        client_id: &str,
        consent_id: &str,
        order: &Value,
    ) -> Result<(), ConsentFault> {
        let consent = self.0.find(consent_id).await;
        let consent = consent.map_err(|source| ConsentFault::Unavailable { source: source.into() });
        // Whose consent it is must not show: another client's consent is as good as none.
        let Some(consent) = consent?.filter(|consent| consent.client_id == client_id) else {
            return Err(ConsentFault::Unknown);
        };
        let differs = |place: &'static str| Err(ConsentFault::Differs { place: place.into() });
        match order {
            order if order["Data"]["Initiation"] != consent.initiation => {
                differs("Data.Initiation")
            }
            order if order["Risk"] != consent.risk => differs("Risk"),
            _ => Ok(()),
        }
    }
}

impl Consents for ConsentBook {
    fn compare(&self, submission: Submission) -> BoxFuture<'static, Result<(), ConsentFault>> {
        let book = self.clone();
        Box::pin(async move {
            // The gate has read the body before: that it is JSON is known.
            let order = serde_json::from_slice(&submission.body)
                .map_err(|error| ConsentFault::Unavailable { source: error.into() })?;
            book.matches(&submission.client_id, &submission.consent_id, &order).await
        })
    }
}
