//! Times in files: RFC 3339, as people read them.

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::cert::time::{from_rfc3339, to_rfc3339};

pub(super) fn serialize<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    to_rfc3339(*time).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UnixTime, D::Error> {
    let text = String::deserialize(from)?;
    from_rfc3339(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no time in UTC")))
}
