//! `RunOnce`: a payment happens exactly once.

mod policy;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use self::policy::Policy;
pub(super) use self::policy::give_up;
use super::{
    Abandoned, Claim, Claimant, ClientTag, IdempotencyStore, KeyEvent, KeyHeader, KeyScope, Lease,
    Record, SameRequest, StoreKey,
};
use crate::body::BodyBytes;
use crate::cert::RegisteredClient;
use crate::context::{Context, relaxed};
use crate::gate::{Answer, Around, Audit, BoxFuture, Evidence, Halt, Refs, Verdict, around_layers};
use crate::header::IdempotencyKey;
use crate::reject::{Reason, Rejection};
use crate::signature::EndpointTable;

/// Runs the handler once per idempotency key and answers retries from its outcome.
///
/// # Passes when
///
/// The endpoint is idempotent by its table, `x-idempotency-key` is a key, and the store grants the
/// claim on (tenant, client, method, path, key). On other endpoints a key is ignored, as the profile
/// demands. A retry with the same body and media type gets the stored status, `Content-Type`,
/// `Location` and body, until the key is forgotten: twenty-four hours after the first request began,
/// never later by retrying.
///
/// The handler runs to its end even if the client hangs up, and its outcome is kept when it is a
/// 2xx or 3xx, or a 4xx that it marked with [`FinalOutcome`](super::FinalOutcome). Any other outcome
/// frees the key. A handler that never comes to an end, or for which a time limit or a gateway
/// answers 408, 502 or 504, leaves the key taken: nobody knows whether the payment was made. So does
/// an outcome that the store cannot keep; where the store does not answer, it is asked again beside
/// the requests, for some minutes (feature `tokio`).
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`] and [`RegisteredClient`]; leaves [`ClaimedKey`]. It must be the last step.
///
/// # Does not check
///
/// That two different keys do not carry the same payment: that is the consent's matter. The replay
/// shows the outcome as it was; where a payment's status can change within a day, the profile wants
/// the current one (see [`on_replay`](Self::on_replay)).
///
/// # Rejections
///
/// [`Reason::HeaderMissing`], [`Reason::HeaderInvalid`]; [`Reason::IdempotencyKeyReused`] for
/// another body or media type; [`Reason::ContentTypeUnsupported`] for a repeated `Content-Type`,
/// which belongs to the body; [`Reason::IdempotencyInFlight`];
/// [`Reason::IdempotencyOutcomeUnknown`]; [`Reason::ServiceUnavailable`] where the store is full or
/// does not answer; [`Reason::ResponseUnreadable`] where the handler's answer cannot be read or is
/// too long to hold.
///
/// # Specification
///
/// Open Banking UK Read/Write profile, "Idempotency"; draft-ietf-httpapi-idempotency-key-header.
///
/// ```
/// use tower_open_banking::{cert::RegisteredClient, gate::Gate, header::NegotiateMedia};
/// use tower_open_banking::idempotency::{MemoryStore, RunOnce};
/// use tower_open_banking::reject::Obie;
///
/// let once = || RunOnce::per_key(MemoryStore::with_capacity(1_000));
/// let gate = || Gate::new(Obie::V3_1).given::<RegisteredClient>();
///
/// let built = gate().then(NegotiateMedia::json()).around(once()).build()?;
/// assert_eq!(built.steps().last(), Some("RunOnce"));
///
/// let refused = gate().around(once()).then(NegotiateMedia::json()).build();
/// assert_eq!(
///     refused.unwrap_err().to_string(),
///     "step 1, RunOnce, outlives its client and must be the last step: \
///      move it behind step 2, NegotiateMedia",
/// );
/// # Ok::<(), tower_open_banking::gate::BuildError>(())
/// ```
#[derive(Clone)]
pub struct RunOnce(Arc<Policy>);

/// Rebuilds the answer to a retry from the stored outcome, with the current state of the resource
/// (Read/Write profile, "Idempotency": the status "at least as current" as in other channels).
pub trait OnReplay: Send + Sync + 'static {
    /// Answers a retry of the request that had this outcome.
    fn on_replay<'a>(&'a self, outcome: &'a Record) -> BoxFuture<'a, Response<Bytes>>;
}

impl RunOnce {
    /// Keeps claims and outcomes here, by the UK endpoint table.
    pub fn per_key(store: impl IdempotencyStore + 'static) -> Self {
        Self(Arc::new(Policy {
            store: Arc::new(store),
            table: EndpointTable::OBIE,
            tenant: String::new(),
            header: KeyHeader::obie(),
            same: SameRequest::Bytes,
            lease: Duration::from_secs(60),
            window: DAY,
            #[cfg(feature = "tokio")]
            wait: Duration::ZERO,
            abandoned: Abandoned::Refuse,
            on_replay: None,
            on_event: None,
        }))
    }

