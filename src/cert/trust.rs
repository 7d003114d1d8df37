//! `TrustCertificate`: a path to an anchor, in its time, for this purpose, not revoked.

mod engine;
mod purpose;

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

pub use self::engine::Trust;
pub(super) use self::purpose::Purpose;
use super::{Anchors, Certificate, ClientCertificate, Name, Path};
use crate::context::Context;
use crate::gate::{Evidence, Rule, Verdict, rule_layers};
#[cfg(doc)]
use crate::reject::Reason;
use crate::revocation::Revocation;

/// Trusts a client certificate.
///
/// # Passes when
///
/// - there is a path of signatures from the certificate to a configured anchor (RFC 5280, 6: basic
///   constraints, name constraints, key usage of the issuers, at most six of them below the anchor).
///   Of what came along the first sixteen certificates are looked at, in any order;
/// - where certificates of the path have critical policies, these hold together: a policy that one of
///   them demands is there, for any policy. OpenSSL says so; without such a certificate webpki alone
///   has found the path;
/// - no certificate of the path has an unknown critical extension or a negative serial number;
/// - now lies within the dates of the certificate, judged at every request, and of its issuers
///   below the anchor;
/// - it is not an authority's own, and its extended key usage is absent, or names serverAuth,
///   clientAuth or any: browser programmes take clientAuth out of public certificates, so a website
///   certificate serves as client certificate. Issuers may narrow it down, but not to others;
/// - its key usage is absent, or names digitalSignature;
/// - its key has at least 2048 (RSA) or 256 (curves) bits, and its signature is not over SHA-1;
/// - [`Revocation`] calls it and each of its issuers below the anchor good.
///
/// # Needs and leaves
///
/// Needs [`ClientCertificate`]; leaves [`TrustedCertificate`].
///
/// # Does not check
///
/// Whose certificate it is, its names, its qcStatements. The anchor itself: its dates and whether it
/// is revoked are the bank's to know.
///
/// # Rejections
///
/// [`Reason::CertificateExpired`], [`Reason::CertificateNotYetValid`],
/// [`Reason::CertificatePurposeWrong`], [`Reason::CertificateRevoked`],
/// [`Reason::CertificateUntrusted`], [`Reason::CertificateWeak`], and those of [`Revocation`].
/// [`Trust`] says for how long a verdict stands.
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
/// # use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
/// # let mut parameters = CertificateParams::new(vec!["ca.example".to_owned()])?;
/// # parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
/// # let authority = KeyPair::generate()?;
/// # let root = parameters.self_signed(&authority)?.der().clone();
/// # let (tpp, key) = (CertificateParams::new(vec!["tpp.example".to_owned()])?, KeyPair::generate()?);
/// # let known = tpp.signed_by(&key, &Issuer::from_params(&parameters, &authority))?.der().clone();
/// # let stranger = tpp.self_signed(&key)?.der().clone();
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let anchors = Anchors::of([root])?;
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
pub struct TrustCertificate(Trust);

impl TrustCertificate {
    /// Trusts what leads to these anchors and is not revoked.
    pub fn anchored_in(anchors: Anchors, revocation: Revocation) -> Self {
        Self(Trust::transport(anchors, revocation))
    }
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
        self.0.judge(&client.shared(), client.chain(), context.now())
    }
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
    /// in it that a trusted list could name.
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

    /// The names of the authorities from the issuer to the anchor, as far as there is a path: the
    /// subject of each, as the certificate below it knows it.
    pub fn issuers(&self) -> impl Iterator<Item = &Name> {
        self.path.links().iter().map(|link| link.certificate.issuer())
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
        f.debug_tuple("TrustCertificate").field(&self.0).finish()
    }
}

rule_layers!(TrustCertificate);

#[cfg(test)]
mod tests;
