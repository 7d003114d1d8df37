//! Accepts connections: a bounded number, none of which can hold up the others.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::server::TlsStream;
use tower_open_banking::cert::TlsListener;

use super::connection::Connection;

/// A socket, with TLS or without.
pub struct Listener {
    socket: Socket,
    free: Arc<Semaphore>,
}

enum Socket {
    Plain(TcpListener),
    Tls(TlsListener),
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Listener {
    pub fn new(socket: TcpListener, tls: Option<Arc<ServerConfig>>) -> Self {
        let socket = match tls {
            None => Socket::Plain(socket),
            Some(tls) => Socket::Tls(TlsListener::new(socket, tls).handshake_time(HANDSHAKE_TIME)),
        };
        Self { socket, free: Arc::new(Semaphore::new(MOST_CONNECTIONS)) }
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        match &self.socket {
            Socket::Plain(socket) => socket.local_addr(),
            Socket::Tls(socket) => socket.local_addr(),
        }
    }

    pub fn scheme(&self) -> &'static str {
        match self.socket {
            Socket::Plain(_) => "http",
            Socket::Tls(_) => "https",
        }
    }

    /// Serves until told to stop; then accepts no more, and hands over what is still open.
    pub async fn serve(
        mut self,
        routes: Router,
        stop: impl Future<Output = ()>,
    ) -> GracefulShutdown {
        let mut stop = std::pin::pin!(stop);
        let connections = GracefulShutdown::new();
        // Never sends: it is dropped at the end, and that is the word to stop.
        let (_accepting, stopped) = watch::channel(());
        loop {
            let (stream, peer, permit) = tokio::select! {
                accepted = self.accept() => accepted,
                () = &mut stop => break,
            };
            let connection =
                Connection::new(peer, routes.clone(), connections.watcher(), stopped.clone());
            tokio::spawn(async move {
                match stream {
                    Stream::Plain(stream) => connection.serve_plain(stream).await,
                    Stream::Tls(stream) => connection.serve_tls(*stream).await,
                }
                drop(permit);
            });
        }
        connections
    }

    /// Takes a place first: who finds none waits in the kernel's queue.
    async fn accept(&mut self) -> (Stream, SocketAddr, OwnedSemaphorePermit) {
        let Ok(permit) = self.free.clone().acquire_owned().await else {
            // Never closed.
            std::future::pending().await
        };
        match &mut self.socket {
            Socket::Plain(socket) => loop {
                match socket.accept().await {
                    Ok((stream, peer)) => return (Stream::Plain(stream), peer, permit),
                    Err(error) => {
                        tracing::error!(%error, "cannot accept");
                        // Out of file descriptors, most likely: others must finish first.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            },
            Socket::Tls(socket) => {
                let (stream, peer) = socket.accept().await;
                (Stream::Tls(Box::new(stream)), peer, permit)
            }
        }
    }
}

const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
const MOST_CONNECTIONS: usize = 1024;
