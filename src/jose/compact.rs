use super::{Accept, Header, JwsError, Key, base64url};

/// A compact JWS `H.P.S` (RFC 7515 section 7.1), such as a JWT: read, and **not verified**.
///
/// Its payload cannot be reached before the signature verified.
#[derive(Clone, Debug)]
pub struct Compact<'a> {
    signed: &'a str,
    payload: &'a str,
    header: Header,
    signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Splits the text and reads its header. Exactly two dots, no padding, no blank.
    ///
    /// # Errors
    ///
    /// When the text or its header is malformed, or its payload is not encoded (`b64` false), which
    /// only the detached form carries safely.
    pub fn parse(text: &'a str) -> Result<Self, JwsError> {
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        if payload.contains('.') {
            return Err(JwsError::Malformed);
        }
        let signature = base64url::decode(signature).ok_or(JwsError::Malformed)?;
        let header = Header::parse(header)?;
        if header.b64() == Some(false) {
            return Err(JwsError::Unencoded);
        }
        Ok(Self { signed, payload, header, signature })
    }

    /// The header: a claim of the sender until [`verify`](Self::verify) passed. Good for finding the
    /// key, and for refusing.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Passes when the signature is one by `key` over this header and payload, and gives the payload.
    ///
    /// Does not look into the payload: dates, issuer and audience are for its reader to check.
    ///
    /// # Errors
    ///
    /// When the algorithm or an extension is not accepted, the key is another one, or the signature
    /// does not verify.
    pub fn verify(self, key: &Key, accept: Accept<'_>) -> Result<Verified, JwsError> {
        let algorithm = accept.admit(&self.header, key)?;
        key.public_key().verify(algorithm, &[self.signed.as_bytes()], &self.signature)?;
        let payload = base64url::decode(self.payload).ok_or(JwsError::Malformed)?;
        Ok(Verified { header: self.header, payload })
    }
}

/// The header and payload of a compact JWS whose signature verified.
#[derive(Clone, Debug)]
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
}

impl Verified {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{Algorithm, test_keys},
        jose::NewHeader,
    };

    #[test]
    fn anything_but_three_parts_is_malformed() {
        let header = base64url::encode(br#"{"alg":"ES256"}"#);
        assert!(Compact::parse(&format!("{header}.e30.AAAA")).is_ok());
        for text in [
            String::new(),
            header.clone(),
            format!("{header}.e30"),
            format!("{header}.e30.AAAA.AAAA"),
            format!("{header}.e30.AAA="),
            format!(r#"{{"protected":"{header}","payload":"e30","signature":"AAAA"}}"#),
        ] {
            assert_eq!(Compact::parse(&text).err(), Some(JwsError::Malformed), "{text}");
        }
    }

    #[test]
    fn an_unencoded_payload_is_refused() {
        let header = base64url::encode(br#"{"alg":"ES256","b64":false,"crit":["b64"]}"#);
        let error = Compact::parse(&format!("{header}.{{}}.AAAA")).err();
        assert_eq!(error, Some(JwsError::Unencoded));
    }

    #[test]
    fn a_signed_payload_that_is_not_base64url_is_refused() {
        let signing = test_keys::signing(&test_keys::p256());
        let signed = format!("{}.{}", base64url::encode(br#"{"alg":"ES256"}"#), "A!");
        let signature = signing.sign(Algorithm::Es256, &[signed.as_bytes()]).unwrap();
        let text = format!("{signed}.{}", base64url::encode(&signature));
        let key = Key::new(signing.public_key().clone());
        let error = Compact::parse(&text).unwrap().verify(&key, Accept::FAPI1).err();
        assert_eq!(error, Some(JwsError::Malformed));
    }

    #[test]
    fn a_signature_moved_to_another_header_or_payload_is_refused() {
        let signing = test_keys::signing(&test_keys::p256());
        let key = Key::new(signing.public_key().clone());
        let sign = |kid, payload: &[u8]| {
            NewHeader::new(Algorithm::Es256, kid).sign_compact(&signing, payload).unwrap()
        };
        let (one, two, three) = (sign("k", b"{}"), sign("k", b"[]"), sign("l", b"{}"));
        let signature = one.rsplit_once('.').unwrap().1;
        for other in [two, three] {
            let moved = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
            assert!(Compact::parse(&moved).unwrap().verify(&key, Accept::FAPI1).is_err());
        }
    }
}
