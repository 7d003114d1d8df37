use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

use super::base64url;
use crate::crypto::{Components, PublicKey, constant_time_eq, sha256};

/// A SHA-256 thumbprint: of a certificate (`x5t#S256`, RFC 8705 section 3.1) or of a key (`jkt`, RFC
/// 7638), 43 characters of base64url without padding on the wire.
///
/// Equality takes constant time.
#[derive(Clone, Copy)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The thumbprint of a DER certificate. The certificate is not parsed: its version, extensions
    /// and dates do not matter.
    pub fn of_certificate(der: &[u8]) -> Self {
        Self(sha256(der))
    }

    /// The RFC 7638 thumbprint of a key.
    pub fn of_key(key: &PublicKey) -> Self {
        let b64 = base64url::encode;
        // The required members in lexicographic order without blanks (RFC 7638 section 3).
        let canonical = match key.components() {
            Components::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#, b64(x), b64(y))
            }
            Components::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x))
            }
            Components::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n))
            }
        };
        Self(sha256(canonical.as_bytes()))
    }

    /// Reads the 43 characters; padding and the standard alphabet are refused.
    pub fn from_base64url(text: &str) -> Option<Self> {
        base64url::decode(text)?.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Thumbprint {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl Eq for Thumbprint {}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_base64url(&text).ok_or_else(|| D::Error::custom("not a SHA-256 thumbprint"))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    /// RFC 8705 Appendix A: a version 1 certificate, without extensions, expired in 2022.
    const CERTIFICATE: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODE\
        yMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcny\
        xwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZ\
        Izj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaK\
        lLR50Q2DmFfQj1L+SY=";

    #[test]
    fn the_certificate_of_rfc_8705_appendix_a_has_its_published_thumbprint() {
        let thumbprint = Thumbprint::of_certificate(&STANDARD.decode(CERTIFICATE).unwrap());
        assert_eq!(thumbprint.to_string(), "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        assert_eq!(Thumbprint::from_base64url(&thumbprint.to_string()), Some(thumbprint));
    }

    #[test]
    fn padded_short_and_standard_alphabet_values_are_refused() {
        for text in [
            "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0=",
            "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v",
            "+4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0",
            "",
        ] {
            assert_eq!(Thumbprint::from_base64url(text), None, "{text}");
        }
    }
}
