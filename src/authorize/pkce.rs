//! PKCE with S256 (RFC 7636): the pair of a client, the half that a server keeps.

use std::fmt;

use crate::crypto::{NoRandomness, constant_time_eq, random, sha256};
use crate::jose::{decode_base64url, encode_base64url};

/// `code_challenge` with the method S256: the hash of a code verifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads the 43 characters of a SHA-256 in base64url.
    pub fn parse(text: &str) -> Option<Self> {
        decode_base64url(text)?.try_into().ok().map(Self)
    }

    /// Whether a code verifier is the one (RFC 7636, 4.6): 43 to 128 unreserved characters that hash
    /// to this.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(unreserved)
            && constant_time_eq(&sha256(verifier.as_bytes()), &self.0)
    }
}

impl fmt::Display for CodeChallenge {
    /// As it is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_base64url(&self.0))
    }
}

/// `code_verifier`: the client's secret of one authorisation.
#[derive(Clone)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// A new one, of 256 random bits.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn random() -> Result<Self, NoRandomness> {
        let secret: [u8; 32] = random()?;
        Ok(Self(encode_base64url(&secret)))
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

    /// RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_published_pair_fits() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert_eq!(challenge.to_string(), CHALLENGE);
        assert!(!challenge.is_met_by(CHALLENGE));
        assert!(!challenge.is_met_by(&VERIFIER.to_lowercase()));
    }

    #[test]
    fn a_pair_of_ones_own_fits_itself_only() {
        let (one, other) = (CodeVerifier::random().unwrap(), CodeVerifier::random().unwrap());
        assert!(one.challenge().is_met_by(one.as_str()));
        assert!(!one.challenge().is_met_by(other.as_str()));
        assert_eq!(one.as_str().len(), 43);
        assert!(!format!("{one:?}").contains(one.as_str()));
    }

    #[test]
    fn short_long_and_strange_verifiers_and_challenges_are_refused() {
        for (verifier, fits) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            ("+".repeat(43), false),
            ("é".repeat(43), false),
        ] {
            let challenge = CodeChallenge(sha256(verifier.as_bytes()));
            assert_eq!(challenge.is_met_by(&verifier), fits, "{verifier}");
        }
        let long = format!("{CHALLENGE}A");
        for text in [&CHALLENGE[..42], &long, &format!("{CHALLENGE}="), ""] {
            assert_eq!(CodeChallenge::parse(text), None, "{text}");
        }
    }
}
