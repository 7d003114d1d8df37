//! The whole way of a UK payment, warm and in process.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use tokio::runtime::Runtime;
use tower::{Layer, Service};
use tower_open_banking::body::Body;
use tower_open_banking::cert::MatchClient;
use tower_open_banking::eidas::{IdentifyPsp, RequireRole};
use tower_open_banking::gate::{Gate, Guarded};
use tower_open_banking::header::{EchoInteractionId, NegotiateMedia, ReadFapiHeaders};
use tower_open_banking::idempotency::MemoryStore;
use tower_open_banking::reject::Obie;
use tower_open_banking::signature::{ObieSigning, VerifySignature};
use tower_open_banking::token::BindToken;

use super::kernel::Handler;
use super::support::bank::{Preset, bank_with};
use super::support::clock;
use super::support::payment::{Payment, TokenFrom};

/// How the two signatures of a payment are made.
#[derive(Clone, Copy, Debug)]
pub enum Variant {
    /// Body and token PS256.
    Ps256,
    /// Body PS256, token ES256.
    Es256Token,
}

pub const VARIANTS: [Variant; 2] = [Variant::Ps256, Variant::Es256Token];

/// A gate that has seen its first payment.
pub struct Stack {
    service: Guarded<Handler>,
    runtime: Runtime,
    pub payments: Payments,
}

/// One payment after the other, each with a key of its own.
#[derive(Clone)]
pub struct Payments {
    head: Parts,
    body: Bytes,
    number: u64,
}

impl Stack {
    pub fn behind(gate: Gate, variant: Variant) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let payments = Payments::new(variant);
        let mut stack = Self { service: gate.layer(Handler), runtime, payments };
        let first = stack.payments.next();
        assert_eq!(stack.answer(first).status(), 200);
        stack
    }

    pub fn answer(&mut self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = self.runtime.block_on(self.service.call(request));
        response
    }
}

impl Payments {
    pub fn new(variant: Variant) -> Self {
        let payment = Payment::good(Preset::Uk314, "warm").with(|payment| {
            payment.token_from = match variant {
                Variant::Ps256 => TokenFrom::BankRsa,
                Variant::Es256Token => TokenFrom::Bank,
            };
        });
        let (head, _) = payment.request().into_parts();
        Self { head, body: Bytes::from(payment.body), number: 0 }
    }

    pub fn next(&mut self) -> Request<Body> {
        self.number += 1;
        let mut head = self.head.clone();
        let key = HeaderValue::try_from(format!("key-{}", self.number)).unwrap();
        head.headers.insert("x-idempotency-key", key);
        Request::from_parts(head, Body::from(self.body.clone()))
    }

    /// What is signed in each of them: input and signature, of the message and of the token.
    pub fn signatures(&self) -> [(Vec<u8>, Vec<u8>); 2] {
        let text = |name: &str| self.head.headers[name].to_str().unwrap().to_owned();
        let message = text("x-jws-signature");
        let (header, signature) = message.split_once("..").unwrap();
        let input = format!("{header}.{}", BASE64_URL_SAFE_NO_PAD.encode(&self.body));
        let token = text(AUTHORIZATION.as_str());
        let (signed, of_token) = token["Bearer ".len()..].rsplit_once('.').unwrap();
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        [(input.into_bytes(), decode(signature)), (signed.into(), decode(of_token))]
    }
}

/// The names of the steps that are timed, in the order of the way.
pub const WAY: [&str; 12] = [
    "EchoInteractionId",
    "PresentCertificate",
    "TrustCertificate",
    "IdentifyPsp",
    "VerifyToken",
    "BindToken",
    "MatchClient",
    "RequireRole",
    "ReadFapiHeaders",
    "NegotiateMedia",
    "VerifySignature",
    "RunOnce",
];

/// The first `steps` steps of the payments gate of UK 3.1.4, without the signature on the answer,
/// which costs thirty times all the rest.
pub fn way(steps: usize) -> Gate {
    let store = MemoryStore::with_capacity(10_000_000).total_limit(4 << 30);
    let bank = bank_with(Arc::new(store));
    let mut gate = Gate::new(Obie::V3_1).clock(clock).around(EchoInteractionId::or_generate());
    for step in WAY.into_iter().take(steps).skip(1) {
        gate = match step {
            "PresentCertificate" => gate.then(bank.present.clone()),
            "TrustCertificate" => gate.then(bank.trust.clone()),
            "IdentifyPsp" => gate.then(IdentifyPsp::from_uk_directory()),
            "VerifyToken" => gate.then(bank.token.clone()),
            "BindToken" => gate.then(BindToken::to_certificate()),
            "MatchClient" => gate.then(MatchClient::registered_in(bank.clients.clone())),
            "RequireRole" => gate.then(RequireRole::payment_initiation()),
            "ReadFapiHeaders" => gate.then(ReadFapiHeaders::obie()),
            "NegotiateMedia" => gate.then(NegotiateMedia::json()),
            "VerifySignature" => gate.then(VerifySignature::detached_jws(ObieSigning::V3_1_4)),
            _ => gate.around(bank.once.clone()),
        };
    }
    gate.build().unwrap()
}

#[divan::bench(args = VARIANTS)]
fn whole_stack(bencher: divan::Bencher<'_, '_>, variant: Variant) {
    let mut stack = Stack::behind(way(WAY.len()), variant);
    let mut payments = stack.payments.clone();
    bencher.with_inputs(|| payments.next()).bench_local_values(|request| stack.answer(request));
}
