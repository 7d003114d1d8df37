//! The gates of a configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::load::{self, Files, signed, version};
use super::sender::due;
use super::store::Opened;
use super::{Config, ConfigError, Profile, Scopes, SenderConstraint, demands, off};
use crate::cert::{Clients, ForwardedHeader};
use crate::consent::Consents;
use crate::eidas::StopList;
use crate::eidas::trusted_list::QualifiedServices;
use crate::gate::GateBuilder;
use crate::profile::Bank;
use crate::profile::fapi2::{Constraint, ResourceServer};
use crate::revocation::Revocation;
use crate::signature::{SignResponse, VerifySignature};

/// A configuration whose files were read and whose values were judged.
pub struct Setup {
    pub(super) profile: Profile,
    pub(super) parts: Parts,
    store: Opened,
    clients: Arc<Clients>,
    revocation: Option<Revocation>,
    of_signing: Option<Revocation>,
    services: Option<QualifiedServices>,
    pub(super) messages: Option<(VerifySignature, SignResponse)>,
    pub(super) scopes: Scopes,
    off: BTreeMap<String, bool>,
    /// The header that a drill without `PresentCertificate` believes.
    drill_header: ForwardedHeader,
}

/// What the presets of a profile are made of.
pub(super) enum Parts {
    Bank(Box<Bank>),
    Fapi2(Box<ResourceServer>),
}

impl Config {
    /// Reads the files, relative to `base`, and judges every value.
    ///
    /// The gates compare no order with its consent: see
    /// [`open_with_consents`](Self::open_with_consents).
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn open(&self, base: &Path) -> Result<Setup, ConfigError> {
        self.open_with(base, None)
    }

    /// As [`open`](Self::open), for gates that also compare each order with its consent
    /// ([`MatchConsent`](crate::consent::MatchConsent)), and make one order for each
    /// ([`ExclusiveResource`](crate::idempotency::ExclusiveResource)), in profiles that make an order
    /// once.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn open_with_consents(
        &self,
        base: &Path,
        consents: impl Consents,
    ) -> Result<Setup, ConfigError> {
        self.open_with(base, Some(Arc::new(consents)))
    }

    fn open_with(
        &self,
        base: &Path,
        consents: Option<Arc<dyn Consents>>,
    ) -> Result<Setup, ConfigError> {
        let files = Files(base);
        let constraint = self.constraint()?;
        self.judge_constraint(constraint)?;
        self.judge_introspection()?;
        let over = files.over(self)?;
        let clients = Arc::new(files.clients(self, &over)?);
        let store = files.store(&self.idempotency)?;
        let consents = store.consents(&self.idempotency, consents)?;
        let (match_consent, exclusive) = consents.unzip();
        let stop_list = files.stop_list(self.stop_list.as_deref())?;
        let services = files.qualified_services(&self.identity)?;
        let identify = self.identity.rule(self.profile, services.as_ref())?;
        let certificates =
            files.signing_certificates(&self.signature, &identify, stop_list.as_ref())?;
        let (certificates, of_signing) = certificates.unzip();
        let one_organisation = demands::one_organisation(&self.signature)?;
        if certificates.is_some() && !signed(self.profile) {
            let why = "the profile has no message signatures";
            return Err(ConfigError::value("signature.certificates", why));
        }
        let messages = match (&self.signing, signed(self.profile)) {
            (Some(signing), true) => {
                let signer = files.signer(signing, version(self.profile).signing())?;
                let verify = load::verify(&self.signature, signing, self.profile);
                let verify = match certificates {
                    Some(certificates) => verify.certified_by(certificates),
                    None => verify,
                };
                Some((verify, SignResponse::with(signer)))
            }
            (None, true) => {
                return Err(ConfigError::value("signing", "due in a profile with signatures"));
            }
            (_, false) => None,
        };
        let token = files.token(&self.token, &over)?;
        let once = store.once(&self.idempotency)?;
        let certificate = match constraint {
            SenderConstraint::Dpop => None,
            _ => Some(files.certificate(self)?),
        };
        let revocation = certificate.as_ref().map(|(_, _, revocation)| revocation.clone());
        let certificate = certificate.map(|(present, trust, _)| (present, trust));
        let parts = match (self.profile, certificate) {
            (Profile::Fapi2, certificate) => {
                let constraint = match (certificate, constraint) {
                    (Some((present, trust)), SenderConstraint::Certificate) => {
                        Constraint::Certificate { present, trust, stop_list }
                    }
                    (Some((present, trust)), _) => {
                        let proofs = files.dpop(self.dpop()?, &store)?;
                        Constraint::CertificateOrDpop { present, trust, proofs }
                    }
                    (None, _) => Constraint::Dpop(files.dpop(self.dpop()?, &store)?),
                };
                let clients = clients.clone();
                Parts::Fapi2(Box::new(ResourceServer {
                    constraint,
                    token,
                    clients,
                    once,
                    match_consent,
                    exclusive,
                }))
            }
            (_, None) => return Err(due("client_certificate")),
            (_, Some((present, trust))) => Parts::Bank(Box::new(Bank {
                present,
                trust,
                identify,
                token,
                clients: clients.clone(),
                stop_list,
                one_organisation,
                once,
                match_consent,
                exclusive,
            })),
        };
        let setup = Setup {
            profile: self.profile,
            parts,
            store,
            clients,
            revocation,
            of_signing,
            services,
            messages,
            scopes: self.scopes.clone(),
            off: self.steps.clone(),
            drill_header: self
                .client_certificate
                .as_ref()
                .and_then(|certificate| certificate.header(self.profile).ok())
                .unwrap_or_else(ForwardedHeader::rfc9440),
        };
        setup.judge_steps()?;
        Ok(setup)
    }
}

