use base64::prelude::{BASE64_STANDARD, Engine};
use rustls_pki_types::CertificateDer;
use serde::{Serialize, de::MapAccess};

use super::{
    base64url,
    object::{self, Members},
};
use crate::crypto::{Algorithm, Components, KeyError, KeyKind, PublicKey};

/// Why a JWK was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// The key it describes was refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Not one JSON object, a member twice, a member of another type, or bad base64url.
    #[error("the JWK is malformed")]
    Malformed,
    /// A member the key type requires is missing.
    #[error("the JWK lacks {0}")]
    Missing(&'static str),
    /// It holds private or symmetric key material, which has no business in a message or a public
    /// key set.
    #[error("the JWK holds a secret")]
    Secret,
    /// A key type or curve this crate does not verify with.
    #[error("the key type is not supported")]
    Unsupported,
}

/// A public JSON Web Key (RFC 7517), in the members that matter to verifying.
///
/// Reading one checks its form only; [`public_key`](Self::public_key) checks the key, and
/// [`Key::from_jwk`](super::Key::from_jwk) the certificates in `x5c`. `x5u` and unknown members are
/// ignored. Secret members are noticed and not kept.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Jwk {
    kty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5c: Option<Vec<String>>,
    #[serde(skip)]
    secret: bool,
}

