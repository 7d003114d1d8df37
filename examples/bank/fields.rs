//! JSON read field by field, so that a refusal names the place.

use serde_json::Value;
use tower_open_banking::reject::{Reason, Rejection};

/// A value with the path that leads to it.
pub struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub fn root(value: &'a Value) -> Self {
        Self { path: String::new(), value }
    }

    /// A member of an object.
    pub fn member(&self, name: &str) -> Result<Self, Rejection> {
        let members = self.value.as_object().ok_or_else(|| self.invalid())?;
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            parent => format!("{parent}.{name}"),
        };
        match members.get(name) {
            Some(value) => Ok(Self { path, value }),
            None => Err(Rejection::new(Reason::FieldMissing).place(path)),
        }
    }

    /// An object, whatever its members.
    pub fn object(&self) -> Result<&'a Value, Rejection> {
        match self.value {
            Value::Object(_) => Ok(self.value),
            _ => Err(self.invalid()),
        }
    }

    /// A text that is not empty.
    pub fn text(&self) -> Result<&'a str, Rejection> {
        self.value.as_str().filter(|text| !text.is_empty()).ok_or_else(|| self.invalid())
    }

    /// The refusal of this field.
    pub fn invalid(&self) -> Rejection {
        let path = if self.path.is_empty() { "$" } else { &self.path };
        Rejection::new(Reason::FieldInvalid).place(path.to_owned())
    }
}
