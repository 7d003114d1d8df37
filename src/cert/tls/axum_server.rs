use std::io;

use axum_server::accept::Accept;

use super::Introduce;
use crate::gate::BoxFuture;

/// Introduces the peer of each connection that axum-server accepts to the service that answers it:
/// see [`Introduce`].
///
/// ```
/// use std::net::SocketAddr;
/// use std::sync::Arc;
///
/// use axum::Router;
/// use axum_server::tls_rustls::{RustlsConfig, bind_rustls};
/// use tower_open_banking::cert::IntroducingAcceptor;
///
/// async fn serve(
///     app: Router, // behind the gate
///     address: SocketAddr,
///     tls: Arc<rustls::ServerConfig>,
/// ) -> std::io::Result<()> {
///     let server = bind_rustls(address, RustlsConfig::from_config(tls));
///     server.map(IntroducingAcceptor::around).serve(app.into_make_service()).await
/// }
/// ```
///
/// axum-server tells the certificates to each request in an extension of its own, `Arc<TlsInfo>`,
/// which this crate does not read: the leaf would be parsed for each request. A router that is
/// served without this acceptor has no [`PeerCertificates`](crate::cert::PeerCertificates) in its
/// requests, and its gate answers 500.
#[derive(Clone, Debug)]
pub struct IntroducingAcceptor<A>(A);

impl<A> IntroducingAcceptor<A> {
    /// Around the acceptor that makes the streams: `RustlsAcceptor`, or behind a proxy
    /// `DefaultAcceptor`, on TCP and Unix sockets.
    pub fn around(acceptor: A) -> Self {
        Self(acceptor)
    }
}

impl<A, I, S> Accept<I, S> for IntroducingAcceptor<A>
where
    A: Accept<I, S, Stream: Introduce<A::Service>, Future: Send + 'static>,
{
    type Stream = A::Stream;
    type Service = <A::Stream as Introduce<A::Service>>::Introduced;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let introduced = stream.introduce(service);
            Ok((stream, introduced))
        })
    }
}
