//! The parts of the gates, read and judged.

use std::path::Path;
use std::sync::Arc;

use super::super::load::Files;
use super::super::store::Opened;
use super::super::{ConfigError, Fetch, Profile as Rules};
use super::{AuthorizationServer, ServerProfile};
use crate::authorize::{Intents, MemoryPushedRequests, RequestProfile, Responder, is_https};
use crate::cert::{ClientRegistry, Clients, TrustCertificate};
use crate::client_auth::AccessTokens;
use crate::crypto::{Algorithm, SigningKey};
use crate::gate::GateBuilder;
use crate::profile::authorization_server as preset;
use crate::profile::authorization_server::{Authorizations, Certificates, Server};
use crate::revocation::Revocation;
use crate::token::dpop::DpopProofs;

/// A configuration of an authorization server whose files were read and whose values were judged.
pub struct ServerSetup {
    profile: preset::Profile,
    server: Server,
    authorizations: Authorizations,
    access_tokens: AccessTokens,
    key: Arc<SigningKey>,
    revocation: Option<Revocation>,
    store: Opened,
}

impl AuthorizationServer {
    /// Reads the files, relative to `base`, and judges every value.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key; under `uk` also that nobody knows the consents.
    pub fn open(&self, base: &Path) -> Result<ServerSetup, ConfigError> {
        match self.profile {
            ServerProfile::Uk => Err(ConfigError::value("profile", "needs the bank's consents")),
            _ => self.open_with(base, None),
        }
    }

    /// As [`open`](Self::open), for gates that also look up the consent that a request names
    /// ([`MatchIntent`](crate::authorize::MatchIntent)).
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn open_with_intents(
        &self,
        base: &Path,
        intents: impl Intents,
    ) -> Result<ServerSetup, ConfigError> {
        self.open_with(base, Some(Arc::new(intents)))
    }

    fn open_with(
        &self,
        base: &Path,
        intents: Option<Arc<dyn Intents>>,
    ) -> Result<ServerSetup, ConfigError> {
        let files = Files(base);
        if !is_https(&self.issuer) || self.issuer.contains('?') {
            return Err(ConfigError::value("issuer", "not an https URL without query"));
        }
        let store = files.store(&self.idempotency)?;
        let clients: Arc<dyn ClientRegistry> = Arc::new(self.clients(&files)?);
        let (certificates, revocation) = self.certificates(&files)?;
        let dpop = self.dpop.as_ref().map(|dpop| files.dpop(dpop, &store)).transpose()?;
        let (key, algorithm) = self.key(&files)?;
        let kid = self.signing.kid.clone();
        let responder = Responder::of(&self.issuer)
            .signing_with(key.clone(), algorithm, &kid)
            .map_err(|error| ConfigError::value("signing.algorithm", error))?;
        let (profile, requests) = self.profile.rules();
        Ok(ServerSetup {
            profile,
            server: Server {
                certificates,
                clients,
                issuer: self.issuer.clone(),
                endpoints: self.endpoints.clone(),
                spent: store.replays.clone(),
            },
            authorizations: Authorizations {
                requests,
                pushed: Arc::new(MemoryPushedRequests::with_capacity(
                    self.capacity.unwrap_or(100_000),
                )),
                responder,
                decryption: None,
                intents,
                dpop,
            },
            access_tokens: AccessTokens::issued_by(&self.issuer, key.clone(), kid, algorithm),
            key,
            revocation,
            store,
        })
    }

