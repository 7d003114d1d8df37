//! Money as the API writes it.

use serde_json::{Value, json};
use tower_open_banking::reject::Rejection;

use super::fields::Field;

/// An amount of at most 13 digits before and 5 after the point (`OBActiveCurrencyAndAmount_SimpleType`).
#[derive(Clone, Debug)]
pub struct Amount {
    /// As it was sent: `165.88` and `165.880` are one amount and two texts.
    text: String,
    currency: String,
    hundred_thousandths: u64,
}

impl Amount {
    /// Reads `{"Amount": "165.88", "Currency": "GBP"}`.
    pub fn read(field: &Field<'_>) -> Result<Self, Rejection> {
        let (amount, currency) = (field.member("Amount")?, field.member("Currency")?);
        let text = amount.text()?;
        let hundred_thousandths = parse(text).ok_or_else(|| amount.invalid())?;
        let code = currency.text()?;
        if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(currency.invalid());
        }
        Ok(Self { text: text.to_owned(), currency: code.to_owned(), hundred_thousandths })
    }

    /// As it was sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Three capital letters.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Whether it is covered by a balance in pence.
    pub fn is_covered_by(&self, pence: u64) -> bool {
        self.hundred_thousandths <= pence.saturating_mul(1_000)
    }

    /// As the API writes it.
    pub fn to_json(&self) -> Value {
        json!({ "Amount": self.text, "Currency": self.currency })
    }
}

/// `^\d{1,13}$|^\d{1,13}\.\d{1,5}$`, in units of 0.00001.
fn parse(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most| {
        (1..=most).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !digits(whole, 13) || !digits(fraction, 5) {
        return None;
    }
    format!("{whole}{fraction:0<5}").parse().ok()
}
