use std::fmt;

use super::scheme::{Curve, Hash, Scheme};

/// An asymmetric signature algorithm of JWS that this crate can verify.
///
/// `HS256` and its sisters, `none`, `ES512` and `ES256K` have no value here: a token that names them
/// cannot get as far as a key. Being listed is not being allowed: every verifier takes the list of
/// algorithms its profile accepts, and no default list holds the `RS` family.
///
/// Source: RFC 7518 section 3.1, RFC 8037 section 3.1.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519, named `EdDSA` by RFC 8037; Ed448 is not meant.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384, a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512, a salt of 64 bytes.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256. FAPI forbids it; some national profiles still send it.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384. FAPI forbids it.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512. FAPI forbids it.
    Rs512,
}

impl Algorithm {
    /// Reads the value of an `alg` member, case-sensitively; `None` for every name not listed above.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "EdDSA" => Self::EdDsa,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            _ => return None,
        })
    }

    /// The value of the `alg` member.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    pub(super) fn scheme(self) -> Scheme {
        match self {
            Self::EdDsa => Scheme::Ed25519,
            Self::Es256 => Scheme::EcdsaFixed(Curve::P256),
            Self::Es384 => Scheme::EcdsaFixed(Curve::P384),
            Self::Ps256 => Scheme::RsaPss(Hash::Sha256),
            Self::Ps384 => Scheme::RsaPss(Hash::Sha384),
            Self::Ps512 => Scheme::RsaPss(Hash::Sha512),
            Self::Rs256 => Scheme::RsaPkcs1(Hash::Sha256),
            Self::Rs384 => Scheme::RsaPkcs1(Hash::Sha384),
            Self::Rs512 => Scheme::RsaPkcs1(Hash::Sha512),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetric_unsigned_and_misspelt_names_are_nobody() {
        for name in ["HS256", "HS384", "HS512", "none", "NONE", "ps256", "PS256 ", "ES512", ""] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_name_comes_back() {
        for name in
            ["EdDSA", "ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]
        {
            assert_eq!(Algorithm::from_name(name).map(Algorithm::name), Some(name));
        }
    }
}
