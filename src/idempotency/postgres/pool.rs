//! A few connections, each for one statement at a time: statements on one connection would be made
//! durable one after the other.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use tokio::sync::Semaphore;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, Row, Statement, types::ToSql};

use super::schema;
use crate::idempotency::StoreError;
use crate::idempotency::remote::Failure;

pub(super) struct Pool {
    config: Config,
    tls: MakeTlsConnector,
    idle: Mutex<Vec<Connection>>,
    slots: Semaphore,
}

/// A connection with the statements it has prepared.
struct Connection {
    client: Client,
    statements: Vec<Statement>,
}

/// What the store says to the server: the index of a prepared statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Query {
    Claim,
    Settle,
    Release,
    LookUp,
    InsertOnce,
    Sweep,
}

const QUERIES: [&str; 6] = [
    include_str!("claim.sql"),
    include_str!("settle.sql"),
    include_str!("release.sql"),
    "SELECT fingerprint, claimant, since, lease_until, window_ends, outcome \
     FROM open_banking.claim WHERE key = $1",
    include_str!("insert_once.sql"),
    include_str!("sweep.sql"),
];

impl Pool {
    pub(super) fn new(config: Config, connections: usize) -> Result<Self, StoreError> {
        let tls =
            SslConnector::builder(SslMethod::tls_client()).map_err(StoreError::unavailable)?;
        Ok(Self {
            config,
            tls: MakeTlsConnector::new(tls.build()),
            idle: Mutex::default(),
            slots: Semaphore::new(connections),
        })
    }

    /// Asks for one row. A connection whose answer was not waited for is closed, not used again.
    pub(super) async fn query(
        &self,
        query: Query,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Failure> {
        let _slot = self.slots.acquire().await.map_err(|error| Failure::Passing(error.into()))?;
        let idle = self.lock().pop();
        let connection = match idle.filter(|connection| !connection.client.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let statement = connection.statements.get(query as usize).ok_or_else(|| {
            Failure::Final(StoreError::unavailable("a statement that was not prepared"))
        })?;
        let row = connection.client.query_opt(statement, parameters).await.map_err(failure)?;
        self.lock().push(connection);
        Ok(row)
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let client = self.client().await?;
        schema::check(&client).await?;
        let mut statements = Vec::with_capacity(QUERIES.len());
        for query in QUERIES {
            statements.push(client.prepare(query).await.map_err(failure)?);
        }
        Ok(Connection { client, statements })
    }

    pub(super) async fn client(&self) -> Result<Client, Failure> {
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(failure)?;
        // Ends when the client is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        });
        client.batch_execute(SESSION).await.map_err(failure)?;
        Ok(client)
    }

    /// The lock guards a list that is whole at any moment.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Waiting helps against what broke or got in each other's way, not against a wrong password or a
/// missing table.
pub(super) fn failure(error: Error) -> Failure {
    match error.code() {
        Some(&SqlState::DISK_FULL) => Failure::Final(StoreError::Full),
        Some(state) => match state.code().get(..2) {
            // Connection, conflict, resources, operator (shut down, cancelled), system.
            Some("08" | "40" | "53" | "57" | "58") => Failure::Passing(error.into()),
            _ => Failure::Final(StoreError::unavailable(error)),
        },
        None => Failure::Passing(error.into()),
    }
}

/// What the server's or the role's defaults must not change: each statement sees what was committed
/// before it, and an answer means that the disk has it. Stronger settings than these are kept.
const SESSION: &str = "\
    SET default_transaction_isolation = 'read committed';\
    SET default_transaction_read_only = off;\
    SELECT set_config('synchronous_commit', 'on', false) \
      WHERE current_setting('synchronous_commit') = 'off';";
