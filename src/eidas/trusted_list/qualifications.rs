//! What a list says of single certificates of a service, against their own word.

use serde::{Deserialize, Serialize};

use super::criteria::CriteriaList;
use crate::cert::Certificate;

/// The `Qualifications` extension of a service (TS 119 612, 5.5.9.2).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Qualifications(pub(super) Vec<Qualified>);

/// Qualifiers, and the certificates to which they go.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Qualified {
    pub(super) qualifiers: Vec<Qualifier>,
    #[serde(rename = "certificates")]
    pub(super) of: CriteriaList,
}

impl Qualifications {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The qualifiers of a certificate.
    pub(super) fn of(&self, certificate: &Certificate) -> impl Iterator<Item = Qualifier> {
        let selected = self.0.iter().filter(|qualified| qualified.of.selects(certificate));
        selected.flat_map(|qualified| qualified.qualifiers.iter().copied())
    }
}

/// A qualifier (TS 119 612, 5.5.9.2.3), by the last part of its URI.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(super) enum Qualifier {
    /// Not qualified, whatever it claims.
    NotQualified,
    #[serde(rename = "QCForESeal")]
    ForESeal,
    #[serde(rename = "QCForESig")]
    ForESig,
    #[serde(rename = "QCForLegalPerson")]
    ForLegalPerson,
    #[serde(rename = "QCForWSA")]
    ForWsa,
    #[serde(rename = "QCNoQSCD")]
    NoQscd,
    #[serde(rename = "QCNoSSCD")]
    NoSscd,
    #[serde(rename = "QCQSCDManagedOnBehalf")]
    QscdManagedOnBehalf,
    #[serde(rename = "QCQSCDStatusAsInCert")]
    QscdStatusAsInCert,
    #[serde(rename = "QCSSCDStatusAsInCert")]
    SscdStatusAsInCert,
    /// Qualified, whether or not it claims to be.
    #[serde(rename = "QCStatement")]
    Statement,
    #[serde(rename = "QCWithQSCD")]
    WithQscd,
    #[serde(rename = "QCWithSSCD")]
    WithSscd,
}

impl Qualifier {
    /// By the last part of the URI.
    #[cfg(feature = "trusted-list")]
    pub(super) fn named(name: &str) -> Option<Self> {
        use serde::de::{IntoDeserializer, value::Error};

        Self::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok()
    }
}
