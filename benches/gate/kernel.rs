//! Ten rules that pass at once, without a body: what the kernel costs.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context as Wakeup, Poll, Waker};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tower::{Layer, Service};
use tower_open_banking::body::Body;
use tower_open_banking::context::Context;
use tower_open_banking::gate::{Evidence, Gate, Guarded, Rule, Verdict};
use tower_open_banking::reject::Problem;

/// Evidence of the size of a few references.
struct Left<const N: usize>([usize; 4]);

impl<const N: usize> Evidence for Left<N> {}

#[derive(Clone)]
struct Pass<const N: usize>;

/// The first needs nothing, each other one what the one before left.
impl Rule for Pass<0> {
    const NAME: &'static str = "Pass";
    type Needs = ();
    type Leaves = Left<0>;

    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<Left<0>> {
        Verdict::pass(Left([0; 4]))
    }
}

macro_rules! follow {
    ($($before:literal => $number:literal),+) => {$(
        impl Rule for Pass<$number> {
            const NAME: &'static str = "Pass";
            type Needs = Left<$before>;
            type Leaves = Left<$number>;

            fn check(
                &self,
                before: &Left<$before>,
                _: &mut Parts,
                _: &Context,
            ) -> Verdict<Left<$number>> {
                Verdict::pass(Left([before.0[0] + 1; 4]))
            }
        }
    )+};
}

follow!(0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8, 8 => 9);

#[derive(Clone)]
pub struct Handler;

impl Service<Request<Body>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Wakeup<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(request.into_body())))
    }
}

pub fn gate() -> Guarded<Handler> {
    let gate = Gate::new(Problem::default())
        .then(Pass::<0>)
        .then(Pass::<1>)
        .then(Pass::<2>)
        .then(Pass::<3>)
        .then(Pass::<4>)
        .then(Pass::<5>)
        .then(Pass::<6>)
        .then(Pass::<7>)
        .then(Pass::<8>)
        .then(Pass::<9>);
    gate.build().unwrap().layer(Handler)
}

pub fn request() -> Request<Body> {
    Request::new(Body::from(Bytes::new()))
}

/// Runs a future that never waits.
pub fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Wakeup::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing waits here"),
    }
}

#[divan::bench(sample_size = 1000)]
fn ten_passing_rules(bencher: divan::Bencher<'_, '_>) {
    let mut service = gate();
    bencher.with_inputs(request).bench_local_values(|request| now(service.call(request)));
}

#[divan::bench(sample_size = 1000)]
fn the_handler_alone(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(request).bench_local_values(|request| now(Handler.call(request)));
}
