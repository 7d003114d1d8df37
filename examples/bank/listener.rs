//! Accepts connections: a bounded number, none of which can hold up the others.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::connection::Connection;
use super::tls::Tls;

/// A socket, and TLS if there is any.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
    free: Arc<Semaphore>,
}

impl Listener {
    pub fn new(socket: TcpListener, tls: Option<Tls>) -> Self {
        let free = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        Self { socket, tls: tls.map(Arc::new), free }
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Serves until told to stop; then accepts no more, and hands over what is still open.
    pub async fn serve(self, routes: Router, stop: impl Future<Output = ()>) -> GracefulShutdown {
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
            let tls = self.tls.clone();
            tokio::spawn(async move {
                connection.serve(stream, tls).await;
                drop(permit);
            });
        }
        connections
    }

    /// Takes a place first: who finds none waits in the kernel's queue.
    async fn accept(&self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let Ok(permit) = self.free.clone().acquire_owned().await else {
                // Never closed.
                std::future::pending().await
            };
            match self.socket.accept().await {
                Ok((stream, peer)) => return (stream, peer, permit),
                Err(error) => {
                    tracing::error!(%error, "cannot accept");
                    // Out of file descriptors, most likely: others must finish first.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

const MOST_CONNECTIONS: usize = 1024;
