use super::{Accept, Header, JwsError, Key, base64url, base64url::Encoder};
use crate::crypto::Verification;

/// A detached JWS `H..S` (RFC 7515 Appendix F), as in `x-jws-signature`: read, and **not verified**.
///
/// The payload is the message's body in the very bytes that were signed: after content decoding,
/// never written out again from parsed JSON. `b64` of the header decides whether those bytes are
/// signed as they are or in base64url (RFC 7797 section 3); whether `b64` may stand there is the
/// profile's to check.
#[derive(Clone, Debug)]
pub struct Detached<'a> {
    encoded_header: &'a str,
    header: Header,
    signature: Vec<u8>,
}

impl<'a> Detached<'a> {
    /// Splits the value and reads its header. Exactly two dots, nothing between them, no padding.
    ///
    /// # Errors
    ///
    /// When the value or its header is malformed.
    pub fn parse(value: &'a str) -> Result<Self, JwsError> {
        let (encoded_header, signature) = value.split_once("..").ok_or(JwsError::Malformed)?;
        // `.` is no letter of base64url, so that further dots fail here.
        let signature = base64url::decode(signature).ok_or(JwsError::Malformed)?;
        Ok(Self { encoded_header, header: Header::parse(encoded_header)?, signature })
    }

    /// The header: a claim of the sender until [`verify`](Self::verify) passed.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Passes when the signature is one by `key` over this header and `payload`.
    ///
    /// The payload is hashed where it lies, without a copy of it or of its base64url form.
    ///
    /// # Errors
    ///
    /// When the algorithm or an extension is not accepted, the key is another one, or the signature
    /// does not verify.
    pub fn verify(&self, key: &Key, accept: Accept<'_>, payload: &[u8]) -> Result<(), JwsError> {
        let mut verification = self.start(key, accept)?;
        verification.update(payload);
        verification.finish()
    }

    /// Begins a verification whose payload arrives in pieces, such as a file being uploaded.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), except for the signature itself.
    pub fn start(&self, key: &Key, accept: Accept<'_>) -> Result<DetachedVerification, JwsError> {
        let algorithm = accept.admit(&self.header, key)?;
        let mut input = key.public_key().start(algorithm)?;
        input.update(self.encoded_header.as_bytes());
        input.update(b".");
        let encoder = (self.header.b64() != Some(false)).then(Encoder::default);
        Ok(DetachedVerification { input, encoder, signature: self.signature.clone() })
    }
}

/// A verification of a detached JWS in progress.
///
/// Nothing is verified until [`finish`](Self::finish) says so: what was read meanwhile must not be
/// acted on.
#[derive(Debug)]
#[must_use = "an unfinished verification has verified nothing"]
pub struct DetachedVerification {
    input: Verification,
    encoder: Option<Encoder>,
    signature: Vec<u8>,
}

impl DetachedVerification {
    /// Takes the next piece of the payload.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.encoder {
            Some(encoder) => encoder.update(piece, |text| self.input.update(text)),
            None => self.input.update(piece),
        }
    }

    /// Passes when the signature is one over all pieces so far.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn finish(mut self) -> Result<(), JwsError> {
        if let Some(encoder) = &mut self.encoder {
            encoder.finish(|text| self.input.update(text));
        }
        Ok(self.input.finish(&self.signature)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{Algorithm, test_keys},
        jose::{HeaderError, NewHeader},
    };

    #[test]
    fn anything_but_two_dots_with_nothing_between_is_malformed() {
        let header = base64url::encode(br#"{"alg":"PS256"}"#);
        assert!(Detached::parse(&format!("{header}..AAAA")).is_ok());
        for value in [
            String::new(),
            header.clone(),
            format!("{header}.AAAA"),
            format!("{header}.e30.AAAA"),
            format!("{header}...AAAA"),
            format!("{header}..AAAA."),
            format!("{header}..AAAA.."),
            format!("{header}..AAA="),
            format!("{header}..AB"),
            format!("{header}..AAAA "),
        ] {
            assert_eq!(Detached::parse(&value).err(), Some(JwsError::Malformed), "{value}");
        }
        let empty_header = Detached::parse("..AAAA").err();
        assert_eq!(empty_header, Some(HeaderError::NotJson.into()));
        assert!(Detached::parse(&format!(".{header}..AAAA")).is_err());
    }

    #[test]
    fn an_attached_body_cannot_replace_the_one_received() {
        // The forgery: sign another payload, attach it, and hope that the verifier reads it.
        let signing = test_keys::signing(&test_keys::p256());
        let forged =
            NewHeader::new(Algorithm::Es256, "k").sign_compact(&signing, b"forged").unwrap();
        assert_eq!(Detached::parse(&forged).err(), Some(JwsError::Malformed));
    }

    #[test]
    fn the_encoding_is_the_headers_and_no_other() {
        let signing = test_keys::signing(&test_keys::p256());
        let key = Key::new(signing.public_key().clone());
        let accept = Accept::FAPI1.understanding(&["b64"]);
        let header = NewHeader::new(Algorithm::Es256, "k").unencoded();
        let body = base64url::encode(b"body");
        let value = header.sign_detached(&signing, body.as_bytes()).unwrap();
        let detached = Detached::parse(&value).unwrap();
        assert!(detached.verify(&key, accept, body.as_bytes()).is_ok());
        assert!(detached.verify(&key, accept, b"body").is_err());
    }
    #[test]
    fn no_character_can_change_and_none_can_go() {
        let signing = test_keys::signing(&test_keys::p256());
        let key = Key::new(signing.public_key().clone());
        let value = NewHeader::new(Algorithm::Es256, "k").sign_detached(&signing, b"body").unwrap();
        let passes = |text: &str| {
            Detached::parse(text).and_then(|jws| jws.verify(&key, Accept::FAPI1, b"body")).is_ok()
        };
        assert!(passes(&value));
        for (at, old) in value.char_indices() {
            for new in ["A", "B", "_", ".", "=", "\u{e4}", ""] {
                let changed = format!("{}{new}{}", &value[..at], &value[at + 1..]);
                assert!(new.starts_with(old) || !passes(&changed), "{changed}");
            }
        }
    }
}
