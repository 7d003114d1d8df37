//! The clients that a bank has registered.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use super::{Certificate, Name, RegisteredName};
use crate::client_auth::Registration;
use crate::crypto::{Algorithm, constant_time_eq};
use crate::gate::BoxFuture;
use crate::jose::{KeySource, Lookup};

/// By what a client's certificate is known. One of them; RFC 8705, 2.1.2 forbids several.
#[derive(Clone)]
#[non_exhaustive]
pub enum CertificateMatch {
    /// No certificate is the client's: one that authenticates by assertions and proves its tokens by
    /// DPoP.
    NoCertificate,
    /// The `organizationIdentifier` of the subject, exactly one, character by character.
    OrganizationIdentifier(String),
    /// A certificate that the client registered: the first in the `x5c` of a key of its JWK set, octet
    /// by octet (RFC 8705, 2.2).
    RegisteredCertificates(Arc<dyn KeySource>),
    /// The public keys that the client registered (the DER of their SubjectPublicKeyInfo).
    RegisteredKeys(Vec<Vec<u8>>),
    /// A subject alternative name of type dNSName, compared without case.
    SanDns(String),
    /// A subject alternative name of type rfc822Name, character by character.
    SanEmail(String),
    /// A subject alternative name of type iPAddress, by its bytes.
    SanIp(std::net::IpAddr),
    /// A subject alternative name of type uniformResourceIdentifier, character by character.
    SanUri(String),
    /// The subject's distinguished name (RFC 4517, 4.2.15). A name alone can be had from another
    /// authority: pin the issuer where more than one is trusted.
    SubjectDn {
        /// The registered subject.
        subject: RegisteredName,
        /// The issuer that must have signed it, if pinned.
        issuer: Option<RegisteredName>,
    },
    /// The SHA-256 thumbprint of the certificate.
    Thumbprint([u8; 32]),
}

impl CertificateMatch {
    /// Whether a certificate is the client's; later, where its JWK set must be fetched first.
    pub fn matches(&self, certificate: &Certificate, now: UnixTime) -> Lookup<bool> {
        match self {
            Self::RegisteredCertificates(keys) => keys.has_certificate(certificate, now),
            registered => Lookup::Now(Ok(registered.names(certificate))),
        }
    }

    fn names(&self, certificate: &Certificate) -> bool {
        let names = certificate.subject_alternative_names();
        let any = |list: fn(&super::SubjectAlternativeNames) -> &[String], wanted: &str| {
            !wanted.is_empty()
                && names.is_some_and(|names| list(names).iter().any(|name| name == wanted))
        };
        match self {
            Self::NoCertificate => false,
            Self::OrganizationIdentifier(wanted) => {
                !wanted.is_empty() && certificate.organization_identifiers() == [wanted.as_str()]
            }
            // Its owner is asked.
            Self::RegisteredCertificates(_) => false,
            Self::RegisteredKeys(keys) => {
                keys.iter().any(|key| constant_time_eq(key, certificate.spki_der()))
            }
            Self::SanDns(wanted) => {
                !wanted.is_empty()
                    && names.is_some_and(|names| {
                        names.dns().iter().any(|name| name.eq_ignore_ascii_case(wanted))
                    })
            }
            Self::SanEmail(wanted) => any(super::SubjectAlternativeNames::email, wanted),
            Self::SanIp(wanted) => names.is_some_and(|names| {
                names.ip().iter().any(|bytes| match wanted {
                    std::net::IpAddr::V4(address) => bytes == &address.octets(),
                    std::net::IpAddr::V6(address) => bytes == &address.octets(),
                })
            }),
            Self::SanUri(wanted) => any(super::SubjectAlternativeNames::uri, wanted),
            Self::SubjectDn { subject, issuer } => {
                let is = |registered: &RegisteredName, name: &Name| registered.matches(name);
                is(subject, certificate.subject())
                    && issuer.as_ref().is_none_or(|issuer| is(issuer, certificate.issuer()))
            }
            Self::Thumbprint(wanted) => constant_time_eq(wanted, certificate.thumbprint()),
        }
    }
}

/// A client as the bank registered it.
#[derive(Clone)]
pub struct Client {
    client_id: String,
    certificate: CertificateMatch,
    organisation_id: Option<String>,
    software_id: Option<String>,
    organization_identifier: Option<String>,
    signing: Option<SigningKeys>,
    registration: Option<Arc<Registration>>,
}

#[derive(Clone)]
struct SigningKeys {
    keys: Arc<dyn KeySource>,
    algorithms: Arc<[Algorithm]>,
}

