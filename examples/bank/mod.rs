//! The bank itself, which `bank` runs from a file and `demo` runs in its own process.

mod account;
mod amount;
mod answer;
mod app;
mod book;
mod connection;
mod consents;
mod drill;
mod fields;
mod file;
mod gates;
mod in_flight;
mod ledger;
mod listener;
mod register;
mod tls;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tower_open_banking::context::Observer;

use self::book::Book;
use self::consents::ConsentBook;
use self::file::BankFile;
use self::gates::Gates;
use self::in_flight::InFlight;
use self::listener::Listener;
use self::register::{Entry, Register};

/// A bank that listens, but does not answer before [`serve`](Self::serve).
pub struct Bank {
    listener: Listener,
    admin: TcpListener,
    book: Arc<Book>,
    gates: Gates,
    in_flight: InFlight,
}

impl Bank {
    /// Reads the file, does everything that can fail, and opens both sockets.
    ///
    /// The observer hears of every decision of the gates; the gates log them in any case.
    pub async fn open(file: &Path, observer: impl Observer + Clone) -> Result<Self, StartError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let bad = |what: String| StartError::File(format!("{}: {what}", file.display()));
        let content = BankFile::read(file).map_err(bad)?;
        let (listen, admin_listen) = (content.listen, content.admin_listen);
        let tls =
            content.tls.as_ref().map(|tls| tls::open(tls, folder)).transpose().map_err(bad)?;
        let book = Book {
            ledger: register("ledger_file", folder.join(&content.ledger_file)).map_err(bad)?,
            consents: ConsentBook(
                register("consent_file", folder.join(&content.consent_file)).map_err(bad)?,
            ),
            payment_time: Duration::from_millis(content.payment_millis),
            drill: content.drill.clone().within(folder),
        };
        let in_flight = InFlight::default();
        let gates = Gates::open(&content.into_config(), folder, &book, observer, &in_flight).await;
        let gates = gates.map_err(bad)?;
        Ok(Self {
            listener: Listener::new(bind(listen).await?, tls),
            admin: bind(admin_listen).await?,
            book: Arc::new(book),
            gates,
            in_flight,
        })
    }

    /// Where third-party providers connect.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.address()
    }

    /// Both addresses and the steps of the gates.
    pub fn announcement(&self) -> std::io::Result<String> {
        let (scheme, address) = (self.listener.scheme(), self.address()?);
        let admin = self.admin_address()?;
        Ok(format!("listening {scheme}://{address}\nadmin http://{admin}\n{}", self.gates))
    }

    /// Where the ledger is shown.
    pub fn admin_address(&self) -> std::io::Result<SocketAddr> {
        self.admin.local_addr()
    }

    /// Answers until told to stop, then lets requests in flight finish.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) {
        let admin = axum::serve(self.admin, app::admin(self.book.ledger.clone()));
        let admin = tokio::spawn(admin.into_future());
        let connections = self.listener.serve(app::routes(self.book, self.gates), stop).await;
        let finished = async {
            connections.shutdown().await;
            // Payments whose clients have hung up are requests in flight as well.
            self.in_flight.none().await;
        };
        if tokio::time::timeout(PATIENCE, finished).await.is_err() {
            tracing::error!("stopped with requests in flight");
        }
        admin.abort();
    }
}

fn register<T: Entry>(key: &str, file: PathBuf) -> Result<Arc<Register<T>>, String> {
    let wrong = format!("{key}: {}", file.display());
    Register::open(file).map(Arc::new).map_err(|error| format!("{wrong}: {error}"))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Socket(address, error))
}

/// How long requests in flight may take after the word to stop.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why a bank does not start.
#[derive(Debug)]
pub enum StartError {
    /// The file, or a file that it names, is wrong: one line that says what and where.
    File(String),
    /// An address cannot be listened on.
    Socket(SocketAddr, std::io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(what) => f.write_str(what),
            Self::Socket(address, error) => write!(f, "{address}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
