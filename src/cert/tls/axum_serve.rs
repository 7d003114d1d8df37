use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;

use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower::util::{ServiceFn, service_fn};

use super::{Introduce, TlsListener};

/// What `axum::serve` wants as second argument, made of a router: each connection gets the service
/// that [`Introduce`] makes.
///
/// For the listeners whose streams can be introduced: [`TlsListener`] and, behind a proxy,
/// `TcpListener` and `UnixListener` of tokio.
///
/// ```
/// use std::sync::Arc;
///
/// use axum::Router;
/// use tokio::net::TcpListener;
/// use tower_open_banking::cert::{TlsListener, introduce};
///
/// async fn serve(
///     app: Router, // behind the gate
///     socket: TcpListener,
///     tls: Arc<rustls::ServerConfig>,
/// ) -> std::io::Result<()> {
///     axum::serve(TlsListener::new(socket, tls), introduce(app)).await
/// }
/// ```
///
/// A router that is served without it has no [`PeerCertificates`](crate::cert::PeerCertificates) in
/// its requests, and its gate answers 500.
pub fn introduce<L, S>(app: S) -> ServiceFn<impl FnMut(IncomingStream<'_, L>) -> Made<L, S> + Clone>
where
    L: Listener<Io: Introduce<S>>,
    S: Clone,
{
    service_fn(move |connection: IncomingStream<'_, L>| {
        ready(Ok(connection.io().introduce(app.clone())))
    })
}

type Made<L, S> = Ready<Result<<<L as Listener>::Io as Introduce<S>>::Introduced, Infallible>>;

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        Self::accept(self).await
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Self::local_addr(self)
    }
}
