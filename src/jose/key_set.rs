use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::de::MapAccess;

use super::{
    Jwk, Key,
    object::{self, Members, Strict},
};

const MAX_KEYS: usize = 256;

/// Why a key set was refused as a whole.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Two usable keys share a key id: which one is meant cannot be told.
    #[error("two keys have the id {0:?}")]
    DuplicateKeyId(String),
    /// No usable key was left.
    #[error("the set holds no usable key")]
    Empty,
    /// Not a JSON object with an array of JWK objects, or a member twice.
    #[error("not a JWK set")]
    Malformed,
    /// A key came with private or symmetric material: it is no longer anybody's key.
    #[error("the set holds a secret")]
    Secret,
    /// More than 256 keys or 1 MiB.
    #[error("the set is too large")]
    TooLarge,
}

/// The keys of one issuer by key id, decoded once.
///
/// Keys without an id, of types or curves this crate does not know, too weak, malformed, for
/// another use than signatures, or with the certificate of another key in `x5c` are left out and
/// counted, as RFC 7517 section 5 advises; a private member anywhere, two usable keys of one id, and
/// a set without a usable key refuse the whole.
///
/// The certificates of keys for TLS (`use` is `tls`, as directories write) and of keys without an id
/// are [registered](super::KeySource::has_certificate) all the same; such keys verify nothing.
///
/// Does not follow `x5u`, does not judge the certificates in `x5c`, does not know the age of the
/// document.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: HashMap<String, Arc<Key>>,
    /// The SHA-256 of each certificate.
    certificates: HashSet<[u8; 32]>,
    skipped: usize,
}

impl KeySet {
    /// A document beyond this is no key set (a key with its certificates takes some 6 KiB).
    pub(crate) const MAX_BYTES: usize = 1024 * 1024;

    /// Reads a JWK set (RFC 7517 section 5).
    ///
    /// # Errors
    ///
    /// When the set as a whole is refused; see [`KeySetError`].
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        let (set, ambiguous) = Self::read(json)?;
        match ambiguous.into_iter().next() {
            Some(id) => Err(KeySetError::DuplicateKeyId(id)),
            None if set.keys.is_empty() => Err(KeySetError::Empty),
            None => Ok(set),
        }
    }

    /// Reads a JWK set that its owner replaces without us: of an id that two keys share there is no
    /// key, and a set without a key is one, since that is how its owner withdraws them all.
    pub(crate) fn parse_published(json: &[u8]) -> Result<Self, KeySetError> {
        Self::read(json).map(|(set, ambiguous)| {
            if !ambiguous.is_empty() {
                tracing::warn!(?ambiguous, "a JWK set has several keys of one id");
            }
            set
        })
    }

    /// Also the ids that several keys have; they are not in the set.
    fn read(json: &[u8]) -> Result<(Self, HashSet<String>), KeySetError> {
        if json.len() > Self::MAX_BYTES {
            return Err(KeySetError::TooLarge);
        }
        let (document, _) = object::parse::<Document>(json).map_err(|_| KeySetError::Malformed)?;
        let jwks = document.keys.ok_or(KeySetError::Malformed)?;
        if jwks.len() > MAX_KEYS {
            return Err(KeySetError::TooLarge);
        }
        if jwks.iter().any(|Strict(jwk)| jwk.has_secret()) {
            return Err(KeySetError::Secret);
        }
        let (mut set, mut ambiguous) = (Self::empty(), HashSet::new());
        for Strict(jwk) in &jwks {
            let Ok(key) = Key::certified_from_jwk(jwk) else { continue };
            set.certificates.extend(key.certificate().map(|own| *own.thumbprint()));
            if jwk.may_verify()
                && let Err(id) = set.add(key)
            {
                ambiguous.insert(id);
            }
        }
        set.keys.retain(|id, _| !ambiguous.contains(id));
        set.skipped = jwks.len() - set.keys.len();
        Ok((set, ambiguous))
    }

    pub(crate) fn empty() -> Self {
        Self { keys: HashMap::new(), certificates: HashSet::new(), skipped: 0 }
    }

    /// Adds a key under its id, or gives back the id that another key has.
    fn add(&mut self, key: Key) -> Result<(), String> {
        let Some(id) = key.id().map(str::to_owned) else {
            self.skipped += 1;
            return Ok(());
        };
        match self.keys.contains_key(&id) {
            true => Err(id),
            false => {
                self.keys.insert(id, Arc::new(key));
                Ok(())
            }
        }
    }

    /// A set of keys from elsewhere, such as the certificates of a directory. Keys without an id are
    /// left out and counted.
    ///
    /// # Errors
    ///
    /// When two keys have one id, or none has any.
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Result<Self, KeySetError> {
        let mut set = Self::empty();
        for key in keys {
            set.certificates.extend(key.certificate().map(|own| *own.thumbprint()));
            set.add(key).map_err(KeySetError::DuplicateKeyId)?;
        }
        if set.keys.is_empty() { Err(KeySetError::Empty) } else { Ok(set) }
    }

    /// The key of this id.
    pub fn get(&self, kid: &str) -> Option<&Arc<Key>> {
        self.keys.get(kid)
    }

    /// Whether a certificate of this SHA-256 came with one of the keys.
    pub(crate) fn holds(&self, thumbprint: &[u8; 32]) -> bool {
        self.certificates.contains(thumbprint)
    }

    /// How many keys can be used; never none.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many entries were left out.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

#[derive(Default)]
struct Document {
    keys: Option<Vec<Strict<Jwk>>>,
}

impl Members for Document {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        if name != "keys" {
            return Ok(false);
        }
        self.keys = Some(values.next_value()?);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use openssl::pkey::{PKey, Private};

