//! Which certificates a qualification is about (TS 119 612, 5.5.9.2.2).

use serde::{Deserialize, Serialize};

use super::oids;
use crate::cert::{Certificate, KeyUsage, Oid};

/// Criteria with how they go together.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CriteriaList {
    pub(super) assert: Assert,
    pub(super) criteria: Vec<Criterion>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Assert {
    All,
    AtLeastOne,
    None,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Criterion {
    /// All of these purposes are in the extended key usage.
    #[serde(with = "oids")]
    ExtendedKeyUsage(Vec<Oid>),
    /// Each of these bits is as said.
    KeyUsage(Vec<(UsageBit, bool)>),
    List(CriteriaList),
    /// All of these are among the certificate policies.
    #[serde(with = "oids")]
    Policies(Vec<Oid>),
    /// All of these attributes are in the subject.
    #[serde(with = "oids")]
    SubjectAttributes(Vec<Oid>),
}

/// A bit of the key usage extension.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum UsageBit {
    CrlSign,
    DataEncipherment,
    DecipherOnly,
    DigitalSignature,
    EncipherOnly,
    KeyAgreement,
    KeyCertSign,
    KeyEncipherment,
    NonRepudiation,
}

impl CriteriaList {
    /// Whether the certificate is one of those that are meant.
    pub(super) fn selects(&self, certificate: &Certificate) -> bool {
        let mut criteria = self.criteria.iter();
        match self.assert {
            Assert::All => criteria.all(|criterion| criterion.selects(certificate)),
            Assert::AtLeastOne => criteria.any(|criterion| criterion.selects(certificate)),
            Assert::None => !criteria.any(|criterion| criterion.selects(certificate)),
        }
    }
}

impl Criterion {
    fn selects(&self, certificate: &Certificate) -> bool {
        let among = |wanted: &[Oid], there: Option<&[Oid]>| {
            wanted.iter().all(|oid| there.is_some_and(|there| there.contains(oid)))
        };
        match self {
            Self::ExtendedKeyUsage(oids) => among(oids, certificate.extended_key_usage()),
            Self::KeyUsage(bits) => bits.iter().all(|(bit, set)| {
                // Without the extension no bit is set.
                certificate.key_usage().is_some_and(|usage| bit.of(usage)) == *set
            }),
            Self::List(list) => list.selects(certificate),
            Self::Policies(oids) => among(oids, certificate.policies()),
            Self::SubjectAttributes(oids) => {
                let subject = certificate.subject();
                oids.iter().all(|oid| subject.attributes().any(|attribute| attribute.oid() == *oid))
            }
        }
    }
}

impl UsageBit {
    fn of(self, usage: KeyUsage) -> bool {
        match self {
            Self::CrlSign => usage.crl_sign(),
            Self::DataEncipherment => usage.data_encipherment(),
            Self::DecipherOnly => usage.decipher_only(),
            Self::DigitalSignature => usage.digital_signature(),
            Self::EncipherOnly => usage.encipher_only(),
            Self::KeyAgreement => usage.key_agreement(),
            Self::KeyCertSign => usage.cert_sign(),
            Self::KeyEncipherment => usage.key_encipherment(),
            Self::NonRepudiation => usage.content_commitment(),
        }
    }
}

#[cfg(test)]
mod tests;
