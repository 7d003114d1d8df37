//! `RoleRegister`: the roles that a provider holds now, by the register of its authority.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_channel::oneshot;
use rustls_pki_types::UnixTime;

use super::{OrganizationId, PspRole};
use crate::context::relaxed;
use crate::gate::BoxFuture;

/// The register did not answer: refused as unavailable, never as a missing role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the register of roles is not available")]
pub struct RegisterUnavailable;

/// The roles of a provider, none if it is not in the register, or no answer.
pub type FoundRoles = Result<Option<Arc<[PspRole]>>, RegisterUnavailable>;

/// What a register answers.
#[must_use]
pub enum RoleLookup {
    /// After waiting. Whoever implements this sets the limit to the waiting.
    Later(BoxFuture<'static, FoundRoles>),
    /// At once.
    Now(FoundRoles),
}

/// Knows which roles a provider holds now: the register of a home authority, or that of the EBA.
///
/// A certificate shows the roles of the day on which it was issued.
pub trait RoleSource: Send + Sync + 'static {
    /// Finds the roles of a provider, by its whole identifier: country, authority and number mean
    /// something together only.
    fn find(&self, provider: &OrganizationId) -> RoleLookup;
}

fn _obj_safe(_: &dyn RoleSource) {}

/// A [`RoleSource`] with a memory: answers are kept for an hour, the answer that a provider is not
/// in the register for a minute, and after a failure the register is left alone for five seconds.
/// However many requests want to know, one of them asks.
///
/// Clones share the memory.
#[derive(Clone)]
pub struct RoleRegister {
    desk: Arc<Desk>,
    keep: Keep,
    unreachable: Unreachable,
}

#[derive(Clone, Copy, Debug)]
struct Keep {
    answers: Duration,
    absences: Duration,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unreachable {
    Allow,
    Refuse,
}

struct Desk {
    source: Box<dyn RoleSource>,
    files: Mutex<HashMap<String, File>>,
}

/// What is known of a provider.
#[derive(Default)]
struct File {
    /// The last answer of the register, and when it was asked for.
    answer: Option<(Option<Arc<[PspRole]>>, UnixTime)>,
    /// When it last failed to answer.
    failed: Option<UnixTime>,
    /// Those who wait for the one that asks, if one does.
    queue: Option<Vec<oneshot::Sender<FoundRoles>>>,
}

impl RoleRegister {
    /// Asks this register, and refuses where it does not answer.
    pub fn asking(source: impl RoleSource) -> Self {
        Self {
            desk: Arc::new(Desk { source: Box::new(source), files: Mutex::default() }),
            keep: Keep { answers: Duration::from_secs(3600), absences: Duration::from_secs(60) },
            unreachable: Unreachable::Refuse,
        }
    }

    /// How long an answer stands, and how long the answer that there is no such provider. For so
    /// long a withdrawn role still opens the door.
    #[must_use]
    pub fn keep(mut self, answers: Duration, absences: Duration) -> Self {
        self.keep = Keep { answers, absences };
        self
    }

    /// Where the register does not answer, takes its last answer, of whatever age, or else the
    /// certificate's word.
    #[must_use]
    pub fn allow_unreachable(mut self) -> Self {
        relaxed("RequireRole", "allow_unreachable");
        self.unreachable = Unreachable::Allow;
        self
    }

    /// Whether the register gives a provider this role now.
    pub(super) fn confirms(
        &self,
        provider: OrganizationId,
        role: PspRole,
        now: UnixTime,
    ) -> Confirmation {
        match self.desk.known(&provider, self.keep, now) {
            Some(known) => Confirmation::Now(self.judge(&provider, role, known)),
            None => {
                let register = self.clone();
                Confirmation::Later(Box::pin(async move {
                    let found = register.desk.ask(&provider, register.keep, now).await;
                    register.judge(&provider, role, found)
                }))
            }
        }
    }

