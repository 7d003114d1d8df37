//! Refusals: why, and what they look like on the wire.
//!
//! A rule names a [`Reason`]; one [`ErrorFormat`] per gate decides status, headers and body. Each
//! format answers every reason by an exhaustive table, so a new reason does not compile until
//! every profile has an answer.

mod authorization_endpoint;
mod authorization_server;
mod berlin_group;
mod challenge;
mod oauth;
mod obie;
mod problem;
mod reason;
mod wso2;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

pub use self::authorization_endpoint::AuthorizationEndpoint;
pub use self::authorization_server::AuthorizationServer;
pub use self::berlin_group::BerlinGroup;
pub(crate) use self::challenge::{Challenge, Scheme};
pub use self::oauth::OAuth;
pub use self::obie::Obie;
pub use self::problem::Problem;
pub use self::reason::Reason;
pub use self::wso2::Wso2;
use crate::body::BoxError;
use crate::gate::Passport;

/// A refusal.
///
/// The place is public; the detail and the source are for the log alone.
#[derive(Clone)]
pub struct Rejection {
    reason: Reason,
    place: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    challenge: Option<Challenge>,
}

impl Rejection {
    /// A refusal for this reason.
    pub fn new(reason: Reason) -> Self {
        Self { reason, place: None, detail: None, source: None, challenge: None }
    }

    /// Names the place of the fault: a header, a JOSE member, a JSON path, the missing scope. It
    /// appears on the wire, so it must not repeat what the peer sent.
    #[must_use]
    pub fn place(mut self, place: impl Into<Cow<'static, str>>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Says more, for the log only.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Keeps the error behind it, for the log only.
    #[must_use]
    pub fn source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Asks for a token under these schemes.
    #[must_use]
    pub(crate) fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    #[cfg(test)]
    pub(crate) fn challenged(&self) -> Option<Challenge> {
        self.challenge
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The place of the fault.
    pub fn place_of_fault(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// Everything known, for the log.
    pub fn why(&self) -> impl fmt::Display + '_ {
        Why(self)
    }
}

struct Why<'a>(&'a Rejection);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.reason.code())?;
        if let Some(place) = &self.0.place {
            write!(f, " at {}", place.escape_debug())?;
        }
        if let Some(detail) = &self.0.detail {
            write!(f, ": {}", detail.escape_debug())?;
        }
        let mut source: Option<&(dyn Error + 'static)> =
            self.0.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static));
        while let Some(error) = source {
            write!(f, ": {}", error.to_string().escape_debug())?;
            source = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rejection({})", self.why())
    }
}

/// What refusals look like. The status belongs to the format.
pub trait ErrorFormat: Send + Sync + 'static {
    /// Makes the response. The passport tells the interaction id and whether credentials were
    /// shown.
    fn render(&self, rejection: &Rejection, passport: &Passport) -> Response<Bytes>;
}
