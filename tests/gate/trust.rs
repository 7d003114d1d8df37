//! Anchors and revocation lists that are replaced while a connection is open.

use std::convert::Infallible;

use axum::http::{Request, Response, StatusCode};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_open_banking::body::Body;
use tower_open_banking::cert::{Anchors, PeerCertificates, PresentCertificate, TrustCertificate};
use tower_open_banking::gate::Gate;
use tower_open_banking::reject::{Problem, Reason, Rejection};
use tower_open_banking::revocation::Revocation;

use crate::support::clock;
use crate::support::pki::{self, Authority, Qwac};

#[tokio::test]
async fn anchors_that_are_replaced_judge_the_next_request_of_an_open_connection() {
    let rogue = Qwac { issuer: Authority::Rogue, ..Qwac::default() };
    let anchors = Anchors::of([pki::anchor()]).unwrap();
    let trust = TrustCertificate::anchored_in(anchors.clone(), Revocation::danger_off());
    let gate = Gate::new(Problem::default())
        .clock(clock)
        .then(PresentCertificate::from_tls())
        .then(trust)
        .build()
        .unwrap();
    let handler = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    // What a server keeps for the connection.
    let mut service = gate.layer(handler);
    let peers = [Qwac::default(), rogue].map(|qwac| PeerCertificates::new([qwac.der()]));
    let mut answers = Vec::new();
    for set in [pki::anchor(), pki::rogue_anchor(), pki::anchor()] {
        anchors.replace([set]).unwrap();
        for peer in peers.clone() {
            let request = Request::get("/").extension(peer).body(Body::empty()).unwrap();
            let answer = service.ready().await.unwrap().call(request).await.unwrap();
            answers.push(answer.status());
        }
    }
    let (good, bad) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    assert_eq!(answers, [good, bad, bad, good, good, bad]);
}

#[tokio::test]
async fn a_certificate_that_is_revoked_while_its_connection_is_open_is_refused_at_the_next_request()
{
    let anchors = Anchors::of([pki::anchor()]).unwrap();
    let revocation = Revocation::by_lists([pki::revocation_list()]).unwrap();
    let gate = Gate::new(Problem::default())
        .clock(clock)
        .then(PresentCertificate::from_tls())
        .then(TrustCertificate::anchored_in(anchors, revocation.clone()))
        .build()
        .unwrap();
    let handler = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    // What a server keeps for the connection.
    let mut service = gate.layer(handler);
    let peer = PeerCertificates::new([Qwac::default().der()]);
    let mut answers = Vec::new();
    for number in 1..=3 {
        for _ in 0..2 {
            let request = Request::get("/").extension(peer.clone()).body(Body::empty()).unwrap();
            let answer = service.ready().await.unwrap().call(request).await.unwrap();
            let rejection = answer.extensions().get::<Rejection>();
            answers.push((answer.status(), rejection.map(Rejection::reason)));
        }
        let named = Qwac::default().serial;
        let lists = [pki::revocation_list_naming(named, number + 1)];
        assert!(revocation.replace_lists(lists).unwrap().is_empty());
    }
    let good = (StatusCode::OK, None);
    let bad = (StatusCode::UNAUTHORIZED, Some(Reason::CertificateRevoked));
    assert_eq!(answers, [good, good, bad, bad, bad, bad]);
}
