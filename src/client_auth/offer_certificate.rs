//! `OfferCertificate`: the certificate of a connection that may have none.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use crate::cert::{Certificate, PresentCertificate, TrustCertificate, TrustedCertificate};
use crate::context::Context;
use crate::crypto::hex;
use crate::gate::{Audit, Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Takes a client certificate where there is one, for an endpoint that clients without one call too.
///
/// An authorization server may serve clients that authenticate by a certificate of an authority, by
/// a self-signed one, and by assertions with tokens bound by DPoP. Which of them calls is known only
/// once the form is read, so this step notes what the connection showed and what is to be thought of
/// it; [`AuthenticateClient::if_offered`](super::AuthenticateClient::if_offered) demands what the
/// client registered. Where every client has a certificate of an authority,
/// [`PresentCertificate`] and [`TrustCertificate`] are the steps to take.
///
/// # Passes when
///
/// There is no certificate, or one that can be read, trusted or not.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`OfferedCertificate`].
///
/// # Does not check
///
/// That the certificate is trusted: it notes the verdict. Nothing that needs a
/// [`TrustedCertificate`] can stand behind this step.
///
/// # Rejections
///
/// Those of [`PresentCertificate`] but [`Reason::CertificateMissing`].
///
/// # Specification
///
/// RFC 8705, 2; FAPI 2.0, 5.3.2.1.
///
/// ```
/// use http::Request;
/// use tower_open_banking::cert::{Anchors, PeerCertificates, PresentCertificate, TrustCertificate};
/// use tower_open_banking::client_auth::OfferCertificate;
/// use tower_open_banking::{context::Context, gate::{Rule, Verdict}, revocation::Revocation};
///
/// # let key = rcgen::KeyPair::generate()?;
/// # let mut authority = rcgen::CertificateParams::new(vec![])?;
/// # authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
/// # let root = authority.self_signed(&key)?.der().clone();
/// let trust = TrustCertificate::anchored_in(Anchors::of([root])?, Revocation::danger_off());
/// let rule = OfferCertificate::judged_by(PresentCertificate::from_tls(), trust);
/// let judged = |chain: Vec<Vec<u8>>| {
///     let peer = PeerCertificates::new(chain.into_iter().map(Into::into));
///     let (mut parts, ()) = Request::post("/token").extension(peer).body(()).unwrap().into_parts();
///     rule.check((), &mut parts, &Context::default())
/// };
/// let Verdict::Now(Ok(offered)) = judged(vec![]) else { panic!("it is not due") };
/// assert!(offered.certificate().is_none());
/// assert!(matches!(judged(vec![b"no certificate".to_vec()]), Verdict::Now(Err(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OfferCertificate {
    present: PresentCertificate,
    trust: TrustCertificate,
}

impl OfferCertificate {
    /// Takes the certificate from here, and judges it so.
    pub fn judged_by(present: PresentCertificate, trust: TrustCertificate) -> Self {
        Self { present, trust }
    }
}

impl Rule for OfferCertificate {
    const NAME: &'static str = "OfferCertificate";
    type Needs = ();
    type Leaves = OfferedCertificate;

    fn check(
        &self,
        (): Refs<'_, ()>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<OfferedCertificate> {
        let presented = match self.present.present(request) {
            Ok(presented) => presented,
            Err(why) if why.reason() == Reason::CertificateMissing => {
                return Verdict::pass(OfferedCertificate(Offer::Nothing));
            }
            Err(why) => return Verdict::reject(why),
        };
        let certificate = presented.shared();
        match self.trust.check(&presented, request, context) {
            Verdict::Flawed(_, why) => noted(certificate, Err(why.into())).into(),
            Verdict::Later(waiting) => Verdict::Later(Box::pin(async move {
                noted(certificate, waiting.await).map_err(Halt::from)
            })),
            Verdict::Now(trusted) => noted(certificate, trusted).into(),
        }
    }
}

fn noted(
    certificate: Arc<Certificate>,
    verdict: Result<TrustedCertificate, Halt>,
) -> Result<OfferedCertificate, Rejection> {
    Ok(OfferedCertificate(match verdict {
        Ok(trusted) => Offer::Trusted(trusted.shared()),
        Err(Halt::Reject(why)) => Offer::Untrusted(certificate, why),
        Err(Halt::Answer(_)) => {
            return Err(Rejection::new(Reason::CertificateUntrusted).detail("no verdict"));
        }
    }))
}

/// What the connection showed.
#[derive(Clone)]
pub(super) enum Offer {
    Nothing,
    Trusted(Arc<Certificate>),
    Untrusted(Arc<Certificate>, Rejection),
}

/// The certificate of the connection, if it has one, and what is to be thought of it.
pub struct OfferedCertificate(pub(super) Offer);

impl OfferedCertificate {
    /// The certificate, trusted or not.
    pub fn certificate(&self) -> Option<&Certificate> {
        match &self.0 {
            Offer::Nothing => None,
            Offer::Trusted(certificate) | Offer::Untrusted(certificate, _) => Some(certificate),
        }
    }

    /// The certificate, if it is trusted.
    pub fn trusted(&self) -> Option<&Certificate> {
        match &self.0 {
            Offer::Trusted(certificate) => Some(certificate),
            Offer::Nothing | Offer::Untrusted(..) => None,
        }
    }
}

impl Evidence for OfferedCertificate {
    fn audit(&self, line: &mut Audit) {
        if let Some(certificate) = self.certificate() {
            line.field("thumbprint", hex(certificate.thumbprint()));
        }
    }
}

impl fmt::Debug for OfferedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A subject may be a person.
        f.write_str(match self.0 {
            Offer::Nothing => "OfferedCertificate(none)",
            Offer::Trusted(_) => "OfferedCertificate(trusted)",
            Offer::Untrusted(..) => "OfferedCertificate(untrusted)",
        })
    }
}

rule_layers!(OfferCertificate);
