//! One gate for each endpoint, from the file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tower_open_banking::client_auth::{Grants, MemoryGrantStore};
use tower_open_banking::config::{AuthorizationServer, ServerProfile, ServerSetup};
use tower_open_banking::context::Clock;
use tower_open_banking::gate::{Gate, GateBuilder};
use tower_open_banking::idempotency::{MemoryStore, RunOnce};
use tower_open_banking::jose::{Jwk, Key};
use tower_open_banking::profile::authorization_server::Certificates;
use tower_open_banking::profile::fapi2::{Constraint, ResourceServer, resources};
use tower_open_banking::token::{
    IntrospectionSigner, RequireScope, TokenAudience, TokenIssuer, VerifyToken,
};
use tower_open_banking::{crypto::Algorithm, token::Introspect};

use super::accounts::Consents;
use super::pending::Pending;
use super::tokens::Tokens;
use super::{Shared, discovery};

/// The gates, by endpoint.
pub struct Gates {
    pub token: Gate,
    pub pushed: Gate,
    pub authorization: Gate,
    pub introspection: Gate,
    pub revocation: Gate,
    pub accounts: Gate,
    pub consents: Gate,
    pub userinfo: Gate,
}

/// Reads what the configuration names, and builds.
pub async fn open(
    config: &AuthorizationServer,
    resource_servers: &[String],
    folder: &Path,
    clock: Arc<dyn Clock>,
) -> Result<(Gates, Shared), String> {
    let consents = Consents::default();
    let setup = match config.profile {
        ServerProfile::Uk => config.open_with_intents(folder, consents.clone()),
        _ => config.open(folder),
    };
    let setup = setup.map_err(|error| error.to_string())?;
    setup.prepare_store().await.map_err(|error| error.to_string())?;
    let (issuer, kid, key) = (&config.issuer, &config.signing.kid, setup.key());
    let algorithm = Algorithm::from_name(&config.signing.algorithm).ok_or("signing.algorithm")?;
    let public = Key::new(key.public_key().clone()).with_id(kid);
    let tokens = Arc::new(Tokens::of(public, algorithm));
    let audience = TokenAudience(issuer.clone());
    let resource = resource_server(&setup, issuer, &audience, tokens.clone())?;
    let scope = |name: &str| RequireScope::all([name]);
    let built = |gate: GateBuilder| {
        let clock = clock.clone();
        gate.clock(move || clock.now()).build().map_err(|error| error.to_string())
    };
    let gates = Gates {
        token: built(setup.token())?,
        pushed: built(setup.pushed())?,
        authorization: built(setup.authorization())?,
        introspection: built(setup.client_endpoint())?,
        revocation: built(setup.client_endpoint())?,
        accounts: built(resources(&resource, scope("accounts")))?,
        consents: built(resources(&resource, scope("accounts")))?,
        userinfo: built(resources(&resource, scope("openid")))?,
    };
    let shared = Shared {
        clock,
        discovery: discovery::document(issuer, config.profile),
        key_set: json!({ "keys": [Jwk::of(key.public_key(), kid, algorithm)] }),
        responder: setup.responder().clone(),
        grants: Grants::kept_in(MemoryGrantStore::with_capacity(ROOM)),
        access_tokens: setup.access_tokens().clone(),
        signer: IntrospectionSigner {
            issuer: issuer.clone(),
            key: key.clone(),
            kid: kid.clone(),
            algorithm,
        },
        audience,
        resource_servers: resource_servers.to_vec(),
        tokens,
        pending: Pending::default(),
        consents,
    };
    Ok((gates, shared))
}

/// The accounts, for tokens of either kind.
fn resource_server(
    setup: &ServerSetup,
    issuer: &str,
    audience: &TokenAudience,
    tokens: Arc<dyn Introspect>,
) -> Result<ResourceServer, String> {
    let constraint = match (setup.certificates(), setup.dpop()) {
        (Certificates::Offered { present, trust }, Some(proofs)) => Constraint::CertificateOrDpop {
            present: present.clone(),
            trust: trust.clone(),
            proofs: proofs.clone(),
        },
        _ => return Err("the accounts take certificates and DPoP".to_owned()),
    };
    Ok(ResourceServer {
        constraint,
        token: VerifyToken::introspected_by(
            TokenIssuer(issuer.to_owned()),
            audience.clone(),
            tokens,
        ),
        clients: setup.clients().clone(),
        once: RunOnce::per_key(MemoryStore::with_capacity(ROOM)),
        match_consent: None,
        exclusive: None,
    })
}

impl fmt::Display for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = |gate: &Gate| gate.steps().collect::<Vec<_>>().join(", ");
        writeln!(f, "token: {}", steps(&self.token))?;
        writeln!(f, "pushed requests: {}", steps(&self.pushed))?;
        writeln!(f, "authorisation: {}", steps(&self.authorization))?;
        writeln!(f, "introspection and revocation: {}", steps(&self.introspection))?;
        write!(f, "accounts: {}", steps(&self.accounts))
    }
}

/// How many codes and refresh tokens are kept before more are refused.
const ROOM: usize = 100_000;
