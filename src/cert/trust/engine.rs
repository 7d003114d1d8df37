//! `Trust`: a verdict on certificates for one purpose.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::{Purpose, TrustedCertificate};
use crate::cert::path::companion::{Companion, Companions};
use crate::cert::path::{Path, find, form};
use crate::cert::{Anchors, Certificate, Remembered};
use crate::crypto::{Sha256, sha256};
use crate::gate::{Halt, Verdict};
use crate::reject::{Reason, Rejection};
use crate::revocation::{Checked, Revocation};

/// Judges certificates for one purpose, by anchors and by what is known of revocation.
///
/// Verdicts are remembered by the thumbprint of the leaf, for as long as every certificate of its path
/// is in its time, the anchors are the same, and revocation has nothing new to say. When
/// [`Anchors::replace`] has put in others the path is searched anew, among the certificates that the
/// present request brought; when only revocation moved, the path stands and its certificates are asked
/// for again. A refusal for want of a path stands for ten seconds for whoever presents the same
/// certificates.
///
/// One of the paths to an anchor counts, not the best: where it leads past a revoked authority the
/// certificate is refused, also if an authority that was cross-signed would lead elsewhere.
///
/// Clones share what is remembered.
#[derive(Clone)]
pub struct Trust(Arc<Inner>);

struct Inner {
    purpose: Purpose,
    anchors: Anchors,
    revocation: Revocation,
    /// By the thumbprint of the leaf.
    paths: Remembered<Known>,
    /// By the digest of all that was presented.
    refusals: Remembered<Refusal>,
    /// The issuers of the paths, by thumbprint: few, and common to many leaves.
    issuers: Remembered<Companion>,
}

/// A path that was found.
#[derive(Clone)]
struct Known {
    path: Arc<Path>,
    /// The last second at which all of it is in its time.
    until: UnixTime,
    /// The generation of the anchors it was found by.
    anchors: u64,
    /// None as long as revocation has not called it good.
    good: Option<Good>,
}

#[derive(Clone, Copy)]
struct Good {
    until: UnixTime,
    /// The generation of what revocation knew.
    revocation: u64,
}

#[derive(Clone)]
struct Refusal {
    reason: Reason,
    since: UnixTime,
    anchors: u64,
}

impl Trust {
    /// Trusts a certificate as that of a client or server of TLS; [`TrustCertificate`] says in full
    /// what passes.
    ///
    /// [`TrustCertificate`]: super::TrustCertificate
    pub fn transport(anchors: Anchors, revocation: Revocation) -> Self {
        Self::new(Purpose::Transport, anchors, revocation)
    }

    /// Trusts a certificate as that of a signer of messages: a QSealC, an OBSeal.
    ///
    /// As for [`transport`](Self::transport), but the key usage is absent, or names digitalSignature
    /// or contentCommitment (once nonRepudiation: EN 319 412-2, 4.3.2); and the extended key usage of
    /// the leaf and of each issuer is absent, as it mostly is, or names emailProtection, a usage for
    /// documents (RFC 9336, Microsoft's, Adobe's) or any. One for the sides of TLS alone is refused.
    ///
    /// Does not check that its qcStatements call it a seal: EU certificates for websites may have
    /// no extended key usage.
    pub fn seals(anchors: Anchors, revocation: Revocation) -> Self {
        Self::new(Purpose::Seal, anchors, revocation)
    }

    fn new(purpose: Purpose, anchors: Anchors, revocation: Revocation) -> Self {
        Self(Arc::new(Inner {
            purpose,
            anchors,
            revocation,
            paths: Remembered::of_trusted(),
            refusals: Remembered::of_strangers(),
            issuers: Remembered::of_trusted(),
        }))
    }

