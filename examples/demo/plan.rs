//! A request that the bank accepts, taken apart, so that an attack changes one thing.

use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, IntoHeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use bytes::Bytes;
use openssl::pkey::{PKeyRef, Private};
use serde_json::{Value, json};
use uuid::Uuid;

use super::pki::Identity;
use super::world::{Provider, World};
use super::{Anything, jws, tokens};

/// The parts of a request, before anything is encoded or signed.
#[derive(Clone)]
pub struct Plan<'w> {
    pub world: &'w World,
    pub client: &'w Provider,
    /// What the client shows in the handshake.
    pub certificate: Option<&'w Identity>,
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub claims: Value,
    pub token_header: Value,
    pub token_key: &'w PKeyRef<Private>,
    pub body: Option<Value>,
    /// The header of the message signature; None for a message without one.
    pub jose: Option<Value>,
    pub seal_key: &'w PKeyRef<Private>,
}

/// A request as it goes over the wire, and the certificate it goes with.
pub struct Message<'w> {
    pub certificate: Option<&'w Identity>,
    pub request: Request<Bytes>,
}

impl<'w> Plan<'w> {
    fn new(
        world: &'w World,
        client: &'w Provider,
        method: Method,
        path: &str,
        scope: &str,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, JSON);
        Self {
            world,
            client,
            certificate: Some(&client.qwac),
            method,
            path: path.to_owned(),
            headers,
            claims: tokens::claims(client.client_id, &client.qwac.thumbprint(), scope, 300),
            token_header: tokens::header(),
            token_key: &world.issuer_key,
            body: None,
            jose: None,
            seal_key: &client.seal_key,
        }
    }

    pub fn accounts(world: &'w World, client: &'w Provider) -> Self {
        Self::new(world, client, Method::GET, ACCOUNTS, "accounts")
    }

    pub fn funds(world: &'w World, client: &'w Provider, amount: &str) -> Self {
        let body = json!({ "Data": {
            "ConsentId": "88379",
            "Reference": "Purchase01",
            "InstructedAmount": { "Amount": amount, "Currency": "GBP" },
        } });
        Self::new(world, client, Method::POST, FUNDS, "fundsconfirmations").carrying(body)
    }

    pub fn consent(world: &'w World, client: &'w Provider, amount: &str) -> Self {
        let body = json!({ "Data": { "Initiation": initiation(amount) }, "Risk": {} });
        Self::new(world, client, Method::POST, CONSENTS, "payments").carrying(body).signed_once()
    }

    /// The order that a consent allows. The token is the one that the customer gave for it.
    pub fn payment(world: &'w World, client: &'w Provider, consent: &str, amount: &str) -> Self {
        let body = json!({
            "Data": { "ConsentId": consent, "Initiation": initiation(amount) },
            "Risk": {},
        });
        let mut plan = Self::new(world, client, Method::POST, PAYMENTS, "payments");
        plan.claims["openbanking_intent_id"] = json!(consent);
        plan.carrying(body).signed_once()
    }

    pub fn status(world: &'w World, client: &'w Provider, payment: &str) -> Self {
        Self::new(world, client, Method::GET, &format!("{PAYMENTS}/{payment}"), "payments")
    }

    fn carrying(mut self, body: Value) -> Self {
        self.headers.insert(CONTENT_TYPE, JSON);
        self.body = Some(body);
        self
    }

    /// With a message signature and an idempotency key.
    fn signed_once(mut self) -> Self {
        self.jose = Some(self.client.jose_header());
        self.header(IDEMPOTENCY_KEY, &Uuid::new_v4().to_string());
        self
    }

    pub fn header(&mut self, name: impl IntoHeaderName, value: &str) {
        let value = HeaderValue::from_str(value).expect("the demo writes header values");
        self.headers.insert(name, value);
    }

    /// Shows this certificate, and takes a token that is bound to it.
    pub fn present(&mut self, certificate: &'w Identity) {
        self.certificate = Some(certificate);
        self.claims["cnf"]["x5t#S256"] = json!(certificate.thumbprint());
    }

    /// Changes one member of the signature's header.
    pub fn jose(&mut self, member: &str, value: Value) {
        if let Some(header) = &mut self.jose {
            header[member] = value;
        }
    }

    /// The message, with another interaction id each time.
    pub fn message(&self) -> Anything<Message<'w>> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse()?;
        let payload = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        *request.headers_mut() = self.headers.clone();
        let headers = request.headers_mut();
        let token = tokens::sign(&self.token_header, &self.claims, self.token_key)?;
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
        headers.insert(INTERACTION_ID, Uuid::new_v4().to_string().parse()?);
        if let Some(header) = &self.jose {
            let signature = jws::detached(header, payload.as_bytes(), self.seal_key)?;
            headers.insert(SIGNATURE, signature.parse()?);
        }
        *request.body_mut() = payload.into();
        Ok(Message { certificate: self.certificate, request })
    }

    /// The message of a plan that differs in one thing.
    pub fn but(&self, change: impl FnOnce(&mut Self)) -> Anything<Message<'w>> {
        let mut plan = self.clone();
        change(&mut plan);
        plan.message()
    }

    /// The message, altered on the wire.
    pub fn altered(&self, change: impl FnOnce(&mut Request<Bytes>)) -> Anything<Message<'w>> {
        let mut message = self.message()?;
        change(&mut message.request);
        Ok(message)
    }
}

fn initiation(amount: &str) -> Value {
    json!({
        "InstructionIdentification": "ACME412",
        "EndToEndIdentification": "FRESCO.21302.GFX.20",
        "InstructedAmount": { "Amount": amount, "Currency": "GBP" },
        "CreditorAccount": {
            "SchemeName": "UK.OBIE.SortCodeAccountNumber",
            "Identification": "08080021325698",
            "Name": "ACME Inc",
        },
    })
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

const ACCOUNTS: &str = "/open-banking/v3.1/aisp/accounts";
const CONSENTS: &str = "/open-banking/v3.1/pisp/domestic-payment-consents";
const FUNDS: &str = "/open-banking/v3.1/cbpii/funds-confirmations";
const PAYMENTS: &str = "/open-banking/v3.1/pisp/domestic-payments";

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");
pub const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-jws-signature");
