//! Encrypted envelopes, opened: RSA-OAEP or RSA-OAEP-256 with A256GCM, compact.

use std::fmt;
use std::sync::Arc;

use josekit::jwe::alg::rsaes::RsaesJweDecrypter;
use josekit::jwe::{RSA_OAEP, RSA_OAEP_256};
use openssl::pkey::PKey;
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use serde::de::MapAccess;

use super::base64url;
use super::object::{self, Members};
use crate::crypto::KeyError;

/// Why a JWE was not opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JweError {
    /// `alg`, `enc`, `zip` or `crit` ask for what is not done here.
    #[error("the encryption is not supported")]
    Unsupported,
    /// Not five parts, a part that is not base64url, or a header that is no JSON object.
    #[error("the JWE is malformed")]
    Malformed,
    /// No key of this id, or no id where there are several keys.
    #[error("no such decryption key")]
    NoKey,
    /// Not made for this key, or changed on the way.
    #[error("the JWE does not decrypt")]
    Undecryptable,
}

/// A private RSA key that opens what is encrypted to this server.
#[derive(Clone)]
pub struct DecryptionKey {
    id: Option<String>,
    oaep: RsaesJweDecrypter,
    oaep_256: RsaesJweDecrypter,
}

impl DecryptionKey {
    /// Reads the first private key of a PEM file: RSA of at least 2048 bits, PKCS#8 or PKCS#1.
    ///
    /// # Errors
    ///
    /// When there is none, or the key is malformed, weak or of another kind.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::Malformed)?;
        let key = PKey::private_key_from_der(der.secret_der()).map_err(|_| KeyError::Malformed)?;
        let rsa = key.rsa().map_err(|_| KeyError::Unsupported)?;
        if rsa.size() < 2048 / 8 {
            return Err(KeyError::Weak);
        }
        if !rsa.check_key().unwrap_or(false) {
            return Err(KeyError::Malformed);
        }
        let pkcs8 = key.private_key_to_pkcs8().map_err(|_| KeyError::Malformed)?;
        let oaep = RSA_OAEP.decrypter_from_der(&pkcs8).map_err(|_| KeyError::Malformed)?;
        let oaep_256 = RSA_OAEP_256.decrypter_from_der(&pkcs8).map_err(|_| KeyError::Malformed)?;
        Ok(Self { id: None, oaep, oaep_256 })
    }

    /// The same key under an id, which a message that names a key must name.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The keys that open what is encrypted to this server.
#[derive(Clone, Debug)]
pub struct DecryptionKeys(Arc<[DecryptionKey]>);

impl DecryptionKeys {
    /// These keys.
    pub fn of(keys: impl IntoIterator<Item = DecryptionKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Opens a compact JWE (RFC 7516, 5.2). What it held is not authenticated by that: anybody can
    /// encrypt to a public key.
    pub(crate) fn open(&self, text: &str) -> Result<Vec<u8>, JweError> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, key, nonce, _, tag] = parts.as_slice() else {
            return Err(JweError::Malformed);
        };
        let json = base64url::decode(header).ok_or(JweError::Malformed)?;
        let (fields, _) = object::parse::<Fields>(&json).map_err(|_| JweError::Malformed)?;
        // `zip` makes a bomb of a small text; nothing critical is understood.
        if fields.has_zip || fields.has_crit || fields.enc.as_deref() != Some("A256GCM") {
            return Err(JweError::Unsupported);
        }
        // OpenSSL takes a tag of any length for the whole one: of one byte, one guess in 256 fits.
        let lengths = [key, nonce, tag].map(|part| base64url::decode(part).map(|part| part.len()));
        let [Some(_), Some(12), Some(16)] = lengths else {
            return Err(JweError::Malformed);
        };
        let own = self.find(fields.kid.as_deref())?;
        let decrypter = match fields.alg.as_deref() {
            Some("RSA-OAEP") => &own.oaep,
            Some("RSA-OAEP-256") => &own.oaep_256,
            _ => return Err(JweError::Unsupported),
        };
        // One error for a wrong key and a wrong tag: neither is told apart from outside.
        let opened = josekit::jwe::deserialize_compact(text, decrypter);
        opened.map(|(content, _)| content).map_err(|_| JweError::Undecryptable)
    }

    fn find(&self, kid: Option<&str>) -> Result<&DecryptionKey, JweError> {
        match (kid, &*self.0) {
            (None, [only]) => Ok(only),
            (None, _) => Err(JweError::NoKey),
            (Some(kid), keys) => {
                keys.iter().find(|key| key.id.as_deref() == Some(kid)).ok_or(JweError::NoKey)
            }
        }
    }
}

#[derive(Default)]
struct Fields {
    alg: Option<String>,
    enc: Option<String>,
    kid: Option<String>,
    has_zip: bool,
    has_crit: bool,
}

impl Members for Fields {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "alg" => self.alg = Some(values.next_value()?),
            "enc" => self.enc = Some(values.next_value()?),
            "kid" => self.kid = Some(values.next_value()?),
            "zip" => {
                self.has_zip = true;
                return Ok(false);
            }
            "crit" => {
                self.has_crit = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
pub(crate) mod tests;
