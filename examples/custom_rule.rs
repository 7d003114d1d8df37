//! A rule of the bank's own, among those of the library.
//!
//! ```text
//! cargo run --example custom_rule
//! ```
//!
//! The bank takes payments from customers in its own country only, by the address that the third
//! party claims for the customer. A rule is one struct with one method; what it leaves is a type
//! that nobody else can make, so a handler that finds it knows that the rule has passed. `build()`
//! refuses a gate in which the rule stands before the one it builds on.

use std::convert::Infallible;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use ipnet::IpNet;
use tower::{Layer, ServiceExt, service_fn};
use tower_open_banking::context::Context;
use tower_open_banking::gate::{Audit, Evidence, Gate, Passport, Refs, Rule, Verdict};
use tower_open_banking::header::{EchoInteractionId, FapiContext, ReadFapiHeaders};
use tower_open_banking::reject::{Obie, Reason, Rejection};

/// Passes when the customer's address is absent (the customer is, too) or lies in one of the
/// networks. Does not check that the claim is true.
#[derive(Clone)]
struct RequireHomeNetwork {
    networks: &'static [(&'static str, IpNet)],
}

/// The network that the customer uses; none where the customer is absent.
struct HomeNetwork(Option<&'static str>);

impl Evidence for HomeNetwork {
    /// For the log: the network's name, not the address, which is personal.
    fn audit(&self, line: &mut Audit) {
        line.field("network", self.0.unwrap_or("unattended"));
    }
}

impl Rule for RequireHomeNetwork {
    const NAME: &'static str = "RequireHomeNetwork";
    type Needs = FapiContext;
    type Leaves = HomeNetwork;

    fn check(
        &self,
        fapi: Refs<'_, FapiContext>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<HomeNetwork> {
        let Some(customer) = fapi.customer_ip() else {
            return Verdict::pass(HomeNetwork(None));
        };
        let home = self.networks.iter().find(|(_, network)| network.contains(&customer.address()));
        match home {
            Some((name, _)) => Verdict::pass(HomeNetwork(Some(name))),
            None => Verdict::reject(
                Rejection::new(Reason::PolicyRefused).detail("the customer is abroad"),
            ),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let networks = vec![("cable", "192.0.2.0/24".parse()?), ("mobile", "2001:db8::/32".parse()?)];
    let home = RequireHomeNetwork { networks: networks.leak() };

    let misplaced = Gate::new(Obie::V3_1).then(home.clone()).then(ReadFapiHeaders::obie()).build();
    println!("{}", misplaced.expect_err("the rule stands before what it needs"));

    let gate = Gate::new(Obie::V3_1)
        .around(EchoInteractionId::or_generate())
        .then(ReadFapiHeaders::obie())
        .then(home)
        .must_leave::<HomeNetwork>()
        .build()?;
    for (address, status) in [
        (Some("192.0.2.7"), StatusCode::OK),
        (Some("2001:db8::7"), StatusCode::OK),
        (None, StatusCode::OK),
        (Some("198.51.100.7"), StatusCode::FORBIDDEN),
        (Some("somewhere"), StatusCode::BAD_REQUEST),
    ] {
        let mut request = Request::new(Full::<Bytes>::default());
        if let Some(address) = address {
            request.headers_mut().insert("x-fapi-customer-ip-address", address.parse()?);
        }
        let response = gate.layer(service_fn(pay)).oneshot(request).await?;
        println!("{address:?}: {}", response.status());
        assert_eq!(response.status(), status);
    }
    Ok(())
}

async fn pay(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let passport = Passport::of(request.extensions());
    let home = passport.and_then(|passport| passport.find::<HomeNetwork>());
    assert!(home.is_some(), "no handler without evidence");
    Ok(Response::new(Full::default()))
}
