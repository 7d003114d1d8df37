use serde::Serialize;

use super::{Jwk, MakeError, base64url, header::obie};
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

/// Signs `payload` under a header that carries the public key, as a DPoP proof does (RFC 9449, 4.2).
pub(crate) fn sign_with_jwk(
    key: &SigningKey,
    algorithm: Algorithm,
    typ: &str,
    payload: &[u8],
) -> Result<String, MakeError> {
    #[derive(Serialize)]
    struct WithKey<'a> {
        typ: &'a str,
        alg: &'static str,
        jwk: Jwk,
    }
    let header = WithKey { typ, alg: algorithm.name(), jwk: Jwk::bare(key.public_key()) };
    let header = serde_json::to_vec(&header).map_err(|_| MakeError::Header)?;
    let signed = format!("{}.{}", base64url::encode(&header), base64url::encode(payload));
    let signature = key.sign(algorithm, &[signed.as_bytes()])?;
    Ok(format!("{signed}.{}", base64url::encode(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{sha256, test_keys},
        jose::{Accept, Compact, Detached, JwsError, Key},
    };

    const BODY: &[u8] = br#"{"Data":{"ConsentId":"58923"},"Risk":{}}"#;
    const OBIE: &[&str] = &["b64", obie::IAT, obie::ISS, obie::TAN];

    fn obie_header() -> NewHeader<'static> {
        NewHeader::new(Algorithm::Ps256, "90210ABAD").obie(
            1_501_497_671,
            "0015800001041RHAAY/HQuZPIt3ipkh33Uxytox1E",
            "openbanking.org.uk",
        )
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_signing_input_from_3_1_4_on_is_header_and_encoded_body() {
        let input = obie_header().signing_input(BODY).unwrap();
        assert_eq!(input.len(), 469);
        assert_eq!(
            hex(&sha256(&input)),
            "0696e1397f5382e840dbb52a16556b7dd4005545876701c56b699ac21289c5f9"
        );
    }

    #[test]
    fn the_signing_input_up_to_3_1_3_is_header_and_bare_body() {
        let input = obie_header().unencoded().signing_input(BODY).unwrap();
        assert_eq!(input.len(), 479);
        assert_eq!(
            hex(&sha256(&input)),
            "b5bf735d37a2100c33b50bcbd7aff8458b4b1e4b378a788d024426870c586348"
        );
    }

    #[test]
    fn what_is_signed_detached_verifies_in_both_encodings_and_all_algorithms() {
        for (key, algorithm) in [
            (test_keys::rsa_2048(), Algorithm::Ps256),
            (&test_keys::p256(), Algorithm::Es256),
            (&test_keys::ed25519(), Algorithm::EdDsa),
        ] {
            let signing = test_keys::signing(key);
            let key = Key::new(signing.public_key().clone()).with_id("k1");
            let accept = Accept::FAPI2.understanding(OBIE);
            let header = NewHeader::new(algorithm, "k1").obie(1, "issuer", "anchor");
            for header in [header.clone(), header.unencoded()] {
                let value = header.sign_detached(&signing, BODY).unwrap();
                let detached = Detached::parse(&value).unwrap();
                detached.verify(&key, accept, BODY).unwrap();
                assert!(detached.verify(&key, accept, &BODY[1..]).is_err());
                let mut pieces = detached.start(&key, accept).unwrap();
                BODY.chunks(7).for_each(|piece| pieces.update(piece));
                pieces.finish().unwrap();
            }
        }
    }

    #[test]
    fn an_amount_with_a_dot_is_signed_unencoded() {
        // The envelopes of josekit refuse a dot in such a payload.
        let signing = test_keys::signing(&test_keys::p256());
        let header = NewHeader::new(Algorithm::Es256, "k").unencoded();
        let value = header.sign_detached(&signing, b"165.88").unwrap();
        let key = Key::new(signing.public_key().clone());
        let accept = Accept::FAPI2.understanding(&["b64"]);
        Detached::parse(&value).unwrap().verify(&key, accept, b"165.88").unwrap();
    }

    #[test]
    fn a_compact_jws_carries_its_payload_and_no_unencoded_one() {
        let signing = test_keys::signing(&test_keys::p256());
        let header = NewHeader::new(Algorithm::Es256, "k").typ("JWT").cty("json");
        let text = header.sign_compact(&signing, b"{}").unwrap();
        let key = Key::new(signing.public_key().clone());
        let verified = Compact::parse(&text).unwrap().verify(&key, Accept::FAPI1).unwrap();
        assert_eq!(verified.payload(), b"{}");
        assert_eq!(verified.header().typ(), Some("JWT"));
        assert_eq!(header.unencoded().sign_compact(&signing, b"{}").err(), Some(MakeError::Header));
    }

    #[test]
    fn a_key_of_another_kind_does_not_sign() {
        let signing = test_keys::signing(&test_keys::p256());
        let error = obie_header().sign_detached(&signing, BODY).unwrap_err();
        assert!(matches!(error, MakeError::Sign(_)));
    }

    #[test]
    fn extensions_nobody_understands_are_refused() {
        let signing = test_keys::signing(test_keys::rsa_2048());
        let value = obie_header().sign_detached(&signing, BODY).unwrap();
        let key = Key::new(signing.public_key().clone());
        let verdict = Detached::parse(&value).unwrap().verify(&key, Accept::FAPI1, BODY);
        assert_eq!(verdict, Err(JwsError::NotUnderstood(obie::IAT.to_owned())));
    }
}
