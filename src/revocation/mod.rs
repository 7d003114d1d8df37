//! Whether a certificate was revoked.

#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "asked by the engine to come"))]
mod crl;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the engine will ask"))]
mod ocsp;

use std::cmp::Reverse;
use std::fmt;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;

use crate::cert::{Certificate, Oid, TrustError};
use crate::reject::{Reason, Rejection};

/// How revocation is told.
pub struct Revocation(Source);

enum Source {
    Lists(Vec<List>),
    Off,
}

struct List {
    list: CertRevocationList<'static>,
    this_update: UnixTime,
    /// The one before `nextUpdate`, at which webpki calls the list expired.
    last_second: UnixTime,
}

impl Revocation {
    /// By revocation lists, in DER. Each certificate of a path but the anchor must be covered by a
    /// list of its issuer that is in its time. Of several by one issuer the newest decides: what an
    /// older one says is superseded.
    ///
    /// # Errors
    ///
    /// No list, or one that cannot be used; RFC 5280 demands `nextUpdate`.
    pub fn by_lists(lists: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, TrustError> {
        let mut taken = Vec::new();
        for (index, der) in lists.into_iter().enumerate() {
            taken.push(List::read(&der).map_err(|why| TrustError::List { index, why })?);
        }
        // webpki takes the first list that is by the issuer.
        taken.sort_by_key(|list| Reverse(list.this_update));
        match taken.is_empty() {
            true => Err(TrustError::NoList),
            false => Ok(Self(Source::Lists(taken))),
        }
    }

    /// Not at all: a revoked certificate passes. Logged as a warning.
    pub fn danger_off() -> Self {
        tracing::warn!("revocation is off: revoked certificates are trusted");
        Self(Source::Off)
    }

    /// The last second at which every list is in its time.
    pub(crate) fn good_until(&self) -> UnixTime {
        let ends = match &self.0 {
            Source::Lists(lists) => lists.iter().map(|list| list.last_second).min(),
            Source::Off => None,
        };
        ends.unwrap_or(UnixTime::since_unix_epoch(Duration::MAX))
    }

    /// Refuses where the only word on a certificate may be that of a list for another part of its
    /// issuer's certificates.
    ///
    /// RFC 5280, 6.3.3 (b)(2)(i): a list that names a distribution point speaks of the certificates
    /// that name the same one. webpki takes it to speak of a certificate that names none as well.
    pub(crate) fn tells_of(
        &self,
        certificate: &Certificate,
        issuer: &[u8],
    ) -> Result<(), Rejection> {
        let Source::Lists(lists) = &self.0 else { return Ok(()) };
        let partial = |list: &List| {
            list.list.issuer() == issuer && list.list.issuing_distribution_point().is_some()
        };
        match certificate.extension(CRL_DISTRIBUTION_POINTS).is_none() && lists.iter().any(partial)
        {
            true => Err(Rejection::new(Reason::RevocationUnknown)
                .detail("a list for a part of the certificates, and one that tells no part")),
            false => Ok(()),
        }
    }

    pub(crate) fn lists(&self) -> Vec<&CertRevocationList<'static>> {
        match &self.0 {
            Source::Lists(lists) => lists.iter().map(|list| &list.list).collect(),
            Source::Off => Vec::new(),
        }
    }

    /// webpki's options. A list from the future is refused here: webpki looks at `nextUpdate` only.
    pub(crate) fn options<'a>(
        &'a self,
        lists: &'a [&'a CertRevocationList<'a>],
        now: UnixTime,
    ) -> Result<Option<RevocationOptions<'a>>, Rejection> {
        let Source::Lists(known) = &self.0 else { return Ok(None) };
        let unknown = |why| Rejection::new(Reason::RevocationUnknown).detail(why);
        let latest = now.as_secs().saturating_add(SKEW_SECONDS);
        if known.iter().any(|list| list.this_update.as_secs() > latest) {
            return Err(unknown("a revocation list is from the future"));
        }
        let builder =
            RevocationOptionsBuilder::new(lists).map_err(|_| unknown("no revocation list"))?;
        Ok(Some(
            builder
                .with_depth(RevocationCheckDepth::Chain)
                .with_status_policy(UnknownStatusPolicy::Deny)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build(),
        ))
    }
}

impl List {
    fn read(der: &[u8]) -> Result<Self, String> {
        let owned = OwnedCertRevocationList::from_der(der).map_err(|error| error.to_string())?;
        let parsed: CertificateList =
            CertificateList::from_der(der).map_err(|error| error.to_string())?;
        let dates = &parsed.tbs_cert_list;
        let next_update = dates.next_update.as_ref().ok_or("nextUpdate is missing")?;
        let before = next_update.to_unix_duration().saturating_sub(Duration::from_secs(1));
        Ok(Self {
            list: owned.into(),
            this_update: UnixTime::since_unix_epoch(dates.this_update.to_unix_duration()),
            last_second: UnixTime::since_unix_epoch(before),
        })
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Lists(lists) => write!(f, "Lists({})", lists.len()),
            Source::Off => write!(f, "Off"),
        }
    }
}

const CRL_DISTRIBUTION_POINTS: Oid = Oid::literal("2.5.29.31");

/// Rule 3.3 of RFC 5280's CRL validation, with clocks five minutes apart.
const SKEW_SECONDS: u64 = 300;
