//! Bodies: one small type for plain hyper, and the bytes of a request as evidence.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

use crate::gate::Evidence;
use crate::reject::{Reason, Rejection};

/// Any error that is neither ours nor worth naming.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A request or response body for services that have no body type of their own.
///
/// A gate puts the bytes that it read back into the request, so it asks for a body that can be
/// made from [`Bytes`]. axum's body can; hyper's `Incoming` cannot and is wrapped with
/// [`Body::new`].
pub struct Body(UnsyncBoxBody<Bytes, BoxError>);

impl Body {
    /// Wraps any body of bytes, without reading it.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        Self(UnsyncBoxBody::new(body.map_err(Into::into)))
    }

    /// A body without content.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

/// The request body as received, before any parser has seen it.
///
/// A rule that names it among its needs makes the gate read the body, under the limit of the
/// context, just before that rule; the handler then gets the same bytes. A gate without such a
/// rule never touches the body.
pub struct BodyBytes(Bytes);

impl BodyBytes {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl Evidence for BodyBytes {}

impl fmt::Debug for BodyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyBytes({} bytes)", self.0.len())
    }
}

/// Reads a body whole. `Content-Length` is not believed: the limit holds while reading.
pub(crate) async fn read<B>(body: B, limit: usize) -> Result<Bytes, Rejection>
where
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
{
    match Box::pin(Limited::new(body, limit).collect()).await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Rejection::new(Reason::BodyTooLarge).detail(format!("over {limit} bytes")))
        }
        Err(error) => Err(Rejection::new(Reason::BodyUnreadable).source(error)),
    }
}
