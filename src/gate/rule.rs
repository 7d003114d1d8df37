//! What a step is: a [`Rule`] decides once, an [`Around`] also sees the answer.

use std::any::{Any, TypeId, type_name};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::answer::Answer;
use super::audit::Audit;
use super::passport::Passport;
use crate::context::Context;
use crate::reject::Rejection;

/// A future on the heap, used only where a step really waits.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a rule leaves behind once it has passed: the proof that it did.
///
/// Evidence has private fields and no public constructor, so holding it *is* the proof. It is
/// stamped into the request's one [`Passport`]; later rules and handlers borrow it from there.
pub trait Evidence: Any + Send + Sync {
    /// Writes what an auditor wants to see of it: ids and thumbprints, never secrets, never
    /// personal data. Nothing by default.
    fn audit(&self, line: &mut Audit) {
        let _ = line;
    }
}

/// The name of a kind of evidence, as `build()` speaks of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fact {
    id: TypeId,
    name: &'static str,
}

impl Fact {
    /// The fact that evidence of type `E` exists.
    pub fn of<E: Evidence>() -> Self {
        Self { id: TypeId::of::<E>(), name: short_name(type_name::<E>()) }
    }

    #[cfg(feature = "axum")]
    pub(crate) fn passport() -> Self {
        Self { id: TypeId::of::<Passport>(), name: "Passport" }
    }

    /// The type's name without its path.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn id(&self) -> TypeId {
        self.id
    }
}

fn short_name(path: &'static str) -> &'static str {
    let plain = path.split('<').next().unwrap_or(path);
    plain.rsplit("::").next().unwrap_or(plain)
}

/// The evidence that a rule builds on: `()`, one kind, or a tuple of up to four.
pub trait Needs {
    /// The evidence, borrowed from the passport.
    type Refs<'a>;

    /// Which kinds are needed.
    fn facts() -> Vec<Fact>;

    /// Borrows them, or names the first that is not there.
    ///
    /// # Errors
    ///
    /// The missing fact.
    fn gather(passport: &Passport) -> Result<Self::Refs<'_>, Fact>;
}

/// The borrowed form of a rule's needs.
pub type Refs<'a, N> = <N as Needs>::Refs<'a>;

impl Needs for () {
    type Refs<'a> = ();

    fn facts() -> Vec<Fact> {
        Vec::new()
    }

    fn gather(_: &Passport) -> Result<(), Fact> {
        Ok(())
    }
}

impl<E: Evidence> Needs for E {
    type Refs<'a> = &'a E;

    fn facts() -> Vec<Fact> {
        vec![Fact::of::<E>()]
    }

    fn gather(passport: &Passport) -> Result<&E, Fact> {
        passport.find::<E>().ok_or_else(Fact::of::<E>)
    }
}

macro_rules! tuple_needs {
    ($($part:ident),+) => {
        impl<$($part: Evidence),+> Needs for ($($part,)+) {
            type Refs<'a> = ($(&'a $part,)+);

            fn facts() -> Vec<Fact> {
                vec![$(Fact::of::<$part>()),+]
            }

            fn gather(passport: &Passport) -> Result<Self::Refs<'_>, Fact> {
                Ok(($($part::gather(passport)?,)+))
            }
        }
    };
}

tuple_needs!(A, B);
tuple_needs!(A, B, C);
tuple_needs!(A, B, C, D);

/// Why a walk ends before the handler.
#[derive(Debug)]
pub enum Halt {
    /// A finished answer, such as the replay of a stored response: not an error.
    Answer(Box<Response<Bytes>>),
    /// A refusal; what it looks like is the error format's matter.
    Reject(Rejection),
}

impl From<Rejection> for Halt {
    fn from(rejection: Rejection) -> Self {
        Self::Reject(rejection)
    }
}

/// What a step says of a request.
#[must_use]
pub enum Verdict<T> {
    /// Refused, but with evidence that the answer needs: an interaction id that cannot be read is
    /// refused, and the refusal still carries an id. The gate enters the arounds that follow
    /// directly, so that the refusal is signed, and then refuses.
    Flawed(T, Rejection),
    /// Known later; the gate waits.
    Later(BoxFuture<'static, Result<T, Halt>>),
    /// Known at once.
    Now(Result<T, Halt>),
}

impl<T> Verdict<T> {
    /// Passes, leaving the evidence.
    pub fn pass(evidence: T) -> Self {
        Self::Now(Ok(evidence))
    }

    /// Refuses.
    pub fn reject(rejection: Rejection) -> Self {
        Self::Now(Err(Halt::Reject(rejection)))
    }

    /// Waits, if there is something to wait for: for a rule that waits itself.
    pub(crate) async fn answer(self) -> Result<T, Halt> {
        match self {
            Self::Flawed(_, rejection) => Err(rejection.into()),
            Self::Later(waiting) => waiting.await,
            Self::Now(known) => known,
        }
    }
}

impl<T> From<Result<T, Rejection>> for Verdict<T> {
    fn from(result: Result<T, Rejection>) -> Self {
        Self::Now(result.map_err(Halt::Reject))
    }
}

/// One security rule: a value with one method, which a unit test calls without tower.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rule",
    note = "steps that also see the answer are added with `.around(…)`"
)]
pub trait Rule: Clone + Send + Sync + 'static {
    /// The rule's name in logs, in `Gate::steps()` and in `build()`'s sentences.
    const NAME: &'static str;
    /// The evidence it builds on.
    type Needs: Needs;
    /// The evidence it leaves. Always something, so that a handler can demand it.
    type Leaves: Evidence;

    /// Decides.
    fn check(
        &self,
        needs: Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<Self::Leaves>;
}

/// A rule with a second hook on the answer. Arounds answer in reverse order, over the steps that
/// passed, also on refusals and replays.
///
/// Deliberately not a kind of [`Rule`]: `.then(SignResponse…)`, which would drop the second hook,
/// must not compile.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an around",
    note = "steps that only decide are added with `.then(…)`"
)]
pub trait Around: Clone + Send + Sync + 'static {
    /// As [`Rule::NAME`].
    const NAME: &'static str;
    /// As [`Rule::Needs`].
    type Needs: Needs;
    /// As [`Rule::Leaves`]; the state between the two hooks.
    type Leaves: Evidence;

    /// Decides, as [`Rule::check`].
    fn check(
        &self,
        needs: Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<Self::Leaves>;

    /// Sees the answer, whoever gave it, and may change it. A halt replaces the answer.
    fn answer<'a>(
        &'a self,
        left: &'a Self::Leaves,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>>;

    /// Whether the handler and the hooks must run to their end although the client has hung up.
    /// Such an around is the last step.
    fn outlives_client(&self) -> bool {
        false
    }
}

/// Evidence without its type, as the passport keeps it.
pub(crate) type Stamp = Arc<dyn Evidence>;
