//! From `[idempotency]` to a store.

use std::sync::Arc;
use std::time::Duration;

use super::load::Files;
use super::{ConfigError, Idempotency, Store};
use crate::consent::{Consents, MatchConsent};
use crate::idempotency::{
    ExclusiveResource, IdempotencyStore, MemoryStore, RunOnce, StoreError, StoreFuture,
};
use crate::replay::{MemoryReplayStore, ReplayStore};

/// A store, and what is left to do before it serves.
#[derive(Clone)]
pub(super) struct Opened {
    store: Arc<dyn IdempotencyStore>,
    pub(super) replays: Arc<dyn ReplayStore>,
    prepare: Option<Prepare>,
}

type Prepare = Arc<dyn Fn() -> StoreFuture<'static, ()> + Send + Sync>;

impl Opened {
    #[cfg(any(feature = "postgres", feature = "redb", feature = "redis"))]
    fn of(store: impl IdempotencyStore + ReplayStore + 'static, prepare: Option<Prepare>) -> Self {
        let store = Arc::new(store);
        Self { store: store.clone(), replays: store, prepare }
    }

    /// Sees that a store with a server can be used.
    pub(super) async fn prepare(&self) -> Result<(), ConfigError> {
        let Some(prepare) = &self.prepare else { return Ok(()) };
        prepare().await.map_err(|error| unusable("idempotency.store", &error))
    }

    pub(super) fn once(&self, settings: &Idempotency) -> Result<RunOnce, ConfigError> {
        let mut rule = RunOnce::per_key(self.store.clone());
        if let Some(window) = settings.window {
            if window < DAY {
                return Err(ConfigError::value("idempotency.window", "shorter than a day"));
            }
            rule = rule.window(Duration::from_secs(window));
        }
        Ok(match settings.lease()? {
            Some(lease) => rule.lease(lease),
            None => rule,
        })
    }

    /// One order per consent, where the application compares orders with their consents.
    pub(super) fn consents(
        &self,
        settings: &Idempotency,
        consents: Option<Arc<dyn Consents>>,
    ) -> Result<Option<(MatchConsent, ExclusiveResource)>, ConfigError> {
        let Some(consents) = consents else {
            return match settings.consent_window {
                Some(_) => Err(ConfigError::value(CONSENT_WINDOW, "no consents are compared")),
                None => Ok(None),
            };
        };
        let mut rule = ExclusiveResource::consent(self.store.clone());
        match (settings.consent_window, settings.store) {
            (Some(0), _) => return Err(ConfigError::value(CONSENT_WINDOW, "no time at all")),
            (Some(seconds), _) => rule = rule.window(Duration::from_secs(seconds)),
            (None, Store::Memory) => rule = rule.window(Duration::from_secs(DAY)),
            (None, _) => {}
        }
        if let Some(lease) = settings.lease()? {
            rule = rule.lease(lease);
        }
        Ok(Some((MatchConsent::compared_by(consents), rule)))
    }
}

impl Idempotency {
    fn lease(&self) -> Result<Option<Duration>, ConfigError> {
        match self.lease {
            Some(0) => Err(ConfigError::value("idempotency.lease", "no time at all")),
            seconds => Ok(seconds.map(Duration::from_secs)),
        }
    }

