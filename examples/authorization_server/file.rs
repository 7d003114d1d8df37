//! `server.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tower_open_banking::config::{
    AuthorizationServer, ClientCertificate, Dpop, Fetch, Idempotency, ServerClient, ServerProfile,
    ServerSigning, Trust,
};

/// The file, as it is written: what is this program's own, and what the gates are made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerFile {
    pub listen: SocketAddr,
    pub tls: Tls,
    /// Who may ask about the tokens of others (RFC 7662, 2.1).
    #[serde(default)]
    pub resource_servers: Vec<String>,
    pub profile: ServerProfile,
    pub issuer: String,
    client_certificate: ClientCertificate,
    trust: Trust,
    dpop: Dpop,
    #[serde(default)]
    idempotency: Idempotency,
    signing: ServerSigning,
    fetch: Option<Fetch>,
    capacity: Option<usize>,
    pub client: Vec<ServerClient>,
}

/// The server's own certificate and key, PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl ServerFile {
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        toml::from_str(&text).map_err(|error| error.to_string())
    }

    /// What the gates are made of, for a server that listens on this port.
    pub fn config(&self, port: u16) -> AuthorizationServer {
        let issuer = match self.listen.port() {
            0 => format!("https://localhost:{port}"),
            _ => self.issuer.clone(),
        };
        AuthorizationServer {
            profile: self.profile,
            endpoints: ["token", "par"].map(|path| format!("{issuer}/{path}")).into(),
            client_certificate: Some(self.client_certificate.clone()),
            trust: Some(self.trust.clone()),
            dpop: Some(Dpop { origin: issuer.clone(), ..self.dpop.clone() }),
            issuer,
            idempotency: self.idempotency.clone(),
            signing: self.signing.clone(),
            fetch: self.fetch.clone(),
            capacity: self.capacity,
            client: self.client.clone(),
        }
    }
}
