//! Who may sign a response (RFC 6960, 4.2.2.2).

use std::{cell::OnceCell, iter, sync::Arc};

use rustls_pki_types::UnixTime;

use super::certificate_id::key_bits;
use super::response::{Basic, ResponderId};
use super::{OcspError, Reading, Verify};
use crate::cert::{Certificate, Fields, Name, Oid};
use crate::crypto::sha1_for_identification;

/// Who signed a response, and was allowed to.
pub(super) enum Signer {
    /// One that the configuration trusts.
    Configured(Arc<Certificate>),
    /// One to whom the issuer gave a certificate for this.
    Delegate(Arc<Certificate>),
    /// The issuer's own key.
    Issuer,
}

impl Signer {
    /// The last second at which its word counts.
    pub(super) fn not_after(&self) -> Option<UnixTime> {
        match self {
            Self::Configured(certificate) | Self::Delegate(certificate) => {
                Some(certificate.not_after())
            }
            Self::Issuer => None,
        }
    }

    /// The certificate that has to be checked for revocation before the signer is believed.
    pub(super) fn unchecked(self) -> Option<Arc<Certificate>> {
        match self {
            Self::Delegate(certificate) => {
                // RFC 6960, 4.2.2.2.1: such a signer is trusted for its certificate's lifetime.
                let no_check = certificate.extension(NO_CHECK);
                let trusted = no_check.is_some_and(|extension| extension.value() == NULL);
                (!trusted).then_some(certificate)
            }
            Self::Configured(_) | Self::Issuer => None,
        }
    }
}

/// Finds the signer among those whom the response names.
///
/// A certificate that merely chains to the same anchor as the issuer's is nobody here: every client
/// of the authority has one.
pub(super) fn authorized(
    verify: Verify,
    response: &Basic<'_>,
    how: &Reading<'_>,
) -> Result<Signer, OcspError> {
    let search = Search { verify, response, how, name: OnceCell::new() };
    let configured = how.responders.iter().map(|responder| search.configured(responder));
    let issuer = iter::once_with(|| search.issuer());
    let embedded = response.certificates.iter().filter(|der| search.is_named(der));
    let delegates = embedded.take(MOST_DELEGATES).map(|der| search.delegate(der));
    let mut closest = Failure::NotAuthorized(SignerFault::NotFound);
    for attempt in configured.chain(issuer).chain(delegates) {
        match attempt {
            Ok(signer) => return Ok(signer),
            Err(failure) => closest = closest.max(failure),
        }
    }
    Err(match closest {
        Failure::BadSignature => OcspError::BadSignature,
        Failure::NotAuthorized(fault) => OcspError::SignerNotAuthorized(fault),
    })
}

/// Why nobody whom the response names may sign it, from what is looked at first to what is looked
/// at last: of several certificates, the one that came farthest is told of.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub(crate) enum SignerFault {
    #[error("nobody known is named so")]
    NotFound,
    #[error("its certificate cannot be read")]
    Unreadable,
    #[error("its certificate is by another issuer")]
    OtherIssuer,
    #[error("its certificate is not for OCSP")]
    NotForOcsp,
    #[error("its certificate is out of its time")]
    OutOfTime,
    #[error("its certificate has a critical extension that is not known")]
    CriticalExtension,
    #[error("another key than the issuer's signed its certificate")]
    OtherKey,
}

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Failure {
    NotAuthorized(SignerFault),
    BadSignature,
}

struct Search<'a> {
    verify: Verify,
    response: &'a Basic<'a>,
    how: &'a Reading<'a>,
    /// The name in the ResponderID, read when it is needed.
    name: OnceCell<Option<Name>>,
}

