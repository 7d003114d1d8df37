//! Where idempotency keys are kept, and for how long.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// Where idempotency keys are kept. A key that the store does not have is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Idempotency {
    /// The store.
    pub store: Store,
    /// `memory`, `file`: how many keys are held before new ones are refused; 100 000 in memory and a
    /// million in a file, if absent.
    pub capacity: Option<usize>,
    /// `file`: the file.
    pub path: Option<PathBuf>,
    /// `file`: creates the file where there is none. Without it a missing file, such as that of a
    /// disk that is not mounted, is an error and not a bank without a past.
    pub allow_create: bool,
    /// `redis`, `postgres`: the server.
    pub url: Option<StoreUrl>,
    /// `redis`, `postgres`, in the place of `url`: a file that holds it, for a URL with a password.
    pub url_file: Option<PathBuf>,
    /// `redis`: what the keys begin with; `open-banking` if absent.
    pub prefix: Option<String>,
    /// `redis`: how many replicas must have a write before it counts; none if absent.
    pub replicas: Option<u32>,
    /// `redis`: how long they may take, in milliseconds; 500 if absent.
    pub replicas_millis: Option<u64>,
    /// `redis`: uses a server that may evict keys. Logged as a warning.
    pub danger_allow_eviction: bool,
    /// `postgres`: how many connections there may be; 16 if absent.
    pub connections: Option<usize>,
    /// `postgres`: creates the schema `open_banking`, or brings it up to date, at start-up.
    pub migrate: bool,
    /// `postgres`: connects to another machine without TLS. Logged as a warning.
    pub danger_allow_plaintext: bool,
    /// `redis`, `postgres`: how long an act may take, in milliseconds; 3 000 if absent.
    pub deadline_millis: Option<u64>,
    /// `redis`, `postgres`: by how many seconds the clocks of this process and of the server may
    /// differ; 300 if absent.
    pub clock_tolerance: Option<u64>,
    /// The bytes of the largest outcome that is kept; 65 536 if absent.
    pub record_limit: Option<usize>,
    /// How long a key stays taken, in seconds from the first request; a day if absent, and at least.
    pub window: Option<u64>,
    /// How long a request may run before it counts as lost, in seconds: longer than the handler's
    /// own limit; 60 if absent.
    pub lease: Option<u64>,
    /// How long a consent stays used up here, in seconds: longer than the application lets it live.
    /// For good if absent, but a day in memory. Only with [`Consents`](crate::consent::Consents).
    pub consent_window: Option<u64>,
}

/// A store of idempotency keys.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Store {
    /// In a file, for one process; needs the feature `redb`.
    File,
    /// In this process.
    #[default]
    Memory,
    /// In PostgreSQL; needs the feature `postgres`.
    Postgres,
    /// In Redis; needs the feature `redis`.
    Redis,
}

impl Store {
    /// Its name in a configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Memory => "memory",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }
}

/// The URL of a server, which may hold a password: `Debug` shows its scheme alone.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct StoreUrl(String);

impl StoreUrl {
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for StoreUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = SCHEMES.into_iter().find(|scheme| self.0.starts_with(scheme));
        write!(f, "{}..", scheme.unwrap_or_default())
    }
}

const SCHEMES: [&str; 4] = ["postgres://", "postgresql://", "redis://", "rediss://"];
