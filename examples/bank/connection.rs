//! One connection: requests that carry the client's certificate.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tower::{Service, ServiceExt};
use tower_open_banking::cert::Introduce;

use super::tls::HTTP_2;

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

    /// Serves it to its end, behind a proxy.
    pub async fn serve_plain(self, stream: TcpStream) {
        // Answers are written whole; waiting for more to send only delays them.
        if stream.set_nodelay(true).is_ok() {
            let service = stream.introduce(self.routes.clone());
            self.answer(stream, Version::Http1, service).await;
        }
    }

    /// Serves it to its end.
    pub async fn serve_tls(self, stream: TlsStream<TcpStream>) {
        let version = match stream.get_ref().1.alpn_protocol() {
            Some(HTTP_2) => Version::Http2,
            _ => Version::Http1,
        };
        let service = stream.introduce(self.routes.clone());
        self.answer(stream, version, service).await;
    }

    async fn answer<I, S>(mut self, stream: I, version: Version, service: S)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send>,
        S: Clone + Send + 'static,
    {
        let used = Arc::new(AtomicBool::new(false));
        let in_use = used.clone();
        let service = service.map_request(move |request: Request<Incoming>| {
            in_use.store(true, Ordering::Relaxed);
            request.map(Body::new)
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

/// How long a request head may take, and a quiet connection may stay.
const HEAD_TIME: Duration = Duration::from_secs(20);
