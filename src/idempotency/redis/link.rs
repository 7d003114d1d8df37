//! The connection: shared by all requests, and made anew when it breaks.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use tokio::sync::Mutex;

use crate::idempotency::StoreError;
use crate::idempotency::remote::Failure;

#[derive(Debug)]
pub(super) struct Link {
    client: Client,
    current: Mutex<Option<Connected>>,
    pub(super) allows_eviction: bool,
    pub(super) replicas: u32,
    pub(super) replicas_within: Duration,
}

/// A connection with a number, so that whoever sees it fail does not discard its successor.
#[derive(Clone, Debug)]
struct Connected {
    connection: MultiplexedConnection,
    number: u64,
}

impl Link {
    pub(super) fn new(url: &str) -> Result<Self, RedisError> {
        Ok(Self {
            client: Client::open(url)?,
            current: Mutex::default(),
            allows_eviction: false,
            replicas: 0,
            replicas_within: Duration::from_millis(500),
        })
    }

    /// Runs a script and, if the answer `is_change`, waits for the replicas.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
        is_change: impl Fn(&T) -> bool,
    ) -> Result<T, Failure> {
        let mut connected = self.connected().await?;
        let answer = script.invoke_async::<T>(&mut connected.connection).await;
        let answer = match answer {
            Ok(answer) if self.replicas > 0 && is_change(&answer) => {
                self.wait(&mut connected.connection).await.map(|()| answer)
            }
            answer => answer.map_err(failure),
        };
        if let Err(Failure::Passing(_)) = &answer {
            self.discard(connected.number).await;
        }
        answer
    }

    /// Opens the connection if there is none.
    pub(super) async fn check(&self) -> Result<(), Failure> {
        self.connected().await.map(drop)
    }

    async fn connected(&self) -> Result<Connected, Failure> {
        // Held while connecting, so that a crowd does not connect once each.
        let mut current = self.current.lock().await;
        if let Some(connected) = &*current {
            return Ok(connected.clone());
        }
        // The caller measures the time.
        let config =
            AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connecting.await.map_err(failure)?;
        self.check_eviction(&mut connection).await?;
        let connected = Connected { connection, number: fresh_number() };
        *current = Some(connected.clone());
        Ok(connected)
    }

    async fn discard(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|connected| connected.number == number) {
            *current = None;
        }
    }

    /// A server that evicts would forget payments when it runs short of memory.
    async fn check_eviction(&self, connection: &mut MultiplexedConnection) -> Result<(), Failure> {
        if self.allows_eviction {
            return Ok(());
        }
        let info: String =
            redis::cmd("INFO").arg("memory").query_async(connection).await.map_err(failure)?;
        let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
        match policy.map(str::trim) {
            Some("noeviction") => Ok(()),
            _ => Err(Failure::Final(StoreError::unavailable(
                "the server may evict keys: set its maxmemory-policy to noeviction",
            ))),
        }
    }

    async fn wait(&self, connection: &mut MultiplexedConnection) -> Result<(), Failure> {
        let within = u64::try_from(self.replicas_within.as_millis()).unwrap_or(u64::MAX);
        let acknowledged: u32 = redis::cmd("WAIT")
            .arg(self.replicas)
            .arg(within)
            .query_async(connection)
            .await
            .map_err(failure)?;
        if acknowledged < self.replicas {
            return Err(Failure::Passing(
                format!("{acknowledged} of {} replicas have the write", self.replicas).into(),
            ));
        }
        Ok(())
    }
}

pub(super) fn script(text: &'static str) -> Script {
    Script::new(text)
}

fn fresh_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn failure(error: RedisError) -> Failure {
    match error.code() {
        Some("OOM") => Failure::Final(StoreError::Full),
        // Neither a password nor a permission comes by waiting.
        Some("NOAUTH" | "NOPERM" | "WRONGPASS") => Failure::Final(StoreError::unavailable(error)),
        _ => Failure::Passing(error.into()),
    }
}
