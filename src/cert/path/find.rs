//! Finds a path of signatures from a leaf to an anchor.

use std::ptr;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::climb::{Climb, Way};
use super::companion::{Companion, Companions};
use super::{Link, Path, form};
use crate::cert::Certificate;
use crate::cert::anchors::{Anchor, AnchorSet};
use crate::crypto::webpki_algorithms;
use crate::reject::{Reason, Rejection};

/// A path that was found.
pub(in crate::cert) struct Found {
    pub(in crate::cert) path: Path,
    /// The issuers below the anchor.
    pub(in crate::cert) issuers: Vec<Companion>,
    /// The last second at which every certificate of it is in its time.
    pub(in crate::cert) until: UnixTime,
}

/// Finds a path (RFC 5280, 6) at this time. The companions are those that may issue; the leaf's own
/// form, dates and purpose are the caller's.
///
/// webpki looks first. It does not process policies, and refuses every certificate in which they are
/// critical, as they are in one of seven authorities of the trusted lists. Where there are such
/// certificates we climb ourselves.
pub(in crate::cert) fn find(
    leaf: &Arc<Certificate>,
    companions: Companions,
    anchors: &AnchorSet,
    now: UnixTime,
) -> Result<Found, Rejection> {
    let Companions { fit, complaint } = companions;
    let children: Vec<_> =
        [&**leaf].into_iter().chain(fit.iter().map(|issuer| &*issuer.certificate)).collect();
    let candidates = anchors.candidates(&children);
    let untrusted = || Rejection::new(Reason::CertificateUntrusted);
    let complain = |rejection| complaint.unwrap_or(rejection);
    if candidates.is_empty() {
        return Err(complain(untrusted().detail("no anchor has the name of an issuer")));
    }
    let found = match by_webpki(leaf, &fit, &candidates, now) {
        Err(_) if children.iter().any(|one| form::has_critical_policies(one)) => {
            Climb::from(leaf, &fit, &candidates).map_err(|why| untrusted().detail(why))
        }
        found => found.map_err(|error| untrusted().source(error)),
    };
    let (issuers, anchor) = found.map_err(complain)?;
    Ok(Found::along(leaf, issuers, anchor))
}

fn by_webpki<'a>(
    leaf: &Certificate,
    companions: &'a [Companion],
    candidates: &[&'a Anchor],
    now: UnixTime,
) -> Result<Way<'a>, Error> {
    let anchors: Vec<_> = candidates.iter().map(|anchor| anchor.as_webpki()).collect();
    let ders = companions.iter().map(|companion| companion.certificate.der().as_ref());
    let ders: Vec<_> = ders.map(CertificateDer::from).collect();
    let leaf = EndEntityCert::try_from(leaf.der())?;
    let algorithms = webpki_algorithms();
    let path =
        leaf.verify_for_usage(algorithms, &anchors, &ders, now, UsageIsJudged, None, None)?;
    let companion = |der: &[u8]| companions.iter().find(|one| **one.certificate.der() == *der);
    let issuers = path.intermediate_certificates().map(|found| companion(&found.der()));
    let place = anchors.iter().position(|anchor| ptr::eq(anchor, path.anchor()));
    let anchor = place.and_then(|place| candidates.get(place));
    issuers.collect::<Option<_>>().zip(anchor.copied()).ok_or(Error::UnknownIssuer)
}

impl Found {
    fn along(leaf: &Arc<Certificate>, issuers: Vec<&Companion>, anchor: &Anchor) -> Self {
        let signers = issuers.iter().map(|companion| &companion.issuer).chain([anchor.issuer()]);
        let certificates = [leaf].into_iter().chain(issuers.iter().map(|one| &one.certificate));
        let links: Vec<_> = certificates
            .zip(signers)
            .map(|(certificate, issuer)| Link {
                certificate: certificate.clone(),
                issuer: issuer.clone(),
            })
            .collect();
        let ends = links.iter().map(|link| link.certificate.not_after());
        let until = ends.min().unwrap_or_else(|| leaf.not_after());
        let issuers = issuers.into_iter().cloned().collect();
        Self { path: Path::assertion(links), issuers, until }
    }
}

/// The purpose of the leaf and of each companion was judged before any of them came here.
struct UsageIsJudged;

impl ExtendedKeyUsageValidator for UsageIsJudged {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}
