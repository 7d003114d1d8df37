//! One request of the provider: good as it is, and to be broken one field at a time.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};
use tower_open_banking::body::Body;
use tower_open_banking::cert::PeerCertificates;
use tower_open_banking::jose::{NewHeader, Thumbprint};
use tower_open_banking::signature::ObieSigning;

use super::NOW;
use super::bank::{
    AUDIENCE, CLIENT, CLIENT_KEY, CLIENT_KID, ISSUER, ORGANISATION, Preset, SOFTWARE,
    STRANGERS_TOKEN_KEY, Secret, TOKEN_KEY, TOKEN_KID, TOKEN_RSA_KEY, TOKEN_RSA_KID, TRUST_ANCHOR,
};
use super::pki::Qwac;

pub const INTERACTION_ID: &str = "93bac548-d2de-4546-b106-880a5018460d";

/// A request before it is sealed: the token is minted and the body signed when it is sent.
#[derive(Clone)]
pub struct Payment {
    pub method: Method,
    pub path: String,
    pub certificate: Qwac,
    /// Whether the certificate is shown on the connection.
    pub is_presented: bool,
    /// The claims of the token but for `cnf`.
    pub claims: Value,
    pub bound_to: BoundTo,
    pub token_from: TokenFrom,
    pub body: Vec<u8>,
    pub signature: Signature,
    /// The id under which the signing key is named.
    pub kid: &'static str,
    /// What is done to the body after it was signed.
    pub tampered: bool,
    /// All headers but token and signature.
    pub headers: HeaderMap,
}

#[derive(Clone, Copy, Debug)]
pub enum BoundTo {
    Presented,
    Another,
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub enum TokenFrom {
    Bank,
    BankRsa,
    Stranger,
    Nowhere,
}

#[derive(Clone, Copy, Debug)]
pub enum Signature {
    By(ObieSigning),
    None,
}

impl Payment {
    /// A payment that the preset accepts, under this idempotency key.
    pub fn good(preset: Preset, key: &str) -> Self {
        let mut payment = Self {
            method: Method::POST,
            path: "/open-banking/v3.1/pisp/domestic-payments".into(),
            certificate: Qwac::default(),
            is_presented: true,
            claims: json!({
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": "psu-1",
                "client_id": CLIENT,
                "scope": "openid payments accounts",
                "iat": NOW - 10,
                "exp": NOW + 300,
                "jti": "token-1",
                "openbanking_intent_id": "58923",
            }),
            bound_to: BoundTo::Presented,
            token_from: TokenFrom::Bank,
            body: order("165.88"),
            signature: match preset.is_signed() {
                true => Signature::By(preset.signing()),
                false => Signature::None,
            },
            kid: CLIENT_KID,
            tampered: false,
            headers: HeaderMap::new(),
        };
        for (name, value) in [
            (CONTENT_TYPE, "application/json"),
            (ACCEPT, "application/json"),
            (HeaderName::from_static("x-idempotency-key"), key),
            (HeaderName::from_static("x-fapi-interaction-id"), INTERACTION_ID),
            (HeaderName::from_static("x-request-id"), INTERACTION_ID),
            (HeaderName::from_static("psu-ip-address"), "104.25.212.99"),
            (HeaderName::from_static("x-fapi-auth-date"), "Sun, 20 Sep 2026 19:43:31 GMT"),
            (HeaderName::from_static("x-fapi-customer-ip-address"), "104.25.212.99"),
        ] {
            payment.headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        payment
    }

    /// A good request to read accounts.
    pub fn accounts() -> Self {
        let mut request = Self::good(Preset::Fapi1, "unused");
        request.method = Method::GET;
        request.path = "/open-banking/v3.1/aisp/accounts".into();
        request.body = Vec::new();
        request.headers.remove(CONTENT_TYPE);
        request.headers.remove("x-idempotency-key");
        request
    }

    /// The same, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Sets a header.
    pub fn set(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
    }

    /// Sets a claim of the token.
    pub fn claim(&mut self, name: &str, value: impl Into<Value>) {
        self.claims[name] = value.into();
    }

    /// Gives the client another certificate.
    pub fn certify(&mut self, change: impl FnOnce(&mut Qwac)) {
        change(&mut self.certificate);
    }

    pub fn token(&self) -> Option<String> {
        let (secret, kid): (&Secret, _) = match self.token_from {
            TokenFrom::Bank => (&TOKEN_KEY, TOKEN_KID),
            TokenFrom::BankRsa => (&TOKEN_RSA_KEY, TOKEN_RSA_KID),
            TokenFrom::Stranger => (&STRANGERS_TOKEN_KEY, TOKEN_KID),
            TokenFrom::Nowhere => return None,
        };
        let mut claims = self.claims.clone();
        let certificate = self.certificate.der();
        match self.bound_to {
            BoundTo::Presented => claims["cnf"] = confirmation(&certificate),
            BoundTo::Another => claims["cnf"] = confirmation(b"another"),
            BoundTo::Nothing => {}
        }
        let header = NewHeader::new(secret.algorithm(), kid).typ("at+jwt");
        Some(header.sign_compact(&secret.key, claims.to_string().as_bytes()).unwrap())
    }

    /// The signed message, as it goes over the wire.
    pub fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(Bytes::from(self.sent_body())));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        if let Some(token) = self.token() {
            let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        if let Signature::By(signing) = self.signature {
            let value = sign_as(self.kid, &CLIENT_KEY, signing, &self.body);
            request.headers_mut().insert("x-jws-signature", HeaderValue::try_from(value).unwrap());
        }
        let presented = self.is_presented.then(|| self.certificate.der());
        request.extensions_mut().insert(PeerCertificates::new(presented));
        request
    }

