//! Certificates for which no revocation data exists, by choice of their issuers or of this bank.

use std::collections::BTreeSet;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::IssuerKey;
use super::standing::FOREVER;
use crate::cert::{Link, Oid};

/// Whom nobody is asked about.
#[derive(Clone, Default)]
pub(super) struct Exempt {
    pub(super) issuers: BTreeSet<IssuerKey>,
    pub(super) short_lived: BTreeSet<IssuerKey>,
    pub(super) longest: Duration,
}

impl Exempt {
    /// Until when a certificate passes of which nothing is known, if it does.
    pub(super) fn until(&self, link: &Link) -> Option<UnixTime> {
        let issuer = IssuerKey::of_issuer(&link.issuer);
        if self.issuers.contains(&issuer) {
            return Some(FOREVER);
        }
        let certificate = &link.certificate;
        let lived =
            certificate.not_after().as_secs().checked_sub(certificate.not_before().as_secs());
        // RFC 9608, 3: such an extension has no place in an authority's certificate.
        let is_short = !certificate.is_ca()
            && self.short_lived.contains(&issuer)
            && lived.is_some_and(|seconds| seconds <= self.longest.as_secs())
            && [NO_REVOCATION, SHORT_TERM].into_iter().any(|oid| {
                certificate.extension(oid).is_some_and(|extension| extension.value() == NULL)
            });
        is_short.then(|| certificate.not_after())
    }
}

/// `noRevAvail` of RFC 9608.
const NO_REVOCATION: Oid = Oid::literal("2.5.29.56");
/// `ext-etsi-valassured-ST-certs` of EN 319 412-1, 5.2.2.
const SHORT_TERM: Oid = Oid::literal("0.4.0.194121.2.1");
const NULL: [u8; 2] = [5, 0];
