//! `ClientCertificate`: what the peer presented, read and not judged.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::Certificate;
use crate::crypto::hex;
use crate::gate::{Audit, Evidence};

/// The certificate that the client presented, with whatever it sent along.
///
/// The key was proven, on this connection or to the trusted proxy; nothing else is known.
pub struct ClientCertificate {
    certificate: Arc<Certificate>,
    chain: Arc<[CertificateDer<'static>]>,
}

impl ClientCertificate {
    pub(crate) fn new(
        certificate: Arc<Certificate>,
        chain: Arc<[CertificateDer<'static>]>,
    ) -> Self {
        Self { certificate, chain }
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificates that came along: unordered, unverified, only material for a path.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    pub(crate) fn shared(&self) -> Arc<Certificate> {
        self.certificate.clone()
    }
}

impl Evidence for ClientCertificate {
    fn audit(&self, line: &mut Audit) {
        line.field("thumbprint", hex(self.certificate.thumbprint()));
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A subject may be a person.
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}