    /// A key of another store would set nothing, unnoticed.
    fn judge(&self) -> Result<(), ConfigError> {
        use Store::{File, Memory, Postgres, Redis};
        let servers: &[Store] = &[Postgres, Redis];
        let keys: [(&str, bool, &[Store]); 14] = [
            ("allow_create", self.allow_create, &[File]),
            ("capacity", self.capacity.is_some(), &[File, Memory]),
            ("clock_tolerance", self.clock_tolerance.is_some(), servers),
            ("connections", self.connections.is_some(), &[Postgres]),
            ("danger_allow_eviction", self.danger_allow_eviction, &[Redis]),
            ("danger_allow_plaintext", self.danger_allow_plaintext, &[Postgres]),
            ("deadline_millis", self.deadline_millis.is_some(), servers),
            ("migrate", self.migrate, &[Postgres]),
            ("path", self.path.is_some(), &[File]),
            ("prefix", self.prefix.is_some(), &[Redis]),
            ("replicas", self.replicas.is_some(), &[Redis]),
            ("replicas_millis", self.replicas_millis.is_some(), &[Redis]),
            ("url", self.url.is_some(), servers),
            ("url_file", self.url_file.is_some(), servers),
        ];
        for (key, is_set, stores) in keys {
            if is_set && !stores.contains(&self.store) {
                let why = format!("the store \"{}\" has no such key", self.store.name());
                return Err(ConfigError::value(format!("idempotency.{key}"), why));
            }
        }
        let sizes = [
            ("capacity", self.capacity),
            ("connections", self.connections),
            ("record_limit", self.record_limit),
        ];
        match sizes.into_iter().find(|(_, size)| *size == Some(0)) {
            Some((key, _)) => Err(ConfigError::value(format!("idempotency.{key}"), "none at all")),
            None => Ok(()),
        }
    }
}

impl Files<'_> {
    pub(super) fn store(&self, settings: &Idempotency) -> Result<Opened, ConfigError> {
        settings.judge()?;
        match settings.store {
            Store::File => self.file_store(settings),
            Store::Memory => {
                let capacity = settings.capacity.unwrap_or(100_000);
                let mut store = MemoryStore::with_capacity(capacity);
                if let Some(bytes) = settings.record_limit {
                    store = store.record_limit(bytes);
                }
                let replays = Arc::new(MemoryReplayStore::with_capacity(capacity));
                Ok(Opened { store: Arc::new(store), replays, prepare: None })
            }
            Store::Postgres => self.postgres_store(settings),
            Store::Redis => self.redis_store(settings),
        }
    }

    #[cfg(feature = "redb")]
    fn file_store(&self, settings: &Idempotency) -> Result<Opened, ConfigError> {
        use crate::idempotency::FileStore;
        let Some(path) = &settings.path else {
            return Err(ConfigError::value("idempotency.path", "due with the store \"file\""));
        };
        let path = self.0.join(path);
        let opened = match settings.allow_create {
            true => FileStore::open_or_create(&path),
            false => FileStore::open(&path),
        };
        let mut store = opened.map_err(|error| ConfigError::Content {
            key: "idempotency.path".to_owned(),
            path,
            why: chain(&error),
        })?;
        if let Some(records) = settings.capacity {
            store = store.capacity(records as u64);
        }
        if let Some(bytes) = settings.record_limit {
            store = store.record_limit(bytes);
        }
        Ok(Opened::of(store, None))
    }

    #[cfg(not(feature = "redb"))]
    fn file_store(&self, _: &Idempotency) -> Result<Opened, ConfigError> {
        Err(absent("redb"))
    }

    #[cfg(feature = "redis")]
    fn redis_store(&self, settings: &Idempotency) -> Result<Opened, ConfigError> {
        use crate::idempotency::RedisStore;
        let url = self.store_url(settings)?;
        // What the parser says may repeat the URL, and a password with it.
        let store = RedisStore::at(url.reveal());
        let mut store = store.map_err(|_| ConfigError::value(URL, "not that of a Redis server"))?;
        match &settings.prefix {
            Some(prefix) if prefix.is_empty() => {
                return Err(ConfigError::value("idempotency.prefix", "empty"));
            }
            Some(prefix) => store = store.prefix(prefix),
            None => {}
        }
        if let Some(deadline) = settings.deadline()? {
            store = store.deadline(deadline);
        }
        if let Some(seconds) = settings.clock_tolerance {
            store = store.clock_tolerance(Duration::from_secs(seconds));
        }
        if let Some(bytes) = settings.record_limit {
            store = store.record_limit(bytes);
        }
        match (settings.replicas, settings.replicas_millis) {
            (None, Some(_)) => {
                return Err(ConfigError::value("idempotency.replicas_millis", "of no replicas"));
            }
            (Some(replicas), within) => {
                store = store.replicas(replicas, Duration::from_millis(within.unwrap_or(500)));
            }
            (None, None) => {}
        }
        if settings.danger_allow_eviction {
            store = store.danger_allow_eviction();
        }
        let store = Arc::new(store);
        let server = store.clone();
        let prepare: Prepare = Arc::new(move || {
            let server = server.clone();
            Box::pin(async move { server.check().await })
        });
        Ok(Opened::of(store, Some(prepare)))
    }

    #[cfg(not(feature = "redis"))]
    fn redis_store(&self, _: &Idempotency) -> Result<Opened, ConfigError> {
        Err(absent("redis"))
    }

    #[cfg(feature = "postgres")]
    fn postgres_store(&self, settings: &Idempotency) -> Result<Opened, ConfigError> {
        use crate::idempotency::PostgresStore;
        let url = self.store_url(settings)?;
        let builder = PostgresStore::at(url.reveal());
        let mut builder =
            builder.map_err(|_| ConfigError::value(URL, "not that of a PostgreSQL database"))?;
        if let Some(connections) = settings.connections {
            builder = builder.connections(connections);
        }
        if let Some(deadline) = settings.deadline()? {
            builder = builder.deadline(deadline);
        }
        if let Some(seconds) = settings.clock_tolerance {
            builder = builder.clock_tolerance(Duration::from_secs(seconds));
        }
        if let Some(bytes) = settings.record_limit {
            builder = builder.record_limit(bytes);
        }
        if settings.danger_allow_plaintext {
            builder = builder.danger_allow_plaintext();
        }
        let store = builder.build().map_err(|error| unusable(URL, &error))?;
        let (server, migrates) = (store.clone(), settings.migrate);
        let prepare: Prepare = Arc::new(move || {
            let server = server.clone();
            Box::pin(async move {
                match migrates {
                    true => server.migrate().await,
                    false => server.check().await,
                }
            })
        });
        Ok(Opened::of(store, Some(prepare)))
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres_store(&self, _: &Idempotency) -> Result<Opened, ConfigError> {
        Err(absent("postgres"))
    }
}

