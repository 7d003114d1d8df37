//! Authorisation requests for tests: a client, its keys, and the endpoints in front of it.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;
use openssl::pkey::{PKey, Private};
use rustls_pki_types::UnixTime;
use serde_json::{Map, Value, json};
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::body::Body;
use crate::cert::test_pki::NOW;
use crate::cert::{CertificateMatch, Client, Clients};
use crate::client_auth::{
    AuthenticatedClient, AuthenticationMethod, GrantType, Parameters, ReadForm, Registration,
    SenderConstraint,
};
use crate::context::Context;
use crate::crypto::{Algorithm, SigningKey, test_keys};
use crate::gate::{Gate, Passport, Rule, Verdict};
use crate::jose::{Key, KeySet, encode_base64url};
use crate::reject::{AuthorizationEndpoint, AuthorizationServer, Reason, Rejection};

pub(crate) const ISSUER: &str = "https://as.bank.example";
pub(crate) const REDIRECT: &str = "https://tpp.example/cb";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

static OWN: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);
static OTHER: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);
static BANK: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);

pub(crate) fn own() -> SigningKey {
    test_keys::signing(&OWN)
}

pub(crate) fn other() -> SigningKey {
    test_keys::signing(&OTHER)
}

pub(crate) fn bank() -> SigningKey {
    test_keys::signing(&BANK)
}

pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

/// A client that registered everything that the tests ask for.
pub(crate) fn client(id: &str, keys: &[(&str, &PKey<Private>)]) -> Client {
    let key = |(kid, key): &(&str, &PKey<Private>)| {
        Key::new(test_keys::signing(key).public_key().clone()).with_id(*kid)
    };
    let registration =
        Registration::new(AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Certificate)
            .grants([GrantType::AuthorizationCode])
            .scopes(["openid", "accounts", "payments"])
            .redirect_uris([
                REDIRECT,
                "https://tpp.example/cb?tenant=1",
                "http://tpp.example/cb",
                "https://user@tpp.example/cb",
                "https://tpp.example/cb#part",
            ]);
    Client::new(id, CertificateMatch::NoCertificate)
        .signs_with(
            KeySet::of(keys.iter().map(key)).unwrap(),
            [Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256],
        )
        .registered_as(registration)
}

pub(crate) fn tpp() -> Client {
    static TPP: LazyLock<Client> =
        LazyLock::new(|| client("tpp", &[("k1", &OWN), ("rsa", test_keys::rsa_2048())]));
    TPP.clone()
}

/// A client that uses the same key ids.
pub(crate) fn stranger() -> Client {
    client("stranger", &[("k1", &OTHER)])
}

pub(crate) fn clients() -> Clients {
    let idle = Registration::new(AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Dpop);
    let idle = Client::new("idle", CertificateMatch::NoCertificate).registered_as(idle);
    Clients::of([tpp(), stranger(), idle]).unwrap()
}

/// The claims of a request object that is in order for FAPI 1.0 Advanced and OBIE.
pub(crate) fn claims() -> Map<String, Value> {
    let intent =
        json!({ "openbanking_intent_id": { "value": "urn:consent:1", "essential": true } });
    let claims = json!({
        "iss": "tpp",
        "aud": ISSUER,
        "client_id": "tpp",
        "exp": NOW + 300,
        "nbf": NOW - 5,
        "iat": NOW - 5,
        "response_type": "code id_token",
        "redirect_uri": REDIRECT,
        "scope": "openid accounts",
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "max_age": 86400,
        "claims": { "id_token": intent, "userinfo": intent },
    });
    serde_json::from_value(claims).unwrap()
}

/// A JWS of these very bytes, whatever they are.
pub(crate) fn jws(header: &Value, payload: &[u8], key: &SigningKey) -> String {
    let signed = [header.to_string().as_bytes(), payload].map(encode_base64url).join(".");
    let signature = key.sign(Algorithm::Es256, &[signed.as_bytes()]).unwrap();
    format!("{signed}.{}", encode_base64url(&signature))
}

/// A request object of the client, but for the edit.
pub(crate) fn object(edit: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut claims = claims();
    edit(&mut claims);
    let header = json!({ "alg": "ES256", "kid": "k1" });
    jws(&header, Value::from(claims).to_string().as_bytes(), &own())
}

/// The parameters of a request by value.
pub(crate) fn by_value(object: &str) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", "tpp".to_owned()),
        ("response_type", "code id_token".to_owned()),
        ("scope", "openid accounts".to_owned()),
        ("request", object.to_owned()),
    ]
}

