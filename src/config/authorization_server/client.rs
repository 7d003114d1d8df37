//! A client as it registered at the authorization server.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::super::ConfigError;
use super::super::fetch::Over;
use super::super::keys::Keys;
use super::super::load::{Files, algorithms};
use crate::cert::{CertificateMatch, Client, NameOrder, RegisteredName};
use crate::client_auth::{AuthenticationMethod, GrantType, Registration, SenderConstraint};
use crate::jose::KeySource;

/// A client of an authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerClient {
    /// Its id.
    pub client_id: String,
    /// How it authenticates.
    pub authentication: Method,
    /// To what its access tokens are bound.
    pub constraint: Binding,
    /// The subject of its certificate; due with `tls_client_auth`, and with `private_key_jwt` where
    /// tokens are bound to certificates.
    pub subject_dn: Option<String>,
    /// The issuer that must have signed the certificate, if pinned.
    pub issuer_dn: Option<String>,
    /// A file with its JWK set.
    pub keys: Option<PathBuf>,
    /// Where it publishes its JWK set, over https: instead of `keys`.
    pub jwks_uri: Option<String>,
    /// The algorithms of its assertions and request objects.
    #[serde(default)]
    pub algorithms: Vec<String>,
    /// Its grant types.
    #[serde(default)]
    pub grants: Vec<String>,
    /// The scopes that it may ask for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Its redirection URIs.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

/// How a client authenticates, by the names of RFC 7591.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// By assertions signed with a key of its JWK set.
    PrivateKeyJwt,
    /// By a certificate that its JWK set holds in `x5c`.
    SelfSignedTlsClientAuth,
    /// By a certificate of an authority, and its subject.
    TlsClientAuth,
}

/// To what the access tokens of a client are bound.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Binding {
    /// To its certificate.
    Certificate,
    /// To the key of its DPoP proofs.
    Dpop,
}

impl ServerClient {
    pub(super) fn open(
        &self,
        index: usize,
        files: &Files<'_>,
        over: &Over,
    ) -> Result<Client, ConfigError> {
        let table = format!("client[{index}]");
        let wrong = |name: &str, why: &dyn ToString| {
            ConfigError::value(format!("{table}.{name}"), why.to_string())
        };
        if self.client_id.is_empty() {
            return Err(wrong("client_id", &"empty"));
        }
        let (file, uri) = (self.keys.as_deref(), self.jwks_uri.as_deref());
        let keys = files.keys(&Keys { table: &table, file, uri }, over)?;
        let keys = keys.ok_or_else(|| wrong("keys", &"due, or `jwks_uri`"))?;
        let algorithms = algorithms(&self.algorithms).map_err(|why| wrong("algorithms", &why))?;
        let grant = |name: &String| {
            GrantType::named(name)
                .ok_or_else(|| wrong("grants", &format!("{name:?} is no grant type of FAPI")))
        };
        let grants: Result<Vec<_>, _> = self.grants.iter().map(grant).collect();
        let method = match self.authentication {
            Method::PrivateKeyJwt => AuthenticationMethod::PrivateKeyJwt,
            Method::SelfSignedTlsClientAuth => AuthenticationMethod::SelfSignedTlsClientAuth,
            Method::TlsClientAuth => AuthenticationMethod::TlsClientAuth,
        };
        let constraint = match self.constraint {
            Binding::Certificate => SenderConstraint::Certificate,
            Binding::Dpop => SenderConstraint::Dpop,
        };
        let registration = Registration::new(method, constraint)
            .grants(grants?)
            .scopes(&self.scopes)
            .redirect_uris(&self.redirect_uris);
        let certificate = self.certificate(&keys).map_err(|(name, why)| wrong(name, &why))?;
        Ok(Client::new(&self.client_id, certificate)
            .signs_with(keys, algorithms)
            .registered_as(registration))
    }

    fn certificate(
        &self,
        keys: &Arc<dyn KeySource>,
    ) -> Result<CertificateMatch, (&'static str, String)> {
        let name = |key, text: &str| {
            RegisteredName::parse(text, NameOrder::AsWritten)
                .map_err(|error| (key, error.to_string()))
        };
        let by_name = self.authentication == Method::TlsClientAuth
            || (self.authentication == Method::PrivateKeyJwt
                && self.constraint == Binding::Certificate);
        match (&self.subject_dn, &self.issuer_dn) {
            (Some(subject), issuer) if by_name => {
                let issuer = issuer.as_deref().map(|text| name("issuer_dn", text)).transpose()?;
                Ok(CertificateMatch::SubjectDn { subject: name("subject_dn", subject)?, issuer })
            }
            (None, _) if by_name => Err(("subject_dn", "due for this client".to_owned())),
            // A name that nobody compares would promise a check that nobody makes.
            (Some(_), _) => Err(("subject_dn", "not for this client".to_owned())),
            (None, Some(_)) => Err(("issuer_dn", "not for this client".to_owned())),
            (None, None) if self.authentication == Method::SelfSignedTlsClientAuth => {
                Ok(CertificateMatch::RegisteredCertificates(keys.clone()))
            }
            (None, None) => Ok(CertificateMatch::NoCertificate),
        }
    }
}
