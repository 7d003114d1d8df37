//! Ways to pay twice.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::timeout::TimeoutLayer;

use super::*;
use crate::cert::{CertificateMatch, Client};
use crate::gate::{Gate, Rule};
use crate::idempotency::MemoryStore;
use crate::reject::Problem;

/// Leaves the registered client that the steps before would have left.
#[derive(Clone)]
struct Known;

impl Rule for Known {
    const NAME: &'static str = "Known";
    type Needs = ();
    type Leaves = RegisteredClient;

    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<RegisteredClient> {
        let client = Client::new("tpp", CertificateMatch::Thumbprint([0; 32]));
        Verdict::pass(RegisteredClient::assertion(Arc::new(client)))
    }
}

async fn sent<S>(bank: &mut S) -> StatusCode
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let payment = Request::post("/domestic-payments").header("x-idempotency-key", "one");
    let payment = payment.body(Full::from("{}")).unwrap();
    bank.ready().await.unwrap().call(payment).await.unwrap().status()
}

fn gate() -> Gate {
    let once = RunOnce::per_key(MemoryStore::with_capacity(10));
    Gate::new(Problem::default()).then(Known).around(once).build().unwrap()
}

#[tokio::test]
async fn a_payment_that_a_time_limit_cut_off_is_not_made_again() {
    for cut_off in
        [StatusCode::REQUEST_TIMEOUT, StatusCode::GATEWAY_TIMEOUT, StatusCode::BAD_GATEWAY]
    {
        let payments = Arc::new(AtomicUsize::new(0));
        let made = payments.clone();
        let pay = service_fn(move |_: Request<Full<Bytes>>| {
            let made = made.clone();
            async move {
                made.fetch_add(1, Ordering::SeqCst);
                // The money has left; the core's confirmation takes its time.
                std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
            }
        });
        let limit = TimeoutLayer::with_status_code(cut_off, Duration::from_millis(1));
        let mut bank = gate().layer(limit.layer(pay));
        assert_eq!(sent(&mut bank).await, cut_off);
        assert_eq!(sent(&mut bank).await, StatusCode::CONFLICT);
        assert_eq!(payments.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_request_that_the_handler_refuses_may_come_again() {
    for refused in [StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR] {
        let mut bank = gate().layer(service_fn(move |_: Request<Full<Bytes>>| async move {
            let mut response = Response::new(Full::default());
            *response.status_mut() = refused;
            Ok::<_, Infallible>(response)
        }));
        assert_eq!(sent(&mut bank).await, refused);
        assert_eq!(sent(&mut bank).await, refused);
    }
}
