//! One connection: handshake, then requests that carry the client's certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::ServiceExt;
use tower_open_banking::cert::{PeerAddress, PeerCertificates};

use super::tls::{HTTP_2, Tls};

/// A connection before its first byte.
pub struct Connection {
    peer: SocketAddr,
    routes: Router,
    watcher: Watcher,
    stopped: watch::Receiver<()>,
}

#[derive(Clone, Copy)]
enum Version {
    Http1,
    Http2,
}

impl Connection {
    /// The watcher lets requests finish when the bank stops; a connection without requests ends
    /// as soon as the sender of `stopped` is gone.
    pub fn new(
        peer: SocketAddr,
        routes: Router,
        watcher: Watcher,
        stopped: watch::Receiver<()>,
    ) -> Self {
        Self { peer, routes, watcher, stopped }
    }

    /// Serves it to its end.
    pub async fn serve(mut self, stream: TcpStream, tls: Option<Arc<Tls>>) {
        // Answers are written whole; waiting for more to send only delays them.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Some(tls) = tls else {
            return self.answer(stream, Version::Http1, None).await;
        };
        let handshake = tokio::select! {
            ended = tokio::time::timeout(HANDSHAKE_TIME, tls.0.accept(stream)) => ended,
            _ = self.stopped.changed() => return,
        };
        let stream = match handshake {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::info!(peer = %self.peer, %error, "no handshake"),
            Err(_) => return tracing::info!(peer = %self.peer, "handshake took too long"),
        };
        let session = stream.get_ref().1;
        let certificates = PeerCertificates::from(session);
        let version = match session.alpn_protocol() {
            Some(HTTP_2) => Version::Http2,
            _ => Version::Http1,
        };
        self.answer(stream, version, Some(certificates)).await;
    }

    async fn answer<I>(
        mut self,
        stream: I,
        version: Version,
        certificates: Option<PeerCertificates>,
    ) where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let peer = PeerAddress::new(self.peer.ip());
        let used = Arc::new(AtomicBool::new(false));
        let in_use = used.clone();
        let service = self.routes.map_request(move |request: Request<Incoming>| {
            in_use.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            if let Some(certificates) = &certificates {
                request.extensions_mut().insert(certificates.clone());
            }
            request
        });
        let builder = builder(version);
        let serving =
            builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let unused = async {
            let _ = self.stopped.changed().await;
            if used.load(Ordering::Relaxed) {
                std::future::pending().await
            }
        };
        tokio::select! {
            ended = self.watcher.watch(serving) => if let Err(error) = ended {
                tracing::debug!(peer = %self.peer, error, "connection broke");
            },
            () = unused => {}
        }
    }
}

/// Either version gives up on a client that does not go on.
fn builder(version: Version) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIME)
        .max_concurrent_streams(100);
    match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    }
}

const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// How long a request head may take, and a quiet connection may stay.
const HEAD_TIME: Duration = Duration::from_secs(20);
