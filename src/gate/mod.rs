//! The gate: a list of steps, checked for order when it is built, run by one service.

mod answer;
mod audit;
mod check;
mod decision;
mod executor;
mod layers;
mod passport;
mod rule;
mod service;
mod walk;

#[cfg(test)]
pub(crate) mod test_support;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use self::answer::{Answer, Origin};
pub use self::audit::Audit;
pub use self::check::BuildError;
pub use self::decision::{Decision, Outcome};
pub use self::executor::Executor;
pub(crate) use self::layers::{around_layers, rule_layers};
pub use self::passport::Passport;
pub use self::rule::{Around, BoxFuture, Evidence, Fact, Halt, Needs, Refs, Rule, Verdict};
pub use self::service::{Guarded, ResponseFuture};
use self::walk::Entry;
use crate::context::{Clock, Context, Limits, Observer, Surroundings};
use crate::reject::ErrorFormat;

/// What a gate and a lone rule have in common: the steps and their surroundings.
pub(crate) struct Assembly {
    pub(crate) steps: Vec<Entry>,
    /// The evidence that every request must bring along.
    pub(crate) given: Vec<Fact>,
    /// None for a lone rule, which takes the context of an earlier one.
    pub(crate) context: Option<Context>,
    pub(crate) executor: Option<Arc<dyn Executor>>,
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps.iter().map(|step| step.name)).finish()
    }
}

/// A security profile as a [`tower::Layer`]: steps in request order.
///
/// Cloning and layering are one reference count each.
///
/// # Passes when
///
/// Every step passes, from the first to the last; where two things are wrong, the earlier step
/// answers. The service behind the gate finds the evidence in the request's [`Passport`]. Its
/// answer goes back through the arounds in reverse, as does a refusal or a replay through those
/// that stand before it.
///
/// # Needs and leaves
///
/// Needs what [`given`](GateBuilder::given) promises; leaves what its steps leave. The request body
/// is read just before the first step that needs [`BodyBytes`](crate::body::BodyBytes), and not at
/// all where none does.
///
/// # Does not check
///
/// That its steps are enough: order is not completeness. [`must_leave`](GateBuilder::must_leave)
/// and [`steps`](Self::steps) are for that. Nor what comes to the service on another way, such as a
/// route that was added to a router after `.layer(gate)`. An error of the service, which is no
/// answer, is passed on past the arounds.
///
/// # Rejections
///
/// Those of its steps, and
///
/// - [`Reason::Misassembled`] where promised evidence is missing;
/// - [`Reason::BodyTooLarge`], [`Reason::BodyUnreadable`], and [`Reason::ContentTypeUnsupported`]
///   for a `Content-Encoding`, where a step reads the body of the request;
/// - [`Reason::ResponseUnreadable`] where an around cannot read that of the answer;
/// - [`Reason::HandlerAborted`] where a handler that outlives its client breaks off.
///
/// # Specification
///
/// None of its own; [`profile`](crate::profile) has the gates of the specifications.
///
/// ```
/// use http::{Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::{body::Body, gate::Gate, header::*, reject::Obie, token::BindToken};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let gate = Gate::new(Obie::V3_1)
///     .around(EchoInteractionId::or_generate())
///     .then(NegotiateMedia::json())
///     .build()?;
/// for (accept, status) in
///     [("application/json", StatusCode::OK), ("text/html", StatusCode::NOT_ACCEPTABLE)]
/// {
///     let request = Request::get("/accounts").header("accept", accept).body(Body::empty())?;
///     let answer = gate.layer(handler).oneshot(request).await?;
///     assert_eq!(answer.status(), status);
///     assert!(answer.headers().contains_key("x-fapi-interaction-id"));
/// }
/// let refused = Gate::new(Obie::V3_1).then(BindToken::to_certificate()).build();
/// let why = "step 1, BindToken, needs TrustedCertificate, which no step leaves";
/// assert!(refused.unwrap_err().to_string().starts_with(why));
/// # Ok(())
/// # }
/// ```
///
/// [`Reason::BodyTooLarge`]: crate::reject::Reason::BodyTooLarge
/// [`Reason::BodyUnreadable`]: crate::reject::Reason::BodyUnreadable
/// [`Reason::ContentTypeUnsupported`]: crate::reject::Reason::ContentTypeUnsupported
/// [`Reason::HandlerAborted`]: crate::reject::Reason::HandlerAborted
/// [`Reason::Misassembled`]: crate::reject::Reason::Misassembled
/// [`Reason::ResponseUnreadable`]: crate::reject::Reason::ResponseUnreadable
#[derive(Clone, Debug)]
pub struct Gate(Arc<Assembly>);