impl Client {
    /// A client and the certificate by which it is known.
    pub fn new(client_id: impl Into<String>, certificate: CertificateMatch) -> Self {
        Self {
            client_id: client_id.into(),
            certificate,
            organisation_id: None,
            software_id: None,
            organization_identifier: None,
            signing: None,
            registration: None,
        }
    }

    /// Its ids in the directory: organisation and software statement.
    #[must_use]
    pub fn in_directory(
        mut self,
        organisation_id: impl Into<String>,
        software_id: impl Into<String>,
    ) -> Self {
        self.organisation_id = Some(organisation_id.into());
        self.software_id = Some(software_id.into());
        self
    }

    /// The organizationIdentifier of its certificates, such as `PSDGB-FCA-123456`, where the
    /// directory knows its organisation by another id.
    #[must_use]
    pub fn identified_by(mut self, organization_identifier: impl Into<String>) -> Self {
        self.organization_identifier = Some(organization_identifier.into());
        self
    }

    /// The keys with which it signs messages, and the algorithms that it may use, within those of
    /// the profile.
    #[must_use]
    pub fn signs_with(
        mut self,
        keys: impl KeySource,
        algorithms: impl Into<Arc<[Algorithm]>>,
    ) -> Self {
        self.signing = Some(SigningKeys { keys: Arc::new(keys), algorithms: algorithms.into() });
        self
    }

    /// What it registered at the authorization server, where the bank's own endpoints stand behind
    /// gates. Its signing keys are then also those of its assertions and request objects.
    #[must_use]
    pub fn registered_as(mut self, registration: Registration) -> Self {
        self.registration = Some(Arc::new(registration));
        self
    }

    /// What it registered at the authorization server.
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_deref()
    }

    /// Its id at the authorization server.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Its organisation in the directory.
    pub fn organisation_id(&self) -> Option<&str> {
        self.organisation_id.as_deref()
    }

    /// Its software statement in the directory.
    pub fn software_id(&self) -> Option<&str> {
        self.software_id.as_deref()
    }

    /// The organizationIdentifier of its certificates.
    pub fn organization_identifier(&self) -> Option<&str> {
        self.organization_identifier.as_deref()
    }

    /// By what its certificate is known.
    pub fn certificate(&self) -> &CertificateMatch {
        &self.certificate
    }

    pub(crate) fn signing_keys(&self) -> Option<&Arc<dyn KeySource>> {
        self.signing.as_ref().map(|signing| &signing.keys)
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        self.signing.as_ref().map_or(&[], |signing| &signing.algorithms)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The registry did not answer: refused as unavailable, never as unknown.
#[derive(Debug, thiserror::Error)]
#[error("the client registry is not available")]
pub struct RegistryUnavailable;

/// A client, none of that id, or no answer.
pub type FoundClient = Result<Option<Arc<Client>>, RegistryUnavailable>;

/// What a registry answers.
#[must_use]
pub enum ClientLookup {
    /// After waiting.
    Later(BoxFuture<'static, FoundClient>),
    /// At once.
    Now(FoundClient),
}

/// Knows the clients of the bank, by the `client_id` of their tokens.
pub trait ClientRegistry: Send + Sync + 'static {
    /// Finds the client of this id.
    fn find(&self, client_id: &str) -> ClientLookup;
}

/// A registry in memory. The empty one knows nobody.
#[derive(Clone, Debug, Default)]
pub struct Clients(HashMap<String, Arc<Client>>);

impl Clients {
    /// Registers these.
    ///
    /// # Errors
    ///
    /// A `client_id` that two of them have: which certificate counts would be anyone's guess.
    pub fn of(clients: impl IntoIterator<Item = Client>) -> Result<Self, RegisteredTwice> {
        let mut registered = HashMap::new();
        for client in clients {
            let client_id = client.client_id.clone();
            if registered.insert(client_id.clone(), Arc::new(client)).is_some() {
                return Err(RegisteredTwice(client_id));
            }
        }
        Ok(Self(registered))
    }
}

/// Two clients of one id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the client {0:?} is registered twice")]
pub struct RegisteredTwice(String);

impl ClientRegistry for Clients {
    fn find(&self, client_id: &str) -> ClientLookup {
        ClientLookup::Now(Ok(self.0.get(client_id).cloned()))
    }
}

impl<T: ClientRegistry + ?Sized> ClientRegistry for Arc<T> {
    fn find(&self, client_id: &str) -> ClientLookup {
        (**self).find(client_id)
    }
}

#[cfg(test)]
mod tests;
