//! Gates and lone rules among the layers of others.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::{Request, Response, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls_pki_types::UnixTime;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::RequestId;
use tower_http::trace::TraceLayer;
use tower_open_banking::body::Body;
use tower_open_banking::cert::{
    ForwardedHeader, MatchClient, PeerAddress, PeerCertificates, PresentCertificate, TrustedPeers,
};
use tower_open_banking::eidas::{IdentifyPsp, PermittedRole, PspIdentity, RequireRole};
use tower_open_banking::extract::Proof;
use tower_open_banking::gate::{Gate, Passport};
use tower_open_banking::header::{EchoInteractionId, NegotiateMedia, ReadFapiHeaders};
use tower_open_banking::idempotency::RunOnce;
use tower_open_banking::reject::{Problem, Reason};
use tower_open_banking::signature::{ObieSigning, VerifySignature};
use tower_open_banking::token::{BindToken, BoundToken, VerifyToken};

use crate::support::answer::Answer;
use crate::support::bank::{Preset, bank, signer};
use crate::support::payment::{BoundTo, INTERACTION_ID, Payment};
use crate::support::pki::{Authority, PSP_AI};
use crate::support::{NOW, clock};

type Boxed = BoxCloneSyncService<Request<Body>, Response<Full<Bytes>>, Infallible>;

/// The rules of a whole payment, stacked without a gate, behind one that tells the time.
///
/// In three parts, each behind a type of its own: the compiler's work doubles with every layer that
/// stands in one type.
fn by_hand() -> Boxed {
    let bank = bank();
    let message = ServiceBuilder::new()
        .layer(RequireRole::payment_initiation())
        .layer(ReadFapiHeaders::obie())
        .layer(NegotiateMedia::json())
        .layer(VerifySignature::detached_jws(ObieSigning::V3_1_4))
        .layer(bank.once)
        .service(service_fn(ledger));
    let sender = ServiceBuilder::new()
        .layer(bank.trust)
        .layer(IdentifyPsp::from_certificate())
        .layer(bank.token)
        .layer(BindToken::to_certificate())
        .layer(MatchClient::registered_in(bank.clients))
        .service(Boxed::new(message));
    let whole = ServiceBuilder::new()
        .layer(clockwork())
        .layer(EchoInteractionId::or_generate())
        .layer(signer(ObieSigning::V3_1_4))
        .layer(bank.present)
        .service(Boxed::new(sender));
    Boxed::new(whole)
}

/// A gate of one step that tells the rules behind it the time: lone rules without a gate go by the
/// clock of the host.
fn clockwork() -> Gate {
    Gate::new(Problem::default()).then(Tick).clock(clock).build().unwrap()
}

#[derive(Clone)]
struct Tick;

struct Ticked;

impl tower_open_banking::gate::Evidence for Ticked {}

impl tower_open_banking::gate::Rule for Tick {
    const NAME: &'static str = "Tick";
    type Needs = ();
    type Leaves = Ticked;

    fn check(
        &self,
        (): (),
        _: &mut http::request::Parts,
        _: &tower_open_banking::context::Context,
    ) -> tower_open_banking::gate::Verdict<Ticked> {
        tower_open_banking::gate::Verdict::pass(Ticked)
    }
}

async fn ledger(request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    let passport = Passport::of(request.extensions()).unwrap();
    assert!(passport.find::<BoundToken>().is_some());
    Ok(Response::new(Full::new(Bytes::from_static(b"paid"))))
}

#[tokio::test]
async fn every_rule_is_a_layer_and_a_stack_of_them_decides_as_a_gate_does() {
    let stack = by_hand();
    let answer = async |change: fn(&mut Payment)| {
        let payment = Payment::good(Preset::Uk314, "key-1").with(change);
        Answer::read(stack.clone().oneshot(payment.request()).await.unwrap()).await
    };
    for (change, reason) in [
        ((|p| p.is_presented = false) as fn(&mut Payment), Reason::CertificateMissing),
        (|p| p.certify(|qwac| qwac.issuer = Authority::Rogue), Reason::CertificateUntrusted),
        (|p| p.bound_to = BoundTo::Another, Reason::TokenNotBound),
        (|p| p.certify(|qwac| qwac.roles = &[PSP_AI]), Reason::RoleMissing),
        (|p| p.set("accept", "text/html"), Reason::AcceptUnsupported),
        (|p| p.tampered = true, Reason::SignatureInvalid),
    ] {
        let refused = answer(change).await;
        assert_eq!(refused.reason().map(|(reason, _)| reason), Some(reason));
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.header("x-fapi-interaction-id"), INTERACTION_ID);
        assert!(refused.is_signed(ObieSigning::V3_1_4));
    }
    let paid = answer(|_| ()).await;
    assert_eq!((paid.status, &paid.body[..]), (StatusCode::OK, &b"paid"[..]));
    assert!(paid.is_signed(ObieSigning::V3_1_4));
}

