//! The gates of a configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::load::{self, Files, signed, version};
use super::store::Opened;
use super::{Config, ConfigError, Profile, Scopes, demands, off};
use crate::cert::{Clients, ForwardedHeader, TrustCertificate};
use crate::consent::Consents;
use crate::eidas::trusted_list::QualifiedServices;
use crate::eidas::{RequireRole, StopList};
use crate::gate::GateBuilder;
use crate::profile::{Bank, berlin, fapi1, obie, wso2};
use crate::revocation::Revocation;
use crate::signature::{SignResponse, VerifySignature};
use crate::token::RequireScope;

/// A configuration whose files were read and whose values were judged.
pub struct Setup {
    profile: Profile,
    bank: Bank,
    store: Opened,
    clients: Arc<Clients>,
    revocation: Revocation,
    of_signing: Option<Revocation>,
    services: Option<QualifiedServices>,
    messages: Option<(VerifySignature, SignResponse)>,
    scopes: Scopes,
    off: BTreeMap<String, bool>,
    /// The header that a drill without `PresentCertificate` believes.
    drill_header: ForwardedHeader,
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
        let clients = Arc::new(files.clients(self)?);
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
        let (anchors, revocation) = files.material("trust", &self.trust)?;
        let bank = Bank {
            present: self.client_certificate.rule(self.profile)?,
            trust: TrustCertificate::anchored_in(anchors, revocation.clone()),
            identify,
            token: files.token(&self.token)?,
            clients: clients.clone(),
            stop_list,
            one_organisation,
            once: store.once(&self.idempotency)?,
            match_consent,
            exclusive,
        };
        let setup = Setup {
            profile: self.profile,
            bank,
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
                .header(self.profile)
                .unwrap_or_else(|_| ForwardedHeader::rfc9440()),
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
    /// [`Refresher`](crate::revocation::Refresher) where something is fetched.
    pub fn revocation(&self) -> &Revocation {
        &self.revocation
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
        self.bank.stop_list.as_ref()
    }

    /// The services of the trusted lists, if providers are identified by them. What is replaced here
    /// takes effect with the next request.
    pub fn qualified_services(&self) -> Option<&QualifiedServices> {
        self.services.as_ref()
    }

    fn all_payments(&self) -> GateBuilder {
        let role = || RequireRole::payment_initiation().scopes(&self.scopes.payment_initiation);
        let scope = || RequireScope::all(&self.scopes.payment_initiation);
        match (&self.messages, self.profile) {
            (Some((verify, sign)), Profile::Wso2) => {
                wso2::payments(&self.bank, role(), verify.clone(), sign.clone())
            }
            (Some((verify, sign)), profile) => {
                let version = version(profile);
                obie::payments(version, &self.bank, role(), verify.clone(), sign.clone())
            }
            (None, Profile::BerlinGroup) => berlin::payments(&self.bank, role()),
            (None, _) => fapi1::payments(&self.bank, scope()),
        }
    }

    fn all_accounts(&self) -> GateBuilder {
        let (role, scopes) = (RequireRole::account_information(), &self.scopes.account_information);
        match self.profile {
            Profile::BerlinGroup => berlin::accounts(&self.bank, role.scopes(scopes)),
            _ => self.unsigned(role, scopes),
        }
    }

    fn all_funds_confirmations(&self) -> GateBuilder {
        let (role, scopes) =
            (RequireRole::card_based_instruments(), &self.scopes.card_based_instruments);
        match self.profile {
            Profile::BerlinGroup => berlin::funds_confirmations(&self.bank, role.scopes(scopes)),
            _ => self.unsigned(role, scopes),
        }
    }

    fn unsigned(&self, role: RequireRole, scopes: &[String]) -> GateBuilder {
        match self.profile {
            Profile::Fapi1Advanced => fapi1::resources(&self.bank, RequireScope::all(scopes)),
            Profile::Wso2 => wso2::unsigned(&self.bank, role.scopes(scopes)),
            profile => obie::unsigned(version(profile), &self.bank, role.scopes(scopes)),
        }
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