    fn clients(&self, files: &Files<'_>) -> Result<Clients, ConfigError> {
        let fetched = self.client.iter().position(|client| client.jwks_uri.is_some());
        let over = match (fetched, &self.fetch) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(ConfigError::value("fetch", "has no effect: nothing is fetched"));
            }
            (Some(index), fetch) => {
                let default = Fetch::default();
                let key = format!("client[{index}].jwks_uri");
                Some(files.client_for(&key, fetch.as_ref().unwrap_or(&default))?)
            }
        };
        let open =
            |(index, client): (usize, &super::ServerClient)| client.open(index, files, &over);
        let clients: Result<Vec<_>, _> = self.client.iter().enumerate().map(open).collect();
        Clients::of(clients?).map_err(|error| ConfigError::value("client", error))
    }

    fn certificates(
        &self,
        files: &Files<'_>,
    ) -> Result<(Certificates, Option<Revocation>), ConfigError> {
        let due = |key| ConfigError::value(key, "`client_certificate` and `trust` go together");
        match (&self.client_certificate, &self.trust) {
            (None, None) => Ok((Certificates::Unused, None)),
            (Some(_), None) => Err(due("trust")),
            (None, Some(_)) => Err(due("client_certificate")),
            (Some(source), Some(trust)) => {
                let (anchors, revocation) = files.material("trust", trust)?;
                let certificates = Certificates::Offered {
                    present: source.rule(Rules::Fapi2)?,
                    trust: TrustCertificate::anchored_in(anchors, revocation.clone()),
                };
                Ok((certificates, Some(revocation)))
            }
        }
    }

    fn key(&self, files: &Files<'_>) -> Result<(Arc<SigningKey>, Algorithm), ConfigError> {
        let signing = &self.signing;
        if signing.kid.is_empty() {
            return Err(ConfigError::value("signing.kid", "empty"));
        }
        let algorithm = Algorithm::from_name(&signing.algorithm)
            .filter(|known| [Algorithm::Ps256, Algorithm::Es256].contains(known))
            .ok_or_else(|| ConfigError::value("signing.algorithm", "neither PS256 nor ES256"))?;
        let key = files.parsed("signing.key", &signing.key, SigningKey::from_pem)?;
        Ok((Arc::new(key), algorithm))
    }
}

impl ServerProfile {
    fn rules(self) -> (preset::Profile, RequestProfile) {
        match self {
            Self::Fapi1Advanced => (preset::Profile::Fapi1Advanced, RequestProfile::FAPI1),
            Self::Fapi2 => (preset::Profile::Fapi2, RequestProfile::FAPI2),
            Self::Fapi2MessageSigning => {
                (preset::Profile::Fapi2, RequestProfile::FAPI2_MESSAGE_SIGNING)
            }
            Self::Uk => (preset::Profile::Obie, RequestProfile::OBIE),
        }
    }
}

impl ServerSetup {
    /// Sees that the store of assertions can be used, as
    /// [`Setup::prepare_store`](super::super::Setup::prepare_store) does.
    ///
    /// # Errors
    ///
    /// When it cannot be used, with the key `idempotency.store`.
    pub async fn prepare_store(&self) -> Result<(), ConfigError> {
        self.store.prepare().await
    }

    /// The gate in front of the token endpoint. Behind it
    /// [`DpopKey`](crate::token::dpop::DpopKey) stands only where the configuration has DPoP.
    pub fn token(&self) -> GateBuilder {
        let dpop = self.authorizations.dpop.as_ref();
        preset::token_endpoint(self.profile, &self.server, dpop)
    }

    /// The gate in front of the endpoint for pushed requests.
    pub fn pushed(&self) -> GateBuilder {
        preset::par_endpoint(self.profile, &self.server, &self.authorizations)
    }

    /// The gate in front of the authorisation endpoint.
    pub fn authorization(&self) -> GateBuilder {
        preset::authorization_endpoint(&self.server, &self.authorizations)
    }

    /// The gate in front of an endpoint that an authenticated client calls: introspection,
    /// revocation.
    pub fn client_endpoint(&self) -> GateBuilder {
        preset::client_endpoint(self.profile, &self.server)
    }

    /// What the browser is sent back with.
    pub fn responder(&self) -> &Responder {
        &self.authorizations.responder
    }

    /// What makes access tokens.
    pub fn access_tokens(&self) -> &AccessTokens {
        &self.access_tokens
    }

    /// What signs: for the published key set, and for introspection answers.
    pub fn key(&self) -> &Arc<SigningKey> {
        &self.key
    }

    /// The registered clients.
    pub fn clients(&self) -> &Arc<dyn ClientRegistry> {
        &self.server.clients
    }

    /// What certificates clients have, for a resource server beside the endpoints.
    pub fn certificates(&self) -> &Certificates {
        &self.server.certificates
    }

    /// What DPoP proofs are taken.
    pub fn dpop(&self) -> Option<&DpopProofs> {
        self.authorizations.dpop.as_ref()
    }

    /// How revocation of certificates is told, where clients have some.
    pub fn revocation(&self) -> Option<&Revocation> {
        self.revocation.as_ref()
    }
}
