//! The server itself, which `authorization_server` runs from a file and tests run in their process.

mod accounts;
mod authorize;
mod discovery;
mod file;
mod gates;
mod page;
mod pending;
mod pki;
mod tls;
mod token;
mod tokens;
pub mod write;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{any, get, post};
use axum::{Json, body::Body};
use bytes::Bytes;
use http::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tower_open_banking::cert::{TlsListener, introduce};
use tower_open_banking::client_auth::{AccessTokens, Grants};
use tower_open_banking::context::{Clock, SystemClock};
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::token::{IntrospectionSigner, TokenAudience};

use self::accounts::Consents;
use self::file::ServerFile;
use self::gates::Gates;
use self::pending::Pending;
use self::tokens::Tokens;

/// Whatever went wrong while files were made.
type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A server that listens, but does not answer before [`serve`](Self::serve).
pub struct Server {
    listener: TlsListener,
    routes: Router,
    announcement: String,
}

/// What the handlers share.
struct Shared {
    clock: Arc<dyn Clock>,
    discovery: Value,
    key_set: Value,
    responder: tower_open_banking::authorize::Responder,
    grants: Grants,
    access_tokens: AccessTokens,
    signer: IntrospectionSigner,
    audience: TokenAudience,
    resource_servers: Vec<String>,
    tokens: Arc<Tokens>,
    pending: Pending,
    consents: Consents,
}

type Handler = State<Arc<Shared>>;

impl Server {
    /// Reads the file, does everything that can fail, and opens the socket.
    pub async fn open(file: &Path) -> Result<Self, StartError> {
        Self::open_by(file, Arc::new(SystemClock)).await
    }

    /// The same by another clock: tests let codes expire.
    pub async fn open_by(file: &Path, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let bad = |what: String| StartError::File(format!("{}: {what}", file.display()));
        let content = ServerFile::read(file).map_err(bad)?;
        let no_socket = |error| StartError::Socket(content.listen, error);
        let socket = TcpListener::bind(content.listen).await.map_err(no_socket)?;
        let address = socket.local_addr().map_err(no_socket)?;
        let tls = tls::open(&content.tls, folder).map_err(bad)?;
        let config = content.config(address.port());
        let opened = gates::open(&config, &content.resource_servers, folder, clock).await;
        let (gates, shared) = opened.map_err(bad)?;
        let issuer = &config.issuer;
        let announcement = format!("issuer {issuer}\nlistening https://{address}\n{gates}");
        let routes = routes(gates, Arc::new(shared));
        Ok(Self { listener: TlsListener::new(socket, tls), routes, announcement })
    }

    /// The issuer, the address, and the steps of the gates.
    pub fn announcement(&self) -> &str {
        &self.announcement
    }

    /// Answers until told to stop.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) {
        let serving = axum::serve(self.listener, introduce(self.routes));
        if let Err(error) = serving.with_graceful_shutdown(stop).await {
            tracing::error!(%error, "stopped");
        }
    }
}

fn routes(gates: Gates, shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/token", any(token::token).layer(gates.token))
        .route("/par", any(authorize::push).layer(gates.pushed))
        .route("/authorize", any(authorize::ask).layer(gates.authorization))
        .route("/introspect", any(token::introspect).layer(gates.introspection))
        .route("/revoke", any(token::revoke).layer(gates.revocation))
        .route("/userinfo", get(accounts::userinfo).layer(gates.userinfo))
        .route("/accounts", get(accounts::list).layer(gates.accounts.clone()))
        .route(&format!("{}/accounts", accounts::UK), get(accounts::list).layer(gates.accounts))
        .route(
            &format!("{}/account-access-consents", accounts::UK),
            post(accounts::consent).layer(gates.consents),
        )
        // The browser's way back from the page: no client calls it, so no gate stands before it.
        .route("/decision", post(authorize::decide))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/oauth-authorization-server", get(discovery))
        .route("/jwks", get(key_set))
        .with_state(shared)
}

async fn discovery(State(shared): Handler) -> Json<Value> {
    Json(shared.discovery.clone())
}

async fn key_set(State(shared): Handler) -> Json<Value> {
    Json(shared.key_set.clone())
}

impl Shared {
    fn now(&self) -> UnixTime {
        self.clock.now()
    }
}

/// As axum has it.
fn body(response: Response<Bytes>) -> Response<Body> {
    response.map(Body::from)
}

/// Why a server does not start.
#[derive(Debug)]
pub enum StartError {
    /// The file, or a file that it names, is wrong: one line that says what and where.
    File(String),
    /// The address cannot be listened on.
    Socket(SocketAddr, std::io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(what) => f.write_str(what),
            Self::Socket(address, error) => write!(f, "{address}: {error}"),
        }
    }
}
