//! One JSON object read strictly: duplicate member names are refused, also where JSON escapes spell
//! them differently (RFC 7515 section 4 leaves the choice; last-wins readers can be played against
//! first-wins readers).

use std::{fmt, marker::PhantomData};

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};

/// More members than any profile defines; keeps the search for duplicates short.
const MAX_MEMBERS: usize = 64;

/// A typed object that reads the members it knows.
pub(crate) trait Members: Default {
    /// Reads the value of `name`, or says `false` and leaves it unread.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error>;
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum ObjectError {
    Duplicate(String),
    NotAnObject,
    NotJson,
    TooManyMembers,
    /// A member this type knows has a value of another type.
    Wrong(String),
}

/// Reads one object and the names of all its members in order. Nothing may follow it.
pub(crate) fn parse<T: Members>(json: &[u8]) -> Result<(T, Vec<String>), ObjectError> {
    // serde_json looks at the encoding of what it keeps only, not of values it skips.
    let json = std::str::from_utf8(json).map_err(|_| ObjectError::NotJson)?;
    let mut fault = None;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    StrictObject { fault: &mut fault, members: PhantomData }
        .deserialize(&mut deserializer)
        .and_then(|object| deserializer.end().map(|()| object))
        .map_err(|error| match fault {
            _ if !error.is_data() => ObjectError::NotJson,
            Some(fault) => fault,
            None => ObjectError::NotAnObject,
        })
}

/// An object inside another one, read as strictly.
pub(crate) struct Strict<T>(pub(crate) T);

impl<'de, T: Members> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrictObject { fault: &mut None, members: PhantomData }
            .deserialize(deserializer)
            .map(|(members, _)| Self(members))
    }
}

struct StrictObject<'f, T> {
    fault: &'f mut Option<ObjectError>,
    members: PhantomData<T>,
}

impl<'de, T: Members> DeserializeSeed<'de> for StrictObject<'_, T> {
    type Value = (T, Vec<String>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Members> Visitor<'de> for StrictObject<'_, T> {
    type Value = (T, Vec<String>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut members, mut names) = (T::default(), Vec::new());
        while let Some(name) = map.next_key::<String>()? {
            if names.len() == MAX_MEMBERS {
                *self.fault = Some(ObjectError::TooManyMembers);
                return Err(A::Error::custom("too many members"));
            }
            if names.contains(&name) {
                *self.fault = Some(ObjectError::Duplicate(name));
                return Err(A::Error::custom("duplicate member name"));
            }
            match members.read(&name, &mut map) {
                Ok(true) => {}
                Ok(false) => {
                    map.next_value::<IgnoredAny>()?;
                }
                Err(error) => {
                    *self.fault = Some(ObjectError::Wrong(name));
                    return Err(error);
                }
            }
            names.push(name);
        }
        Ok((members, names))
    }
}
