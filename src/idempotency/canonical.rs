//! One text for every way in which a JSON value can be written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The text, unless the body is no JSON or holds a member twice: then two readers may read two
/// values.
///
/// Its members are sorted by their names, and it is read by nobody: only equal texts matter.
pub(super) fn canonical(json: &[u8]) -> Option<String> {
    serde_json::from_slice::<Text>(json).ok().map(|text| text.0)
}

struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        // `Display` writes 100.0 and 1e2 as `100`, like the integer, and -0.0 as `-0`.
        Ok(value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        // `Debug` puts quotes around it and escapes those inside.
        Ok(format!("{value:?}"))
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok("null".to_owned())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<String, A::Error> {
        let mut text = String::from("[");
        while let Some(Text(item)) = items.next_element()? {
            text.push_str(&item);
            text.push(',');
        }
        text.push(']');
        Ok(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<String, A::Error> {
        let mut sorted = BTreeMap::new();
        while let Some((name, Text(value))) = members.next_entry::<String, Text>()? {
            if sorted.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is given twice"));
            }
        }
        let mut text = String::from("{");
        for (name, value) in sorted {
            text.push_str(&format!("{name:?}:{value},"));
        }
        text.push('}');
        Ok(text)
    }
}
