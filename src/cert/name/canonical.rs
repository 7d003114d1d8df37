//! The one spelling of a name under which it is looked up.
use super::Attribute;

/// A name reduced to what comparison looks at: equal exactly when the names match.
///
/// Made by [`Name::canonical`](super::Name::canonical); fit as a key of a map. Each part carries
/// its length, so that no value can pose as the start of the next one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CanonicalName(Box<[u8]>);

impl CanonicalName {
    pub(super) fn of(rdns: &[Vec<Attribute>]) -> Option<Self> {
        if rdns.is_empty() {
            return None;
        }
        let mut bytes = Vec::new();
        for rdn in rdns {
            append(&mut bytes, &canonical_rdn(rdn)?)?;
        }
        Some(Self(bytes.into()))
    }

    /// The bytes, for a store that wants them; stable within one version of this crate.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A relative name is a set: its attributes are sorted.
fn canonical_rdn(rdn: &[Attribute]) -> Option<Vec<u8>> {
    if rdn.is_empty() {
        return None;
    }
    let mut attributes = rdn
        .iter()
        .map(|attribute| Some((attribute.oid.to_string(), attribute.value.prepared()?)))
        .collect::<Option<Vec<_>>>()?;
    attributes.sort();
    let mut bytes = Vec::new();
    for (oid, value) in attributes {
        append(&mut bytes, oid.as_bytes())?;
        append(&mut bytes, value.as_bytes())?;
    }
    Some(bytes)
}

fn append(bytes: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    bytes.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(part);
    Some(())
}
