//! A gate in front of a plain hyper service: no framework, no router.
//!
//! ```text
//! cargo run --example hyper_service
//! curl -i http://127.0.0.1:3000/ -H 'x-fapi-customer-ip-address: 192.0.2.1'
//! curl -i http://127.0.0.1:3000/ -H 'x-fapi-customer-ip-address: somewhere'
//! ```
//!
//! hyper's own request body cannot be made from bytes, so the gate could not put back what a rule
//! has read; [`Body`] wraps it. Everything else is the same as under axum.
//!
//! The gate here only reads headers. `--example bank` has the whole profile.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt, service_fn};
use tower_open_banking::body::Body;
use tower_open_banking::gate::{Gate, Passport};
use tower_open_banking::header::{
    EchoInteractionId, FapiContext, InteractionId, NegotiateMedia, ReadFapiHeaders,
};
use tower_open_banking::reject::Problem;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gate = Gate::new(Problem::default())
        .around(EchoInteractionId::or_generate())
        .then(ReadFapiHeaders::obie())
        .then(NegotiateMedia::json())
        .build()?;

    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 3000))).await?;
    println!("listening http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let guarded = gate
            .layer(service_fn(hello))
            .map_request(|request: Request<Incoming>| request.map(Body::new));
        tokio::spawn(async move {
            let service = TowerToHyperService::new(guarded);
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = serving.await {
                eprintln!("{error}");
            }
        });
    }
}

/// Runs only for requests that have passed, and borrows what the rules found out.
async fn hello(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let passport = Passport::of(request.extensions()).expect("nobody comes here without a gate");
    let interaction = passport.find::<InteractionId>().expect("left by EchoInteractionId");
    let fapi = passport.find::<FapiContext>().expect("left by ReadFapiHeaders");
    let answer = format!(
        "{{\"interaction\":\"{}\",\"customer_present\":{}}}\n",
        interaction.as_str(),
        fapi.is_customer_present(),
    );
    let mut response = Response::new(Body::from(Bytes::from(answer)));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}
