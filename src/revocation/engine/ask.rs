//! Asking: the part that waits.

use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use rustls_pki_types::UnixTime;

use super::super::RevocationPolicy;
use super::super::ocsp::{self, Reading};
use super::super::question::{About, Question};
use super::super::standing::FOREVER;
use super::{Engine, IssuerKey};
use crate::body::BoxError;
use crate::cert::{Issuer, Link, Path};
use crate::fetch::{Fetch, FetchRequest, Fetched, document};
use crate::reject::Rejection;
use crate::runtime::off_the_runtime;

impl Engine {
    /// Asks whoever can be asked about the certificates of a path, then judges it.
    pub(in super::super) async fn resolve(
        self: Arc<Self>,
        path: Arc<Path>,
        policy: RevocationPolicy,
        now: UnixTime,
    ) -> Result<UnixTime, Rejection> {
        let links = path.links().iter().map(|link| self.resolve_link(link, now));
        futures_util::future::join_all(links).await;
        let mut good_until = FOREVER;
        for (place, link) in path.links().iter().enumerate() {
            let verdict = self.settle(link, self.standing(link, now), policy, now);
            let until = verdict.map_err(|rejection| {
                rejection.detail(format!("certificate {place} of the path, after asking"))
            })?;
            good_until = good_until.min(until);
        }
        Ok(good_until)
    }

    /// Asks one place after the other until it is settled.
    async fn resolve_link(self: &Arc<Self>, link: &Link, now: UnixTime) {
        let mut asked = Vec::new();
        // An answer may name one more place to ask: that of its signer's list.
        while !self.standing(link, now).is_settled() {
            let mut questions = self.questions(link).into_iter();
            let next = questions.find(|one| !asked.contains(&one.key) && self.may_ask(one, now));
            let Some(question) = next else { return };
            asked.push(question.key);
            self.ask(question, now).await;
        }
    }

    /// Asks one place, or waits with others for its answer.
    pub(in super::super) async fn ask(self: &Arc<Self>, question: Question, now: UnixTime) {
        let flight = self.flights.join(question.key, || {
            let engine = self.clone();
            Box::pin(async move { engine.fly(&question, now).await })
        });
        flight.await;
    }

    async fn fly(self: &Arc<Self>, question: &Question, now: UnixTime) {
        let answer = match &question.about {
            About::Certificate(link) => self.ask_responder(link, &question.uri, now).await,
            About::ListOf(issuer) => self.fetch_list(issuer, &question.uri, now).await,
        };
        match answer {
            Ok(changed) => {
                self.failures.succeeded(&question.key);
                if changed {
                    self.changed();
                }
            }
            Err(why) => {
                self.failures.failed(question.key, now);
                tracing::warn!(uri = %question.uri, %why, "revocation: no answer");
            }
        }
    }

    async fn ask_responder(&self, link: &Link, uri: &Uri, now: UnixTime) -> Result<bool, BoxError> {
        let issuer = IssuerKey::of_issuer(&link.issuer);
        let settings = self.settings.ocsp_of.get(&issuer).unwrap_or(&self.settings.ocsp);
        let nonce = settings.sends_nonce.then(crate::crypto::random).transpose()?;
        let asked = ocsp::request(&link.certificate, &link.issuer, settings.hash, nonce)?;
        // Without a nonce the answer may be one that caches on the way hold.
        let get = if nonce.is_none() { asked.get_url(&uri.to_string()) } else { None };
        let request = match get {
            Some(url) => FetchRequest::get(url.parse()?, OCSP_LIMIT),
            None => {
                let body = Bytes::copy_from_slice(asked.der());
                FetchRequest::post(uri.clone(), OCSP_REQUEST, body, OCSP_LIMIT)
            }
        };
        let answer = fetch(&self.settings.ocsp_over, request.accept(OCSP_RESPONSE)).await?;
        // RFC 6960, A.2; a page that says "200" of itself is no answer.
        if !answer.is(OCSP_RESPONSE) {
            return Err("not an OCSP response by its media type".into());
        }
        let reading = Reading {
            sent_nonce: asked.nonce(),
            nonce: settings.nonce,
            skew: self.settings.skew,
            responders: self.settings.responders.get(&issuer).map_or(&[], Vec::as_slice),
            ..Reading::new(&link.certificate, &link.issuer, now)
        };
        let read = ocsp::read(answer.body(), &reading)?;
        tracing::debug!(
            %uri, status = ?read.status, produced_at = read.produced_at.as_secs(), "OCSP answer"
        );
        Ok(self.answers.take(link, read, answer.max_age(), now)?)
    }

    async fn fetch_list(
        self: &Arc<Self>,
        issuer: &Arc<Issuer>,
        uri: &Uri,
        now: UnixTime,
    ) -> Result<bool, BoxError> {
        let get = FetchRequest::get(uri.clone(), LIST_LIMIT);
        let answer = fetch(&self.settings.lists_over, get).await?;
        let (engine, issuer, uri) = (self.clone(), issuer.clone(), uri.clone());
        off_the_runtime(move || {
            engine.lists.take(&issuer, &uri, answer.body(), answer.max_age(), now)
        })
        .await??;
        // Whatever it says, what the one before said is out of date.
        Ok(true)
    }
}

async fn fetch(over: &Option<Arc<dyn Fetch>>, request: FetchRequest) -> Result<Fetched, BoxError> {
    document(&**over.as_ref().ok_or("nobody fetches")?, request).await
}

const LIST_LIMIT: usize = 20 << 20;
const OCSP_LIMIT: usize = 64 << 10;
const OCSP_REQUEST: &str = "application/ocsp-request";
const OCSP_RESPONSE: &str = "application/ocsp-response";
