//! The answer as an around sees it: its head, and its body read at most once.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};

use super::rule::{BoxFuture, Halt};
use crate::body::{self, BoxError};
use crate::context::Context;
use crate::reject::{Reason, Rejection};

/// Who gave an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The application.
    Handler,
    /// A step that refused.
    Refusal,
    /// A step that answered from a record.
    Replay,
}

/// The answer on its way out.
pub struct Answer<'a> {
    head: &'a mut Parts,
    body: &'a mut dyn Readable,
    origin: Origin,
}

impl<'a> Answer<'a> {
    /// Who gave it.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.head.headers
    }

    /// The extensions, for layers further out.
    pub fn extensions_mut(&mut self) -> &mut http::Extensions {
        &mut self.head.extensions
    }

    /// The whole body. Read once, whoever asks and however often, under the limit of the context.
    ///
    /// # Errors
    ///
    /// A body over the limit, or one that fails while it is read.
    pub async fn bytes(&mut self, context: &Context) -> Result<Bytes, Halt> {
        let read = self.body.read(context.limits().response_body).await;
        read.map_err(|cause| {
            let why = format!("response body: {}", cause.why());
            Rejection::new(Reason::ResponseUnreadable).detail(why).into()
        })
    }

    /// Replaces the body.
    pub fn set_body(&mut self, bytes: Bytes) {
        self.head.headers.remove(CONTENT_LENGTH);
        self.body.replace(bytes);
    }
}

/// A response body without its type.
trait Readable: Send {
    fn read(&mut self, limit: usize) -> BoxFuture<'_, Result<Bytes, Rejection>>;
    fn replace(&mut self, bytes: Bytes);
}

enum Slot<R> {
    Bytes(Bytes),
    Unread(R),
    /// Reading failed; what was left of the body is gone.
    Lost,
}

impl<R> Readable for Slot<R>
where
    R: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
{
    fn read(&mut self, limit: usize) -> BoxFuture<'_, Result<Bytes, Rejection>> {
        Box::pin(async move {
            match std::mem::replace(self, Self::Lost) {
                Self::Bytes(bytes) => {
                    *self = Self::Bytes(bytes.clone());
                    Ok(bytes)
                }
                Self::Unread(body) => {
                    let bytes = body::read(body, limit).await?;
                    *self = Self::Bytes(bytes.clone());
                    Ok(bytes)
                }
                Self::Lost => Err(Rejection::new(Reason::ResponseUnreadable)),
            }
        })
    }

    fn replace(&mut self, bytes: Bytes) {
        *self = Self::Bytes(bytes);
    }
}

/// An answer between two arounds.
pub(crate) struct Outgoing<R> {
    head: Parts,
    slot: Slot<R>,
    origin: Origin,
}

impl<R> Outgoing<R>
where
    R: http_body::Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send,
{
    pub(crate) fn from_handler(response: Response<R>) -> Self {
        let (head, body) = response.into_parts();
        Self { head, slot: Slot::Unread(body), origin: Origin::Handler }
    }

    pub(crate) fn from_step(response: Response<Bytes>, origin: Origin) -> Self {
        let (head, bytes) = response.into_parts();
        Self { head, slot: Slot::Bytes(bytes), origin }
    }

    pub(crate) fn show(&mut self) -> Answer<'_> {
        Answer { head: &mut self.head, body: &mut self.slot, origin: self.origin }
    }

    /// Whether reading the body failed and nobody has put another one in its place.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.slot, Slot::Lost)
    }

    pub(crate) fn into_response(self) -> Response<R> {
        let body = match self.slot {
            Slot::Unread(body) => body,
            Slot::Bytes(bytes) => R::from(bytes),
            Slot::Lost => R::from(Bytes::new()),
        };
        Response::from_parts(self.head, body)
    }
}
