//! Payments and the consents to them, once the gate has let a request pass.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tower_open_banking::header::IdempotencyKey;
use tower_open_banking::reject::{Reason, Rejection};
use uuid::Uuid;

use super::amount::Amount;
use super::consents::{Consent, ConsentBook};
use super::drill::{Drill, Kill};
use super::fields::Field;
use super::ledger::{Ledger, Payment};

/// Consents and payments.
pub struct Book {
    pub ledger: Arc<Ledger>,
    pub consents: ConsentBook,
    pub payment_time: Duration,
    pub drill: Drill,
}

/// A payment order, with what the gate knows of it.
pub struct Order<'a> {
    pub client_id: &'a str,
    /// The consent that the access token was given for.
    pub intent: Option<&'a str>,
    /// Whether the gate has compared the order with its consent.
    pub is_matched: bool,
    /// None where a drill switches `RunOnce` off.
    pub idempotency_key: Option<&'a IdempotencyKey>,
    pub document: &'a Value,
}

/// Why a payment has no answer.
pub enum NotPaid {
    Refused(Rejection),
    /// Nobody knows whether it was executed.
    Unknown,
}

impl From<Rejection> for NotPaid {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// The fields that this bank understands; the others are kept and compared, not read.
struct Terms<'a> {
    initiation: &'a Value,
    risk: &'a Value,
    amount: Amount,
}

impl Book {
    /// Keeps a consent. A bank would ask its customer now; this one takes the answer for given.
    pub async fn consent(&self, client_id: &str, document: &Value) -> Result<Value, Rejection> {
        let terms = terms(document)?;
        let id = Uuid::new_v4().to_string();
        let consent = Consent {
            consent_id: id.clone(),
            client_id: client_id.to_owned(),
            initiation: terms.initiation.clone(),
            risk: terms.risk.clone(),
        };
        self.consents.0.enter(consent).await.map_err(unavailable)?;
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

    /// Executes a payment as consented, on disk before the answer. That it is executed once is the
    /// gate's work.
    pub async fn pay(&self, order: Order<'_>) -> Result<Value, NotPaid> {
        let terms = terms(order.document)?;
        let consent_id = Field::root(order.document).member("Data")?.member("ConsentId")?.text()?;
        if !order.is_matched {
            self.match_consent(&order, consent_id).await?;
        }
        let is_hit = self.drill.hits();
        tokio::time::sleep(self.payment_time).await;
        if is_hit {
            self.drill.reach(Kill::InHandler);
        }
        let payment_id = Uuid::new_v4().to_string();
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
        let payment = Payment {
            payment_id,
            consent_id: consent_id.to_owned(),
            client_id: order.client_id.to_owned(),
            idempotency_key: order.idempotency_key.map(ToString::to_string),
            amount: terms.amount.text().to_owned(),
            currency: terms.amount.currency().to_owned(),
            resource: resource.clone(),
        };
        if let Err(error) = self.ledger.enter(payment).await {
            tracing::error!(%error, "the ledger does not say whether it has a payment");
            return Err(NotPaid::Unknown);
        }
        if is_hit {
            self.drill.reach(Kill::BeforeSettle);
        }
        Ok(resource)
    }

    /// Where no gate compared the order with its consent.
    async fn match_consent(&self, order: &Order<'_>, consent_id: &str) -> Result<(), Rejection> {
        let refused = |reason| Err(Rejection::new(reason).place("Data.ConsentId"));
        if order.intent != Some(consent_id) {
            return refused(Reason::ConsentNotPermitted);
        }
        match self.consents.matches(order.client_id, consent_id, order.document).await {
            Ok(()) => Ok(()),
            Err(fault) => Err(Rejection::new(Reason::ConsentMismatch).source(fault)),
        }
    }

    /// A payment of this client. Another client's is as unknown as one that never was.
    pub async fn payment(&self, client_id: &str, id: &str) -> Result<Value, Rejection> {
        let payment = self.ledger.find(id).await.map_err(unavailable)?;
        match payment.filter(|payment| payment.client_id == client_id) {
            Some(payment) => Ok(payment.resource),
            None => Err(Rejection::new(Reason::ResourceUnknown).place("DomesticPaymentId")),
        }
    }
}

fn terms(document: &Value) -> Result<Terms<'_>, Rejection> {
    let root = Field::root(document);
    let initiation = root.member("Data")?.member("Initiation")?;
    let amount = Amount::read(&initiation.member("InstructedAmount")?)?;
    let risk = root.member("Risk")?.object()?;
    Ok(Terms { initiation: initiation.object()?, risk, amount })
}

fn unavailable(error: std::io::Error) -> Rejection {
    Rejection::new(Reason::ServiceUnavailable).source(error)
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