impl Search<'_> {
    fn configured(&self, responder: &Arc<Certificate>) -> Result<Signer, Failure> {
        let named = self.names(responder.subject_der(), responder.spki_der());
        demand(named, SignerFault::NotFound)?;
        demand(self.is_in_time(responder), SignerFault::OutOfTime)?;
        self.signed_by(responder.spki_der())?;
        Ok(Signer::Configured(Arc::clone(responder)))
    }

    /// By the key that signed the certificate: not by a newer one of the same name.
    fn issuer(&self) -> Result<Signer, Failure> {
        let issuer = self.how.issuer;
        demand(self.names(issuer.name(), issuer.spki()), SignerFault::NotFound)?;
        self.signed_by(issuer.spki())?;
        Ok(Signer::Issuer)
    }

    fn delegate(&self, der: &[u8]) -> Result<Signer, Failure> {
        let unreadable = Failure::NotAuthorized(SignerFault::Unreadable);
        let certificate = Certificate::from_der(der).map_err(|_| unreadable)?;
        let fields = Fields::of(der).map_err(|_| unreadable)?;
        let by_issuer = certificate.issuer().matches(self.how.certificate.issuer());
        demand(by_issuer, SignerFault::OtherIssuer)?;
        demand(is_for_ocsp(&certificate), SignerFault::NotForOcsp)?;
        demand(self.is_in_time(&certificate), SignerFault::OutOfTime)?;
        let known = certificate.critical_extensions().all(|oid| UNDERSTOOD.contains(&oid));
        demand(known, SignerFault::CriticalExtension)?;
        // The same key as that of the certificate in question, not only the same name.
        let Fields { algorithm, tbs, signature, .. } = fields;
        let issued = (self.verify)(self.how.issuer.spki(), algorithm, tbs, signature);
        demand(issued.is_ok(), SignerFault::OtherKey)?;
        self.signed_by(certificate.spki_der())?;
        Ok(Signer::Delegate(Arc::new(certificate)))
    }

    fn signed_by(&self, spki: &[u8]) -> Result<(), Failure> {
        let Basic { signed, algorithm, signature, .. } = self.response;
        (self.verify)(spki, algorithm, signed, signature).map_err(|_| Failure::BadSignature)
    }

    fn is_in_time(&self, certificate: &Certificate) -> bool {
        (certificate.not_before()..=certificate.not_after()).contains(&self.how.now)
    }

    fn is_named(&self, certificate: &[u8]) -> bool {
        Fields::of(certificate).is_ok_and(|fields| self.names(fields.subject, fields.spki))
    }

    /// Whether the ResponderID fits; by key it is SHA-1 whatever the CertID is hashed with.
    fn names(&self, subject: &[u8], spki: &[u8]) -> bool {
        match self.response.data.responder {
            ResponderId::ByKey(hash) => {
                key_bits(spki).is_ok_and(|key| sha1_for_identification(key) == hash)
            }
            ResponderId::ByName(name) if name == subject => true,
            ResponderId::ByName(name) => {
                let name = self.name.get_or_init(|| Name::from_der(name).ok()).as_ref();
                let subject = Name::from_der(subject).ok();
                name.zip(subject).is_some_and(|(name, subject)| name.matches(&subject))
            }
        }
    }
}

fn demand(fact: bool, otherwise: SignerFault) -> Result<(), Failure> {
    if fact { Ok(()) } else { Err(Failure::NotAuthorized(otherwise)) }
}

/// The purpose has to be there by name: `anyExtendedKeyUsage` does not delegate (RFC 6960,
/// 4.2.2.2), nor does a certificate without purposes.
fn is_for_ocsp(certificate: &Certificate) -> bool {
    let purposes = certificate.extended_key_usage().unwrap_or_default();
    // RFC 5280, 4.2.1.12: a key usage has to agree with the purpose.
    let signs = certificate
        .key_usage()
        .is_none_or(|usage| usage.digital_signature() || usage.content_commitment());
    purposes.contains(&OCSP_SIGNING) && signs
}

/// Honest responders send one certificate, or two during a change; each costs two signatures.
const MOST_DELEGATES: usize = 8;

const NO_CHECK: Oid = Oid::literal("1.3.6.1.5.5.7.48.1.5");
const NULL: &[u8] = &[5, 0];
const OCSP_SIGNING: Oid = Oid::literal("1.3.6.1.5.5.7.3.9");

/// What is looked at above, and what cannot make a directly issued certificate any less.
const UNDERSTOOD: [Oid; 6] = [
    // Key usage, extended key usage.
    Oid::literal("2.5.29.15"),
    Oid::literal("2.5.29.37"),
    // Basic constraints, subject alternative name, certificate policies.
    Oid::literal("2.5.29.19"),
    Oid::literal("2.5.29.17"),
    Oid::literal("2.5.29.32"),
    NO_CHECK,
];
