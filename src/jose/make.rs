use serde::Serialize;

use super::{MakeError, base64url, header::obie};
use crate::crypto::{Algorithm, SigningKey};

/// A protected header to be signed, written in one fixed order of members.
#[derive(Clone, Debug)]
#[must_use]
pub struct NewHeader<'a> {
    algorithm: Algorithm,
    members: Written<'a>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Written<'a> {
    alg: &'static str,
    kid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64: Option<bool>,
    #[serde(rename = "http://openbanking.org.uk/iat", skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(rename = "http://openbanking.org.uk/iss", skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(rename = "http://openbanking.org.uk/tan", skip_serializing_if = "Option::is_none")]
    tan: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crit: Vec<&'static str>,
}

impl<'a> NewHeader<'a> {
    /// A header of `alg` and `kid`.
    pub fn new(algorithm: Algorithm, kid: &'a str) -> Self {
        let members = Written { alg: algorithm.name(), kid, ..Written::default() };
        Self { algorithm, members }
    }

    /// Adds `typ`.
    pub fn typ(mut self, typ: &'a str) -> Self {
        self.members.typ = Some(typ);
        self
    }

    /// Adds `cty`.
    pub fn cty(mut self, cty: &'a str) -> Self {
        self.members.cty = Some(cty);
        self
    }

    /// Adds `b64` false (RFC 7797), critical: a detached payload is signed as it is.
    pub fn unencoded(mut self) -> Self {
        self.members.b64 = Some(false);
        self.critical()
    }

    /// Adds the three OBIE members, critical. `issued_at` is in seconds since 1970.
    pub fn obie(mut self, issued_at: u64, issuer: &'a str, trust_anchor: &'a str) -> Self {
        self.members.iat = Some(issued_at);
        self.members.iss = Some(issuer);
        self.members.tan = Some(trust_anchor);
        self.critical()
    }

    /// Signs `payload` and leaves it out: `H..S`.
    ///
    /// # Errors
    ///
    /// When the key does not sign with the algorithm of the header.
    pub fn sign_detached(&self, key: &SigningKey, payload: &[u8]) -> Result<String, MakeError> {
        let input = self.signing_input(payload)?;
        let signature = key.sign(self.algorithm, &[&input])?;
        Ok(format!("{}..{}", self.encode()?, base64url::encode(&signature)))
    }

    /// Signs `payload` and carries it: `H.P.S`.
    ///
    /// # Errors
    ///
    /// When the key does not sign with the algorithm of the header, or the header says
    /// [`unencoded`](Self::unencoded).
    pub fn sign_compact(&self, key: &SigningKey, payload: &[u8]) -> Result<String, MakeError> {
        if self.members.b64.is_some() {
            return Err(MakeError::Header);
        }
        let signed = format!("{}.{}", self.encode()?, base64url::encode(payload));
        let signature = key.sign(self.algorithm, &[signed.as_bytes()])?;
        Ok(format!("{signed}.{}", base64url::encode(&signature)))
    }

    fn signing_input(&self, payload: &[u8]) -> Result<Vec<u8>, MakeError> {
        let header = self.encode()?;
        Ok(match self.members.b64 {
            Some(false) => [header.as_bytes(), b".", payload].concat(),
            _ => format!("{header}.{}", base64url::encode(payload)).into_bytes(),
        })
    }

    fn encode(&self) -> Result<String, MakeError> {
        let json = serde_json::to_vec(&self.members).map_err(|_| MakeError::Header)?;
        Ok(base64url::encode(&json))
    }

    fn critical(mut self) -> Self {
        let b64 = self.members.b64.map(|_| "b64");
        let obie = self.members.iat.map(|_| [obie::IAT, obie::ISS, obie::TAN]);
        self.members.crit = b64.into_iter().chain(obie.into_iter().flatten()).collect();
        self
    }
}
