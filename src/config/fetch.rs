//! `[fetch]`: how key sets are fetched and the authorization server is asked.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::load::Files;
use super::{Config, ConfigError};
use crate::fetch as http;
#[cfg(feature = "fetch")]
use crate::fetch::{HttpFetch, NotANetwork};

/// How key sets are fetched and the authorization server is asked: over https, with rustls.
///
/// Only public addresses on port 443 are connected to, unless listed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fetch {
    /// Files of the authorities that certify those servers, PEM or DER.
    pub roots: Vec<PathBuf>,
    /// A file with the certificate to show to servers that ask for one, and those above it, PEM.
    pub certificate: Option<PathBuf>,
    /// A file with the key of that certificate, PEM.
    pub key: Option<PathBuf>,
    /// The only hosts that are asked.
    pub only_hosts: Option<Vec<String>>,
    /// Hosts that are asked although their addresses are not public. Logged as a warning.
    pub allow_hosts: Vec<String>,
    /// Networks that are asked although they are not public. Logged as a warning.
    pub allow_networks: Vec<String>,
    /// Ports besides 443. Logged as a warning.
    pub allow_ports: Vec<u16>,
}

/// Whom a client may ask.
#[cfg(feature = "fetch")]
pub(super) struct Reach<'a> {
    pub(super) only_hosts: Option<&'a [String]>,
    pub(super) allow_hosts: &'a [String],
    pub(super) allow_networks: &'a [String],
    pub(super) allow_ports: &'a [u16],
}

#[cfg(feature = "fetch")]
impl Reach<'_> {
    pub(super) fn of(&self, mut fetch: HttpFetch) -> Result<HttpFetch, NotANetwork> {
        if let Some(hosts) = self.only_hosts {
            fetch = fetch.only_hosts(hosts);
        }
        for host in self.allow_hosts {
            fetch = fetch.allow_host(host);
        }
        for port in self.allow_ports {
            fetch = fetch.allow_port(*port);
        }
        for network in self.allow_networks {
            fetch = fetch.allow_network(network)?;
        }
        Ok(fetch)
    }
}

/// What is fetched over; nothing where nothing is fetched.
pub(super) type Over = Option<Arc<dyn http::Fetch>>;

impl Files<'_> {
    /// Makes the client, if some key demands one.
    pub(super) fn over(&self, config: &Config) -> Result<Over, ConfigError> {
        match (config.fetched(), &config.fetch) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                Err(ConfigError::value("fetch", "has no effect: nothing is fetched"))
            }
            (Some(key), fetch) => {
                let default = Fetch::default();
                let fetch = fetch.as_ref().unwrap_or(&default);
                self.client_for(&key, fetch).map(Some)
            }
        }
    }

    #[cfg(not(feature = "fetch"))]
    pub(super) fn client_for(
        &self,
        key: &str,
        _: &Fetch,
    ) -> Result<Arc<dyn http::Fetch>, ConfigError> {
        Err(ConfigError::value(key, "made without the feature `fetch`"))
    }

    #[cfg(all(feature = "fetch", not(feature = "tokio-rustls")))]
    pub(super) fn client_for(
        &self,
        key: &str,
        _: &Fetch,
    ) -> Result<Arc<dyn http::Fetch>, ConfigError> {
        Err(ConfigError::value(key, "made without the feature `tokio-rustls`, which brings https"))
    }

    #[cfg(all(feature = "fetch", feature = "tokio-rustls"))]
    pub(super) fn client_for(
        &self,
        _: &str,
        fetch: &Fetch,
    ) -> Result<Arc<dyn http::Fetch>, ConfigError> {
        let reach = Reach {
            only_hosts: fetch.only_hosts.as_deref(),
            allow_hosts: &fetch.allow_hosts,
            allow_networks: &fetch.allow_networks,
            allow_ports: &fetch.allow_ports,
        };
        let tls = self.tls(fetch)?;
        let client = reach.of(HttpFetch::new().over_tls(tls));
        let client = client.map_err(|why| ConfigError::value("fetch.allow_networks", why))?;
        Ok(Arc::new(client))
    }

    #[cfg(all(feature = "fetch", feature = "tokio-rustls"))]
    fn tls(&self, fetch: &Fetch) -> Result<Arc<rustls::ClientConfig>, ConfigError> {
        use crate::cert::pem;
        use crate::pki_types::{PrivateKeyDer, pem::PemObject};

        let mut roots = rustls::RootCertStore::empty();
        for path in &fetch.roots {
            for root in self.parsed("fetch.roots", path, pem::all_certificates)? {
                roots.add(root).map_err(|why| ConfigError::value("fetch.roots", why))?;
            }
        }
        if roots.is_empty() {
            return Err(ConfigError::value("fetch.roots", "due: whom to believe over https"));
        }
        let provider = rustls::crypto::CryptoProvider::get_default().ok_or_else(|| {
            ConfigError::value("fetch", "no default provider of rustls is installed")
        })?;
        let wrong = |key: &'static str| move |why: rustls::Error| ConfigError::value(key, why);
        let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(wrong("fetch"))?
            .with_root_certificates(roots);
        let client = match (&fetch.certificate, &fetch.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let chain = self.parsed("fetch.certificate", certificate, pem::all_certificates)?;
                let key = self.parsed("fetch.key", key, PrivateKeyDer::from_pem_slice)?;
                builder.with_client_auth_cert(chain, key).map_err(wrong("fetch.key"))?
            }
            (Some(_), None) => {
                return Err(ConfigError::value("fetch.key", "due with a certificate"));
            }
            (None, Some(_)) => {
                return Err(ConfigError::value("fetch.certificate", "due with a key"));
            }
        };
        Ok(Arc::new(client))
    }
}

impl Config {
    /// The first key that demands a client.
    fn fetched(&self) -> Option<String> {
        let of_clients = self.client.iter().position(|client| client.jwks_uri.is_some());
        match &self.token {
            token if token.introspection.is_some() => {
                Some("token.introspection.endpoint".to_owned())
            }
            token if token.jwks_uri.is_some() => Some("token.jwks_uri".to_owned()),
            _ => of_clients.map(|index| format!("client[{index}].jwks_uri")),
        }
    }
}

#[cfg(test)]
mod tests;