#[tokio::test]
async fn a_rule_in_the_wrong_place_refuses_with_a_500_that_says_nothing() {
    let stack = ServiceBuilder::new()
        .layer(BindToken::to_certificate())
        .layer(bank().present)
        .service(service_fn(ledger));
    let request = Payment::good(Preset::Uk314, "key-1").request();
    let answer = Answer::read(stack.oneshot(request).await.unwrap()).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.reason(), Some((Reason::Misassembled, None)));
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!body.contains("Token") && !body.contains("Certificate"), "{body}");
}

/// A request as axum's server would hand it over.
fn over_axum(payment: &Payment) -> Request<axum::body::Body> {
    payment.request().map(axum::body::Body::new)
}

async fn routed(router: &Router, payment: &Payment) -> Answer {
    Answer::read(router.clone().oneshot(over_axum(payment)).await.unwrap()).await
}

#[tokio::test]
async fn rules_on_a_router_run_from_the_last_layer_to_the_first() {
    async fn handler(psp: Proof<PspIdentity>) -> String {
        psp.organization_identifier().to_owned()
    }
    let bank = bank();
    let router = Router::new()
        .route("/open-banking/v3.1/aisp/accounts", get(handler))
        .layer(IdentifyPsp::from_certificate())
        .layer(bank.trust)
        .layer(bank.present)
        .layer(clockwork());
    let answer = routed(&router, &Payment::accounts()).await;
    assert_eq!(&answer.body[..], b"PSDGB-FCA-123456");
    let rogue = Payment::accounts().with(|p| p.certify(|qwac| qwac.issuer = Authority::Rogue));
    assert_eq!(routed(&router, &rogue).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_route_added_after_the_gate_runs_no_handler_that_demands_evidence() {
    let paid = Arc::new(AtomicUsize::new(0));
    let pay = |paid: &Arc<AtomicUsize>| {
        let paid = paid.clone();
        post(|_: Proof<BoundToken>, _: Proof<PermittedRole>| async move {
            paid.fetch_add(1, Ordering::SeqCst);
            StatusCode::CREATED
        })
    };
    let router = Router::new()
        .route("/open-banking/v3.1/pisp/domestic-payments", pay(&paid))
        .layer(Preset::Uk314.payments(&bank()).build().unwrap())
        .route("/late/domestic-payments", pay(&paid));
    let good = Payment::good(Preset::Uk314, "key-1");
    assert_eq!(routed(&router, &good).await.status, StatusCode::CREATED);
    let late = good.with(|payment| payment.path = "/late/domestic-payments".into());
    let answer = routed(&router, &late).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((answer.body.len(), paid.load(Ordering::SeqCst)), (0, 1));
}

#[tokio::test]
async fn a_plain_hyper_service_stands_behind_a_gate() {
    let gate = Preset::Uk314.payments(&bank()).build().unwrap();
    let echo = service_fn(|request: Request<Body>| async move {
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(bytes)))
    });
    let service = gate.layer(echo);
    let peer = PeerCertificates::new([Payment::good(Preset::Uk314, "").certificate.der()]);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        service.clone().oneshot(request)
    });
    let (client, server) = tokio::io::duplex(1 << 16);
    let connection = hyper::server::conn::http1::Builder::new();
    let server = tokio::spawn(connection.serve_connection(TokioIo::new(server), service));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);

    let payment = Payment::good(Preset::Uk314, "key-1");
    let paid = sender.send_request(payment.request()).await.unwrap();
    let paid = Answer::read(paid).await;
    assert_eq!((paid.status, &paid.body[..]), (StatusCode::OK, &payment.body[..]));
    assert!(paid.is_signed(ObieSigning::V3_1_4));
    let tampered = Payment::good(Preset::Uk314, "key-2").with(|payment| payment.tampered = true);
    let refused = sender.send_request(tampered.request()).await.unwrap();
    let refused = Answer::read(refused).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "UK.OBIE.Signature.Invalid".into())
    );
    drop(sender);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_certificate_header_counts_from_the_proxy_alone_and_reaches_no_handler() {
    let peers = TrustedPeers::parse(["10.0.0.0/8"]).unwrap();
    let present = PresentCertificate::from_header(ForwardedHeader::rfc9440(), peers);
    let handler = service_fn(|request: Request<Body>| async move {
        assert!(!request.headers().contains_key("client-cert"));
        assert!(!request.headers().contains_key("x-ssl-client-cert"));
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let service = present.layer(handler);
    let from = async |address: Ipv4Addr| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let payment = Payment::accounts().with(|payment| payment.is_presented = false);
        let der = payment.certificate.der();
        let mut request = payment.request();
        request.extensions_mut().insert(PeerAddress::new(IpAddr::V4(address)));
        let value = format!(":{}:", BASE64_STANDARD.encode(der));
        request.headers_mut().insert("client-cert", value.parse().unwrap());
        request.headers_mut().insert("x-ssl-client-cert", "forged".parse().unwrap());
        Answer::read(service.clone().oneshot(request).await.unwrap()).await
    };
    assert_eq!(from(Ipv4Addr::new(10, 1, 2, 3)).await.status, StatusCode::OK);
    let forged = from(Ipv4Addr::new(192, 0, 2, 1)).await;
    assert_eq!(forged.reason(), Some((Reason::CertificateHeaderInvalid, None)));
}

type Seen = Arc<Mutex<Vec<(&'static str, Option<String>)>>>;

fn note(seen: &Seen, place: &'static str, id: Option<&RequestId>) {
    let id = id.map(|id| id.header_value().to_str().unwrap().to_owned());
    seen.lock().unwrap_or_else(PoisonError::into_inner).push((place, id));
}

#[tokio::test]
async fn trace_layers_inside_and_outside_see_the_interaction_id() {
    let seen = Seen::default();
    let trace = |place: &'static str| {
        let (at_request, at_response) = (seen.clone(), seen.clone());
        TraceLayer::new_for_http()
            .make_span_with(move |request: &Request<axum::body::Body>| {
                note(&at_request, place, request.extensions().get());
                tracing::info_span!("request")
            })
            .on_response(
                move |response: &Response<axum::body::Body>, _: Duration, _: &tracing::Span| {
                    note(&at_response, place, response.extensions().get());
                },
            )
    };
    let router = Router::new()
        .route("/open-banking/v3.1/aisp/accounts", get(|| async { "accounts" }))
        .layer(trace("inside"))
        .layer(Preset::Uk314.accounts(&bank()).build().unwrap())
        .layer(trace("outside"));
    let id = || Some(INTERACTION_ID.to_owned());
    let taken = || std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));

    assert_eq!(routed(&router, &Payment::accounts()).await.status, StatusCode::OK);
    assert_eq!(taken(), [("outside", None), ("inside", id()), ("inside", None), ("outside", id())]);
    let refused = Payment::accounts().with(|payment| payment.claim("scope", "payments"));
    assert_eq!(routed(&router, &refused).await.status, StatusCode::FORBIDDEN);
    assert_eq!(taken(), [("outside", None), ("outside", id())]);
}

