//! `[trust]`: whom the client certificate must come from, and how revocation is told.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
#[cfg(feature = "fetch")]
use super::fetch::Reach;
use super::load::Files;
use crate::cert::{Anchors, pem};
#[cfg(feature = "fetch")]
use crate::fetch::HttpFetch;
use crate::revocation::{
    IssuerKey, OcspSettings, Revocation, RevocationBuilder, RevocationError, RevocationPolicy,
};

/// Whom the client certificate must come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Files of issuing authorities, PEM (one or more each) or DER.
    pub anchors: Vec<PathBuf>,
    /// Files of revocation lists, PEM or DER.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
    /// How revocation is told.
    pub revocation: RevocationCheck,
    /// What happens where nothing current is known; `hard-fail` if absent.
    pub policy: Option<StalePolicy>,
    /// With `soft-fail`: for how long a good word that is out of date serves, in seconds; a day if
    /// absent.
    pub max_stale: Option<u64>,
    /// Responders that are believed whoever signed their certificates, each for one issuer.
    #[serde(default)]
    pub ocsp_responders: Vec<OcspResponder>,
    /// The hash by which responders are asked; SHA-1 if absent, which all of them know and on which
    /// nothing rests.
    pub ocsp_hash: Option<OcspHash>,
    /// Whether lists and answers are fetched from where certificates say they are.
    #[serde(default)]
    pub fetch: bool,
    /// The only hosts that are asked; any host if absent.
    pub fetch_only_hosts: Option<Vec<String>>,
    /// Hosts that are asked although their addresses are not of the public internet.
    #[serde(default)]
    pub fetch_allow_hosts: Vec<String>,
    /// Networks, in CIDR form, that are asked although they are not of the public internet.
    #[serde(default)]
    pub fetch_allow_networks: Vec<String>,
    /// Ports that are asked besides 80.
    #[serde(default)]
    pub fetch_allow_ports: Vec<u16>,
}

/// How revocation is told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum RevocationCheck {
    /// By lists.
    Crl,
    /// By lists and by OCSP.
    #[serde(rename = "crl+ocsp")]
    CrlAndOcsp,
    /// By OCSP.
    Ocsp,
    /// Not at all; logged as a warning.
    Off,
}

/// What happens where nothing current is known of a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum StalePolicy {
    /// It passes; logged as a warning.
    AllowSoftFailOpen,
    /// It is refused.
    HardFail,
    /// It passes for `max_stale` after the last good word went out of date.
    SoftFail,
}

/// The hash by which a responder is asked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum OcspHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// A responder that is believed whoever signed its certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspResponder {
    /// A file with the responder's certificate, PEM or DER.
    pub certificate: PathBuf,
    /// A file with the certificate of the authority about whose certificates it is believed.
    pub issuer: PathBuf,
}

impl Files<'_> {
    /// Anchors and revocation of the table under this key.
    pub(super) fn material(
        &self,
        table: &str,
        trust: &Trust,
    ) -> Result<(Anchors, Revocation), ConfigError> {
        let key = format!("{table}.anchors");
        let mut certificates = Vec::new();
        for path in &trust.anchors {
            certificates.extend(self.parsed(&key, path, pem::all_certificates)?);
        }
        let anchors = Anchors::of(certificates).map_err(|error| ConfigError::value(key, error))?;
        trust.judge(table)?;
        let revocation = match trust.revocation {
            RevocationCheck::Off => Revocation::danger_off(),
            _ => self.revocation(table, trust)?,
        };
        Ok((anchors, revocation))
    }

    fn revocation(&self, table: &str, trust: &Trust) -> Result<Revocation, ConfigError> {
        let (crls, responders) = (format!("{table}.crls"), format!("{table}.ocsp_responders"));
        let mut lists = Vec::new();
        for path in &trust.crls {
            lists.extend(self.parsed(&crls, path, pem::all_revocation_lists)?);
        }
        let mut builder = trust.fetching(table, Revocation::builder())?.policy(trust.policy());
        if !lists.is_empty() {
            builder = builder.lists(lists);
        }
        if trust.ocsp_hash == Some(OcspHash::Sha256) {
            builder = builder.ocsp(OcspSettings::new().sha256());
        }
        for responder in &trust.ocsp_responders {
            let issuer = self.parsed(&responders, &responder.issuer, pem::first_certificate)?;
            let issuer =
                IssuerKey::of(&issuer).map_err(|why| ConfigError::value(&responders, why))?;
            let certificate =
                self.parsed(&responders, &responder.certificate, pem::first_certificate)?;
            builder = builder.responder(issuer, certificate);
        }
        builder.build().map_err(|error| match error {
            RevocationError::Certificate(_) => ConfigError::value(responders, error),
            RevocationError::Clock => ConfigError::value(format!("{table}.revocation"), error),
            _ => ConfigError::value(crls, error),
        })
    }
}

