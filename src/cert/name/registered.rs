//! A name as a client registered it.
use super::{CanonicalName, Name, NameError};

/// A subject name from a client's registration, its order decided once (RFC 8705, 2.1.2).
///
/// Directories and tools write names in either order. The order is settled here, when the client
/// is registered, so that a request is only ever compared with settled names.
///
/// ```
/// use tower_open_banking::cert::{Name, NameOrder, RegisteredName};
///
/// let certificate = Name::parse("CN=tpp.example,O=TPP,C=GB")?;
/// let reversed = "c=GB, o=tpp, cn=TPP.example";
/// assert!(!RegisteredName::parse(reversed, NameOrder::AsWritten)?.matches(&certificate));
/// assert!(RegisteredName::parse(reversed, NameOrder::AllowReversed)?.matches(&certificate));
/// # Ok::<_, tower_open_banking::cert::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RegisteredName {
    name: Name,
    keys: Vec<CanonicalName>,
}

impl RegisteredName {
    /// Reads a registered name.
    ///
    /// # Errors
    ///
    /// [`NameError`] as [`Name::parse`].
    pub fn parse(text: &str, order: NameOrder) -> Result<Self, NameError> {
        let name = Name::parse(text)?;
        let mut keys = vec![name.canonical().cloned().ok_or(NameError::Value)?];
        if order == NameOrder::AllowReversed {
            keys.extend(name.reversed().canonical().cloned());
            keys.dedup();
        }
        Ok(Self { name, keys })
    }

    /// Passes when the certificate's name is the registered one in an order that was allowed.
    #[must_use]
    pub fn matches(&self, name: &Name) -> bool {
        name.canonical().is_some_and(|canonical| self.keys.contains(canonical))
    }

    /// The keys under which the client is to be found: one, or two if the orders differ.
    #[must_use]
    pub fn keys(&self) -> &[CanonicalName] {
        &self.keys
    }

    /// The name in the order its text form has.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }
}

/// In which orders a registered name is taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NameOrder {
    /// The fully reversed sequence passes as well: for directories that publish both orders.
    AllowReversed,
    /// Only the order of the text form passes.
    #[default]
    AsWritten,
}
