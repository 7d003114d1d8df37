use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use super::super::tests::{asserting, now, server};
use super::super::{Certificates, Profile};
use super::*;
use crate::authorize::test_requests::{CHALLENGE, ISSUER, REDIRECT};
use crate::authorize::{AuthorizationRequest, MemoryPushedRequests, PushedRequest};
use crate::body::Body;
use crate::gate::Passport;
use crate::replay::MemoryReplayStore;
use crate::token::dpop::ExternalOrigin;

fn authorizations(dpop: Option<DpopProofs>) -> Authorizations {
    Authorizations {
        requests: RequestProfile::FAPI2,
        pushed: Arc::new(MemoryPushedRequests::with_capacity(8)),
        responder: Responder::of(ISSUER),
        decryption: None,
        intents: None,
        dpop,
    }
}

async fn answered(gate: GateBuilder, request: Request<Body>) -> (u16, String) {
    let handler = service_fn(|request: Request<Body>| async move {
        let passport = Passport::of(request.extensions()).unwrap();
        let response = match passport.find::<PushedRequest>() {
            Some(pushed) => pushed.response(),
            None => {
                let asked = passport.find::<AuthorizationRequest>().unwrap();
                Response::new(Bytes::from(asked.client_id().to_owned()))
            }
        };
        Ok::<_, Infallible>(response.map(Body::from))
    });
    let gate = gate.clock(now).build().unwrap();
    let answer = gate.layer(handler).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn what_an_authenticated_client_pushes_is_what_its_browser_asks_for() {
    let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
    let rest = format!(
        "response_type=code&redirect_uri={redirect}&scope=accounts&code_challenge={CHALLENGE}\
         &code_challenge_method=S256"
    );
    let server = server(Certificates::Unused);
    let replays = MemoryReplayStore::with_capacity(8);
    let proofs = DpopProofs::at(ExternalOrigin::parse(ISSUER).unwrap(), replays);
    for dpop in [None, Some(proofs)] {
        let authorizations = authorizations(dpop);
        let par = || par_endpoint(Profile::Fapi2, &server, &authorizations);
        let posted = |form: String| {
            Request::post("/par")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from(Bytes::from(form)))
                .unwrap()
        };
        let form = asserting("dpop", ISSUER, &rest);
        let (status, body) = answered(par(), posted(form.clone())).await;
        assert_eq!(status, 201, "{body}");
        let (status, _) = answered(par(), posted(form)).await;
        assert_eq!(status, 401, "the assertion is spent");
        let (status, _) = answered(par(), posted(rest.clone() + "&client_id=dpop")).await;
        assert_eq!(status, 401, "nobody has authenticated");

        let body: Value = serde_json::from_str(&body).unwrap();
        let uri = body["request_uri"].as_str().unwrap();
        let ask = || {
            let uri = format!("/authorize?client_id=dpop&request_uri={uri}");
            Request::get(uri).body(Body::empty()).unwrap()
        };
        let authorize = || authorization_endpoint(&server, &authorizations);
        assert_eq!(answered(authorize(), ask()).await, (200, "dpop".to_owned()));
    }
}

#[test]
fn the_steps_are_those_of_the_profile() {
    let server = server(Certificates::Unused);
    let steps = |gate: GateBuilder| gate.build().unwrap().steps().collect::<Vec<_>>();
    let plain = authorizations(None);
    assert_eq!(
        steps(par_endpoint(Profile::Fapi2, &server, &plain)),
        [
            "ReadForm",
            "AuthenticateClient",
            "ReadPushedRequest",
            "VerifyRequestObject",
            "PermitAuthorization",
            "PushRequest"
        ]
    );
    assert_eq!(
        steps(authorization_endpoint(&server, &plain)),
        ["ReadRequestObject", "VerifyRequestObject", "PermitAuthorization"]
    );
}
