//! Whether a certificate was revoked.

#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "asked by the engine to come"))]
mod crl;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the engine will ask"))]
mod ocsp;

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use der::{Decode, Encode};
use rustls_pki_types::UnixTime;
use x509_cert::crl::CertificateList;

use crate::cert::{Link, Oid, Path, TrustError};
use crate::crypto::verify_signed;
use crate::gate::BoxFuture;
use crate::reject::{Reason, Rejection};

/// How revocation is told.
pub struct Revocation(Source);

enum Source {
    Lists(Vec<List>),
    Off,
}

struct List {
    list: CertificateList,
    this_update: UnixTime,
    last_second: UnixTime,
}

/// What is known of the certificates of a path.
pub(crate) enum Checked {
    /// Somebody has to be asked; then until when it is good.
    #[expect(dead_code, reason = "lists are at hand")]
    Ask(BoxFuture<'static, Result<UnixTime, Rejection>>),
    /// None of them is revoked, and that stands until this second.
    Good {
        /// The last second.
        until: UnixTime,
    },
    /// Revoked, or nothing is known.
    Refused(Rejection),
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

    /// Counts how often what is known was replaced.
    pub(crate) fn generation(&self) -> u64 {
        0
    }

    /// What is known of each certificate of the path.
    pub(crate) fn check(&self, path: &Arc<Path>, now: UnixTime) -> Checked {
        let mut until = UnixTime::since_unix_epoch(Duration::MAX);
        let Source::Lists(lists) = &self.0 else { return Checked::Good { until } };
        for link in path.links() {
            match told(lists, link, now) {
                Ok(last_second) => until = until.min(last_second),
                Err(reason) => return Checked::Refused(Rejection::new(reason)),
            }
        }
        Checked::Good { until }
    }
}

fn told(lists: &[List], link: &Link, now: UnixTime) -> Result<UnixTime, Reason> {
    let list = lists.iter().find(|list| list.is_by(link)).ok_or(Reason::RevocationUnknown)?;
    let early = list.this_update.as_secs() > now.as_secs().saturating_add(300);
    if early || now > list.last_second || list.partial() {
        return Err(Reason::RevocationUnknown);
    }
    match list.names(link.certificate.serial()) {
        true => Err(Reason::CertificateRevoked),
        false => Ok(list.last_second),
    }
}

impl List {
    fn read(der: &[u8]) -> Result<Self, String> {
        let list = CertificateList::from_der(der).map_err(|error| error.to_string())?;
        let dates = &list.tbs_cert_list;
        let next_update = dates.next_update.as_ref().ok_or("nextUpdate is missing")?;
        let before = next_update.to_unix_duration().saturating_sub(Duration::from_secs(1));
        Ok(Self {
            this_update: UnixTime::since_unix_epoch(dates.this_update.to_unix_duration()),
            last_second: UnixTime::since_unix_epoch(before),
            list,
        })
    }

    fn is_by(&self, link: &Link) -> bool {
        let part = |part: der::Result<Vec<u8>>| part.unwrap_or_default();
        link.issuer.signs_lists()
            && part(self.list.tbs_cert_list.issuer.to_der()) == link.issuer.name()
            && verify_signed(
                link.issuer.spki(),
                &part(self.list.signature_algorithm.to_der()),
                &part(self.list.tbs_cert_list.to_der()),
                self.list.signature.raw_bytes(),
            )
            .is_ok()
    }

    fn partial(&self) -> bool {
        let extensions = self.list.tbs_cert_list.crl_extensions.iter().flatten();
        extensions.into_iter().any(|extension| Oid::of(extension.extn_id) == PART)
    }

    fn names(&self, serial: &[u8]) -> bool {
        let entries = self.list.tbs_cert_list.revoked_certificates.iter().flatten();
        entries.into_iter().any(|entry| entry.serial_number.as_bytes() == serial)
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

const PART: Oid = Oid::literal("2.5.29.28");
