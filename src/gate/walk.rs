//! One request's way along the steps.

use std::any::{Any, TypeId};
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::Assembly;
use super::answer::{Answer, Origin, Outgoing};
use super::decision::Outcome;
use super::passport::Passport;
use super::rule::{Around, BoxFuture, Evidence, Fact, Halt, Needs, Rule, Stamp, Verdict};
use crate::body::{BodyBytes, BoxError};
use crate::context::Context;
use crate::reject::{Reason, Rejection};

/// A step without its type.
pub(crate) trait Step: Send + Sync {
    fn check(&self, passport: &Passport, request: &mut Parts) -> Verdict<Stamp>;

    fn answer<'a>(
        &'a self,
        left: &'a dyn Any,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>>;
}

/// A step with what `build()` and the walk must know of it.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) needs: Vec<Fact>,
    pub(crate) leaves: Fact,
    pub(crate) is_around: bool,
    pub(crate) outlives_client: bool,
    reads_body: bool,
    /// Stands in the place of a rule that is switched off: what it leaves proves nothing.
    pub(crate) is_drill: bool,
    pub(crate) step: Box<dyn Step>,
}

impl Entry {
    pub(crate) fn rule<R: Rule>(rule: R) -> Self {
        let needs = R::Needs::facts();
        Self {
            name: R::NAME,
            reads_body: needs.contains(&Fact::of::<BodyBytes>()),
            needs,
            leaves: Fact::of::<R::Leaves>(),
            is_around: false,
            outlives_client: false,
            is_drill: false,
            step: Box::new(RuleStep(rule)),
        }
    }

    pub(crate) fn around<A: Around>(around: A) -> Self {
        let needs = A::Needs::facts();
        Self {
            name: A::NAME,
            reads_body: needs.contains(&Fact::of::<BodyBytes>()),
            needs,
            leaves: Fact::of::<A::Leaves>(),
            is_around: true,
            outlives_client: around.outlives_client(),
            is_drill: false,
            step: Box::new(AroundStep(around)),
        }
    }
}

struct RuleStep<R>(R);

impl<R: Rule> Step for RuleStep<R> {
    fn check(&self, passport: &Passport, request: &mut Parts) -> Verdict<Stamp> {
        match R::Needs::gather(passport) {
            Ok(needs) => erase(self.0.check(needs, request, passport.context())),
            Err(fact) => Verdict::reject(misassembled(R::NAME, fact)),
        }
    }

    fn answer<'a>(
        &'a self,
        _: &'a dyn Any,
        _: &'a mut Answer<'_>,
        _: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

struct AroundStep<A>(A);

impl<A: Around> Step for AroundStep<A> {
    fn check(&self, passport: &Passport, request: &mut Parts) -> Verdict<Stamp> {
        match A::Needs::gather(passport) {
            Ok(needs) => erase(self.0.check(needs, request, passport.context())),
            Err(fact) => Verdict::reject(misassembled(A::NAME, fact)),
        }
    }

    fn answer<'a>(
        &'a self,
        left: &'a dyn Any,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        match left.downcast_ref() {
            Some(left) => self.0.answer(left, answer, context),
            None => Box::pin(std::future::ready(Err(Halt::Reject(misassembled(
                A::NAME,
                Fact::of::<A::Leaves>(),
            ))))),
        }
    }
}

fn erase<E: Evidence>(verdict: Verdict<E>) -> Verdict<Stamp> {
    match verdict {
        Verdict::Flawed(evidence, why) => Verdict::Flawed(Arc::new(evidence), why),
        Verdict::Later(future) => {
            Verdict::Later(Box::pin(async { future.await.map(|left| Arc::new(left) as Stamp) }))
        }
        Verdict::Now(result) => Verdict::Now(result.map(|left| Arc::new(left) as Stamp)),
    }
}

/// A rule stacked by hand without the rule that it builds on. The body of the answer says nothing.
fn misassembled(rule: &'static str, fact: Fact) -> Rejection {
    Rejection::new(Reason::Misassembled)
        .detail(format!("{rule} needs {}, which no earlier step left", fact.name()))
}

/// Why a walk stands still.
pub(crate) enum Pause {
    /// The next step wants the request body.
    Body,
    /// Every step has passed.
    Done,
    /// A step ended it.
    Halt(Halt),
    /// A step waits.
    Later(BoxFuture<'static, Result<Stamp, Halt>>),
    /// The next step outlives its client: from here on the walk belongs to the executor.
    Outlives,
}

pub(crate) struct Walk {
    pub(crate) passport: Passport,
    /// The arounds that were entered, with what they left.
    pub(crate) entered: Vec<(usize, Stamp)>,
    flaw: Option<(usize, Rejection)>,
    /// Whether *this* walk has read the body: what an earlier gate read may have been rewritten by
    /// a layer in between.
    has_body: bool,
    /// Whether the walk goes on although its client hangs up.
    is_released: bool,
    next: usize,
}

impl Walk {
    pub(crate) fn begin(assembly: &Assembly, request: &mut Parts) -> Self {
        let capacity = assembly.steps.len() + 1;
        let passport = Passport::take(request, assembly.context.as_ref(), capacity);
        let absent = assembly.given.iter().find(|fact| !passport.has(**fact));
        let flaw = absent.map(|fact| (0, misassembled("the gate", *fact)));
        Self { passport, entered: Vec::new(), flaw, has_body: false, is_released: false, next: 0 }
    }

