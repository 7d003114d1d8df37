//! The one room that knows a cryptographic library.
//!
//! Signatures are verified by aws-lc with the feature `aws-lc-rs` (the default) and by OpenSSL
//! without it; both run the same vectors and give the same verdicts. Signing goes through josekit,
//! and with it through OpenSSL, which also judges the chains that webpki does not read. No type of
//! these libraries shows in a signature of this module.

mod aead;
mod algorithm;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod chain;
mod digest;
mod hmac;
// Beside aws-lc only the tests need it, which hold one backend against the other.
#[cfg(any(test, not(feature = "aws-lc-rs")))]
mod openssl;
mod public_key;
mod scheme;
mod signing_key;
mod spki;
mod verification;
mod webpki;
#[cfg(feature = "trusted-list")]
mod xml;

#[cfg(all(test, feature = "aws-lc-rs"))]
mod backends_agree;
#[cfg(test)]
pub(crate) mod test_keys;

#[cfg(feature = "aws-lc-rs")]
use self::aws_lc as backend;
#[cfg(not(feature = "aws-lc-rs"))]
use self::openssl as backend;

pub(crate) use self::chain::judge_chain;
pub(crate) use self::digest::{hex, sha1_for_identification};
pub(crate) use self::hmac::hmac_sha256;
pub(crate) use self::public_key::Components;
pub(crate) use self::webpki::verify_signed;
#[cfg(feature = "trusted-list")]
pub(crate) use self::xml::{verify_xml, xml_certificate_digest, xml_digest};
pub use self::{
    aead::SealingKey,
    algorithm::Algorithm,
    digest::{Sha256, sha256},
    public_key::{KeyError, KeyKind, PublicKey},
    signing_key::{SignError, SigningKey},
    verification::{Verification, VerifyError},
    webpki::webpki_algorithms,
};

/// Compares two secrets in a time that tells their lengths and nothing else.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && ::openssl::memcmp::eq(left, right)
}

/// The operating system's random numbers were not to be had.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no random numbers")]
pub struct NoRandomness;

/// Random bytes fit for keys, nonces and tokens.
///
/// # Errors
///
/// When the operating system gives none; whoever needed them must refuse.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    ::openssl::rand::rand_bytes(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_compare_by_content_and_length() {
        assert!(constant_time_eq(b"secret", b"secret"));
        assert!(constant_time_eq(b"", b""));
        assert!(!constant_time_eq(b"secret", b"secreT"));
        assert!(!constant_time_eq(b"secret", b"secret "));
    }

    #[test]
    fn random_bytes_do_not_repeat() {
        assert_ne!(random::<16>(), random::<16>());
    }
}
