//! A list that was verified.

use std::fmt;
use std::time::Duration;

use rustls_pki_types::{InvalidSignature, UnixTime};

use super::entry::{Entries, Entry};
use super::extension::ListExtensions;
use super::fields::Fields;
use super::index::Index;
use super::scope::Scope;
use super::{CrlReason, Freshness, ListError};
use crate::cert::{Certificate, Issuer, Name};
use crate::crypto::verify_signed;

/// A revocation list that one key of one issuer signed. The list itself is not kept: what remains is
/// what it says of a certificate.
pub(crate) struct RevocationList {
    issuer: Box<[u8]>,
    issuer_spki_sha256: [u8; 32],
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    number: Option<Box<[u8]>>,
    scope: Scope,
    unknown_critical: bool,
    index: Index,
}

/// What a list says of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ListStatus {
    /// It speaks of the certificate, and does not name it.
    Good,
    /// It does not speak of the certificate; why, for the log.
    NotCovered(&'static str),
    /// It names the certificate. A date in the future is no pardon until then.
    Revoked { reason: Option<CrlReason>, since: UnixTime },
}

impl RevocationList {
    /// The DER of the issuer's name in a list, before anything of it is verified.
    pub(crate) fn claimed_issuer(der: &[u8]) -> Result<&[u8], ListError> {
        Fields::of(der).map(|fields| fields.issuer)
    }

    /// The last second at which a list is current, before anything of it is verified.
    pub(crate) fn claimed_until(der: &[u8], freshness: &Freshness) -> Result<UnixTime, ListError> {
        let fields = Fields::of(der)?;
        freshness.last(fields.this_update, fields.next_update)
    }

    /// Passes when the list is of version 2, in the issuer's name, signed over the bytes as they are
    /// with the issuer's key, which may sign lists; when it is full and direct, for public key
    /// certificates, and names no other key.
    ///
    /// Does not check its dates: [`is_current`](Self::is_current) does, at every use.
    pub(crate) fn verify(der: &[u8], issuer: &Issuer) -> Result<Self, ListError> {
        Self::verify_by(der, issuer, verify_signed)
    }

    pub(super) fn verify_by(
        der: &[u8],
        issuer: &Issuer,
        verify: impl FnOnce(&[u8], &[u8], &[u8], &[u8]) -> Result<(), InvalidSignature>,
    ) -> Result<Self, ListError> {
        let fields = Fields::of(der)?;
        if !same_name(fields.issuer, issuer.name()) {
            return Err(ListError::AnotherIssuer);
        }
        if !issuer.signs_lists() {
            return Err(ListError::KeyNotForLists);
        }
        if fields.algorithm != fields.signed_algorithm {
            return Err(ListError::AlgorithmMismatch);
        }
        verify(issuer.spki(), fields.algorithm, fields.tbs, fields.signature)
            .map_err(|_| ListError::BadSignature)?;
        let extensions = ListExtensions::read(fields.extensions)?;
        if let (Some(named), Some(own)) = (&extensions.key_identifier, issuer.key_identifier())
            && **named != *own
        {
            return Err(ListError::AnotherKey);
        }
        let entries = Entries::of(fields.revoked)?.collect::<Result<Vec<Entry<'_>>, _>>()?;
        let unknown_entry = entries.iter().any(|entry| entry.unknown_critical);
        Ok(Self {
            issuer: issuer.name().into(),
            issuer_spki_sha256: *issuer.spki_sha256(),
            this_update: fields.this_update,
            next_update: fields.next_update,
            number: extensions.number,
            scope: extensions.scope.unwrap_or_default(),
            unknown_critical: extensions.unknown_critical || unknown_entry,
            index: Index::of(entries),
        })
    }

    /// The SHA-256 of the SubjectPublicKeyInfo of the key that signed it.
    pub(crate) fn issuer_spki_sha256(&self) -> &[u8; 32] {
        &self.issuer_spki_sha256
    }

    /// When it was made.
    pub(crate) fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// When the next one is due, at the latest.
    pub(crate) fn next_update(&self) -> Option<UnixTime> {
        self.next_update
    }

    /// Which part of its issuer's certificates it speaks of, as the DER of its
    /// IssuingDistributionPoint; empty for all of them.
    pub(crate) fn scope(&self) -> &[u8] {
        self.scope.der()
    }

    /// Passes when this list may take the place of the other one: it is of the same issuer, key and
    /// scope, not older, and its number is not lower.
    ///
    /// Who can hold an old list against us could otherwise undo a revocation.
    pub(crate) fn supersedes(&self, other: &Self) -> Result<(), ListError> {
        if !same_name(&self.issuer, &other.issuer)
            || self.issuer_spki_sha256 != other.issuer_spki_sha256
            || self.scope() != other.scope()
        {
            return Err(ListError::AnotherScope);
        }
        match self.this_update < other.this_update || self.number() < other.number() {
            true => Err(ListError::RolledBack),
            false => Ok(()),
        }
    }

    /// In an order: big-endian without leading zeros, the longer one is higher, and none is below all.
    fn number(&self) -> Option<(usize, &[u8])> {
        self.number.as_deref().map(|number| (number.len(), number))
    }

    /// Passes when now lies between its dates, as far as they count.
    pub(crate) fn is_current(&self, now: UnixTime, freshness: &Freshness) -> Result<(), ListError> {
        if self.this_update > freshness.latest(now) {
            return Err(ListError::FromTheFuture);
        }
        match now > self.current_until(freshness)? {
            true => Err(ListError::Stale),
            false => Ok(()),
        }
    }

    /// The last second at which it is current.
    pub(crate) fn current_until(&self, freshness: &Freshness) -> Result<UnixTime, ListError> {
        freshness.last(self.this_update, self.next_update)
    }

    /// What it says of a certificate, whatever the time.
    ///
    /// An entry counts also where the list does not speak of the certificate otherwise: an issuer
    /// gives a serial number once.
    pub(crate) fn status_of(&self, certificate: &Certificate) -> ListStatus {
        if !same_name(&self.issuer, certificate.issuer_der()) {
            return ListStatus::NotCovered("the list is of another issuer");
        }
        if let Some(revoked) = self.index.find(certificate.serial()) {
            let since = UnixTime::since_unix_epoch(Duration::from_secs(revoked.since));
            return ListStatus::Revoked { reason: revoked.reason, since };
        }
        if self.unknown_critical {
            return ListStatus::NotCovered("the list has a critical extension that is not known");
        }
        match self.scope.covers(certificate) {
            Ok(()) => ListStatus::Good,
            Err(why) => ListStatus::NotCovered(why),
        }
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("entries", &self.index.len())
            .field("this_update", &self.this_update)
            .field("next_update", &self.next_update)
            .finish_non_exhaustive()
    }
}

/// Whether two names are the same: to the byte, as almost always, or as names are compared.
pub(crate) fn same_name(one: &[u8], other: &[u8]) -> bool {
    one == other
        || match (Name::from_der(one), Name::from_der(other)) {
            (Ok(one), Ok(other)) => one.matches(&other),
            _ => false,
        }
}

#[cfg(test)]
mod tests;
