//! `FetchedKeys`: the keys of an owner who publishes them and changes them without us.

mod state;

use std::borrow::Borrow;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use futures_util::FutureExt;
use http::Uri;
use rustls_pki_types::UnixTime;

use self::state::{Flight, Held, Known, State, Times};
use super::key_source::{KeyLookup, KeySource, Lookup};
use super::{KeySet, KeySetError};
use crate::body::BoxError;
use crate::cert::Certificate;
use crate::fetch::{Fetch, FetchRequest, Fetched, NotHttps, document, https};
use crate::runtime::{drive, off_the_runtime};

/// The JWK set at one address (`jwks_uri`), fetched when it is due and kept.
///
/// - A key that is held is found at once, without a fetch and without waiting.
/// - A key id or certificate that is not held causes a fetch, at most one in an
///   [interval](Self::interval) whoever asks and how often, and whether or not it succeeds. Who asks
///   during a fetch waits for that one; who asks after it within the interval is told that there is
///   no such key. Nothing is remembered of ids that do not exist.
/// - A set is renewed by the first request after it went out of date: after `max-age` of the
///   answer, but not before the interval and not after [`max_age`](Self::max_age). Others are
///   meanwhile answered from the set that is held.
/// - **Rotation**: a key that the new set lacks is good no longer, since that is how its owner
///   withdraws it; whoever rotates publishes the next key first and leaves the old one until nothing
///   signed by it is under way. A verification that has been given its key goes on with it.
/// - **An owner who errs** (no answer, no 200, no JWK set, one that is too large): the set that was
///   held stays good for [`max_stale`](Self::max_stale) after it went out of date. Ids that it lacks
///   are then not unknown but unavailable: 503. With no set, or one that is older, nothing is found:
///   503. A set without keys is no error, and one with a private key in it withdraws all.
/// - Where the clock was set back, the age of a set is what lies between, in either direction.
///
/// Each address is a value of its own: another's keys are not found in it, and nobody waits for
/// another's owner. A clone shares the set.
///
/// Keys, and the certificates in their `x5c`, are decoded once, on arrival; [`KeySet`] says which
/// are left out. An id that two keys of the set share is no key's. At most 1 MiB and 256 keys.
///
/// Does not follow redirects (see [`Fetch`]), `x5u`, or any address in a message. The media type of
/// the answer is not looked at: what does not read as a JWK set is none.
///
/// A fetch that was begun is finished on the tokio runtime (feature `tokio`), whoever goes away.
/// Without one it gets as far as somebody waits for it.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use tower_open_banking::gate::BoxFuture;
/// # use tower_open_banking::fetch::{FetchError, FetchRequest, Fetched};
/// use tower_open_banking::cert::{CertificateMatch, Client};
/// use tower_open_banking::{crypto::Algorithm, jose::FetchedKeys};
///
/// # // With the feature `fetch`: HttpFetch::new().over_tls(…)
/// # let fetch = |_: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
/// #     Box::pin(async { Err(FetchError::Timeout) })
/// # };
/// let uri = "https://keystore.directory.example/tpp.jwks".parse()?;
/// let keys = FetchedKeys::at(uri, fetch)?.max_stale(Duration::from_secs(600));
/// // What a client publishes says which certificates are its own, and with what it signs.
/// let own = CertificateMatch::RegisteredCertificates(Arc::new(keys.clone()));
/// let client = Client::new("tpp", own).signs_with(keys, [Algorithm::Ps256]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FetchedKeys {
    source: Arc<Source>,
    times: Times,
}

struct Source {
    uri: Uri,
    over: Arc<dyn Fetch>,
    state: RwLock<State>,
}

impl FetchedKeys {
    /// The set at this address: one fetch in 30 seconds at most, out of date after 10 minutes at
    /// most, good for an hour more while its owner errs.
    ///
    /// # Errors
    ///
    /// [`NotHttps`]: keys are believed because of where they come from.
    pub fn at(uri: Uri, over: impl Fetch) -> Result<Self, NotHttps> {
        let source = Source { uri: https(uri)?, over: Arc::new(over), state: RwLock::default() };
        let times = Times { interval: 30, max_age: 600, max_stale: 3_600 };
        Ok(Self { source: Arc::new(source), times })
    }

