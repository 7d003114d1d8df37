use std::fmt;
use std::str::FromStr;

use http::header::{HeaderValue, InvalidHeaderValue};

use super::visible_text;

/// The identifier of the bank that a request is meant for, such as `OB/2017/001`.
///
/// Value of `x-fapi-financial-id` (Open Banking UK Read/Write profile up to 3.1.1; removed
/// later). Compared byte for byte.
///
/// Does not check that any bank has this identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FinancialId(Box<str>);

impl FinancialId {
    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FinancialId {
    type Err = FinancialIdError;

    fn from_str(text: &str) -> Result<Self, FinancialIdError> {
        // An empty one would make a forgotten setting equal to an empty header.
        if text.is_empty() || visible_text(text.as_bytes()).is_none() {
            return Err(FinancialIdError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for FinancialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&FinancialId> for HeaderValue {
    type Error = InvalidHeaderValue;

    fn try_from(id: &FinancialId) -> Result<Self, InvalidHeaderValue> {
        HeaderValue::from_str(&id.0)
    }
}

/// The text is empty or holds characters other than visible ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a financial id is visible ASCII and not empty")]
pub struct FinancialIdError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_compare_byte_for_byte() {
        let bank: FinancialId = "OB/2017/001".parse().unwrap();
        assert_eq!(bank.as_str().parse(), Ok(bank.clone()));
        assert_ne!("ob/2017/001".parse(), Ok(bank));
    }

    #[test]
    fn an_empty_or_invisible_identifier_is_refused() {
        for hostile in ["", "OB\t2017", "OB/\u{e9}"] {
            assert_eq!(hostile.parse::<FinancialId>(), Err(FinancialIdError), "{hostile:?}");
        }
    }
}
