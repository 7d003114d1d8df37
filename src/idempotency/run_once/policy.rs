//! What a bank chose, and what comes of it: the claim of a request, and its settlement.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::request::Parts;

use super::{ClaimedKey, OnReplay};
use crate::context::Context;
use crate::gate::{Answer, Halt};
use crate::header::{IdempotencyKey, single};
use crate::idempotency::outcome::Outcome;
use crate::idempotency::parting::{Parting, Told};
use crate::idempotency::{
    Abandoned, Claim, Claimed, Fingerprint, IdempotencyStore, KeyEvent, KeyHeader, Lease, Record,
    SameRequest, Settlement, StoreError, StoreKey,
};
use crate::reject::{Reason, Rejection};
use crate::signature::EndpointTable;

#[derive(Clone)]
pub(super) struct Policy {
    pub(super) store: Arc<dyn IdempotencyStore>,
    pub(super) table: EndpointTable,
    pub(super) tenant: String,
    pub(super) header: KeyHeader,
    pub(super) same: SameRequest,
    pub(super) lease: Duration,
    pub(super) window: Duration,
    #[cfg(feature = "tokio")]
    pub(super) wait: Duration,
    pub(super) abandoned: Abandoned,
    pub(super) on_replay: Option<Arc<dyn OnReplay>>,
    pub(super) on_event: Option<Arc<dyn Fn(KeyEvent) + Send + Sync>>,
}

impl Policy {
    /// The key, and what the request asks for.
    pub(super) fn read(
        &self,
        request: &Parts,
        body: &Bytes,
    ) -> Result<(IdempotencyKey, Fingerprint), Rejection> {
        let key = self.header.read(&request.headers)?;
        let fingerprint = self.same.fingerprint(&media_type(request)?, request, body)?;
        Ok((key, fingerprint))
    }

    pub(super) async fn claim(
        &self,
        key: IdempotencyKey,
        claim: Claim,
        context: &Context,
    ) -> Result<ClaimedKey, Halt> {
        let claimed = self.store.claim(claim.clone()).await;
        let claimed = match self.waited(claimed, &claim, context).await {
            Ok(claimed) => claimed,
            Err(error) => {
                self.tell(KeyEvent::Unavailable);
                give_up(&self.store, &claim, &error).await;
                return Err(Halt::Reject(Rejection::new(Reason::ServiceUnavailable).source(error)));
            }
        };
        let (event, reason) = match claimed {
            Claimed::New(lease) => {
                self.tell(KeyEvent::Claimed);
                return Ok(ClaimedKey { claim: Some((key, lease)) });
            }
            Claimed::Settled(record) => {
                self.tell(KeyEvent::Replayed);
                return Err(Halt::Answer(Box::new(self.replay(&record).await)));
            }
            Claimed::InFlight { .. } => (KeyEvent::InFlight, Reason::IdempotencyInFlight),
            Claimed::Mismatch => (KeyEvent::Conflicted, Reason::IdempotencyKeyReused),
            Claimed::Abandoned { .. } => (KeyEvent::Abandoned, Reason::IdempotencyOutcomeUnknown),
        };
        self.tell(event);
        Err(Halt::Reject(Rejection::new(reason).place(self.header.name().to_owned())))
    }

    /// Looks again while the first request runs, as long as a retry may wait.
    #[cfg(feature = "tokio")]
    async fn waited(
        &self,
        mut claimed: Result<Claimed, StoreError>,
        claim: &Claim,
        context: &Context,
    ) -> Result<Claimed, StoreError> {
        for _ in 0..self.wait.as_millis() / BETWEEN_LOOKS.as_millis() {
            if !matches!(claimed, Ok(Claimed::InFlight { .. })) {
                break;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            claimed = self.store.claim(claim.clone().at(context.now())).await;
        }
        claimed
    }

    #[cfg(not(feature = "tokio"))]
    async fn waited(
        &self,
        claimed: Result<Claimed, StoreError>,
        _: &Claim,
        _: &Context,
    ) -> Result<Claimed, StoreError> {
        claimed
    }

    fn tell(&self, event: KeyEvent) {
        if let Some(hear) = &self.on_event {
            hear(event);
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
    pub(super) async fn settle(
        &self,
        lease: &Lease,
        answer: &mut Answer<'_>,
        context: &Context,
    ) -> Result<(), Halt> {
        let parting = match Outcome::of(answer) {
            Outcome::Unknown => {
                tracing::error!(key = ?lease.key(), "a time limit cut a request off: its key stays taken");
                self.tell(KeyEvent::CutOff);
                return Ok(());
            }
            Outcome::Keep => {
                let body = answer.bytes(context).await?;
                let (status, now) = (answer.status(), context.now());
                Parting::Settle(Record::of(status, answer.headers(), KEPT, &body, now))
            }
            Outcome::Free => Parting::Release,
        };
        let done = match parting {
            Parting::Release => KeyEvent::Released,
            Parting::Settle(_) => KeyEvent::Settled,
        };
        let (policy, key) = (self.clone(), lease.key());
        let tell = move |told| policy.tell(parted(key, told, done));
        parting.act(&self.store, lease, || self.tell(KeyEvent::Delayed), tell).await;
        Ok(())
    }
}

fn parted(key: StoreKey, told: Told, done: KeyEvent) -> KeyEvent {
    match told {
        Ok(Settlement::Already | Settlement::Done) => done,
        Ok(Settlement::Superseded) => {
            tracing::error!(?key, "a request outlived its lease: its outcome is not kept");
            KeyEvent::Lost
        }
        Err(error) => {
            tracing::error!(?key, %error, "the outcome of a request is not kept");
            KeyEvent::Lost
        }
    }
}

/// Frees what the store may have taken although its answer was lost: nothing has run.
pub(in crate::idempotency) async fn give_up(
    store: &Arc<dyn IdempotencyStore>,
    claim: &Claim,
    error: &StoreError,
) {
    if !matches!(error, StoreError::Unavailable { .. }) {
        return;
    }
    let key = claim.key();
    let tell = move |told: Told| {
        if let Err(error) = told {
            tracing::error!(?key, %error, "a key may stay taken although nothing ran");
        }
    };
    Parting::Release.act(store, &Lease::presumed(claim), || {}, tell).await;
}

/// The essence of the content type: a retry may write its parameters differently.
fn media_type(request: &Parts) -> Result<String, Rejection> {
    let value = single(&request.headers, &CONTENT_TYPE).map_err(|error| {
        Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type").source(error)
    })?;
    let text = String::from_utf8_lossy(value.map(HeaderValue::as_bytes).unwrap_or_default());
    Ok(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

#[cfg(feature = "tokio")]
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const KEPT: &[HeaderName] = &[CONTENT_TYPE, LOCATION];
