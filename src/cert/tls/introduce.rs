use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::server::TlsStream;
use tower_http::add_extension::AddExtension;

use crate::cert::{PeerAddress, PeerCertificates};

/// Introduces the peer of a connection to the service that answers it.
///
/// The service made for a connection puts into every request [`PeerAddress`] and, over TLS,
/// [`PeerCertificates`]: those of the handshake or, where a session was resumed, those of the
/// session's first handshake. The leaf is parsed once for each connection.
///
/// ```
/// use std::{convert::Infallible, sync::Arc};
///
/// use http::{Request, Response};
/// use hyper::body::Incoming;
/// use hyper_util::rt::{TokioExecutor, TokioIo};
/// use hyper_util::server::conn::auto;
/// use hyper_util::service::TowerToHyperService;
/// use tokio::net::TcpListener;
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::body::Body;
/// use tower_open_banking::cert::{Introduce, TlsListener};
/// use tower_open_banking::gate::Gate;
///
/// async fn serve(gate: Gate, socket: TcpListener, tls: Arc<rustls::ServerConfig>) {
///     let app = service_fn(async |_: Request<Body>| {
///         Ok::<_, Infallible>(Response::new(Body::empty()))
///     });
///     let guarded = gate.layer(app).map_request(|request: Request<Incoming>| request.map(Body::new));
///     let mut listener = TlsListener::new(socket, tls);
///     loop {
///         let (stream, _) = listener.accept().await;
///         let service = TowerToHyperService::new(stream.introduce(guarded.clone()));
///         tokio::spawn(async move {
///             auto::Builder::new(TokioExecutor::new())
///                 .serve_connection(TokioIo::new(stream), service)
///                 .await
///         });
///     }
/// }
/// ```
pub trait Introduce<S> {
    /// The service for this connection.
    type Introduced;

    /// Makes the service for this connection.
    fn introduce(&self, service: S) -> Self::Introduced;
}

impl<S> Introduce<S> for TcpStream {
    type Introduced = AddExtension<S, PeerAddress>;

    fn introduce(&self, service: S) -> Self::Introduced {
        let address = self.peer_addr().map(|peer| PeerAddress::new(peer.ip()));
        AddExtension::new(service, address.unwrap_or(PeerAddress::Unknown))
    }
}

#[cfg(unix)]
impl<S> Introduce<S> for UnixStream {
    type Introduced = AddExtension<S, PeerAddress>;

    fn introduce(&self, service: S) -> Self::Introduced {
        AddExtension::new(service, PeerAddress::unix())
    }
}

impl<S, I: Introduce<S>> Introduce<S> for TlsStream<I> {
    type Introduced = AddExtension<I::Introduced, PeerCertificates>;

    fn introduce(&self, service: S) -> Self::Introduced {
        let (stream, session) = self.get_ref();
        AddExtension::new(stream.introduce(service), PeerCertificates::from(session))
    }
}
