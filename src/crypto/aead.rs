use super::{NoRandomness, backend, random};

/// A key that encrypts and authenticates what is stored: AES-256-GCM (NIST SP 800-38D).
///
/// Each text has a random nonce of 96 bits, so that a key is good for 2³² texts (section 8.3).
pub struct SealingKey(backend::Aead);

impl SealingKey {
    /// The key of these bytes, which must be random.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(backend::Aead::new(bytes))
    }

    /// The nonce, then the encrypted text, then the tag over both and what is `associated`.
    pub(crate) fn seal(&self, associated: &[u8], text: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let nonce: [u8; NONCE] = random()?;
        let mut sealed = Vec::with_capacity(NONCE + text.len() + 16);
        sealed.extend_from_slice(&nonce);
        self.0.seal(nonce, associated, text, &mut sealed).ok_or(NoRandomness)?;
        Ok(sealed)
    }

    /// The text, if it was sealed with this key and with the same associated bytes.
    pub(crate) fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk()?;
        self.0.open(*nonce, associated, sealed)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKey").finish_non_exhaustive()
    }
}

pub(super) const NONCE: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// GCM specification (McGrew and Viega), test case 16: 256-bit key, with additional data.
    #[test]
    fn the_published_example_opens() {
        let hex = |text: &str| -> Vec<u8> {
            let pair = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
            (0..text.len()).step_by(2).map(pair).collect()
        };
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let sealed = hex(concat!(
            "cafebabefacedbaddecaf888",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ));
        let text = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        ));
        let key = SealingKey::new(key.as_slice().try_into().unwrap());
        assert_eq!(key.open(&associated, &sealed), Some(text));
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_place_only() {
        let key = SealingKey::new(&[1; 32]);
        let sealed = key.seal(b"here", b"text").unwrap();
        assert_eq!(key.open(b"here", &sealed).unwrap(), b"text");
        assert_eq!(key.open(b"there", &sealed), None);
        assert_eq!(SealingKey::new(&[2; 32]).open(b"here", &sealed), None);
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(key.open(b"here", &forged), None, "{at}");
            assert_eq!(key.open(b"here", &sealed[..at]), None, "{at}");
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let key = SealingKey::new(&[1; 32]);
        let seal = || key.seal(b"", b"text").unwrap();
        assert_ne!(seal()[..NONCE], seal()[..NONCE]);
    }
}