impl Gate {
    /// Begins a gate that refuses in the given error format.
    #[allow(clippy::new_ret_no_self)] // a gate exists only once its order has been checked
    pub fn new(format: impl ErrorFormat) -> GateBuilder {
        GateBuilder {
            surroundings: Surroundings { format: Arc::new(format), ..Surroundings::default() },
            steps: Vec::new(),
            given: Vec::new(),
            floor: Vec::new(),
            executor: executor::default(),
        }
    }

    /// The names of the steps, in request order: for the start-up log, and for one assertion in
    /// the application's tests.
    pub fn steps(&self) -> impl Iterator<Item = &'static str> {
        self.0.steps.iter().map(|step| step.name)
    }
}

impl<S> tower::Layer<S> for Gate {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded::new(inner, self.0.clone())
    }
}

/// Collects the steps of a [`Gate`].
#[must_use]
pub struct GateBuilder {
    surroundings: Surroundings,
    steps: Vec<Entry>,
    given: Vec<Fact>,
    floor: Vec<Fact>,
    executor: Option<Arc<dyn Executor>>,
}

impl GateBuilder {
    /// Adds a rule.
    pub fn then<R: Rule>(mut self, rule: R) -> Self {
        self.steps.push(Entry::rule(rule));
        self
    }

    /// Adds a step that also sees the answer.
    pub fn around<A: Around>(mut self, around: A) -> Self {
        self.steps.push(Entry::around(around));
        self
    }

    /// Promises that an earlier gate leaves this evidence. If it does not, requests are refused
    /// with a 500, whether or not a step needs it.
    pub fn given<E: Evidence>(mut self) -> Self {
        self.given.push(Fact::of::<E>());
        self
    }

    /// Demands that some step leaves this evidence: a floor for presets, and for lists of steps
    /// that others write. A step that a file switches off
    /// ([`Config::steps`](crate::config::Config::steps)) does not count, whatever stands in its
    /// place.
    pub fn must_leave<E: Evidence>(mut self) -> Self {
        self.floor.push(Fact::of::<E>());
        self
    }

    /// Takes the time from here instead of from the host.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.surroundings.clock = Arc::new(clock);
        self
    }

    /// Tells every decision to an observer.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.surroundings.observer = Some(Arc::new(observer));
        self
    }

    /// Sets the longest request body, in bytes, that a rule may ask for.
    pub fn request_body_limit(mut self, bytes: usize) -> Self {
        self.surroundings.limits.request_body = bytes;
        self
    }

    /// Sets the limits of bodies held in memory.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.surroundings.limits = limits;
        self
    }

    /// Runs what must outlive its client here instead of on the tokio runtime.
    pub fn executor(mut self, executor: impl Executor) -> Self {
        self.executor = Some(Arc::new(executor));
        self
    }

    /// The names of the steps so far.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().map(|step| step.name)
    }

    /// Puts a rule in the place of the step of this name.
    pub(crate) fn swap<R: Rule>(mut self, name: &str, rule: R) -> Self {
        if let Some(place) = self.steps.iter_mut().find(|step| step.name == name) {
            *place = Entry::rule(rule);
            place.is_drill = true;
        }
        self
    }

    /// Takes the step of this name out.
    pub(crate) fn drop_step(mut self, name: &str) -> Self {
        self.steps.retain(|step| step.name != name);
        self
    }

    /// Checks order and completeness.
    ///
    /// # Errors
    ///
    /// The first step that stands in the wrong place, in a sentence that says where it belongs.
    pub fn build(self) -> Result<Gate, BuildError> {
        check::order(&self.steps, &self.given, &self.floor, self.executor.is_some())?;
        Ok(Gate(Arc::new(Assembly {
            steps: self.steps,
            given: self.given,
            context: Some(Context::new(self.surroundings)),
            executor: self.executor,
        })))
    }
}

impl fmt::Debug for GateBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps.iter().map(|step| step.name)).finish()
    }
}
