//! The consent id that a body names.

use std::borrow::Cow;

use serde::Deserialize;

use crate::reject::{Reason, Rejection};

/// `Data.ConsentId`, with whatever stands beside it left alone. A member that is given twice is
/// refused: the handler may read the other one.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "Data", borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "ConsentId", borrow)]
    consent_id: Option<Cow<'a, str>>,
}

/// The consent that an order of the UK Read/Write API names.
pub(super) fn consent_id(body: &[u8]) -> Result<String, Rejection> {
    let invalid = |error: serde_json::Error| {
        // The error's text repeats what the peer sent; its place says enough.
        let place = format!("line {} column {}", error.line(), error.column());
        Rejection::new(Reason::FieldInvalid).place(PLACE).detail(place)
    };
    let body: Body<'_> = serde_json::from_slice(body).map_err(invalid)?;
    match body.data.and_then(|data| data.consent_id) {
        Some(id) if !id.is_empty() && id.chars().count() <= LONGEST => Ok(id.into_owned()),
        Some(_) => Err(Rejection::new(Reason::FieldInvalid).place(PLACE)),
        None => Err(Rejection::new(Reason::FieldMissing).place(PLACE)),
    }
}

/// Where the consent id stands.
pub(crate) const PLACE: &str = "Data.ConsentId";

/// Read/Write data model: `Max128Text`.
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str) -> Option<Reason> {
        consent_id(body.as_bytes()).err().map(|rejection| rejection.reason())
    }

    #[test]
    fn the_id_is_read_wherever_it_stands_in_data() {
        let body = br#"{"Risk":{},"Data":{"Initiation":{"ConsentId":"x"},"ConsentId":"c\u002d1"}}"#;
        assert_eq!(consent_id(body).unwrap(), "c-1");
    }

    #[test]
    fn a_body_without_an_id_lacks_a_field() {
        for body in
            ["{}", r#"{"Data":{}}"#, r#"{"ConsentId":"c-1"}"#, r#"{"Data":{"consentid":"c"}}"#]
        {
            assert_eq!(reason(body), Some(Reason::FieldMissing), "{body}");
        }
    }

    #[test]
    fn an_id_that_two_readers_may_read_differently_is_refused() {
        for body in [
            r#"{"Data":{"ConsentId":"c-1","ConsentId":"c-2"}}"#,
            r#"{"Data":{"ConsentId":"c-1"},"Data":{"ConsentId":"c-2"}}"#,
            r#"{"Data":{"ConsentId":1}}"#,
            r#"{"Data":{"ConsentId":""}}"#,
            r#"{"Data":{"ConsentId":"c-1"}} {}"#,
            "",
            "<Data/>",
        ] {
            assert_eq!(reason(body), Some(Reason::FieldInvalid), "{body}");
        }
        let long = format!(r#"{{"Data":{{"ConsentId":"{}"}}}}"#, "c".repeat(LONGEST + 1));
        assert_eq!(reason(&long), Some(Reason::FieldInvalid));
    }
}
