//! `TrustCertificate`: a path to an anchor, in its time, for this purpose, not revoked.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::{Anchors, Certificate, ClientCertificate, Path, Remembered};
use crate::context::Context;
use crate::crypto::{Sha256, sha256, webpki_algorithms};
use crate::gate::{Evidence, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::revocation::Revocation;

/// Trusts a client certificate.
///
/// # Passes when
///
/// - there is a path of signatures from the certificate to a configured anchor (RFC 5280, 6, by
///   webpki: basic constraints, name constraints, key usage of the issuers, at most six of them);
/// - now lies within the dates of the certificate, judged at every request, and of its issuers
///   below the anchor;
/// - it is not an authority's own, and its extended key usage is absent, or names serverAuth,
///   clientAuth or any: browser programmes take clientAuth out of public certificates, so a website
///   certificate serves as client certificate. Issuers may narrow it down, but not to others;
/// - its key usage is absent, or names digitalSignature;
/// - its key has at least 2048 (RSA) or 256 (curves) bits, and its signature is not over SHA-1;
/// - for it and each of its issuers below the anchor there is a revocation list that is in its time,
///   and the newest one does not name it; or revocation is [`Revocation::danger_off`].
///
/// # Needs and leaves
///
/// Needs [`ClientCertificate`]; leaves [`TrustedCertificate`].
///
/// # Does not check
///
/// Whose certificate it is, its names, its qcStatements; OCSP. The anchor itself: its dates, its key
/// usage and whether it is revoked are the bank's to know.
///
/// # Rejections
///
/// [`Reason::CertificateExpired`], [`Reason::CertificateNotYetValid`],
/// [`Reason::CertificatePurposeWrong`], [`Reason::CertificateRevoked`],
/// [`Reason::CertificateUntrusted`], [`Reason::CertificateWeak`], and
/// [`Reason::RevocationUnknown`] where no current list speaks of it, or a list is from the future.
/// A refusal for want of a path stands for ten seconds for whoever presents the same certificates.
///
/// # Specification
///
/// RFC 5280, 6; ETSI TS 119 495; FAPI 1.0 Advanced, 8.5.
///
/// ```
/// use http::{Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::{body::Body, cert::*, gate::Gate, reject::Problem};
/// use tower_open_banking::revocation::Revocation;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// # let name = || ["tpp.example".to_owned()];
/// # let known = rcgen::generate_simple_self_signed(name())?.cert.der().clone();
/// # let stranger = rcgen::generate_simple_self_signed(name())?.cert.der().clone();
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let anchors = Anchors::of([known.clone()])?;
/// let gate = Gate::new(Problem::default())
///     .then(PresentCertificate::from_tls())
///     .then(TrustCertificate::anchored_in(anchors, Revocation::danger_off()))
///     .build()?;
/// for (certificate, status) in [(known, StatusCode::OK), (stranger, StatusCode::UNAUTHORIZED)] {
///     let request = Request::get("/").extension(PeerCertificates::new([certificate]));
///     let answer = gate.layer(handler).oneshot(request.body(Body::empty())?).await?;
///     assert_eq!(answer.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TrustCertificate(Arc<Judge>);

struct Judge {
    anchors: Anchors,
    revocation: Revocation,
    /// Good paths by thumbprint, each with the last second for which it was found good.
    verdicts: Remembered<UnixTime>,
    /// Refusals by the digest of all that was presented, each with the second it was found.
    refusals: Remembered<(UnixTime, Reason)>,
}

impl TrustCertificate {
    /// Trusts what leads to these anchors and is not revoked.
    pub fn anchored_in(anchors: Anchors, revocation: Revocation) -> Self {
        Self(Arc::new(Judge {
            anchors,
            revocation,
            verdicts: Remembered::of_trusted(),
            refusals: Remembered::of_strangers(),
        }))
    }

    fn judge(&self, client: &ClientCertificate, now: UnixTime) -> Result<(), Rejection> {
        let leaf = client.certificate();
        in_its_time(leaf, now)?;
        let known = self.0.verdicts.get(leaf.thumbprint());
        if known.is_some_and(|good_until| now <= good_until) {
            return Ok(());
        }
        fit_for_transport(leaf)?;
        let presented = digest(client);
        if let Some((since, reason)) = self.0.refusals.get(&presented)
            && (since.as_secs()..since.as_secs().saturating_add(REFUSED_FOR))
                .contains(&now.as_secs())
        {
            return Err(Rejection::new(reason).detail("as a moment ago"));
        }
        match self.0.path(leaf, client.chain(), now) {
            Ok(good_until) => {
                self.0.verdicts.put(*leaf.thumbprint(), good_until);
                Ok(())
            }
            Err(rejection) => {
                // Chains can be made that take a hundred signature checks to refuse; one connection
                // must not ask for that with every request.
                self.0.refusals.put(presented, (now, rejection.reason()));
                Err(rejection)
            }
        }
    }
}

/// All that the client presented, in its order.
fn digest(client: &ClientCertificate) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(client.certificate().thumbprint());
    for certificate in client.chain() {
        hash.update(&sha256(certificate));
    }
    hash.finish()
}

impl Rule for TrustCertificate {
    const NAME: &'static str = "TrustCertificate";
    type Needs = ClientCertificate;
    type Leaves = TrustedCertificate;