    /// Takes the idempotent endpoints from another table.
    #[must_use]
    pub fn on(self, table: EndpointTable) -> Self {
        self.with(|policy| policy.table = table)
    }

    /// Keeps the keys of this API apart from those of others in the same store: two versions of an
    /// API that are mounted under different prefixes may show the same path here.
    #[must_use]
    pub fn tenant(self, tenant: impl Into<String>) -> Self {
        self.with(|policy| policy.tenant = tenant.into())
    }

    /// How long a request may take before it counts as lost: longer than the handler's own limit.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        self.with(|policy| policy.lease = lease)
    }

    /// Takes the key from another header.
    #[must_use]
    pub fn header(self, header: KeyHeader) -> Self {
        self.with(|policy| policy.header = header)
    }

    /// What two requests under one key must share; the bytes of their bodies unless set.
    #[must_use]
    pub fn same_request(self, same: SameRequest) -> Self {
        self.with(|policy| policy.same = same)
    }

    /// How long a key stays taken, from the first request on: a day, or longer. A shorter window is
    /// taken for a day (Read/Write profile, "Idempotency").
    #[must_use]
    pub fn window(self, window: Duration) -> Self {
        self.with(|policy| policy.window = window.max(DAY))
    }

    /// Lets a retry wait this long for the first request to come to an end, and answers it from the
    /// outcome, instead of refusing it at once. Each waiting retry asks the store ten times a
    /// second.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn wait(self, wait: Duration) -> Self {
        self.with(|policy| policy.wait = wait)
    }

    /// Runs a request again whose first run never came to an end, once its lease is over. Only for
    /// handlers that are transactional or repeatable: elsewhere this pays twice.
    #[must_use]
    pub fn allow_take_over(self) -> Self {
        relaxed(Self::NAME, "allow_take_over");
        self.with(|policy| policy.abandoned = Abandoned::TakeOver)
    }

    /// Hears what happens to keys, for metrics. Called in the request path; it must not block.
    #[must_use]
    pub fn on_event(self, hear: impl Fn(KeyEvent) + Send + Sync + 'static) -> Self {
        self.with(|policy| policy.on_event = Some(Arc::new(hear)))
    }

    /// Lets the application answer retries with the current state.
    #[must_use]
    pub fn on_replay(self, hook: impl OnReplay) -> Self {
        self.with(|policy| policy.on_replay = Some(Arc::new(hook)))
    }

    fn with(self, change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = Policy::clone(&self.0);
        change(&mut policy);
        Self(Arc::new(policy))
    }
}

impl Around for RunOnce {
    const NAME: &'static str = "RunOnce";
    type Needs = (BodyBytes, RegisteredClient);
    type Leaves = ClaimedKey;

    fn check(
        &self,
        (body, client): Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<ClaimedKey> {
        if !self.0.table.demands(&request.method, request.uri.path()).idempotent {
            return Verdict::pass(ClaimedKey { claim: None });
        }
        let (key, fingerprint) = match self.0.read(request, body.bytes()) {
            Ok(read) => read,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let scope = KeyScope {
            tenant: &self.0.tenant,
            client: client.client_id(),
            method: &request.method,
            route: request.uri.path(),
        };
        let claimant = match Claimant::random() {
            Ok(claimant) => claimant,
            Err(error) => {
                return Verdict::reject(Rejection::new(Reason::ServiceUnavailable).source(error));
            }
        };
        let store_key = StoreKey::compose(scope, &key);
        let claim = Claim::new(store_key, fingerprint, claimant, context.now())
            .client(ClientTag::of(scope.tenant, scope.client))
            .lease(self.0.lease)
            .window(self.0.window)
            .abandoned(self.0.abandoned);
        let (policy, context) = (self.0.clone(), context.clone());
        Verdict::Later(Box::pin(async move { policy.claim(key, claim, &context).await }))
    }

    fn answer<'a>(
        &'a self,
        left: &'a ClaimedKey,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            match &left.claim {
                Some((_, lease)) => self.0.settle(lease, answer, context).await,
                None => Ok(()),
            }
        })
    }

    fn outlives_client(&self) -> bool {
        true
    }
}

/// The right to run a request, or the knowledge that its endpoint is not idempotent.
pub struct ClaimedKey {
    claim: Option<(IdempotencyKey, Lease)>,
}

impl ClaimedKey {
    /// The key, where the endpoint is idempotent.
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.claim.as_ref().map(|(key, _)| key)
    }
}

impl Evidence for ClaimedKey {
    fn audit(&self, line: &mut Audit) {
        if let Some((_, lease)) = &self.claim {
            line.field("idempotency", format!("{:?}", lease.key()));
        }
    }
}

impl fmt::Debug for ClaimedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedKey").finish_non_exhaustive()
    }
}

impl fmt::Debug for RunOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOnce").field("lease", &self.0.lease).finish_non_exhaustive()
    }
}

around_layers!(RunOnce);

/// Read/Write profile, "Idempotency": a key counts for twenty-four hours.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;
