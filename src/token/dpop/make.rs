//! The client's half: proofs to send.

use http::{HeaderValue, Method, Uri};
use rustls_pki_types::UnixTime;

use super::claims::{ProofClaims, token_hash};
use super::{ALGORITHMS, TYP};
use crate::crypto::{Algorithm, SigningKey, random};
use crate::jose::{MakeError, encode_base64url, sign_with_jwk};

/// A proof to be made, for one request: it is good once.
///
/// ```
/// use http::Method;
/// use tower_open_banking::{context::{Clock, SystemClock}, crypto::*, token::dpop::*};
///
/// # let pem = rcgen::KeyPair::generate()?.serialize_pem();
/// let key = SigningKey::from_pem(pem.as_bytes())?;
/// let uri = "https://api.bank.example/accounts?page=2".parse()?;
/// let proof = NewProof::of(Method::GET, &uri, SystemClock.now())
///     .beside("the-access-token")
///     .nonce("as the server offered it")
///     .sign(&key, Algorithm::Es256)?;
/// assert_eq!(proof.to_str()?.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct NewProof(ProofClaims);

impl NewProof {
    /// For a request of this method to this address; its query and fragment are left out.
    pub fn of(method: Method, uri: &Uri, now: UnixTime) -> Self {
        let text = uri.to_string();
        let htu = text.split(['?', '#']).next().unwrap_or_default().to_owned();
        Self(ProofClaims {
            htm: Some(method.as_str().to_owned()),
            htu: Some(htu),
            iat: Some(now.as_secs()),
            ..ProofClaims::default()
        })
    }

    /// Sent beside this access token.
    pub fn beside(self, token: &str) -> Self {
        Self(ProofClaims { ath: Some(encode_base64url(&token_hash(token))), ..self.0 })
    }

    /// With the nonce of the server's last `DPoP-Nonce`.
    pub fn nonce(self, nonce: &str) -> Self {
        Self(ProofClaims { nonce: Some(nonce.to_owned()), ..self.0 })
    }

    /// Signs it, with a `jti` of 128 random bits.
    ///
    /// # Errors
    ///
    /// When the algorithm is none of PS256, ES256 and EdDSA or does not fit the key, or the operating
    /// system has no random numbers.
    pub fn sign(self, key: &SigningKey, algorithm: Algorithm) -> Result<HeaderValue, MakeError> {
        if !ALGORITHMS.contains(&algorithm) {
            return Err(MakeError::Header);
        }
        let id: [u8; 16] =
            random().map_err(|_| MakeError::Sign(crate::crypto::SignError::Failed))?;
        let claims = ProofClaims { jti: Some(encode_base64url(&id)), ..self.0 };
        let payload = serde_json::to_vec(&claims).map_err(|_| MakeError::Header)?;
        let proof = sign_with_jwk(key, algorithm, TYP, &payload)?;
        HeaderValue::try_from(proof).map_err(|_| MakeError::Header)
    }
}
