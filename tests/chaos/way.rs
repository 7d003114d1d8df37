//! A way to a store's server that can be cut, slowed down, and held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Anything;

/// The way, and what becomes of what takes it.
pub struct Way {
    pub port: u16,
    /// Counts cuts: a change ends every connection.
    cut: watch::Sender<u64>,
    /// Whether the server's answers are held back.
    held: watch::Sender<bool>,
    /// For how many milliseconds each of the server's answers stops on the way.
    slow: AtomicU64,
    /// Answers that are held back, or were delayed.
    pub stopped: AtomicUsize,
    /// Connections that were cut while open.
    pub cuts: AtomicUsize,
}

impl Way {
    /// A way to the server on this port.
    pub async fn to(server: u16) -> Anything<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let way = Arc::new(Self {
            port: listener.local_addr()?.port(),
            cut: watch::Sender::new(0),
            held: watch::Sender::new(false),
            slow: AtomicU64::new(0),
            stopped: AtomicUsize::new(0),
            cuts: AtomicUsize::new(0),
        });
        let open = way.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A server that is down is one that hangs up.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                tokio::spawn(open.clone().pass(client, server));
            }
        });
        Ok(way)
    }

    pub fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    pub fn hold(&self, is_held: bool) {
        self.held.send_replace(is_held);
    }

    pub fn slow_down(&self, millis: u64) {
        self.slow.store(millis, Ordering::SeqCst);
    }

    async fn pass(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        let mut cut = self.cut.subscribe();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = pass_on(from_client, to_server, None) => {}
            () = pass_on(from_server, to_client, Some(&self)) => {}
            _ = cut.changed() => {
                self.cuts.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Where an answer waits.
    async fn stop(&self) {
        let mut held = self.held.subscribe();
        let slow = self.slow.load(Ordering::SeqCst);
        if slow > 0 || *held.borrow() {
            self.stopped.fetch_add(1, Ordering::SeqCst);
        }
        tokio::time::sleep(Duration::from_millis(slow)).await;
        // The sender lives in self, so waiting cannot fail.
        let _ = held.wait_for(|is_held| !is_held).await;
    }
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, stops_on: Option<&Way>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if let Some(way) = stops_on {
            way.stop().await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