impl Jwk {
    /// Reads one JWK.
    ///
    /// # Errors
    ///
    /// When it is not one JSON object, has a member twice, or one of another type.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        object::parse(json).map(|(jwk, _)| jwk).map_err(|_| JwkError::Malformed)
    }

    /// The public JWK of a key, for publication: `use` is `sig`, `alg` and `kid` as given.
    #[must_use]
    pub fn of(key: &PublicKey, kid: &str, algorithm: Algorithm) -> Self {
        Self {
            kid: Some(kid.to_owned()),
            usage: Some("sig".to_owned()),
            alg: Some(algorithm.name().to_owned()),
            ..Self::bare(key)
        }
    }

    /// The members that make the key, and no other.
    pub(crate) fn bare(key: &PublicKey) -> Self {
        let member = |bytes| Some(base64url::encode(bytes));
        let name = |text: &str| Some(text.to_owned());
        match key.components() {
            Components::Ec { crv, x, y } => Self {
                kty: name("EC"),
                crv: name(crv),
                x: member(x),
                y: member(y),
                ..Self::default()
            },
            Components::Ed25519 { x } => {
                Self { kty: name("OKP"), crv: name("Ed25519"), x: member(x), ..Self::default() }
            }
            Components::Rsa { n, e } => {
                Self { kty: name("RSA"), n: member(n), e: member(e), ..Self::default() }
            }
        }
    }

    /// The key it describes.
    ///
    /// # Errors
    ///
    /// When the JWK holds a secret, lacks a member, or the key itself is refused.
    pub fn public_key(&self) -> Result<PublicKey, JwkError> {
        if self.secret {
            return Err(JwkError::Secret);
        }
        let key = match (self.kty.as_deref(), self.crv.as_deref()) {
            (Some("RSA"), _) => PublicKey::from_rsa(&bytes("n", &self.n)?, &bytes("e", &self.e)?),
            (Some("EC"), Some("P-256")) => self.point(KeyKind::P256)?,
            (Some("EC"), Some("P-384")) => self.point(KeyKind::P384)?,
            (Some("OKP"), Some("Ed25519")) => PublicKey::from_ed25519(&bytes("x", &self.x)?),
            (Some("EC" | "OKP"), None) => return Err(JwkError::Missing("crv")),
            (Some(_), _) => return Err(JwkError::Unsupported),
            (None, _) => return Err(JwkError::Missing("kty")),
        };
        Ok(key?)
    }

    /// The key id.
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The value of `alg`, which may name an algorithm this crate does not know.
    pub fn algorithm_name(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// The DER of the certificates in `x5c`, the key's own first; empty if there is no such member.
    ///
    /// # Errors
    ///
    /// When an entry is not base64, in the standard alphabet and with padding (RFC 7517 section
    /// 4.7).
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, JwkError> {
        let encoded = self.x5c.iter().flatten();
        let decoded = encoded.map(|text| BASE64_STANDARD.decode(text).map(CertificateDer::from));
        decoded.collect::<Result<_, _>>().map_err(|_| JwkError::Malformed)
    }

    /// Whether `use` and `key_ops`, where present, allow the key to verify (RFC 7517 sections 4.2
    /// and 4.3).
    pub fn may_verify(&self) -> bool {
        self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    /// Whether it is for TLS alone: not a registered value of `use`, but what directories write.
    pub(super) fn is_for_tls(&self) -> bool {
        self.usage.as_deref() == Some("tls")
    }

    /// Whether it came with private or symmetric key material.
    pub fn has_secret(&self) -> bool {
        self.secret
    }

    fn point(&self, kind: KeyKind) -> Result<Result<PublicKey, KeyError>, JwkError> {
        Ok(PublicKey::from_coordinates(kind, &bytes("x", &self.x)?, &bytes("y", &self.y)?))
    }
}

impl Members for Jwk {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "kty" => self.kty = Some(values.next_value()?),
            "kid" => self.kid = Some(values.next_value()?),
            "use" => self.usage = Some(values.next_value()?),
            "key_ops" => self.key_ops = Some(values.next_value()?),
            "alg" => self.alg = Some(values.next_value()?),
            "crv" => self.crv = Some(values.next_value()?),
            "x" => self.x = Some(values.next_value()?),
            "y" => self.y = Some(values.next_value()?),
            "n" => self.n = Some(values.next_value()?),
            "e" => self.e = Some(values.next_value()?),
            "x5c" => self.x5c = Some(values.next_value()?),
            "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "k" => {
                self.secret = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn bytes(name: &'static str, value: &Option<String>) -> Result<Vec<u8>, JwkError> {
    let text = value.as_deref().ok_or(JwkError::Missing(name))?;
    base64url::decode(text).ok_or(JwkError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::test_keys;

    #[test]
    fn a_published_key_reads_back_as_itself() {
        let p384 = test_keys::ec(openssl::nid::Nid::SECP384R1);
        for (key, algorithm) in [
            (test_keys::rsa_2048(), Algorithm::Ps256),
            (&test_keys::p256(), Algorithm::Es256),
            (&p384, Algorithm::Es384),
            (&test_keys::ed25519(), Algorithm::EdDsa),
        ] {
            let key = test_keys::signing(key);
            let jwk = Jwk::of(key.public_key(), "k", algorithm);
            let read = Jwk::parse(&serde_json::to_vec(&jwk).unwrap()).unwrap();
            assert_eq!(read.key_id(), Some("k"));
            assert_eq!(read.public_key().as_ref(), Ok(key.public_key()));
        }
    }

    #[test]
    fn each_refusal_says_why() {
        for (json, error) in [
            ("{}", JwkError::Missing("kty")),
            (r#"{"kty":"EC"}"#, JwkError::Missing("crv")),
            (r#"{"kty":"EC","crv":"P-256","x":"AA"}"#, JwkError::Missing("y")),
            (r#"{"kty":"EC","crv":"P-521"}"#, JwkError::Unsupported),
            (r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, JwkError::Unsupported),
            (r#"{"kty":"oct","k":"AA"}"#, JwkError::Secret),
            (r#"{"kty":"EC","crv":"P-256","d":null}"#, JwkError::Secret),
            (r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, KeyError::Malformed.into()),
            (r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, KeyError::Malformed.into()),
            (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, KeyError::Weak.into()),
            (r#"{"kty":"RSA","n":"AQAB=","e":"AQAB"}"#, JwkError::Malformed),
        ] {
            let verdict = Jwk::parse(json.as_bytes()).unwrap().public_key();
            assert_eq!(verdict.err(), Some(error), "{json}");
        }
    }
}
