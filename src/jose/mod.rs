//! Signed envelopes: headers, compact and detached JWS, keys, claims.
//!
//! Everything here works on bytes and knows neither HTTP nor a profile. Reading is strict (base64url
//! without padding or stray bits, JSON objects without duplicate names, bounded sizes), and what has
//! been read is a claim of the sender until a `verify` passed with a key that was found by *issuer*
//! and key id. Nothing found in a message is ever used to find or make a key.
//!
//! ```
//! use tower_open_banking::{
//!     crypto::{Algorithm, SigningKey},
//!     jose::{Accept, Detached, Jwk, JwsError, KeySet, NewHeader},
//! };
//!
//! # let pem = rcgen::KeyPair::generate()?.serialize_pem();
//! let signing = SigningKey::from_pem(pem.as_bytes())?;
//! let jwk = Jwk::of(signing.public_key(), "90210ABAD", Algorithm::Es256);
//! let published = format!(r#"{{"keys":[{}]}}"#, serde_json::to_string(&jwk)?);
//! let value = NewHeader::new(Algorithm::Es256, "90210ABAD").sign_detached(&signing, b"body")?;
//!
//! let keys = KeySet::parse(published.as_bytes())?;
//! let jws = Detached::parse(&value)?;
//! let key = jws.header().key_id().and_then(|kid| keys.get(kid)).ok_or("no such key")?;
//! assert_eq!(jws.verify(key, Accept::FAPI1, b"body"), Ok(()));
//! assert!(jws.verify(key, Accept::FAPI1, b"Body").is_err());
//!
//! let ps256_only = Accept::algorithms(&[Algorithm::Ps256]);
//! let refused = Err(JwsError::AlgorithmNotAccepted(Algorithm::Es256));
//! assert_eq!(jws.verify(key, ps256_only, b"body"), refused);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod base64url;
mod claims;
mod compact;
mod critical;
mod detached;
mod fetched_keys;
mod half_hash;
mod header;
mod jwe;
mod jwk;
mod key;
mod key_set;
mod key_source;
mod make;
mod numeric_date;
mod object;
mod thumbprint;

pub(crate) use self::base64url::{decode as decode_base64url, encode as encode_base64url};
pub(crate) use self::claims::read_claims;
#[cfg(test)]
pub(crate) use self::jwe::tests as jwe_tests;
pub(crate) use self::key::Certified;
pub(crate) use self::make::sign_with_jwk;
pub(crate) use self::object::{Members, ObjectError, Strict, parse as parse_object};
pub use self::{
    accept::{Accept, JwsError, MakeError},
    claims::{Audience, Claims, ClaimsError, Confirmation, Scope},
    compact::{Compact, Verified},
    critical::CriticalError,
    detached::{Detached, DetachedVerification},
    fetched_keys::FetchedKeys,
    half_hash::half_hash,
    header::{Header, HeaderError, obie},
    jwe::{DecryptionKey, DecryptionKeys, JweError},
    jwk::{Jwk, JwkError},
    key::{Key, UnusableKey},
    key_set::{KeySet, KeySetError},
    key_source::{FoundKey, KeyLookup, KeySource, KeysUnavailable, Lookup, RotatingKeys},
    make::NewHeader,
    numeric_date::NumericDate,
    thumbprint::Thumbprint,
};
