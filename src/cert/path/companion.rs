//! What came along with a leaf, and may be its issuers.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::form;
use crate::cert::trust::Purpose;
use crate::cert::{Certificate, Issuer, Remembered};
use crate::crypto::sha256;
use crate::reject::{Reason, Rejection};

/// An authority's certificate, not yet believed.
#[derive(Clone)]
pub(in crate::cert) struct Companion {
    pub(super) certificate: Arc<Certificate>,
    pub(super) issuer: Arc<Issuer>,
}

/// Those that may stand in a path now and for this purpose.
pub(in crate::cert) struct Companions {
    pub(super) fit: Vec<Companion>,
    /// The first reason why one of the others may not.
    pub(super) complaint: Option<Rejection>,
}

impl Companions {
    /// Takes what may be an issuer. What cannot be read is nobody: clients send all sorts of things.
    ///
    /// `known` holds those that stood in a good path before.
    pub(in crate::cert) fn among(
        chain: &[CertificateDer<'static>],
        known: &Remembered<Companion>,
        purpose: Purpose,
        now: UnixTime,
    ) -> Self {
        let (mut fit, mut complaint) = (Vec::<Companion>::new(), None);
        for der in chain.iter().take(LOOKED_AT) {
            let known = known.get(&sha256(der));
            let Some(companion) = known.or_else(|| Companion::read(der)) else { continue };
            let name = companion.issuer.name();
            let namesakes = fit.iter().filter(|other| other.issuer.name() == name).count();
            if !companion.certificate.is_ca() || namesakes == OF_ONE_NAME {
                continue;
            }
            match companion.may_issue(purpose, now) {
                Ok(()) => fit.push(companion),
                Err(rejection) => {
                    complaint.get_or_insert(rejection);
                }
            }
        }
        Self { fit, complaint }
    }
}

impl Companion {
    fn read(der: &CertificateDer<'static>) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        Some(Self {
            issuer: Arc::new(Issuer::of(&certificate)),
            certificate: Arc::new(certificate),
        })
    }

    /// Spares the next one the work of reading it. Only of those in a good path: an authority stands
    /// between a stranger and an entry.
    pub(in crate::cert) fn remember(self, known: &Remembered<Self>) {
        known.put(*self.certificate.thumbprint(), self);
    }

    fn may_issue(&self, purpose: Purpose, now: UnixTime) -> Result<(), Rejection> {
        let certificate = &self.certificate;
        let untrusted = |why| Rejection::new(Reason::CertificateUntrusted).detail(why);
        form::of_issuer(certificate).map_err(untrusted)?;
        if now < certificate.not_before() || now > certificate.not_after() {
            return Err(untrusted("an issuer outside its time"));
        }
        // RFC 5280 leaves it open; everybody takes the usage of an issuer to restrict what it signs.
        if !purpose.permits(certificate.extended_key_usage()) {
            return Err(Rejection::new(Reason::CertificatePurposeWrong)
                .detail("an issuer's extended key usage is for something else"));
        }
        Ok(())
    }
}

/// More than any client has a use for: six issuers, a root, and some that were cross-signed.
const LOOKED_AT: usize = 16;
/// An authority that was cross-signed twice. Paths are built by names before a signature is verified:
/// sixteen namesakes that issued one another would be in more paths than can be tried.
const OF_ONE_NAME: usize = 3;
