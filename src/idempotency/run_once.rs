//! `RunOnce`: a payment happens exactly once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::request::Parts;
use http::{Response, StatusCode};

use super::{
    Abandoned, Claim, Claimant, Claimed, ClientTag, Fingerprint, IdempotencyStore, KeyScope, Lease,
    Record, Settlement, StoreError, StoreKey,
};
use crate::body::BodyBytes;
use crate::cert::RegisteredClient;
use crate::context::Context;
use crate::gate::{
    Answer, Around, Audit, BoxFuture, Evidence, Halt, Origin, Refs, Verdict, around_layers,
};
use crate::header::{IdempotencyKey, IdempotencyKeyError, single, single_text};
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
/// 2xx or 3xx, or a 4xx that it marked with [`FinalOutcome`]. Any other outcome frees the key. A
/// handler that never comes to an end, or for which a time limit or a gateway answers 408, 502 or
/// 504, leaves the key taken: nobody knows whether the payment was made. So does an outcome that the
/// store cannot keep.
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

#[derive(Clone)]
struct Policy {
    store: Arc<dyn IdempotencyStore>,
    table: EndpointTable,
    tenant: String,
    lease: Duration,
    on_replay: Option<Arc<dyn OnReplay>>,
}

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
            lease: Duration::from_secs(60),
            on_replay: None,
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
        let (key, media_type) = match key(request).and_then(|key| Ok((key, media_type(request)?))) {
            Ok(named) => named,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let scope = KeyScope {
            tenant: &self.0.tenant,
            client: client.client_id(),
            method: &request.method,
            route: request.uri.path(),
        };
        let fingerprint = Fingerprint::of(&media_type, body.bytes());
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
            .abandoned(Abandoned::Refuse);
        let policy = self.0.clone();
        Verdict::Later(Box::pin(async move { policy.claim(key, claim).await }))
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

impl Policy {
    async fn claim(&self, key: IdempotencyKey, claim: Claim) -> Result<ClaimedKey, Halt> {
        let refused = |reason| Halt::Reject(Rejection::new(reason).place(TEXT));
        let claimed = match self.store.claim(claim.clone()).await {
            Ok(claimed) => claimed,
            Err(error) => {
                self.give_up(&claim, &error).await;
                return Err(Halt::Reject(Rejection::new(Reason::ServiceUnavailable).source(error)));
            }
        };
        match claimed {
            Claimed::New(lease) => Ok(ClaimedKey { claim: Some((key, lease)) }),
            Claimed::Settled(record) => Err(Halt::Answer(Box::new(self.replay(&record).await))),
            Claimed::InFlight { .. } => Err(refused(Reason::IdempotencyInFlight)),
            Claimed::Mismatch => Err(refused(Reason::IdempotencyKeyReused)),
            Claimed::Abandoned { .. } => Err(refused(Reason::IdempotencyOutcomeUnknown)),
        }
    }

    /// Frees the key that the store may have taken although its answer was lost: nothing has run.
    async fn give_up(&self, claim: &Claim, error: &StoreError) {
        if !matches!(error, StoreError::Unavailable { .. }) {
            return;
        }
        if let Err(error) = self.store.release(&Lease::presumed(claim)).await {
            tracing::error!(key = ?claim.key(), %error, "a key may stay taken although nothing ran");
        }
    }

    async fn replay(&self, record: &Record) -> Response<Bytes> {
        if let Some(hook) = &self.on_replay {
            return hook.on_replay(record).await;
        }
        let mut response = Response::new(record.body().clone());
        *response.status_mut() = record.status();
        for (name, value) in record.headers() {
            response.headers_mut().append(name.clone(), value.clone());
        }
        response
    }

    /// Keeps the outcome, or frees the key.
    ///
    /// The handler has run. Whatever the store says now, the client hears what was done: a 503
    /// instead of a 201 would undo nothing. An outcome that is not kept leaves the key taken.
    async fn settle(
        &self,
        lease: &Lease,
        answer: &mut Answer<'_>,
        context: &Context,
    ) -> Result<(), Halt> {
        let by_handler = answer.origin() == Origin::Handler;
        let kept = by_handler && is_final(answer);
        if by_handler && !kept && is_cut_off(answer.status()) {
            tracing::error!(key = ?lease.key(), "a time limit cut a request off: its key stays taken");
            return Ok(());
        }
        let settled = match kept {
            true => {
                let body = answer.bytes(context).await?;
                let (status, now) = (answer.status(), context.now());
                let record = Record::of(status, answer.headers(), KEPT, &body, now);
                self.store.settle(lease, record).await
            }
            false => self.store.release(lease).await,
        };
        match settled {
            Ok(Settlement::Already | Settlement::Done) => {}
            Ok(Settlement::Superseded) => {
                tracing::error!(key = ?lease.key(), "a request outlived its lease: its outcome is not kept");
            }
            Err(error) => {
                tracing::error!(key = ?lease.key(), %error, "the outcome of a request is not kept");
            }
        }
        Ok(())
    }
}

/// Marks a 4xx response of a handler, in its extensions, as the final outcome: retries get it again
/// instead of running the handler anew.
#[derive(Clone, Copy, Debug)]
pub struct FinalOutcome;

fn is_final(answer: &mut Answer<'_>) -> bool {
    let status = answer.status();
    let marked = answer.extensions_mut().get::<FinalOutcome>().is_some();
    status.is_success() || status.is_redirection() || (status.is_client_error() && marked)
}

/// What a time limit or a gateway answers, in the handler's stead or in that of a service behind it.
/// The handler was dropped half-way or is still waited for elsewhere: to free the key would be to
/// pay twice.
fn is_cut_off(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT
    )
}

fn key(request: &Parts) -> Result<IdempotencyKey, Rejection> {
    let invalid = || Rejection::new(Reason::HeaderInvalid).place(TEXT);
    let text = single_text(&request.headers, &HEADER).map_err(|error| invalid().source(error))?;
    let text = text.ok_or_else(|| Rejection::new(Reason::HeaderMissing).place(TEXT))?;
    text.parse().map_err(|error: IdempotencyKeyError| invalid().source(error))
}

/// The essence of the content type: a retry may write its parameters differently.
fn media_type(request: &Parts) -> Result<String, Rejection> {
    let value = single(&request.headers, &CONTENT_TYPE).map_err(|error| {
        Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type").source(error)
    })?;
    let text = String::from_utf8_lossy(value.map(HeaderValue::as_bytes).unwrap_or_default());
    Ok(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
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

const TEXT: &str = "x-idempotency-key";
const HEADER: HeaderName = HeaderName::from_static(TEXT);
const KEPT: &[HeaderName] = &[CONTENT_TYPE, LOCATION];

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
