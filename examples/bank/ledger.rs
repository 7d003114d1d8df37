//! The payments that were executed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::register::{Entry, Register};

/// One executed payment.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    pub payment_id: String,
    pub consent_id: String,
    pub client_id: String,
    /// None where a drill switches `RunOnce` off.
    pub idempotency_key: Option<String>,
    pub amount: String,
    pub currency: String,
    /// As the client sees it.
    pub resource: Value,
}

impl Entry for Payment {
    fn id(&self) -> &str {
        &self.payment_id
    }
}

/// All executed payments. Nothing in it keeps a payment from being executed twice: that is what the
/// gate is for.
pub type Ledger = Register<Payment>;
