//! A way to a server that can be cut: before a command reaches it, or after, so that the answer is
//! lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Where the way is cut, once, when it is next used.
#[derive(Default)]
pub struct Cut {
    requests: AtomicBool,
    answers: AtomicBool,
    pub cuts: AtomicUsize,
}

impl Cut {
    /// Passes nothing of what comes next from the client, and hangs up.
    pub fn next_request(&self) {
        self.requests.store(true, Ordering::SeqCst);
    }

    /// Passes what comes next from the client, and hangs up instead of passing the answer.
    pub fn next_answer(&self) {
        self.answers.store(true, Ordering::SeqCst);
    }

    fn falls(&self, at: &AtomicBool) -> bool {
        let falls = at.swap(false, Ordering::SeqCst);
        self.cuts.fetch_add(usize::from(falls), Ordering::SeqCst);
        falls
    }
}

/// Stands before the server on this port; gives a port of its own.
pub async fn stand_before(port: u16) -> (u16, Arc<Cut>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let cut = Arc::new(Cut::default());
    let knife = cut.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let over = Arc::new(Notify::new());
            let (knife, other) = (knife.clone(), knife.clone());
            let ended = over.clone();
            tokio::spawn(async move {
                pass(from_client, to_server, &over, || knife.falls(&knife.requests)).await;
            });
            tokio::spawn(async move {
                pass(from_server, to_client, &ended, || other.falls(&other.answers)).await;
            });
        }
    });
    (own, cut)
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    over: &Notify,
    falls: impl Fn() -> bool,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read,
            () = over.notified() => break,
        };
        let Ok(length @ 1..) = read else { break };
        if falls() || to.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
    over.notify_one();
}
