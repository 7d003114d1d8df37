//! Object identifiers in files: dotted.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::cert::Oid;

pub(super) fn serialize<S: Serializer>(oids: &[Oid], serializer: S) -> Result<S::Ok, S::Error> {
    oids.iter().map(Oid::to_string).collect::<Vec<_>>().serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Oid>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}
