//! What the response says of the certificate.

use rustls_pki_types::UnixTime;

use super::certificate_id::Target;
use super::response::SingleResponse;
use super::signer::Signer;
use super::times::{self, Times};
use super::{Answer, OcspError, Reading, extension};

/// `CertStatus` of RFC 6960, 4.2.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    /// Not known to be revoked; not even known to be issued.
    Good,
    /// Revoked, or on hold, or never issued.
    Revoked {
        since: UnixTime,
        /// A `CRLReason` of RFC 5280, 5.3.1, or a number that is none: it revokes all the same.
        reason: Option<u8>,
    },
    /// The responder does not know the certificate. Not good.
    Unknown,
}

/// The single responses for the certificate. Those for others are passed over, critical extensions
/// and all.
pub(super) fn about<'a, 'r>(
    target: &Target<'_>,
    responses: &'r [SingleResponse<'a>],
) -> Result<Vec<&'r SingleResponse<'a>>, OcspError> {
    let about: Vec<_> = responses.iter().filter(|single| target.is(&single.id)).collect();
    for single in &about {
        extension::refuse_critical(&single.extensions, &extension::OF_SINGLE_RESPONSES)?;
    }
    if about.is_empty() { Err(OcspError::NotForThisCertificate) } else { Ok(about) }
}

/// The worst of several words on one certificate: a revocation before all, then one that is of no
/// worth, then "unknown", then the "good" that ends first.
pub(super) fn worst(
    about: &[&SingleResponse<'_>],
    produced_at: UnixTime,
    signer: Signer,
    how: &Reading<'_>,
) -> Result<Answer, OcspError> {
    let words = about.iter().map(|single| {
        let times = Times::of(single, produced_at);
        good_until(single.status, &times, &signer, how).map(|until| (*single, until))
    });
    let worst = words.min_by_key(|word| match word {
        Ok((single, until)) => match single.status {
            Status::Revoked { .. } => (0, until.as_secs()),
            Status::Unknown => (2, until.as_secs()),
            Status::Good => (3, until.as_secs()),
        },
        Err(_) => (1, 0),
    });
    let (single, good_until) = worst.ok_or(OcspError::NotForThisCertificate)??;
    Ok(Answer {
        status: single.status,
        this_update: single.this_update,
        next_update: single.next_update,
        produced_at,
        good_until,
        delegate: signer.unchecked(),
    })
}

fn good_until(
    status: Status,
    times: &Times,
    signer: &Signer,
    how: &Reading<'_>,
) -> Result<UnixTime, OcspError> {
    times.plausible(how)?;
    // A certificate that was revoked does not become good by the responder's silence.
    if let Status::Revoked { .. } = status {
        return Ok(how.certificate.not_after());
    }
    let mut until = times.good_until(how)?;
    if status == Status::Unknown {
        // The certificate may be too new for the responder.
        until = until.min(times::soon(how));
    }
    Ok(signer.not_after().map_or(until, |end| until.min(end)))
}
