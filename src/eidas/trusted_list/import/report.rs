//! What came of each list.

use super::{SignedList, TrustedList};
use crate::eidas::trusted_list::{SignatureError, XmlError};

/// What came of one list of an import.
#[derive(Clone, Debug)]
pub struct ListReport {
    name: String,
    list: Option<TrustedList>,
    signer: Option<[u8; 32]>,
    refused: Option<ListRefused>,
}

impl ListReport {
    pub(super) fn taken(name: &str, signed: &SignedList) -> Self {
        Self {
            name: name.to_owned(),
            list: Some(signed.list().clone()),
            signer: Some(*signed.signer().thumbprint()),
            refused: None,
        }
    }

    pub(super) fn refused(name: &str, bytes: &[u8], refused: ListRefused) -> Self {
        tracing::warn!(list = name, why = %refused, "a trusted list is refused");
        let list = TrustedList::read(bytes).ok();
        Self { name: name.to_owned(), list, signer: None, refused: Some(refused) }
    }

    /// The name by which it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says, as far as it can be read. Of a list that was refused nothing is proved.
    pub fn list(&self) -> Option<&TrustedList> {
        self.list.as_ref()
    }

    /// The thumbprint of the certificate of its signer, if it was taken.
    pub fn signer(&self) -> Option<&[u8; 32]> {
        self.signer.as_ref()
    }

    /// Why it was refused, if it was.
    pub fn why_refused(&self) -> Option<&ListRefused> {
        self.refused.as_ref()
    }
}

/// Why a list is not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ListRefused {
    /// The list has no `NextUpdate`: there will be no other.
    #[error("the list is closed")]
    Closed,
    /// The list was issued in the future.
    #[error("issued in the future")]
    FromTheFuture,
    /// The list of lists points to no list of that territory, or names no certificate for it; or a
    /// pivot announces nobody.
    #[error("the list of lists names no signer for it")]
    NoSigners,
    /// A list of another type, or of another territory.
    #[error("not a list of the type it should be")]
    OtherKind,
    /// Its sequence number is lower than one that is known.
    #[error("rolled back: list {sequence} where {known} is known")]
    RolledBack {
        /// Its sequence number.
        sequence: u64,
        /// The one that is known.
        known: u64,
    },
    /// The signature.
    #[error(transparent)]
    Signature(SignatureError),
    /// `NextUpdate` is past.
    #[error("stale: its NextUpdate is past")]
    Stale,
    /// A list of the territory was taken already.
    #[error("a second list of its territory")]
    Twice,
    /// It cannot be read.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

impl From<SignatureError> for ListRefused {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Xml(error) => Self::Xml(error),
            error => Self::Signature(error),
        }
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
