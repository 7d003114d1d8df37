//! `ExclusiveResource`: one order per consent at a time, and one for all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::request::Parts;

use super::outcome::Outcome;
use super::parting::{Parting, Told};
use super::run_once::give_up;
use super::{
    Claim, Claimant, Claimed, Fingerprint, IdempotencyStore, Lease, Record, Settlement, StoreKey,
};
use crate::consent::MatchedConsent;
use crate::context::Context;
use crate::gate::{Answer, Around, Audit, BoxFuture, Evidence, Halt, Refs, Verdict, around_layers};
use crate::reject::{Reason, Rejection};

/// Runs one order per consent at a time, and one for all: what idempotency keys cannot do, because
/// two orders for one consent may come under two keys.
///
/// # Passes when
///
/// The order does not use a consent up (`domestic-vrps` in the UK, and every endpoint that names no
/// consent), or the store grants the claim on (tenant, consent). The claim is kept for good when the
/// handler has made the order ([`RunOnce`](super::RunOnce) says which answers mean that), freed when
/// it certainly has not, and stays taken when nobody knows.
///
/// # Needs and leaves
///
/// Needs [`MatchedConsent`]; leaves [`ExclusiveUse`]. It stands behind `RunOnce`: a retry under the
/// same key gets its answer there, before the consent is looked at.
///
/// # Does not check
///
/// The consent's own state, which the application keeps. Claims that are kept for good take room in
/// the store for good: bound them by [`window`](Self::window) where consents end by themselves, and
/// always with the store in memory.
///
/// # Rejections
///
/// [`Reason::ResourceInUse`] while another order for the consent runs, or if it never came to an
/// end; [`Reason::ConsentStatusInvalid`] when the consent is used up; both at `Data.ConsentId`.
/// [`Reason::ServiceUnavailable`] where the store is full or does not answer.
///
/// # Specification
///
/// Open Banking UK Read/Write profile, "Payment order consent": a consent serves one order, and is
/// `Consumed` then.
#[derive(Clone)]
pub struct ExclusiveResource(Arc<Policy>);

#[derive(Clone)]
struct Policy {
    store: Arc<dyn IdempotencyStore>,
    tenant: String,
    lease: Duration,
    window: Duration,
}

impl ExclusiveResource {
    /// One order per consent. The store may be that of the idempotency keys.
    pub fn consent(store: impl IdempotencyStore + 'static) -> Self {
        let store: Arc<dyn IdempotencyStore> = Arc::new(store);
        let (lease, window) = (Duration::from_secs(60), FOR_GOOD);
        Self(Arc::new(Policy { store, tenant: String::new(), lease, window }))
    }

    /// Keeps the consents of this bank or brand apart from those of others in the same store.
    #[must_use]
    pub fn tenant(self, tenant: impl Into<String>) -> Self {
        self.with(|policy| policy.tenant = tenant.into())
    }

    /// How long an order may take before it counts as lost: longer than the handler's own limit.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        self.with(|policy| policy.lease = lease)
    }

    /// How long a consent stays used up here: longer than the application lets it live.
    #[must_use]
    pub fn window(self, window: Duration) -> Self {
        self.with(|policy| policy.window = window)
    }

    fn with(self, change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = Policy::clone(&self.0);
        change(&mut policy);
        Self(Arc::new(policy))
    }
}

impl Around for ExclusiveResource {
    const NAME: &'static str = "ExclusiveResource";
    type Needs = MatchedConsent;
    type Leaves = ExclusiveUse;

    fn check(
        &self,
        consent: Refs<'_, Self::Needs>,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<ExclusiveUse> {
        let Some(id) = consent.used_up() else { return Verdict::pass(ExclusiveUse(None)) };
        let key = StoreKey::exclusive(&self.0.tenant, "consent", id);
        // Every order for the consent is the same request to the store: whoever comes second.
        let claimant = match Claimant::random() {
            Ok(claimant) => claimant,
            Err(error) => {
                return Verdict::reject(Rejection::new(Reason::ServiceUnavailable).source(error));
            }
        };
        let claim = Claim::new(key, Fingerprint::from(*key.as_bytes()), claimant, context.now())
            .lease(self.0.lease)
            .window(self.0.window);
        let policy = self.0.clone();
        Verdict::Later(Box::pin(async move {
            match policy.store.claim(claim.clone()).await {
                Ok(claimed) => granted(claimed).map_err(Halt::Reject),
                Err(error) => {
                    give_up(&policy.store, &claim, &error).await;
                    let unavailable = Rejection::new(Reason::ServiceUnavailable).source(error);
                    Err(Halt::Reject(unavailable))
                }
            }
        }))
    }

    fn answer<'a>(
        &'a self,
        left: &'a ExclusiveUse,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            if let Some(lease) = &left.0 {
                self.0.settle(lease, answer, context).await;
            }
            Ok(())
        })
    }

    fn outlives_client(&self) -> bool {
        true
    }
}

fn granted(claimed: Claimed) -> Result<ExclusiveUse, Rejection> {
    let (reason, why) = match claimed {
        Claimed::New(lease) => return Ok(ExclusiveUse(Some(lease))),
        Claimed::Settled(_) => (Reason::ConsentStatusInvalid, "an order has used the consent up"),
        Claimed::InFlight { .. } | Claimed::Mismatch => (Reason::ResourceInUse, "an order runs"),
        Claimed::Abandoned { .. } => (Reason::ResourceInUse, "an order never came to an end"),
    };
    Err(Rejection::new(reason).place("Data.ConsentId").detail(why))
}

impl Policy {
    /// Uses the consent up, or frees it. The handler has run: its answer stands whatever the store
    /// says, and what the store did not hear leaves the consent taken.
    async fn settle(&self, lease: &Lease, answer: &mut Answer<'_>, context: &Context) {
        let parting = match Outcome::of(answer) {
            Outcome::Keep => {
                let (status, nothing) = (answer.status(), HeaderMap::new());
                Parting::Settle(Record::of(status, &nothing, &[], &[], context.now()))
            }
            Outcome::Free => Parting::Release,
            Outcome::Unknown => {
                tracing::error!(key = ?lease.key(), "an order was cut off: its consent stays taken");
                return;
            }
        };
        let key = lease.key();
        let tell = move |told: Told| match told {
            Ok(Settlement::Already | Settlement::Done) => {}
            Ok(Settlement::Superseded) => {
                tracing::error!(?key, "an order outlived its lease on the consent");
            }
            Err(error) => {
                tracing::error!(?key, %error, "the use of a consent is not kept");
            }
        };
        parting.act(&self.store, lease, || {}, tell).await;
    }
}

/// The right to use a consent up, or the knowledge that none is.
pub struct ExclusiveUse(Option<Lease>);

impl Evidence for ExclusiveUse {
    fn audit(&self, line: &mut Audit) {
        if let Some(lease) = &self.0 {
            line.field("exclusive", format!("{:?}", lease.key()));
        }
    }
}

impl fmt::Debug for ExclusiveUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExclusiveUse").finish_non_exhaustive()
    }
}

impl fmt::Debug for ExclusiveResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExclusiveResource").field("lease", &self.0.lease).finish_non_exhaustive()
    }
}

around_layers!(ExclusiveResource);

/// A hundred years: longer than a consent, and a time that every store can write.
const FOR_GOOD: Duration = Duration::from_secs(100 * 365 * 86_400);

#[cfg(test)]
mod tests;