impl Setup {
    /// Sees that the store of idempotency keys can be used: connects, where it has a server, and
    /// brings the tables up to date where the configuration says so. The gates need no such call,
    /// but refuse payments as long as their store does not serve.
    ///
    /// # Errors
    ///
    /// When it cannot be used, with the key `idempotency.store`.
    pub async fn prepare_store(&self) -> Result<(), ConfigError> {
        self.store.prepare().await
    }

    /// How revocation is told: to replace the lists while the gates run, and to run the
    /// [`Refresher`](crate::revocation::Refresher) where something is fetched. None where tokens are
    /// bound by DPoP.
    pub fn revocation(&self) -> Option<&Revocation> {
        self.revocation.as_ref()
    }

    /// How revocation of signing certificates is told, where they are judged.
    pub fn signing_revocation(&self) -> Option<&Revocation> {
        self.of_signing.as_ref()
    }

    /// The gate in front of payment initiation.
    pub fn payments(&self) -> GateBuilder {
        self.without(self.all_payments())
    }

    /// The gate in front of account information.
    pub fn accounts(&self) -> GateBuilder {
        self.without(self.all_accounts())
    }

    /// The gate in front of funds confirmation.
    pub fn funds_confirmations(&self) -> GateBuilder {
        self.without(self.all_funds_confirmations())
    }

    /// The providers that are not served at present, if the configuration has a list of them. What
    /// is changed here takes effect with the next request.
    pub fn stop_list(&self) -> Option<&StopList> {
        match &self.parts {
            Parts::Bank(bank) => bank.stop_list.as_ref(),
            Parts::Fapi2(server) => match &server.constraint {
                Constraint::Certificate { stop_list, .. } => stop_list.as_ref(),
                Constraint::CertificateOrDpop { .. } | Constraint::Dpop(_) => None,
            },
        }
    }

    /// The services of the trusted lists, if providers are identified by them. What is replaced here
    /// takes effect with the next request.
    pub fn qualified_services(&self) -> Option<&QualifiedServices> {
        self.services.as_ref()
    }

    fn without(&self, mut gate: GateBuilder) -> GateBuilder {
        for (name, _) in self.off.iter().filter(|(_, is_on)| !**is_on) {
            gate = off::switch_off(gate, name, &self.clients, &self.drill_header);
        }
        gate
    }

    /// A name in `[steps]` that no gate has would switch off nothing, unnoticed.
    fn judge_steps(&self) -> Result<(), ConfigError> {
        let gates = [self.all_payments(), self.all_accounts(), self.all_funds_confirmations()];
        let known = |name: &str| gates.iter().any(|gate| gate.steps().any(|step| step == name));
        match self.off.keys().find(|name| !known(name)) {
            Some(name) => Err(ConfigError::value(format!("steps.{name}"), "no such step")),
            None => {
                for (step, _) in self.off.iter().filter(|(_, is_on)| !**is_on) {
                    tracing::warn!(%step, "a security rule is switched off");
                }
                Ok(())
            }
        }
    }
}
