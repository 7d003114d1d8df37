//! To what a configuration binds access tokens.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::load::Files;
use super::store::Opened;
use super::{Config, ConfigError, Dpop, Profile, ProofStore, SenderConstraint};
use crate::cert::{PresentCertificate, TrustCertificate};
use crate::replay::{MemoryReplayStore, ReplayStore};
use crate::revocation::Revocation;
use crate::token::dpop::{DpopConfigError, DpopNonces, DpopProofs, ExternalOrigin};

impl Config {
    /// What the profile leaves to be said, and what it does not.
    pub(super) fn constraint(&self) -> Result<SenderConstraint, ConfigError> {
        let wrong = |why| Err(ConfigError::value("sender_constraint", why));
        match (self.profile, self.sender_constraint) {
            (Profile::Fapi2, Some(constraint)) => Ok(constraint),
            (Profile::Fapi2, None) => wrong("due under fapi2"),
            (_, None | Some(SenderConstraint::Certificate)) => Ok(SenderConstraint::Certificate),
            (_, Some(_)) => wrong("the profile binds tokens to certificates"),
        }
    }

    pub(super) fn dpop(&self) -> Result<&Dpop, ConfigError> {
        self.dpop.as_ref().ok_or_else(|| due("dpop"))
    }

    /// A table that nobody reads would promise a check that nobody makes.
    pub(super) fn judge_constraint(&self, is: SenderConstraint) -> Result<(), ConfigError> {
        let certificates = is != SenderConstraint::Dpop;
        let tables = [
            ("client_certificate", self.client_certificate.is_some(), certificates),
            ("trust", self.trust.is_some(), certificates),
            ("dpop", self.dpop.is_some(), is != SenderConstraint::Certificate),
        ];
        for (key, is_set, is_due) in tables {
            match (is_set, is_due) {
                (false, true) => return Err(due(key)),
                (true, false) => return Err(useless(key)),
                _ => {}
            }
        }
        if self.stop_list.is_some() && is != SenderConstraint::Certificate {
            let why = "a provider is known by its certificate, and may have none";
            return Err(ConfigError::value("stop_list", why));
        }
        Ok(())
    }
}

pub(super) fn due(key: impl Into<String>) -> ConfigError {
    ConfigError::value(key, "due for this sender_constraint")
}

pub(super) fn useless(key: impl Into<String>) -> ConfigError {
    ConfigError::value(key, "not for this sender_constraint")
}

impl Files<'_> {
    /// The certificate's steps, and how its revocation is told.
    pub(super) fn certificate(
        &self,
        config: &Config,
    ) -> Result<(PresentCertificate, TrustCertificate, Revocation), ConfigError> {
        let source = config.client_certificate.as_ref().ok_or_else(|| due("client_certificate"))?;
        let trust = config.trust.as_ref().ok_or_else(|| due("trust"))?;
        let (anchors, revocation) = self.material("trust", trust)?;
        let trust = TrustCertificate::anchored_in(anchors, revocation.clone());
        Ok((source.rule(config.profile)?, trust, revocation))
    }

    pub(super) fn dpop(&self, dpop: &Dpop, shared: &Opened) -> Result<DpopProofs, ConfigError> {
        let origin = ExternalOrigin::parse(&dpop.origin).map_err(|why| wrong("origin", why))?;
        let store: Arc<dyn ReplayStore> = match (dpop.store, dpop.capacity) {
            (ProofStore::Idempotency, None) => shared.replays.clone(),
            (ProofStore::Idempotency, Some(_)) => {
                let why = "the store of [idempotency] has its own";
                return Err(ConfigError::value("dpop.capacity", why));
            }
            (ProofStore::Memory, capacity) => {
                Arc::new(MemoryReplayStore::with_capacity(capacity.unwrap_or(100_000)))
            }
        };
        let back = Duration::from_secs(dpop.max_age.unwrap_or(60));
        let ahead = Duration::from_secs(dpop.max_ahead.unwrap_or(10));
        let key = if dpop.max_ahead.is_some() { "max_ahead" } else { "max_age" };
        let proofs =
            DpopProofs::at(origin, store).window(back, ahead).map_err(|why| wrong(key, why))?;
        match (self.nonces(dpop)?, dpop.nonce_lifetime) {
            (Some(nonces), None) => Ok(proofs.requiring(nonces)),
            (Some(nonces), Some(seconds)) => {
                let nonces = nonces.lifetime(Duration::from_secs(seconds));
                Ok(proofs.requiring(nonces.map_err(|why| wrong("nonce_lifetime", why))?))
            }
            (None, None) => Ok(proofs),
            (None, Some(_)) => {
                Err(ConfigError::value("dpop.nonce_lifetime", "there is no key in nonce_keys"))
            }
        }
    }

    fn nonces(&self, dpop: &Dpop) -> Result<Option<DpopNonces>, ConfigError> {
        let mut keys = dpop.nonce_keys.iter().map(|path| self.nonce_key(path));
        let Some(first) = keys.next().transpose()? else { return Ok(None) };
        keys.try_fold(DpopNonces::of(&first), |nonces, key| Ok(nonces.also(&key?))).map(Some)
    }

    fn nonce_key(&self, path: &Path) -> Result<[u8; 32], ConfigError> {
        self.parsed("dpop.nonce_keys", path, |bytes| {
            <[u8; 32]>::try_from(bytes).map_err(|_| "not 32 bytes")
        })
    }
}

fn wrong(key: &str, why: DpopConfigError) -> ConfigError {
    ConfigError::value(format!("dpop.{key}"), why)
}
