//! What happens to keys, for metrics.

/// What became of an idempotency key.
///
/// Counted, the events show what no single request does: keys that are conflicted show clients that
/// reuse them, abandoned ones a core that does not come back, lost ones a store that fails.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyEvent {
    /// A claim found the outcome of its request unknown: the first one never came to an end.
    Abandoned,
    /// The request is the first of its key and runs.
    Claimed,
    /// The key was used for another request.
    Conflicted,
    /// The request was cut off: its outcome is unknown, its key stays taken.
    CutOff,
    /// The store did not answer when the outcome was to be kept, or the key to be freed: it is asked
    /// again, and what comes of that is told.
    Delayed,
    /// The first request of the key still runs.
    InFlight,
    /// The outcome could not be kept, or came after another request had taken the key over.
    Lost,
    /// Nothing was done: the key is free again.
    Released,
    /// A retry got the outcome of the first request.
    Replayed,
    /// The outcome is kept.
    Settled,
    /// The store gave no answer to a claim.
    Unavailable,
}

impl KeyEvent {
    /// A stable name for a counter's label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Claimed => "claimed",
            Self::Conflicted => "conflicted",
            Self::CutOff => "cut_off",
            Self::Delayed => "delayed",
            Self::InFlight => "in_flight",
            Self::Lost => "lost",
            Self::Released => "released",
            Self::Replayed => "replayed",
            Self::Settled => "settled",
            Self::Unavailable => "unavailable",
        }
    }
}
