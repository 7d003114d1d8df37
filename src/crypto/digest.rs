use std::fmt::Write as _;

use super::{backend, scheme::Hash};

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(bytes);
    hasher.finish()
}

/// SHA-1 of `bytes`, for protocols that name keys and certificates by it (RFC 6960, 4.1.1, 4.2.1).
///
/// Only to find what is then verified by other means: two texts with one SHA-1 can be made.
pub(crate) fn sha1_for_identification(bytes: &[u8]) -> [u8; 20] {
    backend::sha1(bytes)
}

/// A hash in lower-case hexadecimal digits, as logs and files write it.
pub(crate) fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// SHA-256 of bytes that arrive in pieces.
#[derive(Clone)]
pub struct Sha256(backend::Hasher);

impl Sha256 {
    /// Begins with nothing hashed.
    pub fn new() -> Self {
        Self(backend::Hasher::new(Hash::Sha256))
    }

    /// Hashes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all pieces.
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sha256").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_body_has_the_published_hash() {
        // `Digest: SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`
        assert_eq!(sha256(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }

    #[test]
    fn sha1_has_the_published_hash() {
        // FIPS 180-2, A.1.
        assert_eq!(sha1_for_identification(b"abc")[..5], [0xa9, 0x99, 0x3e, 0x36, 0x47]);
    }

    #[test]
    fn pieces_hash_as_the_whole() {
        let mut pieces = Sha256::new();
        pieces.update(b"ab");
        pieces.update(b"c");
        assert_eq!(pieces.finish(), sha256(b"abc"));
    }
}