    fn sent_body(&self) -> Vec<u8> {
        match self.tampered {
            true => String::from_utf8_lossy(&self.body).replace("165.88", "965.88").into_bytes(),
            false => self.body.clone(),
        }
    }
}

/// `x-jws-signature` over a body.
pub fn sign(key: &Secret, signing: ObieSigning, body: &[u8]) -> String {
    sign_as(CLIENT_KID, key, signing, body)
}

fn sign_as(kid: &str, key: &Secret, signing: ObieSigning, body: &[u8]) -> String {
    let issuer = format!("{ORGANISATION}/{SOFTWARE}");
    let mut header = NewHeader::new(key.algorithm(), kid).typ("JOSE").cty("application/json");
    if signing == ObieSigning::V3_1_0 {
        header = header.unencoded();
    }
    header.obie(NOW - 1, &issuer, TRUST_ANCHOR).sign_detached(&key.key, body).unwrap()
}

fn confirmation(certificate: &[u8]) -> Value {
    json!({ "x5t#S256": Thumbprint::of_certificate(certificate).to_string() })
}

/// A payment order of one kilobyte.
pub fn order(amount: &str) -> Vec<u8> {
    let order = |reference: &str| {
        json!({
            "Data": {
                "ConsentId": "58923",
                "Initiation": {
                    "InstructionIdentification": "ACME412",
                    "EndToEndIdentification": "FRESCO.21302.GFX.20",
                    "InstructedAmount": { "Amount": amount, "Currency": "GBP" },
                    "CreditorAccount": {
                        "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                        "Identification": "08080021325698",
                        "Name": "ACME Inc",
                        "SecondaryIdentification": "0002",
                    },
                    "RemittanceInformation": {
                        "Reference": "FRESCO-101",
                        "Unstructured": reference,
                    },
                },
            },
            "Risk": { "PaymentContextCode": "EcommerceGoods" },
        })
        .to_string()
    };
    let bare = order("").len();
    order(&"x".repeat(1024 - bare)).into_bytes()
}