    fn check(
        &self,
        client: &ClientCertificate,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<TrustedCertificate> {
        let trusted = || TrustedCertificate::assertion(client);
        self.judge(client, context.now()).map(|()| trusted()).into()
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

fn fit_for_transport(leaf: &Certificate) -> Result<(), Rejection> {
    if !leaf.key_strength().is_sufficient()
        || !leaf.signature_algorithm().digest().resists_collisions()
    {
        return Err(Rejection::new(Reason::CertificateWeak));
    }
    // RFC 5280, 4.2.1.3: the key signs the handshake.
    if leaf.key_usage().is_some_and(|usage| !usage.digital_signature()) {
        return Err(purpose_wrong("key usage without digitalSignature"));
    }
    Ok(())
}

fn purpose_wrong(why: &'static str) -> Rejection {
    Rejection::new(Reason::CertificatePurposeWrong).detail(why)
}

/// The extended key usage of a client, on the leaf and on every issuer that restricts it.
struct TransportUsage;

impl ExtendedKeyUsageValidator for TransportUsage {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut empty = true;
        for purpose in purposes {
            empty = false;
            let oid: Vec<usize> = purpose?.to_decoded_oid();
            if [SERVER_AUTH, CLIENT_AUTH, ANY_USAGE].contains(&oid.as_slice()) {
                return Ok(());
            }
        }
        match empty {
            true => Ok(()),
            false => Err(NO_SIDE_OF_TLS),
        }
    }
}

impl Judge {
    /// Finds a path; answers until when it is good without another look.
    fn path(
        &self,
        leaf: &Certificate,
        chain: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Result<UnixTime, Rejection> {
        let untrusted = |error: Error| Rejection::new(Reason::CertificateUntrusted).source(error);
        let end_entity = EndEntityCert::try_from(leaf.der()).map_err(untrusted)?;
        let lists = self.revocation.lists();
        let options = self.revocation.options(&lists, now)?;
        let path = end_entity
            .verify_for_usage(
                webpki_algorithms(),
                self.anchors.as_webpki(),
                chain,
                now,
                TransportUsage,
                options,
                None,
            )
            .map_err(refusal)?;
        self.revocation.tells_of(leaf, end_entity.issuer())?;
        let mut good_until = leaf.not_after();
        for found in path.intermediate_certificates() {
            let issuer = Certificate::from_der(&found.der())
                .map_err(|error| Rejection::new(Reason::CertificateUntrusted).source(error))?;
            self.revocation.tells_of(&issuer, found.issuer())?;
            // RFC 5280, 6.1.4 (n): webpki looks at the basic constraints and leaves this out.
            if issuer.key_usage().is_some_and(|usage| !usage.cert_sign()) {
                return Err(Rejection::new(Reason::CertificateUntrusted)
                    .detail("an issuer's key usage without keyCertSign"));
            }
            good_until = good_until.min(issuer.not_after());
        }
        Ok(good_until.min(self.revocation.good_until()))
    }
}

fn refusal(error: Error) -> Rejection {
    let reason = match error {
        Error::CertRevoked => Reason::CertificateRevoked,
        // The list, not the certificate, is at fault: one by another key of the issuer's name, by a
        // key that is not for lists, or with an algorithm that is not accepted.
        Error::CrlExpired { .. }
        | Error::InvalidCrlSignatureForPublicKey
        | Error::IssuerNotCrlSigner
        | Error::UnknownRevocationStatus
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            Reason::RevocationUnknown
        }
        Error::CaUsedAsEndEntity | Error::EmptyEkuExtension | NO_SIDE_OF_TLS => {
            Reason::CertificatePurposeWrong
        }
        _ => Reason::CertificateUntrusted,
    };
    Rejection::new(reason).source(error)
}

/// A certificate with a path to an anchor of this bank, in its time and not revoked.
pub struct TrustedCertificate {
    certificate: Arc<Certificate>,
    path: Arc<Path>,
}

impl TrustedCertificate {
    /// Asserts that a certificate is trusted: the door for a rule of your own in the place of
    /// [`TrustCertificate`]. Every origin of trust is found by searching for this name.
    ///
    /// Checks nothing, and has no path: [`IdentifyPsp`](crate::eidas::IdentifyPsp) finds no issuer
    /// of such a certificate in the trusted lists.
    pub fn assertion(presented: &ClientCertificate) -> Self {
        Self::without_path(presented.shared())
    }

    #[cfg(test)]
    pub(crate) fn of(certificate: Certificate) -> Self {
        Self::without_path(Arc::new(certificate))
    }

    fn without_path(certificate: Arc<Certificate>) -> Self {
        Self { certificate, path: Arc::new(Path::assertion(Vec::new())) }
    }

    #[cfg(test)]
    pub(crate) fn through(certificate: Arc<Certificate>, path: Arc<Path>) -> Self {
        Self { certificate, path }
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The path that was found; without links where the trust was [asserted](Self::assertion).
    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    pub(crate) fn shared(&self) -> Arc<Certificate> {
        self.certificate.clone()
    }
}

impl Evidence for TrustedCertificate {}

impl fmt::Debug for TrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A subject may be a person.
        f.debug_struct("TrustedCertificate").finish_non_exhaustive()
    }
}

impl fmt::Debug for TrustCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustCertificate")
            .field("revocation", &self.0.revocation)
            .finish_non_exhaustive()
    }
}

rule_layers!(TrustCertificate);

/// The variant that took its place carries what was wanted, and cannot be made outside webpki.
#[allow(deprecated)]
const NO_SIDE_OF_TLS: Error = Error::RequiredEkuNotFound;

/// How long a refusal stands without another look, in seconds.
const REFUSED_FOR: u64 = 10;
const ANY_USAGE: &[usize] = &[2, 5, 29, 37, 0];
const CLIENT_AUTH: &[usize] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];
const SERVER_AUTH: &[usize] = &[1, 3, 6, 1, 5, 5, 7, 3, 1];

#[cfg(test)]
mod tests;