    /// Goes on as far as it can without waiting.
    pub(crate) fn run(&mut self, steps: &[Entry], request: &mut Parts) -> Pause {
        while let Some(entry) = steps.get(self.next) {
            let opens = entry.is_around && !entry.outlives_client;
            if !opens && let Some(flaw) = self.flaw.take() {
                return self.flawed(flaw);
            }
            if entry.reads_body && !self.has_body {
                return Pause::Body;
            }
            if entry.outlives_client && !self.is_released {
                return Pause::Outlives;
            }
            match entry.step.check(&self.passport, request) {
                Verdict::Flawed(stamp, why) => {
                    self.flaw.get_or_insert((self.next, why));
                    self.pass(entry, stamp);
                }
                Verdict::Later(future) => return Pause::Later(future),
                Verdict::Now(Ok(stamp)) => self.pass(entry, stamp),
                Verdict::Now(Err(halt)) => return Pause::Halt(self.or_flaw(halt)),
            }
        }
        match self.flaw.take() {
            Some(flaw) => self.flawed(flaw),
            None => Pause::Done,
        }
    }

    fn flawed(&mut self, (step, why): (usize, Rejection)) -> Pause {
        self.next = step;
        Pause::Halt(Halt::Reject(why))
    }

    /// An answer to a request that an earlier step has already refused stays a refusal.
    fn or_flaw(&mut self, halt: Halt) -> Halt {
        match (halt, self.flaw.take()) {
            (Halt::Answer(_), Some((step, why))) => {
                self.next = step;
                Halt::Reject(why)
            }
            (halt, _) => halt,
        }
    }

    fn pass(&mut self, entry: &Entry, stamp: Stamp) {
        if entry.is_around {
            self.entered.push((self.next, stamp.clone()));
        }
        self.passport.stamp(entry.leaves.id(), stamp);
        self.next += 1;
    }

    /// Stamps the body that was read for this walk.
    pub(crate) fn take_body(&mut self, bytes: Bytes) {
        self.has_body = true;
        self.passport.stamp(TypeId::of::<BodyBytes>(), Arc::new(BodyBytes::new(bytes)));
    }

    /// Goes on with what a waiting step came to.
    pub(crate) fn resume(&mut self, steps: &[Entry], result: Result<Stamp, Halt>) -> Option<Halt> {
        match (result, steps.get(self.next)) {
            (Ok(stamp), Some(entry)) => {
                self.pass(entry, stamp);
                None
            }
            (Ok(_), None) => None,
            (Err(halt), _) => Some(self.or_flaw(halt)),
        }
    }

    /// Lets the steps run that outlive their client: an executor has the walk.
    pub(crate) fn release(&mut self) {
        self.is_released = true;
    }

    /// The same walk as seen by the arounds that do not outlive the client.
    pub(crate) fn outer(&self, steps: &[Entry]) -> Self {
        let outer = |(index, _): &&(usize, Stamp)| {
            steps.get(*index).is_some_and(|entry| !entry.outlives_client)
        };
        let entered = self.entered.iter().filter(outer).cloned().collect();
        Self { passport: self.passport.clone(), entered, flaw: None, ..*self }
    }

    /// Where the walk stands: the step that decided.
    pub(crate) fn rule(&self, steps: &[Entry]) -> &'static str {
        steps.get(self.next).map_or("Gate", |entry| entry.name)
    }

    /// Turns a halt into an answer, with its entry in the log.
    pub(crate) fn halted(&self, rule: &'static str, halt: Halt) -> (Response<Bytes>, Origin) {
        match halt {
            Halt::Answer(response) => {
                self.passport.decide(rule, Outcome::Answered(response.status()));
                (*response, Origin::Replay)
            }
            Halt::Reject(rejection) => {
                self.passport.decide(rule, Outcome::Refused(&rejection));
                let mut response = self.passport.context().render(&rejection, &self.passport);
                response.extensions_mut().insert(rejection);
                (response, Origin::Refusal)
            }
        }
    }

    /// Shows the answer to the arounds that were entered, innermost first.
    pub(crate) async fn see_off<R>(self, steps: &[Entry], mut outgoing: Outgoing<R>) -> Response<R>
    where
        R: http_body::Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send,
    {
        for (index, left) in self.entered.iter().rev() {
            let Some(entry) = steps.get(*index) else { continue };
            let mut answer = outgoing.show();
            let context = self.passport.context();
            let left: &dyn Any = left.as_ref();
            let mut seen = entry.step.answer(left, &mut answer, context).await;
            if seen.is_ok() && outgoing.is_lost() {
                // A step that overlooks the failure must not send the head without the body.
                let why = "the body was lost while it was read";
                seen = Err(Rejection::new(Reason::ResponseUnreadable).detail(why).into());
            }
            if let Err(halt) = seen {
                let (response, origin) = self.halted(entry.name, halt);
                outgoing = Outgoing::from_step(response, origin);
            }
        }
        outgoing.into_response()
    }
}
