use std::{collections::HashMap, sync::Arc};

use serde::de::MapAccess;

use super::{
    Jwk, Key,
    object::{self, Members, Strict},
};

/// A document beyond this is no key set (a key with its certificates takes some 6 KiB).
const MAX_BYTES: usize = 1024 * 1024;
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
/// Keys without an id, of types or curves this crate does not know, too weak, malformed, or for
/// another use than signatures are left out and counted, as RFC 7517 section 5 advises; a private
/// member anywhere, two usable keys of one id, and a set without a usable key refuse the whole.
///
/// Does not follow `x5u`, does not look at `x5c`, does not know the age of the document.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: HashMap<String, Arc<Key>>,
    skipped: usize,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517 section 5).
    ///
    /// # Errors
    ///
    /// When the set as a whole is refused; see [`KeySetError`].
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > MAX_BYTES {
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
        let found = jwks.len();
        let set = Self::of(jwks.iter().filter_map(|Strict(jwk)| Key::from_jwk(jwk).ok()))?;
        Ok(Self { skipped: found - set.len(), ..set })
    }

    /// A set of keys from elsewhere, such as the certificates of a directory. Keys without an id are
    /// left out and counted.
    ///
    /// # Errors
    ///
    /// When two keys have one id, or none has any.
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Result<Self, KeySetError> {
        let mut set = Self { keys: HashMap::new(), skipped: 0 };
        for key in keys {
            let Some(id) = key.id().map(str::to_owned) else {
                set.skipped += 1;
                continue;
            };
            if set.keys.contains_key(&id) {
                return Err(KeySetError::DuplicateKeyId(id));
            }
            set.keys.insert(id, Arc::new(key));
        }
        if set.keys.is_empty() { Err(KeySetError::Empty) } else { Ok(set) }
    }

    /// The key of this id.
    pub fn get(&self, kid: &str) -> Option<&Arc<Key>> {
        self.keys.get(kid)
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
