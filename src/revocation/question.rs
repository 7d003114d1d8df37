//! Whom to ask about a certificate.

use std::sync::Arc;

use http::Uri;

use super::crl::distribution_points;
use super::ocsp::responder_urls;
use crate::cert::{Issuer, Link};
use crate::crypto::Sha256;

/// What tells one question from another: the authority by key and name, the certificate where it
/// is about one, and the address.
pub(super) type QuestionKey = [u8; 32];

/// One question to one place.
///
/// The places stand in a certificate that an outsider presents: they are read from those whose path
/// was found good, and from no others.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) about: About,
    pub(super) uri: Uri,
    pub(super) key: QuestionKey,
}

#[derive(Clone)]
pub(super) enum About {
    /// A responder is asked about one certificate.
    Certificate(Link),
    /// A list is about all certificates of its issuer.
    ListOf(Arc<Issuer>),
}

impl Question {
    /// To the responders that a certificate names. An address that cannot be read is none.
    pub(super) fn to_responders(link: &Link) -> impl Iterator<Item = Self> {
        let key = certificate_key(link);
        let uris = uris(responder_urls(&link.certificate));
        uris.map(move |uri| Self {
            key: question_key(b"ocsp", &key, &uri),
            about: About::Certificate(link.clone()),
            uri,
        })
    }

    /// For the lists that a certificate names.
    pub(super) fn for_lists(link: &Link) -> impl Iterator<Item = Self> {
        let uris = uris(distribution_points(&link.certificate));
        uris.map(|uri| Self::for_list(&link.issuer, uri))
    }

    /// For a list of this issuer.
    pub(super) fn for_list(issuer: &Arc<Issuer>, uri: Uri) -> Self {
        let key = question_key(b"list", &authority_key(issuer), &uri);
        Self { about: About::ListOf(issuer.clone()), uri, key }
    }
}

/// Never the serial alone, nor the issuer's name alone: either may be anybody's.
pub(super) fn certificate_key(link: &Link) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(&authority_key(&link.issuer));
    hash.update(link.certificate.serial());
    hash.finish()
}

fn authority_key(issuer: &Issuer) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(issuer.spki_sha256());
    hash.update(issuer.name());
    hash.finish()
}

fn question_key(method: &[u8; 4], subject: &[u8; 32], uri: &Uri) -> QuestionKey {
    let mut hash = Sha256::new();
    hash.update(method);
    hash.update(subject);
    hash.update(uri.to_string().as_bytes());
    hash.finish()
}

fn uris<T: AsRef<str>>(urls: Vec<T>) -> impl Iterator<Item = Uri> {
    urls.into_iter().filter_map(|url| url.as_ref().parse().ok()).take(MOST_PLACES)
}

/// How many places of one kind are asked about one certificate.
const MOST_PLACES: usize = 4;
