//! The anchors of trust.

use std::fmt;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

/// The certification authorities at which a path may end.
///
/// Take the *issuing* authorities, not the national roots: a real path through them often holds
/// critical certificate policies, which are refused in an intermediate certificate.
pub struct Anchors(Vec<TrustAnchor<'static>>);

/// Why anchors or lists are not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// An anchor that is no certificate.
    #[error("anchor {index} is not a usable certificate: {why}")]
    Anchor {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A revocation list that cannot be used: not a list, indirect, partial, or with an unknown
    /// critical extension.
    #[error("revocation list {index} cannot be used: {why}")]
    List {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No anchor: nothing would be trusted.
    #[error("no anchor: nothing would be trusted")]
    NoAnchor,
    /// No revocation list: nothing could be told to be good.
    #[error("no revocation list: say that revocation is off, or give lists")]
    NoList,
}

impl Anchors {
    /// Trusts these authorities.
    ///
    /// # Errors
    ///
    /// An empty list, or an entry that is no certificate.
    pub fn of(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TrustError> {
        let mut anchors = Vec::new();
        for (index, certificate) in certificates.into_iter().enumerate() {
            let anchor = anchor_from_trusted_cert(&certificate)
                .map_err(|error| TrustError::Anchor { index, why: error.to_string() })?;
            anchors.push(anchor.to_owned());
        }
        match anchors.is_empty() {
            true => Err(TrustError::NoAnchor),
            false => Ok(Self(anchors)),
        }
    }

    pub(super) fn as_webpki(&self) -> &[TrustAnchor<'static>] {
        &self.0
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchors({})", self.0.len())
    }
}
