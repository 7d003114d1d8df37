//! `PushRequest`: keeps what a client pushed, and tells it under which URI.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use rustls_pki_types::UnixTime;

use super::claims::RequestClaims;
use super::pushed::{Kept, PushedKey, PushedLifetime, PushedRequests, RequestUri};
use super::request::AuthorizationRequest;
use crate::context::Context;
use crate::gate::{Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::jose::Thumbprint;
use crate::reject::{Reason, Rejection};
use crate::token::dpop::DpopKey;

/// Keeps a permitted request for the authorisation endpoint.
///
/// # Passes when
///
/// The store takes it. The browser of its client may then come with it for a minute or what
/// [`lasting`](Self::lasting) says, and has an answer, one, within ten minutes more.
///
/// # Needs and leaves
///
/// Needs [`AuthorizationRequest`]; leaves [`PushedRequest`], which makes the answer.
///
/// # Does not check
///
/// Anything: whatever may refuse a request stands before this step.
///
/// # Rejections
///
/// [`Reason::ServiceUnavailable`] where the store is full or does not answer.
///
/// # Specification
///
/// RFC 9126, 2.2, 4 and 7; FAPI 2.0 Security Profile, 5.3.2.2.
#[derive(Clone)]
pub struct PushRequest {
    store: Arc<dyn PushedRequests>,
    lifetime: PushedLifetime,
}

impl PushRequest {
    /// Keeps requests here.
    pub fn into(store: impl PushedRequests) -> Self {
        Self { store: Arc::new(store), lifetime: PushedLifetime::DEFAULT }
    }

    /// Keeps them this long.
    #[must_use]
    pub fn lasting(self, lifetime: PushedLifetime) -> Self {
        Self { lifetime, ..self }
    }
}

impl Rule for PushRequest {
    const NAME: &'static str = "PushRequest";
    type Needs = AuthorizationRequest;
    type Leaves = PushedRequest;

    fn check(
        &self,
        request: Refs<'_, AuthorizationRequest>,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<PushedRequest> {
        self.keep(request, request.dpop_jkt(), context)
    }
}

impl PushRequest {
    fn keep(
        &self,
        request: &AuthorizationRequest,
        dpop_jkt: Option<Thumbprint>,
        context: &Context,
    ) -> Verdict<PushedRequest> {
        let unavailable = || Rejection::new(Reason::ServiceUnavailable);
        let Ok(uri) = RequestUri::random() else {
            return Verdict::reject(unavailable().detail("no random numbers"));
        };
        let dpop_jkt = dpop_jkt.map(|thumbprint| thumbprint.to_string());
        let claims = RequestClaims { dpop_jkt, ..(*request.claims).clone() };
        let (now, seconds) = (context.now(), self.lifetime.as_secs());
        let until = now.as_secs().saturating_add(seconds);
        let kept = Kept { signed: request.signed, until, claims };
        let bytes = match kept.to_bytes() {
            Ok(bytes) => bytes,
            Err(error) => return Verdict::reject(unavailable().source(error)),
        };
        // The user who came in time may still think about it.
        let until = Duration::from_secs(until.saturating_add(PATIENCE));
        let until = UnixTime::since_unix_epoch(until);
        let store = self.store.clone();
        let key = PushedKey::compose(request.client_id(), &uri);
        Verdict::Later(Box::pin(async move {
            let kept = store.keep(key, bytes, until, now).await;
            kept.map_err(|error| Halt::from(unavailable().source(error)))?;
            Ok(PushedRequest { uri, seconds })
        }))
    }
}

/// As [`PushRequest`], at an endpoint where clients prove a DPoP key: the code will be bound to it.
///
/// # Passes when
///
/// As [`PushRequest`]; and the key that was proved, if one was, is the one that `dpop_jkt` names, if
/// it names one (RFC 9449, 10.1).
///
/// # Needs and leaves
///
/// Needs [`AuthorizationRequest`] and [`DpopKey`]; leaves [`PushedRequest`].
///
/// # Does not check
///
/// That one of the two is there.
///
/// # Rejections
///
/// As [`PushRequest`], and [`Reason::DpopProofInvalid`].
///
/// # Specification
///
/// RFC 9449, 10 and 10.1.
#[derive(Clone, Debug)]
pub struct PushBoundRequest(PushRequest);

impl PushBoundRequest {
    /// Keeps requests as this rule does.
    pub fn by(push: PushRequest) -> Self {
        Self(push)
    }
}

impl Rule for PushBoundRequest {
    const NAME: &'static str = "PushBoundRequest";
    type Needs = (AuthorizationRequest, DpopKey);
    type Leaves = PushedRequest;

    fn check(
        &self,
        (request, key): Refs<'_, Self::Needs>,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<PushedRequest> {
        match key.for_code(request.claims.dpop_jkt.as_deref()) {
            Ok(bound) => self.0.keep(request, bound, context),
            Err(rejection) => Verdict::reject(rejection),
        }
    }
}

/// A request that is kept, and under which URI.
pub struct PushedRequest {
    uri: RequestUri,
    seconds: u64,
}

impl PushedRequest {
    /// What the client names at the authorisation endpoint.
    pub fn request_uri(&self) -> &RequestUri {
        &self.uri
    }

    /// For how many seconds it may.
    pub fn expires_in(&self) -> u64 {
        self.seconds
    }

    /// The answer of the PAR endpoint (RFC 9126, 2.2): 201, kept by no cache.
    pub fn response(&self) -> Response<Bytes> {
        let (uri, seconds) = (self.uri.as_str(), self.seconds);
        let body = format!(r#"{{"request_uri":"{uri}","expires_in":{seconds}}}"#);
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::CREATED;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }
}

impl Evidence for PushedRequest {}

impl fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushedRequest").field("expires_in", &self.seconds).finish_non_exhaustive()
    }
}

impl fmt::Debug for PushRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushRequest").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// How long a user may look at the page.
const PATIENCE: u64 = 600;

rule_layers!(PushRequest, PushBoundRequest);
