//! `PushedRequests`: where requests are kept between the PAR endpoint and the authorisation endpoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls_pki_types::UnixTime;
use serde::Serialize;
use serde::de::MapAccess;

use super::claims::RequestClaims;
use crate::crypto::{NoRandomness, Sha256, random};
use crate::idempotency::{StoreError, StoreFuture};
use crate::jose::{Members, Strict, encode_base64url, parse_object};

mod memory;

pub use self::memory::MemoryPushedRequests;

/// A `request_uri` of this server: `urn:ietf:params:oauth:request_uri:` and 256 random bits (RFC 9126,
/// 2.2 and 7.1). It is a secret until it is used.
#[derive(Clone, Eq, PartialEq)]
pub struct RequestUri(String);

impl RequestUri {
    const PREFIX: &'static str = "urn:ietf:params:oauth:request_uri:";
    const SECRET: usize = 43;

    /// A new one.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn random() -> Result<Self, NoRandomness> {
        let secret: [u8; 32] = random()?;
        Ok(Self(format!("{}{}", Self::PREFIX, encode_base64url(&secret))))
    }

    /// Reads the form that [`random`](Self::random) gives. Nothing else is a request URI here: to
    /// follow an address out of a request is to call whom the client wants called.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(Self::PREFIX)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (secret.len() == Self::SECRET && secret.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// As the client sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestUri").finish_non_exhaustive()
    }
}

/// The name of a pushed request in a store: a hash, so that a store learns no request URI.
///
/// The client is part of it. What another client asks for under the same URI is another name: it
/// finds nothing, and spends nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PushedKey([u8; 32]);

impl PushedKey {
    /// The name of what this client pushed under this URI.
    pub fn compose(client_id: &str, uri: &RequestUri) -> Self {
        let mut hash = Sha256::new();
        for part in ["pushed", client_id, uri.as_str()] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finish())
    }

    /// The bytes, for a store that keeps them elsewhere.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Keeps pushed authorisation requests until they are used, once, or expire.
///
/// # What a store owes
///
/// - Of any number of takings of one key, however simultaneous, at most one gets the request.
/// - Nothing is given out at or after the second `until`.
/// - Nothing is evicted for want of room: [`StoreError::Full`] instead.
/// - A key is kept once; a second keeping of the same one is an error and changes nothing.
///
/// After an error nobody knows what happened: the caller refuses, and the client pushes again.
pub trait PushedRequests: Send + Sync + 'static {
    /// Keeps a request until then.
    fn keep(
        &self,
        key: PushedKey,
        request: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, ()>;

    /// Gives the request out and keeps it.
    fn look_up(&self, key: PushedKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>>;

    /// Gives the request out and forgets it, in one step.
    fn take(&self, key: PushedKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>>;
}

impl<S: PushedRequests + ?Sized> PushedRequests for Arc<S> {
    fn keep(
        &self,
        key: PushedKey,
        request: Bytes,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'_, ()> {
        (**self).keep(key, request, until, now)
    }

    fn look_up(&self, key: PushedKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        (**self).look_up(key, now)
    }

    fn take(&self, key: PushedKey, now: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        (**self).take(key, now)
    }
}

const _OBJECT_SAFE: Option<&dyn PushedRequests> = None;

/// A pushed request that was read and is not used up yet.
#[derive(Clone)]
pub(super) struct Unspent {
    store: Arc<dyn PushedRequests>,
    key: PushedKey,
}

impl Unspent {
    pub(super) fn of(store: Arc<dyn PushedRequests>, key: PushedKey) -> Self {
        Self { store, key }
    }

    pub(super) async fn read(&self, now: UnixTime) -> Result<Option<Bytes>, StoreError> {
        self.store.look_up(self.key, now).await
    }

    /// Uses it up; false if somebody did before, or if the store no longer knows it.
    pub(super) async fn spend(&self, now: UnixTime) -> Result<bool, StoreError> {
        Ok(self.store.take(self.key, now).await?.is_some())
    }
}

/// What is kept of a request: its claims, and whether an object carried them.
#[derive(Clone, Default, Serialize)]
pub(super) struct Kept {
    pub(super) signed: bool,
    /// Until when the browser may come with it, in seconds since 1970.
    pub(super) until: u64,
    pub(super) claims: RequestClaims,
}

impl Kept {
    pub(super) fn to_bytes(&self) -> Result<Bytes, StoreError> {
        let json = serde_json::to_vec(self);
        json.map(Bytes::from).map_err(|_| StoreError::unavailable("the request is not writable"))
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        parse_object(bytes).ok().map(|(kept, _)| kept)
    }
}

impl Members for Kept {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "signed" => self.signed = values.next_value()?,
            "until" => self.until = values.next_value()?,
            "claims" => self.claims = values.next_value::<Strict<_>>()?.0,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// How long a pushed request is kept (RFC 9126, 2.2: 5 to 600 seconds; FAPI 2.0, 5.3.2.2: under 600).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PushedLifetime(Duration);

impl PushedLifetime {
    /// One minute: a browser is there in seconds.
    pub const DEFAULT: Self = Self(Duration::from_secs(60));

    /// This long, if it is at least five seconds and less than ten minutes.
    pub fn new(lifetime: Duration) -> Option<Self> {
        let bounds = Duration::from_secs(5)..Duration::from_secs(600);
        let whole = Duration::from_secs(lifetime.as_secs());
        bounds.contains(&whole).then_some(Self(whole))
    }

    /// In seconds.
    pub fn as_secs(self) -> u64 {
        self.0.as_secs()
    }
}