pub(crate) fn query(parameters: Vec<(&'static str, String)>) -> String {
    parameters.into_iter().collect::<Parameters>().to_string()
}

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) reason: Option<Reason>,
    pub(crate) why: String,
    pub(crate) location: Option<String>,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
    pub(crate) permitted: Option<AuthorizationRequest>,
}

/// The two endpoints of a bank.
#[derive(Clone)]
pub(crate) struct Endpoints {
    pub(crate) profile: RequestProfile,
    pub(crate) pushed: Arc<MemoryPushedRequests>,
    pub(crate) verify: VerifyRequestObject,
    pub(crate) permit: PermitAuthorization,
    pub(crate) responder: Responder,
    pub(crate) at: u64,
}

impl Endpoints {
    pub(crate) fn of(profile: RequestProfile) -> Self {
        let pushed = Arc::new(MemoryPushedRequests::with_capacity(8));
        let verify = VerifyRequestObject::of(profile, ISSUER);
        let permit = PermitAuthorization::of(profile);
        Self { profile, pushed, verify, permit, responder: Self::responder(), at: NOW }
    }

    pub(crate) fn responder() -> Responder {
        Responder::of(ISSUER).signing_with(bank(), Algorithm::Es256, "bank-1").unwrap()
    }

    /// GET at the authorisation endpoint.
    pub(crate) async fn asked(&self, query: &str) -> Answered {
        let uri = format!("/authorize?{query}");
        self.authorize(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn authorize(&self, request: Request<Body>) -> Answered {
        let gate = Gate::new(AuthorizationEndpoint::of(self.responder.clone()))
            .clock(self.clock())
            .then(ReadRequestObject::of(self.profile, clients()).pushed_to(self.pushed.clone()))
            .then(self.verify.clone())
            .then(self.permit.clone())
            .build()
            .unwrap();
        answered(gate, request).await
    }

    /// POST at the PAR endpoint by a client that has authenticated.
    pub(crate) async fn pushed_by(
        &self,
        client: Client,
        parameters: Vec<(&'static str, String)>,
    ) -> Answered {
        let gate = Gate::new(AuthorizationServer)
            .clock(self.clock())
            .then(ReadForm::posted())
            .then(Authenticated(Arc::new(client)))
            .then(ReadPushedRequest::posted())
            .then(self.verify.clone())
            .then(self.permit.clone())
            .then(PushRequest::into(self.pushed.clone()))
            .build()
            .unwrap();
        answered(gate, posted("/par", query(parameters))).await
    }

    /// Pushes and gives the URI.
    pub(crate) async fn push(&self, parameters: Vec<(&'static str, String)>) -> String {
        let answer = self.pushed_by(tpp(), parameters).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        body["request_uri"].as_str().unwrap().to_owned()
    }

    fn clock(&self) -> impl crate::context::Clock {
        let at = self.at;
        move || UnixTime::since_unix_epoch(Duration::from_secs(at))
    }
}

pub(crate) fn posted(path: &str, form: String) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(Bytes::from(form)))
        .unwrap()
}

async fn answered(gate: Gate, request: Request<Body>) -> Answered {
    let handler = service_fn(|request: Request<Body>| async move {
        let passport = Passport::of(request.extensions()).unwrap();
        let response = match passport.find::<PushedRequest>() {
            Some(pushed) => pushed.response(),
            None => {
                let request = passport.find::<AuthorizationRequest>().unwrap();
                let mut response = Response::new(Bytes::from(request.client_id().to_owned()));
                response.extensions_mut().insert(request.clone());
                response
            }
        };
        Ok::<_, Infallible>(response.map(Body::from))
    });
    let answer = gate.layer(handler).oneshot(request).await.unwrap();
    let rejection = answer.extensions().get::<Rejection>().cloned();
    let reason = rejection.as_ref().map(Rejection::reason);
    let why = rejection.map(|rejection| rejection.why().to_string()).unwrap_or_default();
    let permitted = answer.extensions().get::<AuthorizationRequest>().cloned();
    let location = answer.headers().get("location").map(|uri| uri.to_str().unwrap().to_owned());
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(bytes.to_vec()).unwrap();
    let (status, headers) = (head.status.as_u16(), head.headers);
    Answered { status, reason, why, location, headers, body, permitted }
}

/// Stands for client authentication.
#[derive(Clone)]
struct Authenticated(Arc<Client>);

impl Rule for Authenticated {
    const NAME: &'static str = "Authenticated";
    type Needs = ();
    type Leaves = AuthenticatedClient;

    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<AuthenticatedClient> {
        Verdict::pass(AuthenticatedClient::assertion(self.0.clone()))
    }
}
