//! What a proof says: one struct for who makes it and who reads it.

use serde::Serialize;
use serde::de::MapAccess;

use crate::jose::{Members, NumericDate, ObjectError, parse_object};

/// The claims of a proof (RFC 9449, 4.2). Unknown ones are left alone.
#[derive(Default, Serialize)]
pub(super) struct ProofClaims {
    pub(super) jti: Option<String>,
    pub(super) htm: Option<String>,
    pub(super) htu: Option<String>,
    pub(super) iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<String>,
}

impl ProofClaims {
    /// Reads a payload whose signature verified: one object, no claim twice.
    pub(super) fn parse(json: &[u8]) -> Result<Self, ObjectError> {
        parse_object(json).map(|(claims, _)| claims)
    }
}

impl Members for ProofClaims {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "jti" => self.jti = Some(values.next_value()?),
            "htm" => self.htm = Some(values.next_value()?),
            "htu" => self.htu = Some(values.next_value()?),
            "iat" => self.iat = Some(values.next_value::<NumericDate>()?.seconds()),
            "ath" => self.ath = Some(values.next_value()?),
            "nonce" => self.nonce = Some(values.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `ath`: the hash of the token's ASCII (RFC 9449, 4.2).
pub(in crate::token) fn token_hash(token: &str) -> [u8; 32] {
    crate::crypto::sha256(token.as_bytes())
}