impl Trust {
    /// Whoever writes down a key believes that it has an effect.
    fn judge(&self, table: &str) -> Result<(), ConfigError> {
        use RevocationCheck::{Crl, CrlAndOcsp, Ocsp, Off};
        let fetches = [
            ("fetch_only_hosts", self.fetch_only_hosts.is_some()),
            ("fetch_allow_hosts", !self.fetch_allow_hosts.is_empty()),
            ("fetch_allow_networks", !self.fetch_allow_networks.is_empty()),
            ("fetch_allow_ports", !self.fetch_allow_ports.is_empty()),
        ];
        let asks = [
            ("ocsp_responders", !self.ocsp_responders.is_empty()),
            ("ocsp_hash", self.ocsp_hash.is_some()),
        ];
        let refuse = |key: &str, why: &str| Err(ConfigError::value(format!("{table}.{key}"), why));
        let set = |keys: &[(&'static str, bool)]| {
            keys.iter().find(|(_, is_set)| *is_set).map(|(key, _)| *key)
        };
        if self.revocation == Off {
            let others = [("policy", self.policy.is_some()), ("fetch", self.fetch)];
            if let Some(key) = set(&others).or(set(&asks)) {
                return refuse(key, "has no effect, since revocation is off");
            }
        }
        if self.max_stale.is_some() && self.policy != Some(StalePolicy::SoftFail) {
            return refuse("max_stale", "has an effect only with policy = \"soft-fail\"");
        }
        if let Some(key) = set(&fetches).filter(|_| !self.fetch) {
            return refuse(key, "has no effect without fetch = true");
        }
        if let (Crl, Some(key)) = (self.revocation, set(&asks)) {
            return refuse(key, "has no effect, since revocation is told by lists alone");
        }
        match (self.revocation, self.fetch, self.crls.is_empty()) {
            (Crl, false, true) => refuse("crls", &RevocationError::NoList.to_string()),
            (Ocsp | CrlAndOcsp, false, _) => refuse("fetch", "must be true to ask responders"),
            (Ocsp, _, false) => refuse("crls", "revocation = \"crl+ocsp\" looks at lists as well"),
            _ => Ok(()),
        }
    }

    fn policy(&self) -> RevocationPolicy {
        match self.policy {
            None | Some(StalePolicy::HardFail) => RevocationPolicy::HardFail,
            Some(StalePolicy::SoftFail) => RevocationPolicy::SoftFail {
                max_stale: self.max_stale.map_or(A_DAY, Duration::from_secs),
            },
            Some(StalePolicy::AllowSoftFailOpen) => RevocationPolicy::allow_soft_fail_open(),
        }
    }

    #[cfg(feature = "fetch")]
    fn fetching(
        &self,
        table: &str,
        builder: RevocationBuilder,
    ) -> Result<RevocationBuilder, ConfigError> {
        if !self.fetch {
            return Ok(builder);
        }
        let fetch = Reach {
            only_hosts: self.fetch_only_hosts.as_deref(),
            allow_hosts: &self.fetch_allow_hosts,
            allow_networks: &self.fetch_allow_networks,
            allow_ports: &self.fetch_allow_ports,
        }
        .of(HttpFetch::new())
        .map_err(|error| ConfigError::value(format!("{table}.fetch_allow_networks"), error))?;
        Ok(match self.revocation {
            RevocationCheck::Crl => builder.lists_over(fetch),
            RevocationCheck::Ocsp => builder.ocsp_over(fetch),
            _ => builder.ocsp_over(fetch.clone()).lists_over(fetch),
        })
    }

    #[cfg(not(feature = "fetch"))]
    fn fetching(
        &self,
        table: &str,
        builder: RevocationBuilder,
    ) -> Result<RevocationBuilder, ConfigError> {
        match self.fetch {
            true => {
                let key = format!("{table}.fetch");
                Err(ConfigError::value(key, "made without the feature `fetch`"))
            }
            false => Ok(builder),
        }
    }
}

const A_DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests;