    fn judge(
        &self,
        provider: &OrganizationId,
        role: PspRole,
        found: FoundRoles,
    ) -> Result<bool, RegisterUnavailable> {
        match (found, self.unreachable) {
            (Ok(roles), _) => Ok(holds(&roles, role)),
            (Err(unavailable), Unreachable::Refuse) => Err(unavailable),
            (Err(_), Unreachable::Allow) => {
                tracing::warn!(%provider, "the register of roles does not answer");
                Ok(self.desk.last_answer(provider).is_none_or(|roles| holds(&roles, role)))
            }
        }
    }
}

fn holds(roles: &Option<Arc<[PspRole]>>, role: PspRole) -> bool {
    roles.as_ref().is_some_and(|roles| roles.contains(&role))
}

/// Yes, no, or no answer; at once or later.
pub(super) enum Confirmation {
    Later(BoxFuture<'static, Result<bool, RegisterUnavailable>>),
    Now(Result<bool, RegisterUnavailable>),
}

/// Who has to do what.
enum Turn<'a> {
    /// To ask the register, and to tell the others.
    Ask(Asking<'a>),
    /// Nothing.
    Known(FoundRoles),
    /// To wait for the one that asks.
    Wait(oneshot::Receiver<FoundRoles>),
}

impl Desk {
    async fn ask(&self, provider: &OrganizationId, keep: Keep, now: UnixTime) -> FoundRoles {
        loop {
            match self.turn(provider, keep, now) {
                Turn::Known(found) => return found,
                Turn::Wait(answer) => {
                    // Whoever asked may have hung up: then it is somebody else's turn.
                    if let Ok(found) = answer.await {
                        return found;
                    }
                }
                Turn::Ask(asking) => {
                    let found = match self.source.find(provider) {
                        RoleLookup::Now(found) => found,
                        RoleLookup::Later(search) => search.await,
                    };
                    asking.tell(found.clone(), now);
                    return found;
                }
            }
        }
    }

    fn turn(&self, provider: &OrganizationId, keep: Keep, now: UnixTime) -> Turn<'_> {
        let mut files = self.files();
        if files.len() >= CAPACITY && !files.contains_key(provider.as_str()) {
            files.retain(|_, file| file.queue.is_some());
        }
        if files.len() >= CAPACITY && !files.contains_key(provider.as_str()) {
            return Turn::Known(Err(RegisterUnavailable));
        }
        let file = files.entry(provider.as_str().to_owned()).or_default();
        if let Some(known) = file.known(keep, now) {
            return Turn::Known(known);
        }
        match &mut file.queue {
            Some(queue) => {
                let (sender, receiver) = oneshot::channel();
                queue.push(sender);
                Turn::Wait(receiver)
            }
            none => {
                *none = Some(Vec::new());
                Turn::Ask(Asking { desk: self, provider: provider.as_str().to_owned(), told: None })
            }
        }
    }

    fn known(&self, provider: &OrganizationId, keep: Keep, now: UnixTime) -> Option<FoundRoles> {
        self.files().get(provider.as_str())?.known(keep, now)
    }

    fn last_answer(&self, provider: &OrganizationId) -> Option<Option<Arc<[PspRole]>>> {
        self.files().get(provider.as_str())?.answer.as_ref().map(|(roles, _)| roles.clone())
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// What stands without asking: an answer in its time, or a failure of just now.
    fn known(&self, keep: Keep, now: UnixTime) -> Option<FoundRoles> {
        if let Some((roles, since)) = &self.answer {
            let time = if roles.is_some() { keep.answers } else { keep.absences };
            if is_within(*since, time, now) {
                return Some(Ok(roles.clone()));
            }
        }
        let rests = self.failed.is_some_and(|since| is_within(since, REST, now));
        rests.then_some(Err(RegisterUnavailable))
    }
}

/// A clock that was set back makes nothing younger.
fn is_within(since: UnixTime, time: Duration, now: UnixTime) -> bool {
    now.as_secs().checked_sub(since.as_secs()).is_some_and(|age| age < time.as_secs())
}

/// The one that asks. However it ends, those who wait are told: the answer, or that it broke off.
struct Asking<'a> {
    desk: &'a Desk,
    provider: String,
    told: Option<(FoundRoles, UnixTime)>,
}

impl Asking<'_> {
    fn tell(mut self, found: FoundRoles, now: UnixTime) {
        self.told = Some((found, now));
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut files = self.desk.files();
        let Some(file) = files.get_mut(&self.provider) else { return };
        match &self.told {
            Some((Ok(roles), now)) => {
                (file.answer, file.failed) = (Some((roles.clone(), *now)), None);
            }
            Some((Err(RegisterUnavailable), now)) => file.failed = Some(*now),
            None => {}
        }
        let queue = file.queue.take();
        drop(files);
        if let Some((found, _)) = &self.told {
            for waiting in queue.into_iter().flatten() {
                let _ = waiting.send(found.clone());
            }
        }
    }
}

impl fmt::Debug for RoleRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleRegister")
            .field("keep", &self.keep)
            .field("unreachable", &self.unreachable)
            .finish_non_exhaustive()
    }
}

/// How many providers are remembered; there are some thousands in all of Europe.
const CAPACITY: usize = 10_000;
/// How long a register that failed is left alone.
const REST: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
