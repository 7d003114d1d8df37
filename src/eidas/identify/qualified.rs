//! Whether the identified certificate is a qualified one, remembered between requests.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use crate::cert::{Path, Remembered, TrustedCertificate};
use crate::eidas::Kind;
use crate::eidas::trusted_list::{NotQualified, Purpose, Qualification, QualifiedServices};
use crate::reject::{Reason, Rejection};

#[derive(Clone)]
pub(super) struct Qualified {
    services: QualifiedServices,
    judged: Arc<Remembered<Judged>>,
}

/// A finding, with all that it was found by.
#[derive(Clone)]
struct Judged {
    edition: u64,
    path: Arc<Path>,
    at: UnixTime,
    qualification: Arc<Qualification>,
}

impl Qualified {
    pub(super) fn by(services: QualifiedServices) -> Self {
        Self { services, judged: Arc::new(Remembered::of_trusted()) }
    }

    pub(super) fn judge(
        &self,
        trusted: &TrustedCertificate,
        kind: Kind,
        now: UnixTime,
    ) -> Result<Arc<Qualification>, Rejection> {
        let edition = self.services.current(now).map_err(our_fault)?;
        let purpose = match kind {
            Kind::Qwac => Purpose::WebSiteAuthentication,
            Kind::QSeal => Purpose::Seals,
            Kind::Neither => {
                return Err(Rejection::new(Reason::CertificateNotQualified)
                    .detail("neither a QWAC nor a QSealC"));
            }
        };
        let certificate = trusted.certificate();
        if let Some(judged) = self.judged.get(certificate.thumbprint())
            && judged.edition == edition.number
            && Arc::ptr_eq(&judged.path, trusted.path())
            && (judged.at..=judged.qualification.until()).contains(&now)
        {
            return Ok(judged.qualification);
        }
        let qualification = edition
            .services
            .qualify(certificate, trusted.path(), purpose, now, self.services.grace())
            .map_err(refusal)?;
        let (qualification, path) = (Arc::new(qualification), trusted.path().clone());
        let judged =
            Judged { edition: edition.number, path, at: now, qualification: qualification.clone() };
        self.judged.put(*certificate.thumbprint(), judged);
        Ok(qualification)
    }
}

fn refusal(why: NotQualified) -> Rejection {
    match why {
        NotQualified::Stale(_) => our_fault(why),
        why => Rejection::new(Reason::CertificateNotQualified).source(why),
    }
}

/// The bank's copy of the lists does not tell: no client can mend that.
fn our_fault(why: impl std::error::Error + Send + Sync + 'static) -> Rejection {
    tracing::error!(%why, "the trusted lists are too old to tell");
    Rejection::new(Reason::ServiceUnavailable).source(why)
}

impl fmt::Debug for Qualified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.services.fmt(f)
    }
}

#[cfg(test)]
mod tests;
