//! The crate's one service.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Wakeup, Poll, ready};

use bytes::Bytes;
use futures_channel::oneshot;
use http::request::Parts;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;
use tracing::Instrument;

use super::Assembly;
use super::answer::{Origin, Outgoing};
use super::decision::Outcome;
use super::executor;
use super::rule::{Around, Halt, Rule};
use super::walk::{Entry, Pause, Walk};
use crate::body::{self, BoxError};
use crate::reject::{Reason, Rejection};

/// A service behind a gate or behind a single rule.
///
/// Its error is the inner service's: a refusal is a response.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    assembly: Arc<Assembly>,
}

impl<S> Guarded<S> {
    pub(crate) fn new(inner: S, assembly: Arc<Assembly>) -> Self {
        Self { inner, assembly }
    }

    /// Puts one rule in front of a service: what the rules of this crate do as layers, for a rule
    /// of your own.
    ///
    /// Without a gate there is no `build()`: a rule whose evidence is missing answers 500.
    pub fn by_rule(inner: S, rule: impl Rule) -> Self {
        Self::alone(inner, Entry::rule(rule))
    }

    /// As [`by_rule`](Self::by_rule), for a step that also sees the answer.
    pub fn by_around(inner: S, around: impl Around) -> Self {
        Self::alone(inner, Entry::around(around))
    }

    fn alone(inner: S, entry: Entry) -> Self {
        let steps = vec![entry];
        let given = Vec::new();
        let assembly = Assembly { steps, given, context: None, executor: executor::default() };
        Self::new(inner, Arc::new(assembly))
    }
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Send + 'static, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send + 'static,
    R: http_body::Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Wakeup<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // `poll_ready` readied *this* instance: it goes with the request, the clone stays.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (mut head, body) = request.into_parts();
        let steps = &self.assembly.steps;
        let mut walk = Walk::begin(&self.assembly, &mut head);
        let kind = match walk.run(steps, &mut head) {
            Pause::Done if walk.entered.is_empty() => {
                walk.passport.decide("Gate", Outcome::Passed);
                walk.passport.hand_over(&mut head);
                Kind::Passed { future: inner.call(Request::from_parts(head, body)) }
            }
            Pause::Halt(halt) if walk.entered.is_empty() => {
                let (response, _) = walk.halted(walk.rule(steps), halt);
                Kind::Answered { response: Some(response.map(R::from)) }
            }
            pause => {
                let assembly = self.assembly.clone();
                let journey = Journey { assembly, walk, head, body: Carried::Unread(body), inner };
                Kind::Driven { future: Box::pin(journey.drive(pause)) }
            }
        };
        ResponseFuture { kind }
    }
}

/// A request on its way, with the service that is ready for it.
struct Journey<S, B> {
    assembly: Arc<Assembly>,
    walk: Walk,
    head: Parts,
    body: Carried<B>,
    inner: S,
}

/// The body of a request, read by a step or not yet.
enum Carried<B> {
    Read(Bytes),
    Unread(B),
}

/// How far a journey comes on its client's time.
enum Stage {
    Ended(Halt),
    Outlives,
    Passed,
}

