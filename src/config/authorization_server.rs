//! From a file to the gates of an authorization server.

mod client;
mod setup;

use std::path::PathBuf;

use serde::Deserialize;

pub use self::client::{Binding, Method, ServerClient};
pub use self::setup::ServerSetup;
use super::{ClientCertificate, Dpop, Fetch, Idempotency, Trust};

/// What the gates in front of an authorization server are made of.
///
/// ```
/// use tower_open_banking::config::AuthorizationServer;
///
/// let text = r#"
///     profile = "fapi2"
///     issuer = "https://auth.bank.example"
///     [client_certificate]
///     source = "tls"
///     [trust]
///     anchors = ["issuing-ca.pem"]
///     crls = ["issuing-ca.crl.pem"]
///     revocation = "crl"
///     [dpop]
///     origin = "https://auth.bank.example"
///     [signing]
///     key = "signing.key"
///     kid = "as-1"
///     algorithm = "PS256"
///     [[client]]
///     client_id = "tpp"
///     authentication = "private_key_jwt"
///     constraint = "dpop"
///     keys = "tpp.jwks.json"
///     algorithms = ["PS256"]
///     grants = ["authorization_code", "refresh_token"]
///     scopes = ["openid", "accounts"]
///     redirect_uris = ["https://tpp.example/callback"]
/// "#;
/// let config: AuthorizationServer = toml::from_str(text)?;
/// // Reads the files, judges every value: config.open(folder)?.token().build()?
/// let error = config.open(std::path::Path::new("/nowhere")).err().ok_or("it opened")?;
/// assert!(error.to_string().starts_with("client[0].keys: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationServer {
    /// The rules.
    pub profile: ServerProfile,
    /// The issuer identifier, as discovery names it: an https URL.
    pub issuer: String,
    /// The URLs of the endpoints for which assertions may be meant besides the issuer, under FAPI 1.0:
    /// those of the token endpoint and of pushed requests.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// Where certificates come from. Without it no client has one, and `trust` is left out too.
    pub client_certificate: Option<ClientCertificate>,
    /// Whom the certificates must come from, where an authority issued them.
    pub trust: Option<Trust>,
    /// What DPoP proofs are taken; none if absent. `store = "idempotency"` is where assertions are.
    pub dpop: Option<Dpop>,
    /// Where it is kept which assertions were used: a store as that of idempotency keys.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// What signs ID tokens, access tokens and JARM answers.
    pub signing: ServerSigning,
    /// How the key sets of clients are fetched.
    pub fetch: Option<Fetch>,
    /// How many pushed requests wait before more are refused; 100 000 if absent.
    pub capacity: Option<usize>,
    /// The clients.
    #[serde(default)]
    pub client: Vec<ServerClient>,
}

/// The rules of an authorization server.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub enum ServerProfile {
    /// FAPI 1.0 Advanced: signed request objects, `code id_token` or JARM.
    #[serde(rename = "fapi1-advanced")]
    Fapi1Advanced,
    /// FAPI 2.0 Security Profile: pushed requests, PKCE, `code`.
    #[serde(rename = "fapi2")]
    Fapi2,
    /// FAPI 2.0 with Message Signing: the pushed requests are signed.
    #[serde(rename = "fapi2-message-signing")]
    Fapi2MessageSigning,
    /// UK Read/Write: FAPI 1.0 Advanced with `openbanking_intent_id`.
    #[serde(rename = "uk")]
    Uk,
}

/// The key of an authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSigning {
    /// A file with the private key, PEM.
    pub key: PathBuf,
    /// Its id in the published key set.
    pub kid: String,
    /// `PS256` or `ES256`.
    pub algorithm: String,
}

#[cfg(test)]
mod tests;
