use std::fmt;

use http::Method;

use crate::crypto::Sha256;
use crate::header::IdempotencyKey;

/// Where an idempotency key counts: the same key elsewhere is another request.
///
/// The client comes from a verified token or certificate, never from a header. The route is the
/// path with its identifiers, without the query.
#[derive(Clone, Copy, Debug)]
pub struct KeyScope<'a> {
    /// The bank, brand or environment, where one store serves several; else empty.
    pub tenant: &'a str,
    /// The authenticated client.
    pub client: &'a str,
    /// The method of the request.
    pub method: &'a Method,
    /// The path of the request.
    pub route: &'a str,
}

/// The name of a record in a store: a hash, so that a store learns neither client nor key.
///
/// SHA-256 over the parts, each behind its length, so that no choice of values makes two scopes
/// meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey([u8; 32]);

impl StoreKey {
    /// The record of an idempotency key in its scope.
    pub fn compose(scope: KeyScope<'_>, key: &IdempotencyKey) -> Self {
        let KeyScope { tenant, client, method, route } = scope;
        Self::hash(&["idempotency-key", tenant, client, method.as_str(), route, key.as_str()])
    }

    /// The record of one resource, such as a consent, that only one request may use at a time.
    ///
    /// Never equal to the record of an idempotency key.
    pub fn exclusive(tenant: &str, kind: &str, id: &str) -> Self {
        Self::hash(&["exclusive", tenant, kind, id])
    }

    /// The bytes, for a store that keeps them elsewhere.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn hash(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // Eight bytes on every machine: a store may be shared by 32-bit and 64-bit ones.
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finish())
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: &str, client: &str, method: Method, route: &str, key: &str) -> StoreKey {
        let scope = KeyScope { tenant, client, method: &method, route };
        StoreKey::compose(scope, &key.parse().unwrap())
    }

    #[test]
    fn every_part_separates() {
        let first = key("t", "c", Method::POST, "/r", "k");
        assert_eq!(first, key("t", "c", Method::POST, "/r", "k"));
        for other in [
            key("T", "c", Method::POST, "/r", "k"),
            key("t", "C", Method::POST, "/r", "k"),
            key("t", "c", Method::PUT, "/r", "k"),
            key("t", "c", Method::POST, "/r/", "k"),
            key("t", "c", Method::POST, "/r", "K"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn text_cannot_move_from_one_part_to_the_next() {
        assert_ne!(
            key("", "client", Method::POST, "/r", "k"),
            key("client", "", Method::POST, "/r", "k")
        );
        assert_ne!(
            key("", "cl", Method::POST, "/rk", "k"),
            key("", "cl", Method::POST, "/r", "kk")
        );
    }

    #[test]
    fn a_resource_never_meets_an_idempotency_key() {
        assert_ne!(StoreKey::exclusive("", "c", "k"), key("", "c", Method::POST, "", "k"));
        assert_ne!(StoreKey::exclusive("", "ab", "c"), StoreKey::exclusive("", "a", "bc"));
    }
}
