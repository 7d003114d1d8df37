//! A trust service as a trusted list describes it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Qualifications;
use super::moment;
use crate::cert::{Certificate, CertificateError, Issuer};

/// A trust service of a trusted list (TS 119 612, 5.5): whose it is, by which certificates it is
/// known, and what it was and is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub(super) territory: String,
    pub(super) provider: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) identities: Vec<Identity>,
    pub(super) history: Vec<Period>,
}

impl Service {
    /// The territory of the list, as lists spell it: `EL` and `UK`, not `GR` and `GB`.
    pub fn territory(&self) -> &str {
        &self.territory
    }

    /// The trust service provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URI of its type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether it issues qualified certificates (`CA/QC`).
    pub fn issues_qualified_certificates(&self) -> bool {
        self.kind == CA_QC
    }

    /// The certificates by which it is known: one key and name each, whoever signed them.
    pub fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.identities.iter().map(|identity| &identity.certificate)
    }

    /// What it is and was, the newest first.
    pub fn history(&self) -> &[Period] {
        &self.history
    }

    /// What it was at a time; nothing before the list began to speak of it.
    pub fn at(&self, time: UnixTime) -> Option<&Period> {
        // By the times, not by the order, which is the list's to keep; of two that begin at one
        // time the one that the list calls newer.
        let begun = self.history.iter().rev().filter(|period| period.since <= time);
        begun.max_by_key(|period| period.since)
    }

    /// When it becomes something else after a time, if the list knows.
    pub(super) fn changes_after(&self, time: UnixTime) -> Option<UnixTime> {
        self.history.iter().map(|period| period.since).filter(|since| *since > time).min()
    }
}

/// A name and a key of a service.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) issuer: Issuer,
}

impl Identity {
    pub(super) fn of(der: Vec<u8>) -> Result<Self, CertificateError> {
        let issuer = Issuer::of(&Certificate::from_der(&der)?);
        Ok(Self { certificate: der.into(), issuer })
    }

    /// The same name and the same key; the certificate may be another one.
    pub(super) fn is(&self, issuer: &Issuer) -> bool {
        self.issuer.name() == issuer.name() && self.issuer.spki() == issuer.spki()
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        STANDARD.encode(&self.certificate).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let der = STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        Self::of(der).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.issuer.fmt(f)
    }
}

/// What a service is from one time to the next.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub(super) status: Status,
    #[serde(with = "moment")]
    pub(super) since: UnixTime,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) purposes: Vec<Purpose>,
    /// The service is a root whose issuing authorities are not listed (`RootCA-QC`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) root: bool,
    #[serde(default, skip_serializing_if = "Qualifications::is_empty")]
    pub(super) qualifications: Qualifications,
    /// Why nobody may rely on this period: a critical extension that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unreliable: Option<String>,
}

impl Period {
    /// The status.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Since when.
    pub fn since(&self) -> UnixTime {
        self.since
    }

    /// What its certificates are for.
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// Why nobody may rely on it, if so.
    pub fn unreliable(&self) -> Option<&str> {
        self.unreliable.as_deref()
    }
}

/// What a qualified certificate is for (TS 119 612, 5.5.9.4).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Purpose {
    /// Seals of legal persons: a QSealC.
    #[serde(rename = "ForeSeals")]
    Seals,
    /// Signatures of natural persons.
    #[serde(rename = "ForeSignatures")]
    Signatures,
    /// Website authentication: a QWAC.
    #[serde(rename = "ForWebSiteAuthentication")]
    WebSiteAuthentication,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seals => "seals",
            Self::Signatures => "signatures",
            Self::WebSiteAuthentication => "website authentication",
        })
    }
}

/// The status of a service (TS 119 612, 5.5.4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Status {
    /// Accredited under Directive 1999/93/EC.
    Accredited,
    /// Qualified.
    Granted,
    /// Not qualified: nationally recognised, ceased, revoked, or not known.
    Other(String),
    /// Under supervision that is coming to its end, under Directive 1999/93/EC.
    SupervisionInCessation,
    /// Under supervision under Directive 1999/93/EC.
    UnderSupervision,
    /// No longer qualified.
    Withdrawn,
}

impl Status {
    /// Whether a service with this status is a qualified one at a time.
    ///
    /// `granted` always; `undersupervision`, `supervisionincessation` and `accredited` before
    /// 2016-07-01, when Regulation (EU) No 910/2014 took the place of Directive 1999/93/EC. No
    /// other.
    pub fn is_positive_at(&self, time: UnixTime) -> bool {
        match self {
            Self::Granted => true,
            Self::Accredited | Self::SupervisionInCessation | Self::UnderSupervision => {
                time.as_secs() < EIDAS
            }
            Self::Other(_) | Self::Withdrawn => false,
        }
    }
}

impl From<String> for Status {
    /// From the last part of the URI.
    fn from(name: String) -> Self {
        match name.as_str() {
            "accredited" => Self::Accredited,
            "granted" => Self::Granted,
            "supervisionincessation" => Self::SupervisionInCessation,
            "undersupervision" => Self::UnderSupervision,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Other(name),
        }
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.to_string()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accredited => "accredited",
            Self::Granted => "granted",
            Self::Other(name) => name,
            Self::SupervisionInCessation => "supervisionincessation",
            Self::UnderSupervision => "undersupervision",
            Self::Withdrawn => "withdrawn",
        })
    }
}

const CA_QC: &str = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC";
/// 2016-07-01T00:00:00Z.
const EIDAS: u64 = 1_467_331_200;
