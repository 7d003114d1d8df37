//! Sends every payment many times, to all banks at once.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use bytes::Bytes;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::Anything;
use super::client::{Answer, Letter, Line};

/// What clients saw of a payment.
#[derive(Clone, Default)]
pub struct Seen {
    /// The bodies of its answers 201, and how often each came.
    pub made: HashMap<Bytes, usize>,
    /// Whether the last round had an answer 201.
    pub is_made_at_last: bool,
}

/// All that clients saw.
#[derive(Clone, Default)]
pub struct Sight {
    pub payments: Vec<Seen>,
    pub refused: BTreeMap<u16, usize>,
    /// Refusals of the last round.
    pub refused_at_last: BTreeMap<u16, usize>,
    pub cut_off: usize,
}

/// Letters on their way.
pub struct Storm {
    letters: Vec<Letter>,
    /// Which letter is sent when.
    order: Vec<usize>,
    next: AtomicUsize,
    sight: Mutex<Sight>,
}

impl Storm {
    pub fn of(letters: Vec<Letter>, duplicates: usize, dice: &mut Dice) -> Self {
        let payments = vec![Seen::default(); letters.len()];
        let order = order(letters.len(), duplicates, dice);
        let sight = Mutex::new(Sight { payments, ..Sight::default() });
        Self { letters, order, next: AtomicUsize::new(0), sight }
    }

    /// How much of a round is sent, from 0 to 1.
    pub fn progress(&self) -> f64 {
        self.next.load(Ordering::SeqCst) as f64 / self.order.len() as f64
    }

    /// Sends everything once more.
    pub async fn round(self: &Arc<Self>, banks: &[SocketAddr], tls: &TlsConnector) -> Anything<()> {
        self.next.store(0, Ordering::SeqCst);
        self.see(|sight| {
            sight.refused_at_last.clear();
            sight.payments.iter_mut().for_each(|seen| seen.is_made_at_last = false);
        });
        let mut senders = JoinSet::new();
        for number in 0..SENDERS {
            let line = Line::new(banks[number % banks.len()], tls.clone());
            senders.spawn(self.clone().send(line));
        }
        while let Some(sender) = senders.join_next().await {
            sender??;
        }
        Ok(())
    }

    pub fn sight(&self) -> Sight {
        self.see(|sight| sight.clone())
    }

    async fn send(self: Arc<Self>, mut line: Line) -> Anything<()> {
        while let Some(&payment) = self.order.get(self.next.fetch_add(1, Ordering::SeqCst)) {
            let answer = line.send(&self.letters[payment]).await?;
            self.see(|sight| sight.note(payment, answer));
        }
        Ok(())
    }

    fn see<T>(&self, look: impl FnOnce(&mut Sight) -> T) -> T {
        look(&mut self.sight.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sight {
    fn note(&mut self, payment: usize, answer: Option<Answer>) {
        match answer {
            None => self.cut_off += 1,
            Some(Answer { status: StatusCode::CREATED, body }) => {
                let seen = &mut self.payments[payment];
                *seen.made.entry(body).or_default() += 1;
                seen.is_made_at_last = true;
            }
            Some(Answer { status, .. }) => {
                *self.refused.entry(status.as_u16()).or_default() += 1;
                *self.refused_at_last.entry(status.as_u16()).or_default() += 1;
            }
        }
    }
}

/// Duplicates among some neighbours, well mixed: many of one payment are under way at once.
fn order(payments: usize, duplicates: usize, dice: &mut Dice) -> Vec<usize> {
    let all: Vec<usize> = (0..payments).collect();
    let mut order = Vec::with_capacity(payments * duplicates);
    for neighbours in all.chunks(NEIGHBOURS) {
        let mut mixed = neighbours.repeat(duplicates);
        for last in (1..mixed.len()).rev() {
            mixed.swap(last, dice.below(last + 1));
        }
        order.extend(mixed);
    }
    order
}

/// Chance that can be repeated: xorshift (G. Marsaglia, 2003).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

const SENDERS: usize = 32;
const NEIGHBOURS: usize = 10;
