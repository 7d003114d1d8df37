//! The one account of the bank's one customer.

use serde_json::{Value, json};
use tower_open_banking::reject::Rejection;
use uuid::Uuid;

use super::amount::Amount;
use super::book::date_time;
use super::fields::Field;

struct Account {
    id: &'static str,
    currency: &'static str,
    pence: u64,
}

const ACCOUNT: Account = Account { id: "22289", currency: "GBP", pence: 123_000 };

/// The customer's accounts.
pub fn accounts() -> Value {
    json!({
        "Data": { "Account": [{
            "AccountId": ACCOUNT.id,
            "Currency": ACCOUNT.currency,
            "AccountType": "Personal",
            "AccountSubType": "CurrentAccount",
        }] },
        "Links": { "Self": "/open-banking/v3.1/aisp/accounts" },
        "Meta": { "TotalPages": 1 },
    })
}

/// Whether the account covers an amount. Nothing is set aside.
pub fn confirm_funds(document: &Value) -> Result<Value, Rejection> {
    let data = Field::root(document).member("Data")?;
    let consent_id = data.member("ConsentId")?.text()?;
    let reference = data.member("Reference")?.text()?;
    let instructed = data.member("InstructedAmount")?;
    let amount = Amount::read(&instructed)?;
    if amount.currency() != ACCOUNT.currency {
        return Err(instructed.member("Currency")?.invalid());
    }
    Ok(json!({
        "Data": {
            "FundsConfirmationId": Uuid::new_v4().to_string(),
            "ConsentId": consent_id,
            "CreationDateTime": date_time(),
            "FundsAvailable": amount.is_covered_by(ACCOUNT.pence),
            "Reference": reference,
            "InstructedAmount": amount.to_json(),
        },
        "Links": { "Self": "/open-banking/v3.1/cbpii/funds-confirmations" },
        "Meta": {},
    }))
}
