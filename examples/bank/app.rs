//! The routes: who answers what, behind which gate, inside which layers of tower-http.
//!
//! Handlers take evidence: without the gate in front of it, none of them would run.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::handler::Handler;
use axum::http::header::{AUTHORIZATION, HeaderName};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::request_id::RequestId;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};
use tower_http::trace::TraceLayer;
use tower_open_banking::cert::RegisteredClient;
use tower_open_banking::consent::MatchedConsent;
use tower_open_banking::extract::Proof;
use tower_open_banking::gate::Passport;
use tower_open_banking::header::EchoInteractionId;
use tower_open_banking::idempotency::ClaimedKey;
use tower_open_banking::token::AccessToken;

use super::account;
use super::answer::{Document, answer};
use super::book::{Book, CONSENTS, NotPaid, Order, PAYMENTS};
use super::gates::Gates;
use super::ledger::Ledger;

/// The API for third-party providers.
pub fn routes(book: Arc<Book>, gates: Gates) -> Router {
    let payments = Router::new()
        .route(CONSENTS, post(create_consent))
        .route(PAYMENTS, post(create_payment))
        .route(&format!("{PAYMENTS}/{{id}}"), get(read_payment))
        .route_layer(gates.payments);
    let accounts = Router::new()
        .route("/open-banking/v3.1/aisp/accounts", get(list_accounts))
        .route_layer(gates.accounts);
    let funds = Router::new()
        .route("/open-banking/v3.1/cbpii/funds-confirmations", post(confirm_funds))
        .route_layer(gates.funds_confirmations);
    let around = ServiceBuilder::new()
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION, SIGNATURE]))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(log_response))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIME))
        .layer(RequestBodyDeadlineLayer::new(BODY_TIME))
        .layer(MapRequestBodyLayer::new(Body::new))
        .layer(CatchPanicLayer::new());
    // The profile wants an interaction id on every answer, so also on those that no gate gives.
    let echo = EchoInteractionId::or_generate().allow_malformed();
    let echo = if gates.in_request_id { echo.in_request_id() } else { echo };
    Router::new()
        .merge(payments)
        .merge(accounts)
        .merge(funds)
        .fallback(nowhere.layer(echo))
        .method_not_allowed_fallback(not_so.layer(echo))
        .layer(around)
        .with_state(book)
}

/// What the bank's own people may see.
pub fn admin(ledger: Arc<Ledger>) -> Router {
    Router::new().route("/ledger", get(show_ledger)).with_state(ledger)
}

async fn create_consent(
    State(book): State<Arc<Book>>,
    passport: Passport,
    client: Proof<RegisteredClient>,
    Document(document): Document,
) -> Response {
    let consent = book.consent(client.client_id(), &document).await;
    answer(&passport, StatusCode::CREATED, consent)
}

async fn create_payment(
    State(book): State<Arc<Book>>,
    passport: Passport,
    client: Proof<RegisteredClient>,
    token: Proof<AccessToken>,
    matched: Option<Proof<MatchedConsent>>,
    claimed: Option<Proof<ClaimedKey>>,
    Document(document): Document,
) -> Response {
    let order = Order {
        client_id: client.client_id(),
        intent: token.openbanking_intent_id(),
        is_matched: matched.is_some(),
        idempotency_key: claimed.as_ref().and_then(|claimed| claimed.key()),
        document: &document,
    };
    match book.pay(order).await {
        Ok(resource) => answer(&passport, StatusCode::CREATED, Ok(resource)),
        Err(NotPaid::Refused(rejection)) => answer(&passport, StatusCode::CREATED, Err(rejection)),
        // The key stays taken: whatever was done is not done again.
        Err(NotPaid::Unknown) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

async fn read_payment(
    State(book): State<Arc<Book>>,
    passport: Passport,
    client: Proof<RegisteredClient>,
    Path(id): Path<String>,
) -> Response {
    answer(&passport, StatusCode::OK, book.payment(client.client_id(), &id).await)
}

async fn list_accounts(passport: Passport, _: Proof<RegisteredClient>) -> Response {
    answer(&passport, StatusCode::OK, Ok(account::accounts()))
}

async fn confirm_funds(
    passport: Passport,
    _: Proof<RegisteredClient>,
    Document(document): Document,
) -> Response {
    answer(&passport, StatusCode::CREATED, account::confirm_funds(&document))
}

async fn nowhere() -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn not_so() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

async fn show_ledger(State(ledger): State<Arc<Ledger>>) -> Response {
    match ledger.all().await {
        Ok(entries) => axum::Json(entries).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The path only: a token in a query string is refused, and must not be found in the log.
fn span<B>(request: &Request<B>) -> tracing::Span {
    tracing::info_span!("request", method = %request.method(), path = request.uri().path())
}

fn log_response<B>(response: &Response<B>, latency: Duration, _: &tracing::Span) {
    let interaction = response.extensions().get::<RequestId>().map(RequestId::header_value);
    tracing::info!(status = response.status().as_u16(), ?latency, ?interaction, "answered");
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-jws-signature");

/// How long a request body may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long a request may take. A payment that takes longer goes on; a retry hears how it ended.
const REQUEST_TIME: Duration = Duration::from_secs(30);
