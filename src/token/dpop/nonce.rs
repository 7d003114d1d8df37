//! Nonces that every instance can make and tell, and none keeps.

use std::fmt;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::DpopConfigError;
use crate::crypto::{constant_time_eq, hmac_sha256};
use crate::jose::{decode_base64url, encode_base64url};

/// The nonces of a server: the number of a stretch of time and a MAC of it (HMAC with SHA-256), by a
/// key that all instances share.
///
/// A nonce is good in its stretch and in the next, and in the one before for an instance whose
/// clock is behind. Many proofs may use one; each has its own `jti`.
#[derive(Clone)]
pub struct DpopNonces {
    keys: Vec<[u8; 32]>,
    stretch: u64,
}

impl DpopNonces {
    /// Nonces by this key, which must be random, in stretches of a minute.
    pub fn of(key: &[u8; 32]) -> Self {
        Self { keys: vec![*key], stretch: MINUTE }
    }

    /// Takes nonces by a former key as well, until its last ones have ended. Every instance must know
    /// a new key in this way before any of them makes nonces with it.
    #[must_use]
    pub fn also(mut self, key: &[u8; 32]) -> Self {
        self.keys.push(*key);
        self
    }

    /// Changes the nonce after so long; it is good for at most twice that.
    ///
    /// # Errors
    ///
    /// Less than 5 seconds or more than 1 hour.
    pub fn lifetime(self, stretch: Duration) -> Result<Self, DpopConfigError> {
        match stretch.as_secs() {
            stretch @ SHORTEST..=LONGEST => Ok(Self { stretch, ..self }),
            _ => Err(DpopConfigError::Lifetime),
        }
    }

    /// The nonce of this time.
    pub fn offer(&self, now: UnixTime) -> String {
        let number = now.as_secs() / self.stretch;
        let mac = self.keys.first().map(|key| mac(key, number));
        encode_base64url(&[number.to_be_bytes().as_slice(), &mac.unwrap_or_default()].concat())
    }

    /// Whether it is one of this server's, and not too old.
    pub(super) fn accept(&self, nonce: &str, now: UnixTime) -> bool {
        let Some(bytes) = decode_base64url(nonce) else { return false };
        let Some((number, shown)) = bytes.split_first_chunk() else { return false };
        let number = u64::from_be_bytes(*number);
        let current = now.as_secs() / self.stretch;
        let is_current = number.abs_diff(current) <= 1;
        let is_own = |key: &[u8; 32]| constant_time_eq(&mac(key, number), shown);
        is_current && self.keys.iter().any(is_own)
    }
}

fn mac(key: &[u8; 32], number: u64) -> [u8; 32] {
    hmac_sha256(key, &[b"dpop-nonce", &number.to_be_bytes()])
}

impl fmt::Debug for DpopNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopNonces").field("stretch", &self.stretch).finish_non_exhaustive()
    }
}

/// In seconds.
const MINUTE: u64 = 60;
const SHORTEST: u64 = 5;
const LONGEST: u64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_040 + seconds))
    }

    #[test]
    fn a_nonce_is_good_in_its_stretch_and_in_the_next() {
        let nonces = DpopNonces::of(&[1; 32]);
        assert_eq!(at(0).as_secs() % 60, 0);
        let nonce = nonces.offer(at(0));
        assert_eq!(nonce, nonces.offer(at(59)));
        assert_ne!(nonce, nonces.offer(at(60)));
        for seconds in [0, 59, 60, 119] {
            assert!(nonces.accept(&nonce, at(seconds)), "{seconds}");
        }
        assert!(!nonces.accept(&nonce, at(120)));
        // An instance whose clock is behind.
        let before = UnixTime::since_unix_epoch(Duration::from_secs(at(0).as_secs() - 1));
        assert!(nonces.accept(&nonce, before));
        let long_before = UnixTime::since_unix_epoch(Duration::from_secs(at(0).as_secs() - 61));
        assert!(!nonces.accept(&nonce, long_before));
    }

    #[test]
    fn another_key_another_length_and_an_altered_nonce_are_not_taken() {
        let nonces = DpopNonces::of(&[1; 32]);
        let nonce = nonces.offer(at(0));
        assert!(!DpopNonces::of(&[2; 32]).accept(&nonce, at(0)));
        let bytes = decode_base64url(&nonce).unwrap();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            assert!(!nonces.accept(&encode_base64url(&altered), at(0)), "{index}");
        }
        for nonce in [&nonce[1..], &encode_base64url(&bytes[..8]), &format!("{nonce}AAAA"), "", "!"]
        {
            assert!(!nonces.accept(nonce, at(0)), "{nonce}");
        }
        let hour = DpopNonces::of(&[1; 32]).lifetime(Duration::from_secs(3600)).unwrap();
        assert!(!hour.accept(&nonce, at(0)) && hour.accept(&hour.offer(at(0)), at(0)));
    }

    #[test]
    fn nonces_of_the_former_key_are_taken_while_it_is_known() {
        let (old, new) = ([1; 32], [2; 32]);
        let nonce = DpopNonces::of(&old).offer(at(0));
        let rotated = DpopNonces::of(&new).also(&old);
        assert!(rotated.accept(&nonce, at(0)));
        assert_eq!(rotated.offer(at(0)), DpopNonces::of(&new).offer(at(0)));
    }

    #[test]
    fn a_lifetime_has_its_bounds() {
        for (seconds, fits) in [(0, false), (4, false), (5, true), (3600, true), (3601, false)] {
            let set = DpopNonces::of(&[1; 32]).lifetime(Duration::from_secs(seconds));
            assert_eq!(set.is_ok(), fits, "{seconds}");
        }
    }

    #[test]
    fn debug_output_holds_no_key() {
        assert_eq!(format!("{:?}", DpopNonces::of(&[7; 32])), "DpopNonces { stretch: 60, .. }");
    }
}
