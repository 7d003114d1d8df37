//! What is known of certificates, and how more is learnt.

mod ask;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::answers::{Answers, Held};
use super::crl::Freshness;
use super::exempt::Exempt;
use super::failures::Failures;
use super::flights::Flights;
use super::lists::Lists;
use super::question::{About, Question};
use super::standing::Standing;
use super::{IssuerKey, OcspSettings, RevocationError, RevocationPolicy};
use crate::cert::{Certificate, Link, Path};
use crate::context::Clock;
use crate::fetch::Fetch;
use crate::reject::Rejection;

/// The state behind all clones of a [`Revocation`](super::Revocation).
pub(super) struct Engine {
    pub(super) lists: Lists,
    pub(super) answers: Answers,
    pub(super) failures: Failures,
    flights: Flights,
    generation: AtomicU64,
    /// Spreads what is renewed.
    pub(super) seed: [u8; 8],
    pub(super) settings: Settings,
}

/// What the engine was built with.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) ocsp_over: Option<Arc<dyn Fetch>>,
    pub(super) lists_over: Option<Arc<dyn Fetch>>,
    pub(super) freshness: Freshness,
    pub(super) skew: Duration,
    pub(super) ocsp: OcspSettings,
    pub(super) ocsp_of: BTreeMap<IssuerKey, OcspSettings>,
    pub(super) responders: BTreeMap<IssuerKey, Vec<Arc<Certificate>>>,
    pub(super) exempt: Exempt,
    pub(super) capacity: usize,
    pub(super) clock: Arc<dyn Clock>,
}

/// What can be said of a path at once.
pub(super) enum Known {
    Verdict(Result<UnixTime, Rejection>),
    /// Somebody can be asked.
    Open,
}

impl Engine {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            lists: Lists::new(settings.freshness),
            answers: Answers::with_capacity(settings.capacity),
            failures: Failures::default(),
            flights: Flights::default(),
            generation: AtomicU64::new(0),
            seed: crate::crypto::random().unwrap_or_default(),
            settings,
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What was found good before this may be wrong. Called once the change can be seen.
    fn changed(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn replace_lists(
        &self,
        lists: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<usize>, RevocationError> {
        let older = self.lists.replace(lists, self.settings.clock.now())?;
        self.changed();
        Ok(older)
    }

    /// Judges a path by what is known.
    pub(super) fn judge(&self, path: &Path, policy: RevocationPolicy, now: UnixTime) -> Known {
        let standings: Vec<_> =
            path.links().iter().map(|link| (link, self.standing(link, now))).collect();
        let open = |link: &Link, standing: Standing| {
            !standing.is_settled() && self.questions(link).iter().any(|one| self.may_ask(one, now))
        };
        // A refusal that no answer can change stands before anybody is asked for the others.
        let (mut good_until, mut is_open) = (super::standing::FOREVER, false);
        let mut refusal = None;
        for (place, (link, standing)) in standings.into_iter().enumerate() {
            if open(link, standing) {
                is_open = true;
                continue;
            }
            match self.settle(link, standing, policy, now) {
                Ok(until) => good_until = good_until.min(until),
                Err(rejection) => {
                    let detail = format!("certificate {place} of the path");
                    refusal.get_or_insert(rejection.detail(detail));
                }
            }
        }
        match (refusal, is_open) {
            (Some(rejection), _) => Known::Verdict(Err(rejection)),
            (None, false) => Known::Verdict(Ok(good_until)),
            (None, true) => Known::Open,
        }
    }

    pub(super) fn settle(
        &self,
        link: &Link,
        standing: Standing,
        policy: RevocationPolicy,
        now: UnixTime,
    ) -> Result<UnixTime, Rejection> {
        match (standing, self.settings.exempt.until(link)) {
            // Even of those a revocation is believed.
            (Standing::Nothing | Standing::Stale { .. }, Some(until)) => Ok(until),
            _ => standing.settle(policy, now),
        }
    }

    /// What both methods know of a certificate.
    pub(super) fn standing(&self, link: &Link, now: UnixTime) -> Standing {
        let by_list = self.lists.standing(&link.issuer, &link.certificate, now);
        match self.answers.about(link) {
            None => by_list,
            Some(held) => by_list.and(self.standing_by_answer(&held, now)),
        }
    }

    /// RFC 6960, 4.2.2.2.1: a delegate is asked about by list, never by OCSP, which would ask the
    /// delegate about itself.
    fn standing_by_answer(&self, held: &Held, now: UnixTime) -> Standing {
        let standing = held.standing(now);
        let Some(delegate) = &held.answer.delegate else { return standing };
        let of_delegate = self.lists.standing(&held.link.issuer, delegate, now);
        match (of_delegate, standing) {
            (Standing::Fresh { until: other } | Standing::Aging { until: other }, own) => match own
            {
                Standing::Fresh { until } => Standing::Fresh { until: until.min(other) },
                Standing::Aging { until } => Standing::Aging { until: until.min(other) },
                _ => own,
            },
            // Whoever holds a key that was withdrawn says what he likes.
            (Standing::Revoked { .. }, _) => Standing::Nothing,
            // Nobody says that the delegate is good: that is enough to refuse, not to pass.
            (_, Standing::Revoked { .. }) => standing,
            _ => Standing::Nothing,
        }
    }

    /// Whom to ask about a certificate: responders first, since lists are long.
    fn questions(&self, link: &Link) -> Vec<Question> {
        let mut questions = Vec::new();
        if self.settings.exempt.until(link).is_some() {
            return questions;
        }
        if self.settings.ocsp_over.is_some() {
            questions.extend(Question::to_responders(link));
        }
        if self.settings.lists_over.is_some() {
            questions.extend(Question::for_lists(link));
            // A delegate's own list, where it is not the one of those it speaks for.
            let delegate = self.answers.about(link).and_then(|held| held.delegate());
            questions.extend(delegate.iter().flat_map(Question::for_lists));
        }
        questions
    }

    fn may_ask(&self, question: &Question, now: UnixTime) -> bool {
        let is_answered = match &question.about {
            About::Certificate(link) => {
                self.answers.about(link).is_some_and(|held| held.is_current(now))
            }
            About::ListOf(issuer) => self.lists.is_fresh_from(&question.uri, issuer, now),
        };
        !is_answered && self.failures.may_ask(&question.key, now)
    }
}
