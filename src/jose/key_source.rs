use std::sync::{Arc, PoisonError, RwLock};

use rustls_pki_types::UnixTime;

use super::{Key, KeySet};
use crate::cert::Certificate;
use crate::gate::BoxFuture;

/// The keys could not be asked for: refuse as unavailable (503), never as an unknown key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the keys are not available")]
pub struct KeysUnavailable;

/// A key, no such key, or no answer.
pub type FoundKey = Result<Option<Arc<Key>>, KeysUnavailable>;

/// What a [`KeySource`] answers.
#[must_use]
pub enum Lookup<T> {
    /// After waiting, such as for a refreshed document.
    Later(BoxFuture<'static, Result<T, KeysUnavailable>>),
    /// At once.
    Now(Result<T, KeysUnavailable>),
}

impl<T> Lookup<T> {
    /// Waits, if there is something to wait for.
    pub(crate) async fn answer(self) -> Result<T, KeysUnavailable> {
        match self {
            Self::Later(search) => search.await,
            Self::Now(known) => known,
        }
    }
}

/// What a [`KeySource`] answers about a key.
pub type KeyLookup = Lookup<Option<Arc<Key>>>;

/// Finds verifying keys of **one issuer** by key id.
///
/// A key id means nothing without its issuer: whoever serves many issuers keeps a source for each.
/// An implementation that fetches answers `Now` for keys it has, `Later` at most once per rate limit
/// for ids it does not, and never follows a URL found in a message.
///
/// `Ok(None)` refuses the message; an error refuses it as unavailable. No answer passes anything by
/// itself.
pub trait KeySource: Send + Sync + 'static {
    /// Finds the key of this id. `now` is the time of the request.
    fn find(&self, kid: &str, now: UnixTime) -> KeyLookup;

    /// Whether the owner registered this very certificate: the first in the `x5c` of one of its
    /// keys, octet by octet (RFC 8705, 2.2). A source that knows no certificates says no.
    fn has_certificate(&self, certificate: &Certificate, now: UnixTime) -> Lookup<bool> {
        let _ = (certificate, now);
        Lookup::Now(Ok(false))
    }
}

impl KeySource for KeySet {
    fn find(&self, kid: &str, _: UnixTime) -> KeyLookup {
        Lookup::Now(Ok(self.get(kid).cloned()))
    }

    fn has_certificate(&self, certificate: &Certificate, _: UnixTime) -> Lookup<bool> {
        Lookup::Now(Ok(self.holds(certificate.thumbprint())))
    }
}

impl<T: KeySource + ?Sized> KeySource for Arc<T> {
    fn find(&self, kid: &str, now: UnixTime) -> KeyLookup {
        (**self).find(kid, now)
    }

    fn has_certificate(&self, certificate: &Certificate, now: UnixTime) -> Lookup<bool> {
        (**self).has_certificate(certificate, now)
    }
}

/// A key set that is replaced while requests are served.
///
/// A lookup sees the old set or the new one, never a mixture; keys handed out before stay valid for
/// the verification they were handed out for.
#[derive(Debug)]
pub struct RotatingKeys(RwLock<Arc<KeySet>>);

impl RotatingKeys {
    /// Begins with this set.
    pub fn new(keys: KeySet) -> Self {
        Self(RwLock::new(Arc::new(keys)))
    }

    /// Replaces the set. A document that does not parse never gets here, so that a bad refresh
    /// leaves the old keys in place.
    pub fn replace(&self, keys: KeySet) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn current(&self) -> Arc<KeySet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeySource for RotatingKeys {
    fn find(&self, kid: &str, now: UnixTime) -> KeyLookup {
        self.current().find(kid, now)
    }

    fn has_certificate(&self, certificate: &Certificate, now: UnixTime) -> Lookup<bool> {
        self.current().has_certificate(certificate, now)
    }
}

fn _obj_safe(_: &dyn KeySource) {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::crypto::test_keys;

    fn key_set(id: &str) -> KeySet {
        let key = test_keys::signing(&test_keys::p256());
        KeySet::of([Key::new(key.public_key().clone()).with_id(id)]).unwrap()
    }

    fn knows(source: &dyn KeySource, id: &str) -> bool {
        let now = UnixTime::since_unix_epoch(Duration::ZERO);
        matches!(source.find(id, now), KeyLookup::Now(Ok(Some(key))) if key.id() == Some(id))
    }

    #[test]
    fn a_replaced_set_answers_with_its_own_keys_only() {
        let source = Arc::new(RotatingKeys::new(key_set("old")));
        assert!(knows(&source, "old") && !knows(&source, "new"));
        source.replace(key_set("new"));
        assert!(knows(&source, "new") && !knows(&source, "old"));
    }
}
