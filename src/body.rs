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
///
/// A body that is over the limit, breaks off, or has a `Content-Encoding` is refused
/// ([`Reason::BodyTooLarge`], [`Reason::BodyUnreadable`], [`Reason::ContentTypeUnsupported`]).
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

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    fn judged<B>(body: B, limit: usize) -> Result<Bytes, Reason>
    where
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
    {
        let mut read = pin!(read(body, limit));
        match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result.map_err(|why| why.reason()),
            Poll::Pending => panic!("the body of a test never waits"),
        }
    }

    /// Says that it is empty, sends `ab`, and breaks off or ends.
    struct Liar {
        sent: usize,
        breaks_off: bool,
    }

    impl http_body::Body for Liar {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            self.sent += 1;
            Poll::Ready(match (self.sent, self.breaks_off) {
                (1, _) => Some(Ok(Frame::data(Bytes::from_static(b"a")))),
                (2, _) => Some(Ok(Frame::data(Bytes::from_static(b"b")))),
                (3, true) => Some(Err("broken".into())),
                _ => None,
            })
        }
        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(0)
        }
    }

    #[test]
    fn a_body_is_read_up_to_the_limit_whatever_it_says_of_itself() {
        let liar = |breaks_off| Liar { sent: 0, breaks_off };
        assert_eq!(judged(liar(false), 2), Ok(Bytes::from_static(b"ab")));
        assert_eq!(judged(liar(false), 1), Err(Reason::BodyTooLarge));
        assert_eq!(judged(liar(true), 2), Err(Reason::BodyUnreadable));
        assert_eq!(judged(Body::new(liar(true)), 2), Err(Reason::BodyUnreadable));
        assert_eq!(judged(Body::new(liar(false)), 0), Err(Reason::BodyTooLarge));
    }

    #[test]
    fn an_empty_body_passes_every_limit() {
        assert_eq!(judged(Body::empty(), 0), Ok(Bytes::new()));
    }

    #[test]
    fn a_body_tells_its_size_and_no_log_line_its_content() {
        let body = Body::from(Bytes::from_static(b"secret"));
        assert_eq!(http_body::Body::size_hint(&body).exact(), Some(6));
        assert_eq!(format!("{body:?}"), "Body { .. }");
        let bytes = BodyBytes::new(Bytes::from_static(b"secret"));
        assert_eq!(format!("{bytes:?}"), "BodyBytes(6 bytes)");
    }
}
