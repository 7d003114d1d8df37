//! Why revocation cannot be told the way it was set up.

/// Why lists or settings are not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The host's clock is behind the making of this crate, and so is every verdict.
    #[error("the clock of the host is wrong: it tells a time before this crate was made")]
    Clock,
    /// A revocation list that cannot be used: not a list, or one without `nextUpdate`.
    #[error("revocation list {index} cannot be used: {why}")]
    List {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No revocation list: nothing could be told to be good.
    #[error("no revocation list: say that revocation is off, or give lists")]
    NoList,
    /// Neither lists nor a way to fetch them or to ask: nothing could be told to be good.
    #[error("no source of revocation: give lists, or a way to fetch them or to ask responders")]
    NoSource,
    /// The certificate of a responder or issuer that cannot be read.
    #[error("the certificate of a responder or issuer cannot be read: {0}")]
    Certificate(#[from] crate::cert::CertificateError),
}
