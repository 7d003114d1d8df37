//! The client's half: request objects.

use super::claims::{Audiences, RequestClaims};
use crate::crypto::{Algorithm, SigningKey};
use crate::jose::{MakeError, NewHeader};
use rustls_pki_types::UnixTime;

/// Makes request objects (RFC 9101, 4), in the form of every profile here.
///
/// ```
/// # use rustls_pki_types::UnixTime;
/// use tower_open_banking::{authorize::*, client_auth::CodeVerifier, crypto::*};
///
/// # let pem = rcgen::KeyPair::generate()?.serialize_pem();
/// let key = SigningKey::from_pem(pem.as_bytes())?;
/// let verifier = CodeVerifier::random()?; // stays with the client until the token request
/// let mut claims = RequestClaims::default();
/// claims.response_type = Some("code id_token".into());
/// claims.redirect_uri = Some("https://tpp.example/cb".into());
/// claims.scope = Some("openid payments".into());
/// claims.nonce = Some("n-0S6_WzA2Mj".into());
/// claims.demand_intent("urn:consent:58923");
/// claims.prove_by(&verifier.challenge());
///
/// let maker = NewRequestObject::of("tpp", "https://as.bank.example");
/// let object = maker.sign(claims, &key, Algorithm::Es256, "tpp-1", UnixTime::now())?;
/// assert_eq!(object.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewRequestObject {
    client_id: String,
    issuer: String,
}

impl NewRequestObject {
    /// Requests of this client to the authorization server of this issuer identifier.
    pub fn of(client_id: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), issuer: issuer.into() }
    }

    /// Signs a request, good for five minutes from now. `iss`, `client_id`, `aud`, `iat`, `nbf` and
    /// `exp` are set here, whatever they were.
    ///
    /// # Errors
    ///
    /// When the key does not sign with the algorithm.
    pub fn sign(
        &self,
        claims: RequestClaims,
        key: &SigningKey,
        algorithm: Algorithm,
        kid: &str,
        now: UnixTime,
    ) -> Result<String, MakeError> {
        let now = now.as_secs();
        let claims = RequestClaims {
            issuer: Some(self.client_id.clone()),
            client_id: Some(self.client_id.clone()),
            audience: Audiences(vec![self.issuer.clone()]),
            issued_at: Some(now),
            not_before: Some(now),
            expires_at: Some(now.saturating_add(LIFETIME)),
            ..claims
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| MakeError::Header)?;
        NewHeader::new(algorithm, kid).typ("oauth-authz-req+jwt").sign_compact(key, &payload)
    }
}

const LIFETIME: u64 = 300;
