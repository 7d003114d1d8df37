//! OCSP (RFC 6960): the question whether a certificate was revoked, and what an answer is worth.
//!
//! Fetching, caching and policy are the business of whoever asks. What is read here came over a
//! network that anybody may write to, from an address that an outsider's certificate names.

mod certificate_id;
mod error;
mod extension;
mod nonce;
mod request;
mod responder_urls;
mod response;
mod signer;
mod times;
mod verdict;

#[cfg(test)]
pub(super) mod openssl_responder;
#[cfg(test)]
pub(crate) mod test_responses;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use rustls_pki_types::{InvalidSignature, UnixTime};

pub(crate) use self::{
    certificate_id::IdHash,
    error::OcspError,
    nonce::NoncePolicy,
    request::request,
    responder_urls::responder_urls,
    response::ResponseStatus,
    signer::SignerFault,
    times::{MAX_AGE, NO_NEXT_UPDATE_AGE, SKEW},
    verdict::Status,
};
use self::{certificate_id::Target, response::Basic};
use crate::cert::{Certificate, Issuer};
use crate::crypto;

/// What a response is held against.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The certificate that was asked about.
    pub(crate) certificate: &'a Certificate,
    /// The authority that signed it, as its validated path tells.
    pub(crate) issuer: &'a Issuer,
    /// The nonce of the request.
    pub(crate) sent_nonce: Option<&'a [u8]>,
    pub(crate) nonce: NoncePolicy,
    /// Responders trusted for this issuer by configuration, whoever signed their certificates.
    pub(crate) responders: &'a [Arc<Certificate>],
    pub(crate) now: UnixTime,
    /// How far the responder's clock may be off.
    pub(crate) skew: Duration,
    /// The greatest age since `thisUpdate`, even if `nextUpdate` is later.
    pub(crate) max_age: Duration,
    /// The greatest age of a response without `nextUpdate`.
    pub(crate) no_next_update_age: Duration,
}

impl<'a> Reading<'a> {
    /// With the limits of this crate, without nonce and configured responders.
    pub(crate) fn new(certificate: &'a Certificate, issuer: &'a Issuer, now: UnixTime) -> Self {
        Self {
            certificate,
            issuer,
            sent_nonce: None,
            nonce: NoncePolicy::Optional,
            responders: &[],
            now,
            skew: SKEW,
            max_age: MAX_AGE,
            no_next_update_age: NO_NEXT_UPDATE_AGE,
        }
    }
}

/// What an authorised responder said of the certificate.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: Status,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: Option<UnixTime>,
    pub(crate) produced_at: UnixTime,
    /// Until when the answer may be kept; earlier than now where it serves this once only.
    ///
    /// A revocation is kept until the certificate expires: it does not age, only a newer word of
    /// the same responder lifts it.
    pub(crate) good_until: UnixTime,
    /// The certificate of a delegated responder, where it may itself be revoked: the answer counts
    /// only once a revocation list of the issuer said that it is not.
    pub(crate) delegate: Option<Arc<Certificate>>,
}

/// Reads the body of a response, and says what it tells of the certificate.
///
/// Passes when the response is successful, basic and whole, speaks of this very certificate, was
/// signed by the issuer's own key, by a responder to whom that key delegated it or by a configured
/// one, answers the nonce, and is in its time. Does not limit the size, does not look at HTTP, and
/// does not check whether a delegated responder was itself revoked: see [`Answer::delegate`].
///
/// # Errors
///
/// [`OcspError`] with the first of these that failed. None of them is a "good".
pub(crate) fn read(response: &[u8], how: &Reading<'_>) -> Result<Answer, OcspError> {
    read_verified_by(crypto::verify_signed, response, how)
}

/// Verifies a signature over a message, by the DER of a SubjectPublicKeyInfo and of an
/// AlgorithmIdentifier.
type Verify = fn(&[u8], &[u8], &[u8], &[u8]) -> Result<(), InvalidSignature>;

fn read_verified_by(
    verify: Verify,
    response: &[u8],
    how: &Reading<'_>,
) -> Result<Answer, OcspError> {
    let target = Target::new(how.certificate, how.issuer).map_err(|_| OcspError::Malformed)?;
    let basic = Basic::from_response(response)?;
    extension::refuse_critical(&basic.data.extensions, &extension::OF_RESPONSES)?;
    let about = verdict::about(&target, &basic.data.responses)?;
    let signer = signer::authorized(verify, &basic, how)?;
    nonce::check(&basic.data.extensions, how)?;
    verdict::worst(&about, basic.data.produced_at, signer, how)
}
