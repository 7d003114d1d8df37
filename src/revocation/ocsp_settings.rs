//! How responders are asked.

use super::ocsp::{IdHash, NoncePolicy};

/// How responders are asked: with SHA-1 in the name of the certificate, and with a nonce that they
/// may leave out.
///
/// The hash only identifies the certificate; nothing rests on it. Many responders know no other.
#[derive(Clone, Copy, Debug)]
pub struct OcspSettings {
    pub(super) hash: IdHash,
    pub(super) sends_nonce: bool,
    pub(super) nonce: NoncePolicy,
}

impl OcspSettings {
    /// The same as the default.
    #[must_use]
    pub fn new() -> Self {
        Self { hash: IdHash::Sha1, sends_nonce: true, nonce: NoncePolicy::Optional }
    }

    /// Names certificates by SHA-256.
    #[must_use]
    pub fn sha256(self) -> Self {
        Self { hash: IdHash::Sha256, ..self }
    }

    /// Refuses answers that do not repeat the nonce: none that was made before the question counts.
    #[must_use]
    pub fn require_nonce(self) -> Self {
        Self { sends_nonce: true, nonce: NoncePolicy::Required, ..self }
    }

    /// Sends no nonce, for responders that stumble over one.
    #[must_use]
    pub fn without_nonce(self) -> Self {
        Self { sends_nonce: false, nonce: NoncePolicy::Optional, ..self }
    }
}

impl Default for OcspSettings {
    fn default() -> Self {
        Self::new()
    }
}
