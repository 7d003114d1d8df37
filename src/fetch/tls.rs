//! TLS for the client, which the application brings.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::gate::BoxFuture;

/// Speaks TLS over a connection whose address was looked at.
///
/// Revocation lists and OCSP answers are signed and come over plain http (an https address may lead
/// to another question of revocation); key sets need it. An implementation verifies the server's
/// certificate for `host`. With the feature `tokio-rustls` an `Arc<rustls::ClientConfig>` is one.
pub trait Secure: Send + Sync + 'static {
    /// Makes the handshake.
    fn secure(
        &self,
        host: &str,
        connection: TcpStream,
    ) -> BoxFuture<'static, io::Result<Box<dyn Stream>>>;
}

/// A connection that bytes go over both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