    /// How long after one fetch the next may begin, in full seconds; at least one.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.times.interval = interval.as_secs().max(1);
        self
    }

    /// For how long a set is not asked for again, whatever its owner says.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.times.max_age = max_age.as_secs();
        self
    }

    /// How much longer a set is good while its owner errs. Zero: not at all.
    #[must_use]
    pub fn max_stale(mut self, max_stale: Duration) -> Self {
        self.times.max_stale = max_stale.as_secs();
        self
    }

    fn lookup<T, Q>(
        &self,
        question: &Q,
        now: UnixTime,
        look: impl Fn(&KeySet, &Q) -> Option<T> + Send + 'static,
    ) -> Lookup<Option<T>>
    where
        T: Send + 'static,
        Q: ToOwned<Owned: Send + Sync + 'static> + ?Sized,
    {
        let known = self.source.state().known(now.as_secs(), self.times, |set| look(set, question));
        let flight = match known {
            Known::Answer(answer) => return Lookup::Now(answer),
            Known::Open => self.flight(now.as_secs()),
        };
        let (keys, question) = (self.clone(), question.to_owned());
        Lookup::Later(Box::pin(async move {
            if let Some(flight) = flight {
                flight.await;
            }
            let state = keys.source.state();
            let look = |set: &KeySet| look(set, question.borrow());
            state.settled(now.as_secs(), keys.times, look)
        }))
    }

    /// A new fetch, or the one under way; none where it ended between the look and now.
    fn flight(&self, now: u64) -> Option<Flight> {
        let mut state = self.source.state.write().unwrap_or_else(PoisonError::into_inner);
        if !state.may_fetch(now, self.times) {
            return state.running().cloned();
        }
        let number = state.next(now);
        let (source, times) = (Arc::downgrade(&self.source), self.times);
        let fetch = fetch(self.source.uri.clone(), self.source.over.clone());
        let flight = async move {
            // A fetcher that panics must not take with it all who ask after it.
            let published = AssertUnwindSafe(fetch).catch_unwind().await;
            let published = published.unwrap_or_else(|_| Err("the fetcher panicked".into()));
            if let Some(source) = source.upgrade() {
                source.take(number, published, now, times);
            }
        };
        let flight = flight.boxed().shared();
        state.took_off(flight.clone());
        drop(state);
        drive(flight.clone());
        Some(flight)
    }
}

impl Source {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(
        &self,
        number: u64,
        published: Result<(KeySet, Fetched), BoxError>,
        now: u64,
        times: Times,
    ) {
        let brought = match published {
            Ok((set, answer)) => {
                let (keys, skipped) = (set.len(), set.skipped());
                tracing::debug!(uri = %self.uri, keys, skipped, "JWK set");
                Some(Held::new(set, answer.max_age().map(|age| age.as_secs()), now, times))
            }
            Err(why) => {
                tracing::warn!(uri = %self.uri, %why, "JWK set: no answer");
                None
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.landed(number, brought);
    }
}

async fn fetch(uri: Uri, over: Arc<dyn Fetch>) -> Result<(KeySet, Fetched), BoxError> {
    let request = FetchRequest::get(uri.clone(), KeySet::MAX_BYTES).accept(JWK_SET);
    let answer = document(&*over, request).await?;
    let body = answer.body().clone();
    let set = match off_the_runtime(move || KeySet::parse_published(&body)).await? {
        // Whatever else was published there, its owner's secrets are out.
        Err(error @ KeySetError::Secret) => {
            tracing::error!(%uri, %error, "JWK set: none of its keys is good");
            KeySet::empty()
        }
        read => read?,
    };
    Ok((set, answer))
}

impl KeySource for FetchedKeys {
    fn find(&self, kid: &str, now: UnixTime) -> KeyLookup {
        self.lookup(kid, now, |set, kid| set.get(kid).cloned())
    }

    fn has_certificate(&self, certificate: &Certificate, now: UnixTime) -> Lookup<bool> {
        let held = |set: &KeySet, thumbprint: &[u8; 32]| set.holds(thumbprint).then_some(());
        match self.lookup(certificate.thumbprint(), now, held) {
            Lookup::Now(answer) => Lookup::Now(answer.map(|held| held.is_some())),
            Lookup::Later(search) => {
                let search = async { search.await.map(|held| held.is_some()) };
                Lookup::Later(Box::pin(search))
            }
        }
    }
}

impl fmt::Debug for FetchedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedKeys").field("uri", &self.source.uri).finish_non_exhaustive()
    }
}

const JWK_SET: &str = "application/jwk-set+json, application/json";

#[cfg(test)]
mod tests;
