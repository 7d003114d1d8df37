//! Why a certificate counts as qualified, or does not.

use std::fmt;

use rustls_pki_types::UnixTime;

use super::{Purpose, Status};
use crate::cert::time::to_rfc3339;
use crate::eidas::QcError;

/// Why a certificate is a qualified one of the European Union.
///
/// Displays as a sentence for the log.
#[derive(Clone, Debug)]
pub struct Qualification {
    pub(super) purpose: Purpose,
    pub(super) ground: Ground,
    pub(super) at_issuance: Standing,
    pub(super) at_use: Standing,
    pub(super) until: UnixTime,
}

impl Qualification {
    /// What the certificate is qualified for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What makes the certificate a qualified one among those of the service.
    pub fn ground(&self) -> Ground {
        self.ground
    }

    /// The service that issued it, as it was then.
    pub fn at_issuance(&self) -> &Standing {
        &self.at_issuance
    }

    /// The last second for which this holds without another look at the same services.
    pub(crate) fn until(&self) -> UnixTime {
        self.until
    }

    /// The service that stands behind it, as it is now.
    pub fn at_use(&self) -> &Standing {
        &self.at_use
    }
}

impl fmt::Display for Qualification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { purpose, ground, at_issuance, at_use, .. } = self;
        write!(f, "qualified for {purpose} by {ground}; at issuance {at_issuance}; now {at_use}")
    }
}

/// What makes a certificate a qualified one among those of its service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ground {
    /// Its own QcCompliance, without QcCClegislation.
    Compliance,
    /// The list's qualifier `QCStatement`.
    Qualifier,
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compliance => "its QcCompliance",
            Self::Qualifier => "the qualifier QCStatement of the list",
        })
    }
}

/// What a service was at one time.
#[derive(Clone, Debug)]
pub struct Standing {
    pub(super) territory: String,
    pub(super) provider: String,
    pub(super) service: String,
    pub(super) sequence: u64,
    pub(super) status: Status,
    pub(super) since: UnixTime,
}

impl Standing {
    /// The territory of the list.
    pub fn territory(&self) -> &str {
        &self.territory
    }

    /// The trust service provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The service.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The sequence number of the list that says so.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The status.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Since when the status was so.
    pub fn since(&self) -> UnixTime {
        self.since
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { territory, provider, service, sequence, status, since } = self;
        let since = to_rfc3339(*since);
        write!(f, "{service} of {provider} ({territory}, list {sequence}), {status} since {since}")
    }
}

/// The two times at which a service must be a qualified one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// When the certificate was issued: its `notBefore`.
    Issuance,
    /// When it is used: now.
    Use,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuance => "at issuance",
            Self::Use => "now",
        })
    }
}

/// Why a certificate does not count as qualified.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotQualified {
    /// Two services, or two qualifiers, say what cannot both be.
    #[error("the lists contradict each other {0}: {1}")]
    Contradiction(Moment, &'static str),
    /// The list's qualifier `NotQualified`.
    #[error("the list says NotQualified {0}")]
    Disqualified(Moment),
    /// No service of the lists stands in the certificate's path.
    #[error("no service of the trusted lists issued it")]
    NoService,
    /// The service is above the issuer, and not marked as the root of authorities that are not
    /// listed themselves.
    #[error("{0} is above the issuer and not marked RootCA-QC {1}")]
    NotARoot(String, Moment),
    /// The service is not there yet.
    #[error("{0} was not listed {1}")]
    NotListed(String, Moment),
    /// The certificate does not claim to be qualified, and the list does not say so either.
    #[error("neither QcCompliance nor a qualifier makes it a qualified certificate")]
    NotStated,
    /// Qualified under the law of another country.
    #[error("QcCClegislation: qualified under another law than the Union's")]
    OtherLaw,
    /// The certificate is of another type.
    #[error("its type is not {0} {1}")]
    OtherType(Purpose, Moment),
    /// The lists are too old to tell: the bank's fault, not the certificate's.
    #[error("the list of {0} is older than its nextUpdate")]
    Stale(String),
    /// The qcStatements cannot be read.
    #[error(transparent)]
    Statements(#[from] QcError),
    /// The status of the service.
    #[error("{0} was {1} {2}")]
    Status(String, Status, Moment),
    /// A critical extension of the entry is not known.
    #[error("the entry of {0} cannot be relied on {1}: {2}")]
    Unreliable(String, Moment, String),
    /// The service does not issue certificates for this purpose.
    #[error("{0} was not for {1} {2}")]
    WrongPurpose(String, Purpose, Moment),
}
