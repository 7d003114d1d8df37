//! The audit line: what a decision says about the request, in ids only.

use std::borrow::Cow;
use std::fmt;

/// Named values that evidence contributes to the log and to observers.
///
/// Ids, thumbprints and codes only: no claim, no body, no token.
#[derive(Clone, Default)]
pub struct Audit(Vec<(&'static str, Cow<'static, str>)>);

impl Audit {
    /// Adds a field.
    pub fn field(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.0.push((name, value.into()));
    }

    /// The value of a field, if some evidence wrote it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// All fields in the order of the steps.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_ref()))
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            // Escaped, so that no value can start a line of its own in the log.
            write!(f, "{gap}{name}={}", value.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