    use super::*;
    use crate::cert::test_pki;
    use crate::crypto::{Algorithm, test_keys};

    fn jwk(kid: &str) -> String {
        jwk_of(&test_keys::p256(), kid)
    }

    fn jwk_of(key: &PKey<Private>, kid: &str) -> String {
        let key = test_keys::signing(key);
        serde_json::to_string(&Jwk::of(key.public_key(), kid, Algorithm::Es256)).unwrap()
    }

    fn set(keys: &[String]) -> Result<KeySet, KeySetError> {
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes())
    }

    #[test]
    fn usable_keys_are_found_and_the_others_counted() {
        let keys = set(&[
            jwk("a"),
            jwk("b").replace("\"sig\"", "\"enc\""),
            jwk("c").replace("P-256", "P-999"),
            jwk("d").replace("ES256", "RS256"),
            jwk("e").replace("\"kid\":\"e\",", ""),
            r#"{"kty":"RSA","kid":"f","n":"AQAB","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"quantum","kid":"g"}"#.to_owned(),
            r#"{"kty":"EC","crv":"P-256","x":"AA=="}"#.to_owned(),
            jwk("h").replace("\"use\":\"sig\"", "\"key_ops\":[\"encrypt\"]"),
            jwk("i").replace("\"use\":\"sig\"", "\"key_ops\":[\"verify\"]"),
        ])
        .unwrap();
        assert_eq!((keys.len(), keys.skipped()), (2, 8));
        assert_eq!(keys.get("a").unwrap().algorithm(), Some(Algorithm::Es256));
        assert!(keys.get("i").is_some());
        assert!(keys.get("b").is_none());
    }

    /// The certificate of a key, in base64.
    fn certificate(key: &PKey<Private>) -> String {
        let digest = openssl::hash::MessageDigest::sha256();
        BASE64_STANDARD.encode(test_pki::ISSUING.issues_by_openssl(key, digest, |_| {}))
    }

    /// A set of an ordinary key and of this one with a member `x5c`.
    fn with_x5c(key: &PKey<Private>, value: &str) -> Result<KeySet, KeySetError> {
        let member = format!("\"x5c\":{value},\"kty\"");
        set(&[jwk("a"), jwk_of(key, "b").replace("\"kty\"", &member)])
    }

    #[test]
    fn a_key_keeps_the_certificate_that_is_its_own() {
        let key = test_keys::p256();
        let own = certificate(&key);
        let keys = with_x5c(&key, &format!("[\"{own}\",\"AAAA\"]")).unwrap();
        assert!(keys.get("a").unwrap().certificate().is_none());
        let certified = keys.get("b").unwrap().certified().unwrap();
        assert_eq!(BASE64_STANDARD.encode(certified.certificate.der()), own);
        assert_eq!(*certified.chain, [vec![0, 0, 0].into()]);
        let none = with_x5c(&key, "[]").unwrap();
        assert!(none.get("b").unwrap().certificate().is_none());
    }

    #[test]
    fn a_key_with_the_certificate_of_another_is_left_out() {
        let key = test_keys::p256();
        let (own, other) = (certificate(&key), certificate(&test_keys::p256()));
        for hostile in [
            format!("[\"{other}\"]"),
            // One's own must be the first.
            format!("[\"{other}\",\"{own}\"]"),
            "[\"AAAA\"]".to_owned(),
            "[\"\"]".to_owned(),
            format!("[\"{own} \"]"),
            format!("[\"{}\"]", own.trim_end_matches('=').replacen('M', "_", 1)),
        ] {
            let keys = with_x5c(&key, &hostile).unwrap();
            assert_eq!((keys.len(), keys.skipped()), (1, 1), "{hostile}");
        }
        assert_eq!(with_x5c(&key, "\"AAAA\"").err(), Some(KeySetError::Malformed));
    }

    #[test]
    fn a_private_or_symmetric_key_refuses_the_set() {
        for secret in [
            jwk("b").replace("\"kty\"", "\"d\":\"AAAA\",\"kty\""),
            r#"{"kty":"oct","kid":"b","k":"AAAA"}"#.to_owned(),
        ] {
            assert_eq!(set(&[jwk("a"), secret]).err(), Some(KeySetError::Secret));
        }
    }

    #[test]
    fn one_id_for_two_usable_keys_refuses_the_set() {
        let error = set(&[jwk("a"), jwk("a")]).err();
        assert_eq!(error, Some(KeySetError::DuplicateKeyId("a".to_owned())));
        // RFC 7517 section 4.5: the same id for another use is no ambiguity.
        assert!(set(&[jwk("a"), jwk("a").replace("\"sig\"", "\"enc\"")]).is_ok());
    }

    #[test]
    fn empty_large_and_malformed_sets_are_refused() {
        assert_eq!(set(&[]).err(), Some(KeySetError::Empty));
        assert_eq!(set(&[jwk("a").replace("ES256", "x")]).err(), Some(KeySetError::Empty));
        let many: Vec<_> = (0..257).map(|_| r#"{"kty":"x"}"#.to_owned()).collect();
        assert_eq!(set(&many).err(), Some(KeySetError::TooLarge));
        assert_eq!(KeySet::parse(&[b' '; 1024 * 1024 + 1]).err(), Some(KeySetError::TooLarge));
        for json in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[1]}"#,
            r#"{"keys":[],"keys":[]}"#,
            r#"{"keys":[{"kty":"EC","kty":"RSA"}]}"#,
            r#"{"keys":[{"kty":1}]}"#,
        ] {
            assert_eq!(
                KeySet::parse(json.as_bytes()).err(),
                Some(KeySetError::Malformed),
                "{json}"
            );
        }
    }
}
