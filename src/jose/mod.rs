//! Signed envelopes: headers, compact and detached JWS, keys, claims.
//!
//! Everything here works on bytes and knows neither HTTP nor a profile. Reading is strict (base64url
//! without padding or stray bits, JSON objects without duplicate names, bounded sizes), and what has
//! been read is a claim of the sender until a `verify` passed with a key that was found by *issuer*
//! and key id. Nothing found in a message is ever used to find or make a key.

mod accept;
mod base64url;
mod claims;
mod compact;
mod critical;
mod detached;
mod header;
mod jwk;
mod key;
mod key_set;
mod key_source;
mod make;
mod numeric_date;
mod object;
mod thumbprint;

pub use self::{
    accept::{Accept, JwsError, MakeError},
    claims::{Audience, Claims, ClaimsError, Confirmation, Scope},
    compact::{Compact, Verified},
    critical::CriticalError,
    detached::{Detached, DetachedVerification},
    header::{Header, HeaderError, obie},
    jwk::{Jwk, JwkError},
    key::{Key, UnusableKey},
    key_set::{KeySet, KeySetError},
    key_source::{FoundKey, KeyLookup, KeySource, KeysUnavailable, RotatingKeys},
    make::NewHeader,
    numeric_date::NumericDate,
    thumbprint::Thumbprint,
};
