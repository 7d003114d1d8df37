//! `Refresher`: renews what is held before it goes out of date.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::engine::Engine;
use super::question::{About, Question};
use crate::crypto::Sha256;

/// Renews, outside the request path, the lists that were fetched and the OCSP answers that somebody
/// wanted since they were last asked for.
///
/// Each somewhat before its time, and not all at once: the margin is a tenth of the time that the
/// word is good for, at least 30 seconds and at most an hour, of which a random part of up to a half
/// is left away. A question that failed is asked again as in the request path, after a pause. Ends
/// when the last clone of the [`Revocation`](super::Revocation) is dropped. Lists from files are
/// the application's to replace.
#[must_use = "nothing is renewed unless it is run"]
pub struct Refresher(Weak<Engine>);

impl Refresher {
    pub(super) fn of(engine: &Arc<Engine>) -> Self {
        Self(Arc::downgrade(engine))
    }

    /// Runs until the last clone is dropped, sleeping by `sleep`.
    pub async fn run<S: Future<Output = ()>>(self, sleep: impl Fn(Duration) -> S) {
        while let Some(engine) = self.0.upgrade() {
            let now = engine.settings.clock.now();
            engine.refresh(now).await;
            let pause = engine.next_refresh(now);
            drop(engine);
            sleep(pause).await;
        }
    }

    /// Runs on the tokio runtime that this is called on.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    #[cfg(feature = "tokio")]
    pub fn spawn(self) {
        tokio::spawn(self.run(tokio::time::sleep));
    }
}

impl Engine {
    /// Asks for everything that is due.
    pub(super) async fn refresh(self: &Arc<Self>, now: UnixTime) {
        let due = self.renewals(now).into_iter().filter(|one| one.due <= now.as_secs());
        let due: Vec<_> = due.collect();
        for together in due.chunks(AT_ONCE) {
            let asked = together.iter().map(|one| self.renew(one, now));
            futures_util::future::join_all(asked).await;
        }
    }

    /// How long until something is due; at most a minute, in which more may have come.
    pub(super) fn next_refresh(&self, now: UnixTime) -> Duration {
        let next = self.renewals(now).into_iter().map(|one| one.due).min();
        let pause = next.map_or(LONGEST_PAUSE, |due| due.saturating_sub(now.as_secs()));
        Duration::from_secs(pause.clamp(1, LONGEST_PAUSE))
    }

    async fn renew(self: &Arc<Self>, renewal: &Renewal, now: UnixTime) {
        self.ask(renewal.question.clone(), now).await;
        // Until somebody wants it again, once is enough.
        if let About::Certificate(link) = &renewal.question.about
            && let Some(held) = self.answers.about(link)
        {
            held.was_wanted.store(false, Ordering::Relaxed);
        }
    }

    /// What will have to be renewed, without what failed a moment ago.
    fn renewals(&self, now: UnixTime) -> Vec<Renewal> {
        let lists = self.lists.fetched().into_iter().filter_map(|(issuer, fetched)| {
            let question = Question::for_list(&issuer, fetched.uri);
            self.renewal(question, fetched.taken, fetched.ask_again, now)
        });
        let wanted = self.answers.all().into_iter().filter(|held| {
            held.was_wanted.load(Ordering::Relaxed) && now <= held.link.certificate.not_after()
        });
        let answers = wanted.filter_map(|held| {
            let mut questions = Question::to_responders(&held.link);
            let question = questions.find(|one| self.failures.may_ask(&one.key, now))?;
            self.renewal(question, held.taken, held.ask_again, now)
        });
        lists.chain(answers).collect()
    }

    fn renewal(
        &self,
        question: Question,
        taken: UnixTime,
        ask_again: UnixTime,
        now: UnixTime,
    ) -> Option<Renewal> {
        let (taken, ends) = (taken.as_secs(), ask_again.as_secs());
        let margin = (ends.saturating_sub(taken) / 10).clamp(LEAST_MARGIN, GREATEST_MARGIN);
        // The same for as long as the word is: drawn anew at each look, the earliest would win.
        let share = self.jitter(&question, ends);
        let due = ends.saturating_sub(margin).saturating_add(margin / 2 * share / 256);
        let due = due.max(taken.saturating_add(LEAST_MARGIN));
        self.failures.may_ask(&question.key, now).then_some(Renewal { question, due })
    }

    /// A random number below 256.
    fn jitter(&self, question: &Question, ends: u64) -> u64 {
        let mut hash = Sha256::new();
        hash.update(&self.seed);
        hash.update(&question.key);
        hash.update(&ends.to_be_bytes());
        hash.finish()[0].into()
    }
}

/// A question that will have to be asked again, and from which second on.
struct Renewal {
    question: Question,
    due: u64,
}

const AT_ONCE: usize = 8;
const GREATEST_MARGIN: u64 = 3_600;
const LEAST_MARGIN: u64 = 30;
const LONGEST_PAUSE: u64 = 60;
