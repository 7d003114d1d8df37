//! The anchors of trust.

mod set;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rustls_pki_types::CertificateDer;

pub(super) use self::set::{Anchor, AnchorSet};

/// The certification authorities at which a path may end.
///
/// An anchor is the name and the key of its certificate, with the name constraints. Its own dates,
/// its issuer and whether it was revoked are the bank's to know: a trusted list may name an authority
/// whose certificate has expired.
///
/// Clones share: what [`replace`](Self::replace) puts in is believed by every rule that was given one,
/// from the next request on, also on connections that are open.
///
/// Take the *issuing* authorities rather than the national roots: every path is then as short as it
/// can be, and nothing but the listed authority can vouch for a client.
#[derive(Clone)]
pub struct Anchors(Arc<Shared>);

struct Shared {
    set: RwLock<Arc<AnchorSet>>,
    /// That of the set, to be read without the lock.
    generation: AtomicU64,
}

/// Why anchors are not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// An anchor that is no certificate, or not that of an authority.
    #[error("anchor {index} is not a usable certificate: {why}")]
    Anchor {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No anchor: nothing would be trusted.
    #[error("no anchor: nothing would be trusted")]
    NoAnchor,
}

impl Anchors {
    /// Trusts these authorities.
    ///
    /// # Errors
    ///
    /// An empty list; an entry that is no certificate, or not one of an authority: its basic
    /// constraints must say so, a key usage must name keyCertSign, the subject must have a name, and
    /// every critical extension must be one that this crate knows. A client's certificate among the
    /// anchors would let that client vouch for others.
    pub fn of(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TrustError> {
        let set = AnchorSet::read(certificates, FIRST)?;
        Ok(Self(Arc::new(Shared {
            set: RwLock::new(Arc::new(set)),
            generation: AtomicU64::new(FIRST),
        })))
    }

    /// Trusts these authorities from now on, and no others: all of the new ones at once, for this
    /// handle and its clones. The next request of every connection is judged by them.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of). Then nothing was replaced.
    pub fn replace(
        &self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<(), TrustError> {
        let mut read = AnchorSet::read(certificates, FIRST)?;
        let mut set = self.0.set.write().unwrap_or_else(PoisonError::into_inner);
        let generation = set.generation().saturating_add(1);
        read.renumber(generation);
        *set = Arc::new(read);
        self.0.generation.store(generation, Ordering::Release);
        Ok(())
    }

    /// Counts how often the anchors were replaced.
    pub(super) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    pub(super) fn current(&self) -> Arc<AnchorSet> {
        self.0.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchors({})", self.current().len())
    }
}

const FIRST: u64 = 1;

#[cfg(test)]
mod tests;