impl<S, B, R> Journey<S, B>
where
    S: Service<Request<B>, Response = Response<R>, Error: Send + 'static, Future: Send + 'static>
        + Send
        + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send + 'static,
    R: http_body::Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send + 'static,
{
    /// The walk of a request that waits, is read, or whose answer is looked at.
    async fn drive(mut self, pause: Pause) -> Result<Response<R>, S::Error> {
        match self.advance(pause).await {
            Stage::Outlives => self.outlive().await,
            stage => self.arrive(stage).await,
        }
    }

    /// Runs the steps, waiting where they wait.
    async fn advance(&mut self, mut pause: Pause) -> Stage {
        loop {
            let steps = &self.assembly.steps;
            let halt = match pause {
                Pause::Body => self.read_body().await.err().map(Halt::Reject),
                Pause::Done => return Stage::Passed,
                Pause::Halt(halt) => Some(halt),
                Pause::Later(future) => self.walk.resume(steps, future.await),
                Pause::Outlives => return Stage::Outlives,
            };
            if let Some(halt) = halt {
                return Stage::Ended(halt);
            }
            pause = self.walk.run(&self.assembly.steps, &mut self.head);
        }
    }

    async fn read_body(&mut self) -> Result<(), Rejection> {
        // RFC 9110, 8.4: rules judge the content before transformations; this gate undoes none.
        // Of several lines each is judged: a decoder further in may follow the last one.
        let codings = self.head.headers.get_all(http::header::CONTENT_ENCODING);
        if codings.iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Rejection::new(Reason::ContentTypeUnsupported).place("Content-Encoding"));
        }
        let bytes = match std::mem::replace(&mut self.body, Carried::Read(Bytes::new())) {
            Carried::Read(bytes) => bytes,
            Carried::Unread(body) => {
                let limit = self.walk.passport.context().limits().request_body;
                body::read(body, limit).await?
            }
        };
        self.body = Carried::Read(bytes.clone());
        self.walk.take_body(bytes);
        Ok(())
    }

    /// Calls the handler, unless a step has ended the walk, and shows the answer to the arounds.
    async fn arrive(mut self, stage: Stage) -> Result<Response<R>, S::Error> {
        let steps = &self.assembly.steps;
        if let Stage::Ended(halt) = stage {
            let (response, origin) = self.walk.halted(self.walk.rule(steps), halt);
            return Ok(self.walk.see_off(steps, Outgoing::from_step(response, origin)).await);
        }
        self.walk.passport.decide("Gate", Outcome::Passed);
        self.walk.passport.clone().hand_over(&mut self.head);
        let body = match self.body {
            Carried::Read(bytes) => B::from(bytes),
            Carried::Unread(body) => body,
        };
        let response = self.inner.call(Request::from_parts(self.head, body)).await?;
        Ok(self.walk.see_off(steps, Outgoing::from_handler(response)).await)
    }

    /// Runs the remaining steps, the handler and the hooks to their end, also when nobody waits for
    /// them any more: a claim that a store has granted must come to its settlement.
    async fn outlive(mut self) -> Result<Response<R>, S::Error> {
        let assembly = self.assembly.clone();
        let outer = self.walk.outer(&assembly.steps);
        let Some(executor) = assembly.executor.clone() else {
            let why = Rejection::new(Reason::Misassembled)
                .detail("no executor for a step that outlives its client");
            return self.arrive(Stage::Ended(Halt::Reject(why))).await;
        };
        let (sender, receiver) = oneshot::channel();
        let work = async move {
            self.walk.release();
            let pause = self.walk.run(&self.assembly.steps, &mut self.head);
            let stage = self.advance(pause).await;
            let answer = self.arrive(stage).await;
            // The client is gone when this fails; the work is done all the same.
            let _ = sender.send(answer);
        };
        executor.execute(Box::pin(work.in_current_span()));
        match receiver.await {
            Ok(answer) => answer,
            // The work was dropped or has panicked. What it did is unknown, so nothing is released.
            Err(oneshot::Canceled) => {
                let why = Rejection::new(Reason::HandlerAborted);
                let (response, _) = outer.halted("handler", Halt::Reject(why));
                let outgoing = Outgoing::from_step(response, Origin::Refusal);
                Ok(outer.see_off(&assembly.steps, outgoing).await)
            }
        }
    }
}

pin_project! {
    /// The answer of a [`Guarded`] service.
    pub struct ResponseFuture<F, R, E> {
        #[pin]
        kind: Kind<F, R, E>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F, R, E> {
        Answered { response: Option<Response<R>> },
        Driven { future: Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>> },
        Passed { #[pin] future: F },
    }
}

impl<F, R, E> Future for ResponseFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Wakeup<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Answered { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // Polled after completion; no answer is ever made up.
                None => Poll::Pending,
            },
            KindProjection::Driven { future } => Poll::Ready(ready!(future.as_mut().poll(cx))),
            KindProjection::Passed { future } => future.poll(cx),
        }
    }
}

impl<F, R, E> std::fmt::Debug for ResponseFuture<F, R, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
