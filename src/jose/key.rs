use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::{Jwk, JwkError};
use crate::cert::Certificate;
use crate::crypto::{Algorithm, PublicKey};

/// A verifying key with what its owner said about it: its id, the one algorithm it is for, and its
/// certificate.
///
/// Does not know who its owner is: a [`KeySource`](super::KeySource) answers for one issuer. The
/// certificate is of this very key; nothing else is known of it.
#[derive(Clone, Debug)]
pub struct Key {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    public: PublicKey,
    certified: Option<Certified>,
}

/// The certificate of a key, read once, and what came along for a path.
#[derive(Clone, Debug)]
pub(crate) struct Certified {
    pub(crate) certificate: Arc<Certificate>,
    pub(crate) chain: Arc<[CertificateDer<'static>]>,
}

/// Why a JWK is not a key to verify with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableKey {
    /// The certificate that came with it is of another key (RFC 7517 section 4.7).
    #[error("the certificate is of another key")]
    CertificateOfAnotherKey,
    /// The certificate that came with it cannot be read.
    #[error("the certificate cannot be read")]
    CertificateUnreadable,
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
        Self { id: None, algorithm: None, public, certified: None }
    }

    /// The same key with its certificate and others that may lead from it to an anchor, the key's
    /// own first; an empty list changes nothing.
    ///
    /// # Errors
    ///
    /// When the first cannot be read, or is of another key.
    pub fn certified_by(
        self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, UnusableKey> {
        let mut certificates = certificates.into_iter();
        let Some(own) = certificates.next() else { return Ok(self) };
        let certificate =
            Certificate::from_der(&own).map_err(|_| UnusableKey::CertificateUnreadable)?;
        if PublicKey::from_spki(certificate.spki_der()).as_ref() != Ok(&self.public) {
            return Err(UnusableKey::CertificateOfAnotherKey);
        }
        let certificate = Arc::new(certificate);
        let certified = Some(Certified { certificate, chain: certificates.collect() });
        Ok(Self { certified, ..self })
    }

    /// The same key under an id, which a message that names a key must name.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// Reads a JWK. Its `alg` pins the algorithm; `use` and `key_ops` must allow verifying; the
    /// certificate in `x5c`, if there is one, must be of the same key.
    ///
    /// # Errors
    ///
    /// When it is not a key to verify with.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, UnusableKey> {
        if !jwk.may_verify() {
            return Err(UnusableKey::NotForSignatures);
        }
        Self::certified_from_jwk(jwk)
    }

    /// Also one of a key for TLS, whose certificate is what counts.
    pub(super) fn certified_from_jwk(jwk: &Jwk) -> Result<Self, UnusableKey> {
        if !jwk.may_verify() && !jwk.is_for_tls() {
            return Err(UnusableKey::NotForSignatures);
        }
        let public = jwk.public_key()?;
        let algorithm = match jwk.algorithm_name() {
            None => None,
            Some(name) => Some(
                Algorithm::from_name(name)
                    .filter(|algorithm| public.fits(*algorithm))
                    .ok_or(UnusableKey::OtherAlgorithm)?,
            ),
        };
        let id = jwk.key_id().map(str::to_owned);
        Self { id, algorithm, public, certified: None }.certified_by(jwk.certificates()?)
    }

    /// The key id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The only algorithm the key is for, where its owner named one.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// The certificate of the key, where its owner published one.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certified.as_ref().map(|certified| &*certified.certificate)
    }

    pub(crate) fn certified(&self) -> Option<&Certified> {
        self.certified.as_ref()
    }

    /// The key itself.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}
