//! Why a list is not used.

/// The clause a revocation list fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ListError {
    /// RFC 5280, 5.1.1.2.
    #[error("the two signature algorithm fields differ")]
    AlgorithmMismatch,
    /// RFC 5280, 6.3.3 (b)(1).
    #[error("the list is in the name of another issuer")]
    AnotherIssuer,
    /// RFC 5280, 5.2.1: of two keys under one name, the other one.
    #[error("the list names another key of its issuer")]
    AnotherKey,
    /// Lists of different partitions do not take each other's place.
    #[error("the list is of another issuer, key or scope than the one it would take the place of")]
    AnotherScope,
    /// RFC 5280, 5.2.5: says nothing of public key certificates.
    #[error("the list is for attribute certificates only")]
    AttributeCertificatesOnly,
    /// Not by this key, not over these bytes, or with an algorithm that is not accepted.
    #[error("the signature of the list does not verify")]
    BadSignature,
    /// RFC 5280, 5.2.4: changes to another list, and no list by itself.
    #[error("the list is a delta")]
    Delta,
    /// RFC 5280, 4.2 and 5.2.
    #[error("the list or an entry has the same extension twice")]
    DuplicateExtension,
    /// `thisUpdate` is still to come.
    #[error("the list is from the future")]
    FromTheFuture,
    /// RFC 5280, 5.2.5 and 5.3.3: its entries may be another issuer's certificates.
    #[error("the list is indirect")]
    Indirect,
    /// RFC 5280, 6.3.3 (f).
    #[error("the issuer's key is not for lists")]
    KeyNotForLists,
    /// Not the DER of a list.
    #[error("the list cannot be read: {0}")]
    Malformed(#[from] der::Error),
    /// RFC 5280, 5.1.2.5: mandatory.
    #[error("the list has no nextUpdate")]
    NoNextUpdate,
    /// RFC 5280, 5.1.2.1: others have no extensions, so they cannot tell what they are for.
    #[error("the list is not of version 2")]
    NotVersion2,
    /// An older list, or a lower `CRLNumber`, than the one that is known.
    #[error("the list is older than the one that is known")]
    RolledBack,
    /// `nextUpdate` has passed, or the list is older than the longest age.
    #[error("the list is out of date")]
    Stale,
}
