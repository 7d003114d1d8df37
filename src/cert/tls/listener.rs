use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Accepts connections and completes their handshakes, so that none holds up another.
///
/// Each handshake runs in a task of its own, for 10 seconds at most, and 1024 of them at a time: who
/// connects then waits in the queue of the operating system. Those who connect and say nothing can
/// fill these places, and so delay others by the time for a handshake.
///
/// With the feature `axum-serve` it is a listener for `axum::serve`: see
/// [`introduce`](crate::cert::introduce). Under plain hyper call [`accept`](Self::accept): see
/// [`Introduce`](super::Introduce).
///
/// Does not limit the number of connections whose handshake is complete.
pub struct TlsListener {
    socket: TcpListener,
    acceptor: TlsAcceptor,
    /// Dropped with the listener, and then broken off.
    handshakes: JoinSet<Option<Accepted>>,
    handshake_time: Duration,
    most_handshakes: usize,
}

type Accepted = (TlsStream<TcpStream>, SocketAddr);

impl TlsListener {
    /// On a socket that is bound.
    pub fn new(socket: TcpListener, config: Arc<ServerConfig>) -> Self {
        Self {
            socket,
            acceptor: TlsAcceptor::from(config),
            handshakes: JoinSet::new(),
            handshake_time: Duration::from_secs(10),
            most_handshakes: 1024,
        }
    }

    /// How long a handshake may take.
    #[must_use]
    pub fn handshake_time(self, handshake_time: Duration) -> Self {
        Self { handshake_time, ..self }
    }

    /// How many handshakes may be under way; one if the number is 0.
    #[must_use]
    pub fn most_handshakes(self, most_handshakes: usize) -> Self {
        Self { most_handshakes: most_handshakes.max(1), ..self }
    }

    /// The address of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next connection whose handshake is complete, and its peer's address.
    ///
    /// What goes wrong with a connection is logged, and concerns nobody else. May be called again
    /// after it was dropped: no connection is lost.
    pub async fn accept(&mut self) -> Accepted {
        loop {
            let has_place = self.handshakes.len() < self.most_handshakes;
            tokio::select! {
                Some(finished) = self.handshakes.join_next() => {
                    if let Ok(Some(accepted)) = finished {
                        return accepted;
                    }
                }
                accepted = self.socket.accept(), if has_place => match accepted {
                    Ok((stream, peer)) => self.begin(stream, peer),
                    Err(error) => {
                        tracing::error!(%error, "cannot accept");
                        // Out of file descriptors, most likely: others must finish first.
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    fn begin(&mut self, stream: TcpStream, peer: SocketAddr) {
        let (acceptor, time) = (self.acceptor.clone(), self.handshake_time);
        self.handshakes.spawn(async move {
            // Answers are written whole; waiting for more to send only delays them.
            stream.set_nodelay(true).ok()?;
            match tokio::time::timeout(time, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => return Some((stream, peer)),
                Ok(Err(error)) => tracing::info!(%peer, %error, "no handshake"),
                Err(_) => tracing::info!(%peer, "handshake took too long"),
            }
            None
        });
    }
}

impl fmt::Debug for TlsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener").field("socket", &self.socket).finish_non_exhaustive()
    }
}

const PAUSE: Duration = Duration::from_millis(100);
