use std::fmt;

use super::{PublicKey, backend, scheme::Scheme};

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature is not one of this message by this key.
    #[error("the signature does not verify")]
    BadSignature,
    /// The algorithm needs another kind of key. Found before any cryptography.
    #[error("the algorithm does not fit the key")]
    WrongKey,
}

/// A verification in progress: the message is hashed as it arrives.
///
/// Nothing is verified until [`finish`](Self::finish) says so.
#[must_use = "an unfinished verification has verified nothing"]
pub struct Verification {
    key: PublicKey,
    scheme: Scheme,
    input: Input,
}

enum Input {
    Digest(backend::Hasher),
    Message(Vec<u8>),
}

impl Verification {
    /// For a key that fits the scheme.
    pub(super) fn new(key: PublicKey, scheme: Scheme) -> Self {
        let input = match scheme.hash() {
            Some(hash) => Input::Digest(backend::Hasher::new(hash)),
            None => Input::Message(Vec::new()),
        };
        Self { key, scheme, input }
    }

    /// Takes the next piece of the message. EdDSA keeps it, all other algorithms only hash it.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.input {
            Input::Digest(hasher) => hasher.update(piece),
            Input::Message(message) => message.extend_from_slice(piece),
        }
    }

    /// Passes when `signature` is one over all pieces so far.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn finish(self, signature: &[u8]) -> Result<(), VerifyError> {
        let key = self.key.backend();
        let verified = match self.input {
            Input::Digest(hasher) => key.verify_digest(self.scheme, &hasher.finish(), signature),
            Input::Message(message) => key.verify_message(self.scheme, &message, signature),
        };
        if verified { Ok(()) } else { Err(VerifyError::BadSignature) }
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("key", &self.key).finish_non_exhaustive()
    }
}
