use super::{Header, HeaderError, Key};
use crate::crypto::{Algorithm, SignError, VerifyError};

/// What a verifier accepts: which algorithms, and which critical extensions it understands.
///
/// There is no default. An empty list of algorithms accepts nothing.
#[derive(Clone, Copy, Debug)]
pub struct Accept<'a> {
    algorithms: &'a [Algorithm],
    critical: &'a [&'a str],
}

impl Accept<'static> {
    /// PS256 and ES256 (FAPI 1.0 Advanced section 8.6).
    pub const FAPI1: Self = Self::algorithms(&[Algorithm::Ps256, Algorithm::Es256]);
    /// PS256, ES256 and EdDSA with Ed25519 (FAPI 2.0 Security Profile section 5.4).
    pub const FAPI2: Self =
        Self::algorithms(&[Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa]);
}

impl<'a> Accept<'a> {
    /// Accepts these algorithms and no critical extension.
    pub const fn algorithms(algorithms: &'a [Algorithm]) -> Self {
        Self { algorithms, critical: &[] }
    }

    /// Accepts these critical extensions as well. The caller must act on each of them.
    #[must_use]
    pub const fn understanding(self, critical: &'a [&'a str]) -> Self {
        Self { critical, ..self }
    }

    /// Passes when the algorithm is accepted, every critical extension is understood, and the key is
    /// the one the header names, for that algorithm. All of it before any cryptography.
    pub(super) fn admit(self, header: &Header, key: &Key) -> Result<Algorithm, JwsError> {
        let algorithm = header.algorithm();
        if !self.algorithms.contains(&algorithm) {
            return Err(JwsError::AlgorithmNotAccepted(algorithm));
        }
        if let Some(name) =
            header.critical().iter().find(|name| !self.critical.contains(&name.as_str()))
        {
            return Err(JwsError::NotUnderstood(name.clone()));
        }
        if header.key_id().is_some_and(|kid| key.id().is_some_and(|id| id != kid)) {
            return Err(JwsError::OtherKey);
        }
        if key.algorithm().is_some_and(|pinned| pinned != algorithm) {
            return Err(JwsError::KeyForOtherAlgorithm);
        }
        Ok(algorithm)
    }
}

/// Why a JWS was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// The header names an algorithm that the profile does not accept.
    #[error("{0} is not accepted")]
    AlgorithmNotAccepted(Algorithm),
    /// The protected header was refused.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The key's owner registered it for another algorithm.
    #[error("the key is for another algorithm")]
    KeyForOtherAlgorithm,
    /// Not three parts, a detached one with a payload, or a part that is not base64url.
    #[error("the JWS is malformed")]
    Malformed,
    /// A critical extension that the profile does not understand.
    #[error("the critical extension {0:?} is not understood")]
    NotUnderstood(String),
    /// The key handed over is not the one the header names.
    #[error("the key is not the one named")]
    OtherKey,
    /// An unencoded payload where only an encoded one is possible.
    #[error("the payload is not encoded")]
    Unencoded,
    /// The signature was refused.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Why a JWS was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The header could not be written, or says what the form cannot carry.
    #[error("the header does not fit")]
    Header,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::test_keys,
        jose::{Compact, Jwk, NewHeader},
    };

    fn signed(algorithm: Algorithm) -> (String, Key) {
        let signing = test_keys::signing(test_keys::rsa_2048());
        let text = NewHeader::new(algorithm, "k1").sign_compact(&signing, b"{}").unwrap();
        (text, Key::new(signing.public_key().clone()).with_id("k1"))
    }

    fn verdict(text: &str, key: &Key, accept: Accept<'_>) -> Option<JwsError> {
        Compact::parse(text).and_then(|jws| jws.verify(key, accept)).err()
    }

    #[test]
    fn an_algorithm_outside_the_list_is_refused_by_name() {
        let (text, key) = signed(Algorithm::Ps384);
        let refused = Some(JwsError::AlgorithmNotAccepted(Algorithm::Ps384));
        assert_eq!(verdict(&text, &key, Accept::FAPI1), refused);
        assert_eq!(verdict(&text, &key, Accept::algorithms(&[])), refused);
        assert_eq!(verdict(&text, &key, Accept::algorithms(&[Algorithm::Ps384])), None);
    }

    #[test]
    fn a_key_serves_the_algorithm_its_owner_registered_only() {
        let (text, key) = signed(Algorithm::Ps256);
        let jwk = Jwk::of(key.public_key(), "k1", Algorithm::Ps384);
        let pinned = Key::from_jwk(&jwk).unwrap();
        assert_eq!(verdict(&text, &pinned, Accept::FAPI1), Some(JwsError::KeyForOtherAlgorithm));
        let jwk = Jwk::of(key.public_key(), "k1", Algorithm::Ps256);
        assert_eq!(verdict(&text, &Key::from_jwk(&jwk).unwrap(), Accept::FAPI1), None);
    }

    #[test]
    fn a_key_of_another_id_is_refused() {
        let (text, key) = signed(Algorithm::Ps256);
        assert_eq!(verdict(&text, &key, Accept::FAPI1), None);
        let other = key.with_id("k2");
        assert_eq!(verdict(&text, &other, Accept::FAPI1), Some(JwsError::OtherKey));
    }
}