fn panicking(ran: &Arc<AtomicUsize>) -> Router {
    let ran = ran.clone();
    let broken = move || {
        let ran = ran.clone();
        async move {
            if ran.fetch_add(1, Ordering::SeqCst) < usize::MAX {
                panic!("the handler breaks");
            }
            StatusCode::CREATED
        }
    };
    Router::new()
        .route("/open-banking/v3.1/pisp/domestic-payments", post(broken.clone()))
        .route("/open-banking/v3.1/aisp/accounts", get(broken))
}

#[tokio::test]
async fn a_panic_behind_a_gate_that_waits_for_nobody_is_caught_outside_it() {
    let router = panicking(&Arc::default())
        .layer(Preset::Uk314.accounts(&bank()).build().unwrap())
        .layer(CatchPanicLayer::new());
    let answer = routed(&router, &Payment::accounts()).await;
    assert_eq!((answer.status.as_u16(), answer.rejection.is_none()), (500, true));
}

#[tokio::test]
async fn a_payment_that_panics_is_answered_signed_and_never_runs_again() {
    let (ran, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(NOW)));
    let told = now.clone();
    let gate = Preset::Uk314.payments(&bank()).clock(move || {
        UnixTime::since_unix_epoch(Duration::from_secs(told.load(Ordering::SeqCst)))
    });
    let router = panicking(&ran).layer(gate.build().unwrap()).layer(CatchPanicLayer::new());
    let payment = Payment::good(Preset::Uk314, "key-1");
    let at = Some("x-idempotency-key");
    for (later, status, reason) in [
        (0, 500, (Reason::HandlerAborted, None)),
        (0, 409, (Reason::IdempotencyInFlight, at)),
        (61, 409, (Reason::IdempotencyOutcomeUnknown, at)),
    ] {
        now.fetch_add(later, Ordering::SeqCst);
        let answer = routed(&router, &payment).await;
        assert_eq!((answer.status.as_u16(), answer.reason()), (status, Some(reason)));
        assert!(answer.is_signed(ObieSigning::V3_1_4));
        assert_eq!(answer.header("x-fapi-interaction-id"), INTERACTION_ID);
    }
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn readiness_is_that_of_the_service_behind_the_gate() {
    let gate = Preset::Uk314.accounts(&bank()).build().unwrap();
    let (mock, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Full<Bytes>>>();
    let mut service = gate.layer(mock);
    handle.allow(0);
    let waits = tokio::time::timeout(Duration::from_millis(10), service.ready()).await;
    assert!(waits.is_err());
    handle.allow(1);
    let answered = service.ready().await.unwrap().call(Payment::accounts().request());
    let answer = tokio::spawn(answered);
    let (request, reply) = handle.next_request().await.unwrap();
    assert!(Passport::of(request.extensions()).unwrap().find::<BoundToken>().is_some());
    reply.send_response(Response::new(Full::new(Bytes::new())));
    assert_eq!(answer.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[test]
fn rules_are_values_that_can_be_shared() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Gate>();
    is_shared::<PresentCertificate>();
    is_shared::<VerifyToken>();
    is_shared::<VerifySignature>();
    is_shared::<RunOnce>();
}
