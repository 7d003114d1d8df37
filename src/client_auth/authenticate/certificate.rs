//! What a certificate proves of a client, by its method.

use std::sync::Arc;

use rustls_pki_types::UnixTime;

use super::super::offer_certificate::Offer;
use super::failed;
use crate::cert::{Certificate, CertificateMatch, Client};
use crate::reject::{Reason, Rejection};

/// The certificate to which the tokens of a client are to be bound, where it shows one.
pub(super) async fn shown(
    offer: Offer,
    client: &Client,
    now: UnixTime,
) -> Result<Option<Arc<Certificate>>, Rejection> {
    match offer {
        Offer::Nothing => Ok(None),
        offer => issued(offer, client, now).await.map(Some),
    }
}

/// RFC 8705, 2.1: of an authority, and the client's.
pub(super) async fn issued(
    offer: Offer,
    client: &Client,
    now: UnixTime,
) -> Result<Arc<Certificate>, Rejection> {
    match offer {
        Offer::Nothing => Err(failed("no certificate")),
        Offer::Untrusted(_, why) => Err(untrusted(why)),
        Offer::Trusted(certificate) => match is_of(client, &certificate, now).await? {
            true => Ok(certificate),
            false => Err(failed("the certificate is not that of the client")),
        },
    }
}

async fn is_of(
    client: &Client,
    certificate: &Certificate,
    now: UnixTime,
) -> Result<bool, Rejection> {
    let known = client.certificate().matches(certificate, now).answer().await;
    known.map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))
}

/// A verdict that was not to be had is our fault; any other would tell that the client exists.
fn untrusted(why: Rejection) -> Rejection {
    match why.reason() {
        Reason::RevocationUnknown | Reason::ServiceUnavailable => why,
        _ => failed(format!("the certificate is refused: {}", why.why())),
    }
}

/// RFC 8705, 2.2: registered itself. Whoever makes a certificate gives it what names he likes.
pub(super) async fn self_signed(
    offer: Offer,
    client: &Client,
    now: UnixTime,
) -> Result<Arc<Certificate>, Rejection> {
    let certificate = match offer {
        Offer::Nothing => return Err(failed("no certificate")),
        Offer::Trusted(certificate) | Offer::Untrusted(certificate, _) => certificate,
    };
    if !is_pinned(client.certificate()) || !is_of(client, &certificate, now).await? {
        return Err(failed("the certificate is not registered for the client"));
    }
    if now < certificate.not_before() {
        return Err(failed("the certificate is not valid yet"));
    }
    if now > certificate.not_after() {
        return Err(failed("the certificate has expired"));
    }
    if !certificate.key_strength().is_sufficient() {
        return Err(failed("the key of the certificate is too weak"));
    }
    Ok(certificate)
}

/// Whether a certificate is known by itself, and not by a name that somebody must vouch for.
fn is_pinned(registered: &CertificateMatch) -> bool {
    matches!(
        registered,
        CertificateMatch::RegisteredCertificates(_)
            | CertificateMatch::RegisteredKeys(_)
            | CertificateMatch::Thumbprint(_)
    )
}
