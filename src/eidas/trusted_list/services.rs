//! The qualified services of all lists: made offline, loaded by a gate.

use std::collections::{HashMap, HashSet};
use std::fmt;

use rustls_pki_types::{CertificateDer, UnixTime};
use serde::{Deserialize, Serialize};

use super::moment;
use super::{Purpose, Service};
use crate::cert::{Anchors, Issuer, TrustError};

/// What the trusted lists say of those who issue qualified certificates.
///
/// Made by the import, which verifies the lists, and kept as JSON. Whoever can write that file
/// decides who is trusted: it holds no signature of its own, and belongs where the anchors and the
/// configuration are.
///
/// Certificates are base64 of their DER, times RFC 3339, territories those of the lists (`EL` and
/// `UK`).
#[derive(Clone)]
pub struct TrustedServices {
    content: Content,
    /// The places of the services by the SHA-256 of the keys by which they are known.
    by_key: HashMap<[u8; 32], Vec<usize>>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    #[serde(with = "moment")]
    imported_at: UnixTime,
    lists: Vec<ListEdition>,
    services: Vec<Service>,
}

/// Which edition of a list was taken.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListEdition {
    pub(super) territory: String,
    pub(super) sequence: u64,
    #[serde(with = "moment")]
    pub(super) issued: UnixTime,
    #[serde(with = "moment")]
    pub(super) next_update: UnixTime,
    /// The SHA-256 of the certificate that signed it, in hexadecimal.
    pub(super) signer: String,
}

impl ListEdition {
    /// The territory; `EU` for the list of lists.
    pub fn territory(&self) -> &str {
        &self.territory
    }

    /// Its `TSLSequenceNumber`.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When it was issued.
    pub fn issued(&self) -> UnixTime {
        self.issued
    }

    /// By when there will be a newer one.
    pub fn next_update(&self) -> UnixTime {
        self.next_update
    }
}

/// Why a file of services is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServicesError {
    /// Of another version of this crate.
    #[error("format {0} of trusted services, where this version reads {FORMAT}")]
    Format(u32),
    /// Not what the import writes.
    #[error("not a file of trusted services")]
    Malformed(#[source] serde_json::Error),
    /// A list twice, or a service of a list that is not there.
    #[error("not one edition of the list of {0}")]
    NotOneEdition(String),
    /// No service: nobody would be qualified.
    #[error("no service: nobody would be qualified")]
    NoService,
}

impl TrustedServices {
    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// Another format, an unknown or missing member, a certificate that cannot be read, no service.
    pub fn from_json(json: &[u8]) -> Result<Self, ServicesError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(json).map_err(ServicesError::Malformed)?;
        if format != FORMAT {
            return Err(ServicesError::Format(format));
        }
        Self::of(serde_json::from_slice(json).map_err(ServicesError::Malformed)?)
    }

    /// Writes them.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and numbers alone: what cannot be written cannot be made.
        serde_json::to_vec(&self.content).unwrap_or_default()
    }

    #[cfg(any(test, feature = "trusted-list"))]
    pub(super) fn new(
        imported_at: UnixTime,
        lists: Vec<ListEdition>,
        services: Vec<Service>,
    ) -> Result<Self, ServicesError> {
        Self::of(Content { format: FORMAT, imported_at, lists, services })
    }

    fn of(content: Content) -> Result<Self, ServicesError> {
        let mut territories = HashSet::new();
        if let Some(twice) = content.lists.iter().find(|list| !territories.insert(&list.territory))
        {
            return Err(ServicesError::NotOneEdition(twice.territory.clone()));
        }
        let homeless =
            content.services.iter().find(|service| !territories.contains(&service.territory));
        if let Some(service) = homeless {
            return Err(ServicesError::NotOneEdition(service.territory.clone()));
        }
        if content.services.is_empty() {
            return Err(ServicesError::NoService);
        }
        let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
        for (place, service) in content.services.iter().enumerate() {
            for identity in &service.identities {
                let places = by_key.entry(*identity.issuer.spki_sha256()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        Ok(Self { content, by_key })
    }

    /// When the lists were imported.
    pub fn imported_at(&self) -> UnixTime {
        self.content.imported_at
    }

    /// The lists that were taken, the list of lists first.
    pub fn lists(&self) -> &[ListEdition] {
        &self.content.lists
    }

    /// The list of a territory.
    pub fn list(&self, territory: &str) -> Option<&ListEdition> {
        self.content.lists.iter().find(|list| list.territory == territory)
    }

    /// The services, in the order of the lists.
    pub fn services(&self) -> &[Service] {
        &self.content.services
    }

    /// The services that are known by the name and the key of an authority.
    pub(super) fn known_by(&self, issuer: &Issuer) -> impl Iterator<Item = &Service> {
        let places = self.by_key.get(issuer.spki_sha256()).into_iter().flatten();
        let services = places.filter_map(|place| self.content.services.get(*place));
        services.filter(|service| service.identities.iter().any(|identity| identity.is(issuer)))
    }

    /// The certificates of the authorities whose services are qualified for websites or seals at a
    /// time: the listed ones, which need not be roots. For [`Anchors::of`], and for those who
    /// replace the anchors of a running gate.
    ///
    /// One that cannot be an anchor is left out, with a warning. That an authority is here decides
    /// nothing about a certificate: that is for
    /// [`IdentifyPsp::eu_qualified`](crate::eidas::IdentifyPsp::eu_qualified).
    pub fn authorities(&self, now: UnixTime) -> Vec<CertificateDer<'static>> {
        let mut known = HashSet::new();
        let mut authorities: Vec<CertificateDer<'static>> = Vec::new();
        for service in self.content.services.iter().filter(|service| serves(service, now)) {
            for certificate in service.certificates().filter(|listed| known.insert(*listed)) {
                match Anchors::of([certificate.clone()]) {
                    Ok(_) => authorities.push(certificate.clone()),
                    Err(error) => {
                        let service = service.name();
                        tracing::warn!(service, %error, "a listed certificate is no anchor");
                    }
                }
            }
        }
        authorities
    }

    /// The [authorities](Self::authorities) as the anchors of paths.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn anchors(&self, now: UnixTime) -> Result<Anchors, TrustError> {
        Anchors::of(self.authorities(now))
    }
}

/// Whether a service is one of those that matter to a bank's clients.
fn serves(service: &Service, now: UnixTime) -> bool {
    service.issues_qualified_certificates()
        && service.at(now).is_some_and(|period| {
            let purposes = [Purpose::WebSiteAuthentication, Purpose::Seals];
            period.status.is_positive_at(now)
                && period.unreliable.is_none()
                && period.purposes.iter().any(|purpose| purposes.contains(purpose))
        })
}

impl fmt::Debug for TrustedServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Content { lists, services, .. } = &self.content;
        write!(f, "TrustedServices({} lists, {} services)", lists.len(), services.len())
    }
}

/// The format of the file.
const FORMAT: u32 = 1;

#[cfg(test)]
mod tests;
