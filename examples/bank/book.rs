//! Payments and the consents to them, once the gate has let a request pass.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tower_open_banking::header::IdempotencyKey;
use tower_open_banking::reject::{Reason, Rejection};
use uuid::Uuid;

use super::amount::Amount;
use super::consents::{Consents, Terms};
use super::fields::Field;
use super::ledger::{Entry, Ledger};

/// Consents and payments.
pub struct Book {
    pub ledger: Arc<Ledger>,
    consents: Consents,
    payments: Mutex<HashMap<String, Payment>>,
    payment_time: Duration,
}

struct Payment {
    client_id: String,
    resource: Value,
}

/// A payment order, with what the gate knows of it.
pub struct Order<'a> {
    pub client_id: &'a str,
    /// The consent that the access token was given for.
    pub intent: Option<&'a str>,
    /// None where a drill switches `RunOnce` off.
    pub idempotency_key: Option<&'a IdempotencyKey>,
    pub document: &'a Value,
}

impl Book {
    pub fn new(ledger: Ledger, payment_time: Duration) -> Self {
        Self {
            ledger: Arc::new(ledger),
            consents: Consents::default(),
            payments: Mutex::default(),
            payment_time,
        }
    }

    /// Keeps a consent. A bank would ask its customer now; this one takes the answer for given.
    pub fn consent(&self, client_id: &str, document: &Value) -> Result<Value, Rejection> {
        let terms = terms(document)?;
        let id = self.consents.create(client_id, terms.clone());
        let now = date_time();
        Ok(json!({
            "Data": {
                "ConsentId": id,
                "Status": "Authorised",
                "CreationDateTime": now,
                "StatusUpdateDateTime": now,
                "Initiation": terms.initiation,
            },
            "Risk": terms.risk,
            "Links": { "Self": format!("{CONSENTS}/{id}") },
            "Meta": {},
        }))
    }

    /// Executes a payment: once, as consented, and on disk before the answer.
    pub async fn pay(&self, order: Order<'_>) -> Result<Value, Rejection> {
        let terms = terms(order.document)?;
        let consent_id = Field::root(order.document).member("Data")?.member("ConsentId")?.text()?;
        if order.intent != Some(consent_id) {
            return Err(Rejection::new(Reason::ConsentNotPermitted).place("Data.ConsentId"));
        }
        self.consents.consume(consent_id, order.client_id, &terms)?;
        tokio::time::sleep(self.payment_time).await;

        let payment_id = Uuid::new_v4().to_string();
        let entry = Entry {
            payment_id: payment_id.clone(),
            consent_id: consent_id.to_owned(),
            client_id: order.client_id.to_owned(),
            idempotency_key: order.idempotency_key.map(ToString::to_string),
            amount: terms.amount.text().to_owned(),
            currency: terms.amount.currency().to_owned(),
        };
        if let Err(error) = self.ledger.record(entry).await {
            self.consents.restore(consent_id);
            return Err(Rejection::new(Reason::ServiceUnavailable).source(error));
        }
        let now = date_time();
        let resource = json!({
            "Data": {
                "DomesticPaymentId": payment_id,
                "ConsentId": consent_id,
                "Status": "AcceptedSettlementCompleted",
                "CreationDateTime": now,
                "StatusUpdateDateTime": now,
                "Initiation": terms.initiation,
            },
            "Links": { "Self": format!("{PAYMENTS}/{payment_id}") },
            "Meta": {},
        });
        let payment = Payment { client_id: order.client_id.to_owned(), resource: resource.clone() };
        self.payments().insert(payment_id, payment);
        Ok(resource)
    }

    /// A payment of this client. Another client's is as unknown as one that never was.
    pub fn payment(&self, client_id: &str, id: &str) -> Result<Value, Rejection> {
        let payments = self.payments();
        match payments.get(id).filter(|payment| payment.client_id == client_id) {
            Some(payment) => Ok(payment.resource.clone()),
            None => Err(Rejection::new(Reason::ResourceUnknown).place("DomesticPaymentId")),
        }
    }

    fn payments(&self) -> MutexGuard<'_, HashMap<String, Payment>> {
        self.payments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fields that this bank understands; the others are kept and compared, not read.
fn terms(document: &Value) -> Result<Terms, Rejection> {
    let root = Field::root(document);
    let initiation = root.member("Data")?.member("Initiation")?;
    let amount = Amount::read(&initiation.member("InstructedAmount")?)?;
    let risk = root.member("Risk")?.object()?.clone();
    Ok(Terms { initiation: initiation.object()?.clone(), risk, amount })
}

/// Now, as RFC 3339 writes it.
pub fn date_time() -> String {
    // A host clock before 1970 is the only way to fail.
    der::DateTime::from_system_time(SystemTime::now())
        .map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |now| now.to_string())
}

/// Where consents live.
pub const CONSENTS: &str = "/open-banking/v3.1/pisp/domestic-payment-consents";
/// Where payment orders live.
pub const PAYMENTS: &str = "/open-banking/v3.1/pisp/domestic-payments";
