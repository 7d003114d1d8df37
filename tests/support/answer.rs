//! What came back.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower_open_banking::body::BoxError;
use tower_open_banking::crypto::Algorithm;
use tower_open_banking::jose::{Accept, Detached, obie};
use tower_open_banking::reject::{Reason, Rejection};
use tower_open_banking::signature::ObieSigning;

use super::bank::{BANK_KEY, BANK_KID};

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub rejection: Option<Rejection>,
}

impl Answer {
    pub async fn read<B>(response: Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
    {
        let (head, body) = response.into_parts();
        let rejection = head.extensions.get::<Rejection>().cloned();
        let body = body.collect().await.map_err(Into::into).unwrap().to_bytes();
        Self { status: head.status, headers: head.headers, body, rejection }
    }

    /// Why it was refused, and where the fault lies.
    pub fn reason(&self) -> Option<(Reason, Option<&str>)> {
        self.rejection.as_ref().map(|why| (why.reason(), why.place_of_fault()))
    }

    /// A header as text, empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON; null if empty.
    pub fn json(&self) -> Value {
        match self.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&self.body).unwrap(),
        }
    }

    /// The code of the body in whichever of the formats, empty if there is none.
    pub fn code(&self) -> String {
        let json = self.json();
        let code = [
            &json["Errors"][0]["ErrorCode"],
            &json["errors"][0]["Code"],
            &json["error"],
            &json["tppMessages"][0]["code"],
        ];
        code.iter().find_map(|code| code.as_str()).unwrap_or_default().to_owned()
    }

    pub fn payment_id(&self) -> String {
        self.json()["Data"]["DomesticPaymentId"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the bank's signature is on it and holds over the body.
    pub fn is_signed(&self, signing: ObieSigning) -> bool {
        let value = self.header("x-jws-signature");
        if value.is_empty() {
            return false;
        }
        let understood: &[&str] = match signing {
            ObieSigning::V3_1_0 => &["b64", obie::IAT, obie::ISS, obie::TAN],
            _ => &[obie::IAT, obie::ISS, obie::TAN],
        };
        let accept = Accept::algorithms(&[Algorithm::Ps256]).understanding(understood);
        let key = BANK_KEY.verifying(BANK_KID);
        Detached::parse(value).unwrap().verify(&key, accept, &self.body).unwrap();
        true
    }
}
