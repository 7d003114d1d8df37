//! Proof Key for Code Exchange, with S256 and no other method (RFC 7636).

use std::fmt;

use crate::crypto::{NoRandomness, constant_time_eq, random, sha256};
use crate::jose::{decode_base64url, encode_base64url};

/// The `code_challenge` of an authorisation request whose `code_challenge_method` is `S256`.
///
/// ```
/// use tower_open_banking::client_auth::Pkce;
///
/// // The client keeps the verifier and sends the challenge.
/// let (verifier, challenge) = Pkce::fresh()?;
/// // The server keeps the challenge with the code.
/// let kept = Pkce::s256(&challenge.to_string()).ok_or("not a challenge")?;
/// assert!(Pkce::verify(&kept, &verifier));
/// assert!(!Pkce::verify(&kept, &challenge.to_string()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Pkce([u8; 32]);

impl Pkce {
    /// Reads a challenge: the 43 characters of a SHA-256 hash in base64url, without padding.
    pub fn s256(challenge: &str) -> Option<Self> {
        decode_base64url(challenge)?.try_into().ok().map(Self)
    }

    /// Makes a verifier of 256 random bits, and its challenge.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn fresh() -> Result<(String, Self), NoRandomness> {
        let verifier = encode_base64url(&random::<32>()?);
        let challenge = Self(sha256(verifier.as_bytes()));
        Ok((verifier, challenge))
    }

    /// Whether a text has the form of a verifier: 43 to 128 letters, digits, `-`, `.`, `_` or `~`.
    pub fn is_verifier(text: &str) -> bool {
        let unreserved =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
    }

    /// Whether this is the challenge of that verifier. Compares in constant time.
    pub fn verify(&self, verifier: &str) -> bool {
        Self::is_verifier(verifier) && constant_time_eq(&self.0, &sha256(verifier.as_bytes()))
    }
}

impl fmt::Display for Pkce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_base64url(&self.0))
    }
}

impl fmt::Debug for Pkce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkce({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_published_verifier_proves_the_published_challenge() {
        let challenge = Pkce::s256(CHALLENGE).unwrap();
        assert!(challenge.verify(VERIFIER));
        assert_eq!(challenge.to_string(), CHALLENGE);
        assert!(!challenge.verify(CHALLENGE), "the method is not plain");
        assert!(!challenge.verify(&VERIFIER.replace("EjXk", "EjXj")));
        let (verifier, own) = Pkce::fresh().unwrap();
        assert!(own.verify(&verifier) && !challenge.verify(&verifier) && !own.verify(VERIFIER));
    }

    #[test]
    fn a_verifier_of_another_form_proves_nothing() {
        for text in ["", &"a".repeat(42), &"a".repeat(129), &format!("{VERIFIER} ")] {
            let challenge = Pkce(sha256(text.as_bytes()));
            assert!(!challenge.verify(text) && !Pkce::is_verifier(text), "{text}");
        }
        for text in ["a".repeat(43), "~".repeat(128), "-._~".repeat(11)] {
            assert!(Pkce(sha256(text.as_bytes())).verify(&text), "{text}");
        }
        for foreign in ["+", "/", "=", "%", "\u{e9}"] {
            assert!(!Pkce::is_verifier(&format!("{VERIFIER}{foreign}")), "{foreign}");
        }
    }

    #[test]
    fn a_challenge_of_another_form_is_none() {
        for text in ["", &CHALLENGE[1..], &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert!(Pkce::s256(text).is_none(), "{text}");
        }
        // Stray bits in the last character.
        assert!(Pkce::s256(&CHALLENGE.replace("cM", "cN")).is_none());
    }
}
