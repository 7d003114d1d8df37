use super::{Jwk, JwkError};
use crate::crypto::{Algorithm, PublicKey};

/// A verifying key with what its owner said about it: its id, and the one algorithm it is for.
///
/// Does not know who its owner is: a [`KeySource`](super::KeySource) answers for one issuer.
#[derive(Clone, Debug)]
pub struct Key {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    public: PublicKey,
}

/// Why a JWK is not a key to verify with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableKey {
    /// The JWK was refused.
    #[error(transparent)]
    Jwk(#[from] JwkError),
    /// `use` or `key_ops` say it is for something else.
    #[error("the key is not for signatures")]
    NotForSignatures,
    /// `alg` names an algorithm that this crate does not know or that does not fit the key.
    #[error("the key is for another algorithm")]
    OtherAlgorithm,
}

impl Key {
    /// A key that verifies with every algorithm that fits it and is accepted by policy.
    pub fn new(public: PublicKey) -> Self {
        Self { id: None, algorithm: None, public }
    }

    /// The same key under an id, which a message that names a key must name.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// Reads a JWK. Its `alg` pins the algorithm; `use` and `key_ops` must allow verifying.
    ///
    /// # Errors
    ///
    /// When it is not a key to verify with.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, UnusableKey> {
        let public = jwk.public_key()?;
        if !jwk.may_verify() {
            return Err(UnusableKey::NotForSignatures);
        }
        let algorithm = match jwk.algorithm_name() {
            None => None,
            Some(name) => Some(
                Algorithm::from_name(name)
                    .filter(|algorithm| public.fits(*algorithm))
                    .ok_or(UnusableKey::OtherAlgorithm)?,
            ),
        };
        Ok(Self { id: jwk.key_id().map(str::to_owned), algorithm, public })
    }

    /// The key id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The only algorithm the key is for, where its owner named one.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// The key itself.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}
