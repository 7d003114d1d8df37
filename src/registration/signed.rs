//! A JWT and the key that it names.

use std::sync::Arc;

use rustls_pki_types::UnixTime;

use crate::jose::{Accept, Compact, Key, KeyLookup, KeySource, Verified};
use crate::reject::{Reason, Rejection};

/// A JWT verified by the key that it names, and that key.
pub(super) async fn signed(
    text: &str,
    keys: &dyn KeySource,
    now: UnixTime,
    accept: Accept<'_>,
    refused: fn(&'static str) -> Rejection,
) -> Result<(Arc<Key>, Verified), Rejection> {
    let jws = Compact::parse(text).map_err(|error| refused("not a JWS").source(error))?;
    let typ = jws.header().typ();
    if !typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("JOSE")) {
        return Err(refused("typ of another kind"));
    }
    let kid = jws.header().key_id().ok_or_else(|| refused("no kid"))?;
    let found = match keys.find(kid, now) {
        KeyLookup::Now(found) => found,
        KeyLookup::Later(search) => search.await,
    };
    let key = found
        .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
        .ok_or_else(|| refused("no key of this kid"))?;
    let verified = jws.verify(&key, accept).map_err(|error| refused("signature").source(error))?;
    Ok((key, verified))
}
