//! Proof Key for Code Exchange, with S256 and no other method (RFC 7636).

use std::fmt;

use crate::crypto::{NoRandomness, constant_time_eq, random, sha256};
use crate::jose::{decode_base64url, encode_base64url};

/// `code_challenge` with the method S256: the hash of a code verifier, which the server keeps with
/// the code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads the 43 characters of a SHA-256 hash in base64url, without padding.
    pub fn parse(text: &str) -> Option<Self> {
        decode_base64url(text)?.try_into().ok().map(Self)
    }

    /// Whether it was made of this verifier (RFC 7636, 4.6). Compares in constant time.
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        constant_time_eq(&self.0, &sha256(verifier.0.as_bytes()))
    }
}

impl fmt::Display for CodeChallenge {
    /// As it is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_base64url(&self.0))
    }
}

/// `code_verifier`: the client's secret of one authorisation.
///
/// ```
/// use tower_open_banking::client_auth::{CodeChallenge, CodeVerifier};
///
/// let verifier = CodeVerifier::random()?;
/// let sent = verifier.challenge().to_string();
/// let kept = CodeChallenge::parse(&sent).ok_or("not a challenge")?;
/// assert!(kept.is_met_by(&verifier));
/// assert!(!kept.is_met_by(&CodeVerifier::random()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// A new one, of 256 random bits.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self(encode_base64url(&random::<32>()?)))
    }

    /// Reads one of the form of RFC 7636, 4.1: 43 to 128 letters, digits, `-`, `.`, `_` or `~`.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let whole = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
        whole.then(|| Self(text.to_owned()))
    }

    /// What the authorisation request shows of it.
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(sha256(self.0.as_bytes()))
    }

    /// As the token request sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeVerifier").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn proves(verifier: &str, challenge: &CodeChallenge) -> bool {
        CodeVerifier::parse(verifier).is_some_and(|verifier| challenge.is_met_by(&verifier))
    }

    #[test]
    fn the_published_verifier_proves_the_published_challenge() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(proves(VERIFIER, &challenge));
        assert_eq!(challenge.to_string(), CHALLENGE);
        assert!(!proves(CHALLENGE, &challenge), "the method is not plain");
        assert!(!proves(&VERIFIER.replace("EjXk", "EjXj"), &challenge));
        let own = CodeVerifier::random().unwrap();
        assert!(proves(own.as_str(), &own.challenge()) && !proves(own.as_str(), &challenge));
        assert!(CodeVerifier::parse(own.as_str()) == Some(own.clone()));
        assert!(!format!("{own:?}").contains(own.as_str()));
    }

    #[test]
    fn a_verifier_of_another_form_is_none() {
        for text in ["a".repeat(43), "~".repeat(128), "-._~".repeat(11)] {
            assert!(CodeVerifier::parse(&text).is_some(), "{text}");
        }
        for text in ["", &"a".repeat(42), &"a".repeat(129)] {
            assert!(CodeVerifier::parse(text).is_none(), "{text}");
        }
        for foreign in ["+", "/", "=", "%", " ", "\u{e9}"] {
            assert!(CodeVerifier::parse(&format!("{VERIFIER}{foreign}")).is_none(), "{foreign}");
        }
    }

    #[test]
    fn a_challenge_of_another_form_is_none() {
        for text in ["", &CHALLENGE[1..], &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert!(CodeChallenge::parse(text).is_none(), "{text}");
        }
        // Stray bits in the last character.
        assert!(CodeChallenge::parse(&CHALLENGE.replace("cM", "cN")).is_none());
    }
}
