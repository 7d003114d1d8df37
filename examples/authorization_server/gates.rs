//! One gate for each endpoint, from the presets of the profile.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use serde_json::json;
use tower_open_banking::authorize::{Intents, MemoryPushedRequests, RequestProfile, Responder};
use tower_open_banking::cert::{Anchors, ClientRegistry, PresentCertificate, TrustCertificate};
use tower_open_banking::client_auth::{AccessTokens, Grants, MemoryGrantStore};
use tower_open_banking::context::Clock;
use tower_open_banking::crypto::{Algorithm, SigningKey};
use tower_open_banking::gate::{Gate, GateBuilder};
use tower_open_banking::idempotency::{MemoryStore, RunOnce};
use tower_open_banking::jose::{Jwk, Key};
use tower_open_banking::profile::authorization_server::{
    self, Authorizations, Certificates, Server, authorization_endpoint, client_endpoint,
    par_endpoint, token_endpoint,
};
use tower_open_banking::profile::fapi2::{Constraint, ResourceServer, resources};
use tower_open_banking::replay::MemoryReplayStore;
use tower_open_banking::revocation::Revocation;
use tower_open_banking::token::dpop::{DpopProofs, ExternalOrigin, ProveDpopKey};
use tower_open_banking::token::{
    IntrospectionSigner, RequireScope, TokenAudience, TokenIssuer, VerifyToken,
};

use super::accounts::Consents;
use super::file::{Profile, ServerFile};
use super::pending::Pending;
use super::tokens::Tokens;
use super::{Shared, clients, discovery};

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

/// Reads what the file names, and builds.
pub fn open(
    file: &ServerFile,
    folder: &Path,
    clock: Arc<dyn Clock>,
) -> Result<(Gates, Shared), String> {
    let issuer = &file.issuer;
    let key = Arc::new(signing_key(file, folder)?);
    let public = Key::new(key.public_key().clone()).with_id(KID);
    let clients: Arc<dyn ClientRegistry> = Arc::new(clients::open(&file.clients, folder)?);
    let (present, trust) = (PresentCertificate::from_tls(), trust(file, folder)?);
    let origin = ExternalOrigin::parse(issuer).map_err(|error| format!("issuer: {error}"))?;
    let proofs = DpopProofs::at(origin, MemoryReplayStore::with_capacity(ROOM));
    let tokens = Arc::new(Tokens::of(public));
    let consents = Consents::default();
    let responder = Responder::of(issuer)
        .signing_with(key.clone(), Algorithm::Ps256, KID)
        .map_err(|error| format!("signing_key: {error}"))?;

    let (profile, requests) = match file.profile {
        Profile::Fapi1Advanced => {
            (authorization_server::Profile::Fapi1Advanced, RequestProfile::FAPI1)
        }
        Profile::Uk => (authorization_server::Profile::Obie, RequestProfile::OBIE),
        Profile::Fapi2 => (authorization_server::Profile::Fapi2, RequestProfile::FAPI2),
    };
    let server = Server {
        certificates: Certificates::Offered { present: present.clone(), trust: trust.clone() },
        clients: clients.clone(),
        issuer: issuer.clone(),
        endpoints: ["token", "par"].map(|path| format!("{issuer}/{path}")).into(),
        spent: Arc::new(MemoryReplayStore::with_capacity(ROOM)),
    };
    let uk = file.profile == Profile::Uk;
    let authorizations = Authorizations {
        requests,
        pushed: Arc::new(MemoryPushedRequests::with_capacity(ROOM)),
        responder: responder.clone(),
        decryption: None,
        intents: uk.then(|| Arc::new(consents.clone()) as Arc<dyn Intents>),
        dpop: Some(proofs.clone()),
    };
    let audience = TokenAudience(issuer.clone());
    let resource = ResourceServer {
        constraint: Constraint::CertificateOrDpop { present, trust, proofs: proofs.clone() },
        token: VerifyToken::introspected_by(
            TokenIssuer(issuer.clone()),
            audience.clone(),
            tokens.clone(),
        ),
        clients,
        once: RunOnce::per_key(MemoryStore::with_capacity(ROOM)),
        match_consent: None,
        exclusive: None,
    };
    let scope = |name: &str| RequireScope::all([name]);
    let built = |gate: GateBuilder| {
        let clock = clock.clone();
        gate.clock(move || clock.now()).build().map_err(|error| error.to_string())
    };
    let gates = Gates {
        token: built(token_endpoint(profile, &server).then(ProveDpopKey::by(proofs).optional()))?,
        pushed: built(par_endpoint(profile, &server, &authorizations))?,
        authorization: built(authorization_endpoint(&server, &authorizations))?,
        introspection: built(client_endpoint(profile, &server))?,
        revocation: built(client_endpoint(profile, &server))?,
        accounts: built(resources(&resource, scope("accounts")))?,
        consents: built(resources(&resource, scope("accounts")))?,
        userinfo: built(resources(&resource, scope("openid")))?,
    };
    let shared = Shared {
        clock,
        discovery: discovery::document(issuer, file.profile, file.require_pushed_requests),
        key_set: json!({ "keys": [Jwk::of(key.public_key(), KID, Algorithm::Ps256)] }),
        responder,
        grants: Grants::kept_in(MemoryGrantStore::with_capacity(ROOM)),
        access_tokens: AccessTokens::issued_by(issuer, key.clone(), KID, Algorithm::Ps256),
        signer: IntrospectionSigner {
            issuer: issuer.clone(),
            key,
            kid: KID.to_owned(),
            algorithm: Algorithm::Ps256,
        },
        audience,
        resource_servers: resource_servers(file),
        tokens,
        pending: Pending::default(),
        consents,
    };
    Ok((gates, shared))
}

fn resource_servers(file: &ServerFile) -> Vec<String> {
    let entries = file.clients.iter().filter(|entry| entry.resource_server);
    entries.map(|entry| entry.client_id.clone()).collect()
}

fn signing_key(file: &ServerFile, folder: &Path) -> Result<SigningKey, String> {
    let path = folder.join(&file.signing_key);
    let wrong = |error: String| format!("signing_key: {}: {error}", path.display());
    let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    SigningKey::from_pem(&pem).map_err(|error| wrong(error.to_string()))
}

fn trust(file: &ServerFile, folder: &Path) -> Result<TrustCertificate, String> {
    let mut anchors = Vec::new();
    for path in file.anchors.iter().map(|path| folder.join(path)) {
        let wrong = |error| format!("anchors: {}: {error}", path.display());
        for certificate in CertificateDer::pem_file_iter(&path).map_err(wrong)? {
            anchors.push(certificate.map_err(wrong)?);
        }
    }
    let mut lists = Vec::new();
    for path in file.crls.iter().map(|path| folder.join(path)) {
        let wrong = |error| format!("crls: {}: {error}", path.display());
        for list in CertificateRevocationListDer::pem_file_iter(&path).map_err(wrong)? {
            lists.push(list.map_err(wrong)?.to_vec());
        }
    }
    let anchors = Anchors::of(anchors).map_err(|error| format!("anchors: {error}"))?;
    let revocation = Revocation::by_lists(lists).map_err(|error| format!("crls: {error}"))?;
    Ok(TrustCertificate::anchored_in(anchors, revocation))
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

/// The name of the signing key in the key set.
const KID: &str = "server-1";
/// How many assertions, proofs, codes and requests are remembered before more are refused.
const ROOM: usize = 100_000;
