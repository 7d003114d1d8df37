//! `SigningCertificates`: what is demanded of the certificate behind a message signature.

use std::fmt;

use rustls_pki_types::UnixTime;

use crate::cert::{Trust, TrustedCertificate};
use crate::context::relaxed;
use crate::eidas::{IdentifyPsp, PspIdentity, StopList};
use crate::gate::{Halt, Verdict};
use crate::jose::{Certified, Key};
use crate::reject::{Reason, Rejection};

/// Judges the certificate behind a message signature: a QSealC, or an OBSeal.
///
/// The certificate is the one that the client published with its key (`x5c` in its key set), read
/// when the set was loaded; nothing in a message names another. It must be trusted and not revoked,
/// identify a provider by the same rules as a transport certificate, and be made for seals: a
/// QWAC is refused. A key without a certificate is refused.
///
/// Its holder is not compared with anybody here: [`RequireOneOrganisation`] does that.
///
/// [`RequireOneOrganisation`]: super::RequireOneOrganisation
#[derive(Clone)]
pub struct SigningCertificates {
    trust: Trust,
    psp: IdentifyPsp,
    unidentified: Unidentified,
    stop_list: Option<StopList>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unidentified {
    Allow,
    Refuse,
}

/// Who signed: a certificate that was judged, and whom it identifies.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) trusted: TrustedCertificate,
    pub(crate) psp: Option<PspIdentity>,
}

impl SigningCertificates {
    /// Trusts what this trusts, and identifies the holder as the policy does with a QWAC.
    pub fn trusted_by(trust: Trust, psp: IdentifyPsp) -> Self {
        let unidentified = Unidentified::Refuse;
        Self { trust, psp: psp.of_seals(), unidentified, stop_list: None }
    }

    /// Takes certificates without qcStatements, which identify nobody by themselves: the OBSigning
    /// certificates that the UK directory issued before OBSeals. One with qcStatements must be in
    /// order.
    #[must_use]
    pub fn allow_unidentified(self) -> Self {
        relaxed("VerifySignature", "allow_unidentified");
        Self { unidentified: Unidentified::Allow, ..self }
    }

    /// Refuses the certificates of providers whom this list names.
    #[must_use]
    pub fn blocked_by(self, list: StopList) -> Self {
        Self { stop_list: Some(list), ..self }
    }

    /// Judges the certificate of a key.
    pub(crate) fn judge(&self, key: &Key, now: UnixTime) -> Verdict<Signer> {
        let Some(Certified { certificate, chain }) = key.certified() else {
            return Verdict::reject(invalid("the key has no certificate"));
        };
        if let Some(why) = self.stop_list.as_ref().and_then(|list| list.blocks(certificate, now)) {
            return Verdict::reject(Rejection::new(Reason::CertificateBlocked).detail(why));
        }
        match self.trust.judge(certificate, chain, now) {
            Verdict::Flawed(_, rejection) => Verdict::reject(of_signing(rejection)),
            Verdict::Later(waiting) => {
                let this = self.clone();
                Verdict::Later(Box::pin(async move { this.signer(waiting.await, now) }))
            }
            Verdict::Now(trusted) => Verdict::Now(self.signer(trusted, now)),
        }
    }

    fn signer(
        &self,
        trusted: Result<TrustedCertificate, Halt>,
        now: UnixTime,
    ) -> Result<Signer, Halt> {
        let trusted = trusted.map_err(|halt| match halt {
            Halt::Reject(rejection) => Halt::Reject(of_signing(rejection)),
            answer => answer,
        })?;
        let is_silent = trusted.certificate().qc_statements().is_none();
        let psp = match is_silent && self.unidentified == Unidentified::Allow {
            true => None,
            false => Some(self.psp.identify_seal(&trusted, now).map_err(of_signing)?),
        };
        Ok(Signer { trusted, psp })
    }
}

/// The reason as it is called where a signing certificate is at fault.
fn of_signing(rejection: Rejection) -> Rejection {
    let reason = match rejection.reason() {
        // Ours, or the bank's own will.
        Reason::CertificateBlocked | Reason::RevocationUnknown | Reason::ServiceUnavailable => {
            return rejection;
        }
        Reason::CertificateExpired | Reason::CertificateNotYetValid => {
            Reason::SigningCertificateExpired
        }
        Reason::CertificateRevoked => Reason::SigningCertificateRevoked,
        _ => Reason::SigningCertificateInvalid,
    };
    Rejection::new(reason).detail(rejection.why().to_string())
}

fn invalid(why: &'static str) -> Rejection {
    Rejection::new(Reason::SigningCertificateInvalid).detail(why)
}

impl fmt::Debug for SigningCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningCertificates")
            .field("psp", &self.psp)
            .field("unidentified", &self.unidentified)
            .finish_non_exhaustive()
    }
}
