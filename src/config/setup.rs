//! The gates of a configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::load::{self, Files, signed, version};
use super::sender::due;
use super::{Config, ConfigError, Profile, Scopes, SenderConstraint, Store, demands, off};
use crate::cert::{Clients, ForwardedHeader};
use crate::eidas::StopList;
use crate::eidas::trusted_list::QualifiedServices;
use crate::gate::GateBuilder;
use crate::idempotency::MemoryStore;
use crate::profile::Bank;
use crate::profile::fapi2::{Constraint, ResourceServer};
use crate::replay::ReplayStore;
use crate::revocation::Revocation;
use crate::signature::{SignResponse, VerifySignature};

/// A configuration whose files were read and whose values were judged.
pub struct Setup {
    pub(super) profile: Profile,
    pub(super) parts: Parts,
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
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn open(&self, base: &Path) -> Result<Setup, ConfigError> {
        let files = Files(base);
        let constraint = self.constraint()?;
        self.judge_constraint(constraint)?;
        self.judge_introspection()?;
        let over = files.over(self)?;
        let clients = Arc::new(files.clients(self, &over)?);
        let store = match self.idempotency.store {
            Store::Memory => {
                MemoryStore::with_capacity(self.idempotency.capacity.unwrap_or(100_000))
            }
        };
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
        let store = Arc::new(store);
        let (parts, revocation) = match constraint {
            SenderConstraint::Certificate => {
                let (present, trust, revocation) = files.certificate(self)?;
                let parts = match self.profile {
                    Profile::Fapi2 => {
                        let constraint = Constraint::Certificate { present, trust, stop_list };
                        let clients = clients.clone();
                        Parts::Fapi2(Box::new(ResourceServer { constraint, token, clients, store }))
                    }
                    _ => Parts::Bank(Box::new(Bank {
                        present,
                        trust,
                        identify,
                        token,
                        clients: clients.clone(),
                        stop_list,
                        one_organisation,
                        store,
                    })),
                };
                (parts, Some(revocation))
            }
            SenderConstraint::Dpop => {
                let dpop =
                    self.dpop.as_ref().ok_or_else(|| ConfigError::value("dpop", due(false)))?;
                let constraint = Constraint::Dpop(files.dpop(dpop)?);
                let clients = clients.clone();
                let server = ResourceServer { constraint, token, clients, store };
                (Parts::Fapi2(Box::new(server)), None)
            }
        };
        let setup = Setup {
            profile: self.profile,
            parts,
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
    /// How revocation is told: to replace the lists while the gates run, and to run the
    /// [`Refresher`](crate::revocation::Refresher) where something is fetched. None where tokens are
    /// bound by DPoP.
    pub fn revocation(&self) -> Option<&Revocation> {
        self.revocation.as_ref()
    }

    /// Remembers used DPoP proofs in this store, in the place of the one in memory: due where the
    /// service has several instances. Nothing where tokens are bound to certificates.
    #[must_use]
    pub fn remembering_proofs_in(mut self, replays: impl ReplayStore + 'static) -> Self {
        if let Parts::Fapi2(server) = &mut self.parts
            && let Constraint::Dpop(proofs) = &mut server.constraint
        {
            *proofs = proofs.clone().remembered_in(replays);
        }
        self
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
                Constraint::Dpop(_) => None,
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