    /// Judges a certificate, with the others that came along in any order, at this time.
    ///
    /// Known at once, unless revocation has to ask somebody.
    ///
    /// # Rejections
    ///
    /// Those of [`TrustCertificate`](super::TrustCertificate).
    pub fn judge(
        &self,
        leaf: &Arc<Certificate>,
        chain: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Verdict<TrustedCertificate> {
        // Read before anything is judged: what is replaced meanwhile is looked at again.
        let anchors = self.0.anchors.generation();
        let revocation = self.0.revocation.generation();
        let known = match self.0.known(leaf, chain, anchors, now) {
            Ok(known) => known,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let trusted = TrustedCertificate { certificate: leaf.clone(), path: known.path.clone() };
        if known.good.is_some_and(|good| good.revocation == revocation && now <= good.until) {
            return Verdict::pass(trusted);
        }
        let (thumbprint, inner) = (*leaf.thumbprint(), self.0.clone());
        let remember = move |until| {
            let good = Some(Good { until, revocation });
            inner.paths.put(thumbprint, Known { good, ..known });
        };
        match self.0.revocation.check(&trusted.path, now) {
            Checked::Ask(asked) => Verdict::Later(Box::pin(async move {
                remember(asked.await.map_err(Halt::Reject)?);
                Ok(trusted)
            })),
            Checked::Good { until } => {
                remember(until);
                Verdict::pass(trusted)
            }
            Checked::Refused(rejection) => Verdict::reject(rejection),
        }
    }
}

impl Inner {
    fn known(
        &self,
        leaf: &Arc<Certificate>,
        chain: &[CertificateDer<'static>],
        anchors: u64,
        now: UnixTime,
    ) -> Result<Known, Rejection> {
        in_its_time(leaf, now)?;
        let known = self.paths.get(leaf.thumbprint());
        if let Some(known) = known.filter(|known| known.anchors == anchors && now <= known.until) {
            return Ok(known);
        }
        self.fit(leaf)?;
        let presented = digest(leaf, chain);
        if let Some(refusal) = self.refusals.get(&presented)
            && refusal.anchors == anchors
            && (refusal.since.as_secs()..refusal.since.as_secs().saturating_add(REFUSED_FOR))
                .contains(&now.as_secs())
        {
            return Err(Rejection::new(refusal.reason).detail("as a moment ago"));
        }
        let found = self.find(leaf, chain, now);
        match &found {
            Ok(known) => self.paths.put(*leaf.thumbprint(), known.clone()),
            // Chains can be made that take a hundred signature checks to refuse; one connection
            // must not ask for that with every request.
            Err(rejection) => {
                let refusal = Refusal { reason: rejection.reason(), since: now, anchors };
                self.refusals.put(presented, refusal);
            }
        }
        found
    }

    fn find(
        &self,
        leaf: &Arc<Certificate>,
        chain: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Result<Known, Rejection> {
        let anchors = self.anchors.current();
        let companions = Companions::among(chain, &self.issuers, self.purpose, now);
        let found = find::find(leaf, companions, &anchors, now)?;
        for issuer in found.issuers {
            issuer.remember(&self.issuers);
        }
        let (path, anchors) = (Arc::new(found.path), anchors.generation());
        Ok(Known { path, until: found.until, anchors, good: None })
    }

    /// What the leaf says of itself.
    fn fit(&self, leaf: &Certificate) -> Result<(), Rejection> {
        if !leaf.key_strength().is_sufficient()
            || !leaf.signature_algorithm().digest().resists_collisions()
        {
            return Err(Rejection::new(Reason::CertificateWeak));
        }
        let wrong = |why| Err(Rejection::new(Reason::CertificatePurposeWrong).detail(why));
        if leaf.is_ca() || leaf.key_usage().is_some_and(|usage| usage.cert_sign()) {
            return wrong("the certificate of an authority");
        }
        if !self.purpose.fits(leaf.key_usage()) {
            return wrong("the key usage is for something else");
        }
        if !self.purpose.permits(leaf.extended_key_usage()) {
            return wrong("the extended key usage is for something else");
        }
        form::of_leaf(leaf).map_err(|why| Rejection::new(Reason::CertificateUntrusted).detail(why))
    }
}

/// The leaf's own dates, before any cache is asked: a connection outlives its certificate.
fn in_its_time(leaf: &Certificate, now: UnixTime) -> Result<(), Rejection> {
    if now < leaf.not_before() {
        return Err(Rejection::new(Reason::CertificateNotYetValid));
    }
    if now > leaf.not_after() {
        return Err(Rejection::new(Reason::CertificateExpired));
    }
    Ok(())
}

/// All that was presented, in its order.
fn digest(leaf: &Certificate, chain: &[CertificateDer<'static>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(leaf.thumbprint());
    for certificate in chain {
        hash.update(&sha256(certificate));
    }
    hash.finish()
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("purpose", &self.0.purpose)
            .field("anchors", &self.0.anchors)
            .field("revocation", &self.0.revocation)
            .finish_non_exhaustive()
    }
}

/// How long a refusal stands without another look, in seconds.
const REFUSED_FOR: u64 = 10;
