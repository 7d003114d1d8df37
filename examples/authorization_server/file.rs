//! `server.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerFile {
    pub listen: SocketAddr,
    /// Where clients and browsers find the server: without a slash at the end.
    pub issuer: String,
    pub profile: Profile,
    /// Refuses authorisation requests that were not pushed; always so in FAPI 2.0.
    #[serde(default)]
    pub require_pushed_requests: bool,
    pub tls: Tls,
    /// The authorities whose client certificates are trusted, PEM.
    pub anchors: Vec<PathBuf>,
    /// Their revocation lists, PEM.
    pub crls: Vec<PathBuf>,
    /// The key that signs ID tokens, access tokens and JARM responses, PEM.
    pub signing_key: PathBuf,
    pub clients: Vec<ClientEntry>,
}

/// The rules.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub enum Profile {
    /// FAPI 1.0 Advanced: signed request objects, `code id_token` or JARM.
    #[serde(rename = "fapi1-advanced")]
    Fapi1Advanced,
    /// The same with the intent of the UK Read/Write API.
    #[serde(rename = "uk")]
    Uk,
    /// FAPI 2.0 Security Profile: pushed requests, PKCE, `code`.
    #[serde(rename = "fapi2")]
    Fapi2,
}

/// The server's own certificate and key, PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    pub client_id: String,
    pub authentication: Authentication,
    pub constraint: Constraint,
    /// The subject of its certificates; due with `tls_client_auth`.
    pub subject_dn: Option<String>,
    /// A file with its JWK set.
    pub keys: PathBuf,
    /// `PS256`, `ES256` or `EdDSA`.
    pub algorithm: String,
    pub redirect_uris: Vec<String>,
    pub scopes: Vec<String>,
    /// May ask about the tokens of others (RFC 7662, 2.1).
    #[serde(default)]
    pub resource_server: bool,
}

/// How a client authenticates.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    PrivateKeyJwt,
    SelfSignedTlsClientAuth,
    TlsClientAuth,
}

/// To what its tokens are bound.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    Certificate,
    Dpop,
}

impl ServerFile {
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let content: Self = toml::from_str(&text).map_err(|error| error.to_string())?;
        match content.issuer.strip_prefix("https://") {
            Some(rest)
                if !rest.is_empty() && !rest.contains(['?', '#']) && !rest.ends_with('/') =>
            {
                Ok(content)
            }
            _ => {
                Err("issuer: an https URL without query, fragment and slash at the end".to_owned())
            }
        }
    }
}