#[cfg(any(feature = "postgres", feature = "redis"))]
impl Files<'_> {
    fn store_url(&self, settings: &Idempotency) -> Result<super::StoreUrl, ConfigError> {
        match (&settings.url, &settings.url_file) {
            (Some(url), None) => Ok(url.clone()),
            (None, Some(path)) => {
                let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned);
                let url = self.parsed("idempotency.url_file", path, text)?;
                Ok(url.trim().to_owned().into())
            }
            (None, None) => {
                let why = format!("due with the store \"{}\"", settings.store.name());
                Err(ConfigError::value(URL, why))
            }
            (Some(_), Some(_)) => Err(ConfigError::value(URL, "stands beside url_file")),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "redis"))]
impl Idempotency {
    fn deadline(&self) -> Result<Option<Duration>, ConfigError> {
        match self.deadline_millis {
            Some(0) => Err(ConfigError::value("idempotency.deadline_millis", "no time at all")),
            millis => Ok(millis.map(Duration::from_millis)),
        }
    }
}

#[cfg(not(all(feature = "postgres", feature = "redb", feature = "redis")))]
fn absent(feature: &str) -> ConfigError {
    ConfigError::value("idempotency.store", format!("built without the feature `{feature}`"))
}

fn unusable(key: &str, error: &StoreError) -> ConfigError {
    ConfigError::value(key, chain(error))
}

/// What a library says stands in the sources.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

const CONSENT_WINDOW: &str = "idempotency.consent_window";
const DAY: u64 = 24 * 60 * 60;
#[cfg(any(feature = "postgres", feature = "redis"))]
const URL: &str = "idempotency.url";
