//! `HttpFetch`: a client that does not believe the addresses it is given.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::address::is_public;
use super::{Fetch, FetchError, FetchRequest, Fetched, Secure, Stream};
use crate::gate::BoxFuture;

/// Fetches over HTTP/1.1, one connection for each question.
///
/// - `http` on port 80, and `https` on port 443 where a [`Secure`] was given; other ports only where
///   [listed](Self::allow_port);
/// - a name is resolved, addresses that are not of the public internet are left out, and the
///   connection is made to one of those that remain: a name that is resolved anew to another
///   address changes nothing. [Hosts](Self::allow_host) and [networks](Self::allow_network) of the
///   bank's own can be listed;
/// - no redirects, no proxy, no cookies, no credentials;
/// - two seconds for the connection, five for everything;
/// - no more than the asked number of bytes is read.
#[derive(Clone)]
pub struct HttpFetch(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    only: Option<BTreeSet<String>>,
    hosts: BTreeSet<String>,
    networks: Vec<IpNet>,
    ports: BTreeSet<u16>,
    connect: Duration,
    total: Duration,
    tls: Option<Arc<dyn Secure>>,
}

/// The text is neither a network nor an address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is neither a network nor an address")]
pub struct NotANetwork(String);

impl HttpFetch {
    /// Public addresses, ordinary ports, no TLS.
    pub fn new() -> Self {
        Self(Arc::new(Settings {
            only: None,
            hosts: BTreeSet::new(),
            networks: Vec::new(),
            ports: BTreeSet::new(),
            connect: Duration::from_secs(2),
            total: Duration::from_secs(5),
            tls: None,
        }))
    }

    /// Asks these hosts and no others.
    #[must_use]
    pub fn only_hosts<T: AsRef<str>>(self, hosts: impl IntoIterator<Item = T>) -> Self {
        let hosts = hosts.into_iter().map(|host| host.as_ref().to_ascii_lowercase()).collect();
        self.with(|settings| settings.only = Some(hosts))
    }

    /// Also connects to this host where its address is not of the public internet.
    #[must_use]
    pub fn allow_host(self, host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        tracing::warn!(%host, "allow_host: fetched from whatever its address");
        self.with(|settings| settings.hosts.extend([host]))
    }

    /// Also connects to addresses in this network, such as `10.1.0.0/16`.
    ///
    /// # Errors
    ///
    /// [`NotANetwork`].
    pub fn allow_network(self, network: &str) -> Result<Self, NotANetwork> {
        let parsed: Option<IpNet> =
            network.parse().ok().or_else(|| network.parse().ok().map(|ip: IpAddr| ip.into()));
        let parsed = parsed.ok_or_else(|| NotANetwork(network.to_owned()))?;
        tracing::warn!(%network, "allow_network: fetched from although it may not be public");
        Ok(self.with(|settings| settings.networks.push(parsed)))
    }

    /// Also connects to this port.
    #[must_use]
    pub fn allow_port(self, port: u16) -> Self {
        tracing::warn!(%port, "allow_port: fetched from besides 80 and 443");
        self.with(|settings| settings.ports.extend([port]))
    }

    /// Sets how long the connection and the whole question may take.
    #[must_use]
    pub fn timeouts(self, connect: Duration, total: Duration) -> Self {
        self.with(|settings| (settings.connect, settings.total) = (connect, total))
    }

    /// Fetches `https` over this.
    #[must_use]
    pub fn over_tls(self, tls: impl Secure) -> Self {
        self.with(|settings| settings.tls = Some(Arc::new(tls)))
    }

    #[cfg(test)]
    pub(super) fn permitted(&self, host: &str, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        self.0.permitted(host, found)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Default for HttpFetch {
    fn default() -> Self {
        Self::new()
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let settings = self.0.clone();
        Box::pin(async move {
            let answer = timeout(settings.total, settings.ask(&request)).await;
            answer.unwrap_or(Err(FetchError::Timeout))
        })
    }
}

/// A place whose name was looked at.
struct Target<'a> {
    host: &'a str,
    port: u16,
    tls: Option<&'a Arc<dyn Secure>>,
}

impl Settings {
    async fn ask(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let target = self.target(request)?;
        let connection = self.connect(&target).await?;
        let question = question(request)?;
        let (mut sender, driver) = http1::Builder::new()
            .max_buf_size(HEAD_LIMIT)
            .handshake(TokioIo::new(connection))
            .await
            .map_err(protocol)?;
        let exchange = async move {
            let answer = sender.send_request(question).await.map_err(protocol)?;
            read(answer, request.limit()).await
        };
        // The driver ends when the connection does; the answer is what counts. Neither outlives
        // this future, so nothing is left behind when it is dropped.
        let mut exchange = std::pin::pin!(exchange);
        let mut driver = std::pin::pin!(driver);
        let mut driven = false;
        std::future::poll_fn(|cx| {
            if !driven {
                driven = driver.as_mut().poll(cx).is_ready();
            }
            exchange.as_mut().poll(cx)
        })
        .await
    }

    fn target<'a>(&'a self, request: &'a FetchRequest) -> Result<Target<'a>, FetchError> {
        let uri = request.uri();
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(FetchError::Url("no host"))?;
        if uri.authority().map(Authority::as_str).unwrap_or_default().contains('@') {
            return Err(FetchError::Url("a user's name"));
        }
        let (own_port, tls) = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => (80, None),
            Some(scheme) if *scheme == Scheme::HTTPS => match &self.tls {
                Some(tls) => (443, Some(tls)),
                None => return Err(FetchError::Url("https, and no TLS was given")),
            },
            _ => return Err(FetchError::Url("neither http nor https")),
        };
        let port = uri.port_u16().unwrap_or(own_port);
        if port != own_port && !self.ports.contains(&port) {
            return Err(FetchError::PortRefused(port));
        }
        if self.only.as_ref().is_some_and(|only| !only.contains(&host.to_ascii_lowercase())) {
            return Err(FetchError::HostRefused);
        }
        Ok(Target { host, port, tls })
    }

    async fn connect(&self, target: &Target<'_>) -> Result<Box<dyn Stream>, FetchError> {
        let addresses = self.addresses(target).await?;
        let mut last = FetchError::AddressRefused;
        let connection = async {
            for address in addresses {
                match TcpStream::connect(address).await {
                    Ok(connection) => return Ok(connection),
                    Err(error) => last = FetchError::Connect(error.to_string()),
                }
            }
            Err(last)
        };
        let connection = timeout(self.connect, connection).await;
        let connection = connection.map_err(|_| FetchError::Timeout)??;
        match target.tls {
            None => Ok(Box::new(connection)),
            Some(tls) => tls
                .secure(target.host, connection)
                .await
                .map_err(|error: io::Error| FetchError::Connect(error.to_string())),
        }
    }

    /// The addresses to try. What is looked at here is what is connected to.
    async fn addresses(&self, target: &Target<'_>) -> Result<Vec<SocketAddr>, FetchError> {
        let literal = target.host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = match literal.parse::<IpAddr>() {
            Ok(address) => vec![(address, target.port).into()],
            Err(_) => timeout(self.connect, lookup_host((target.host, target.port)))
                .await
                .map_err(|_| FetchError::Timeout)?
                .map_err(|error| FetchError::Resolve(error.to_string()))?
                .collect(),
        };
        let permitted = self.permitted(target.host, found);
        if permitted.is_empty() { Err(FetchError::AddressRefused) } else { Ok(permitted) }
    }

    fn permitted(&self, host: &str, mut found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        if !self.hosts.contains(&host.to_ascii_lowercase()) {
            found.retain(|address| self.may_connect(address.ip()));
        }
        found
    }

    fn may_connect(&self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        is_public(address) || self.networks.iter().any(|network| network.contains(&canonical))
    }
}

fn question(request: &FetchRequest) -> Result<Request<Full<Bytes>>, FetchError> {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map(Authority::as_str).unwrap_or_default();
    let mut question = Request::builder()
        .uri(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, AGENT)
        .header(header::CONNECTION, HeaderValue::from_static("close"));
    if let Some(media_type) = request.accepted() {
        question = question.header(header::ACCEPT, media_type);
    }
    let body = match request.body() {
        None => Full::default(),
        Some((media_type, body)) => {
            question = question.method(Method::POST).header(header::CONTENT_TYPE, *media_type);
            Full::new(body.clone())
        }
    };
    question.body(body).map_err(|_| FetchError::Url("no request can be made of it"))
}

async fn read(answer: Response<Incoming>, limit: usize) -> Result<Fetched, FetchError> {
    let (head, body) = answer.into_parts();
    if head.status.is_redirection() {
        return Err(FetchError::Redirect);
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(Fetched::new(head.status, &head.headers, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLarge { limit }),
        Err(error) => Err(FetchError::Protocol(error.to_string())),
    }
}

fn protocol(error: hyper::Error) -> FetchError {
    FetchError::Protocol(error.to_string())
}

impl fmt::Debug for HttpFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFetch")
            .field("only", &self.0.only)
            .field("hosts", &self.0.hosts)
            .field("networks", &self.0.networks)
            .field("ports", &self.0.ports)
            .finish_non_exhaustive()
    }
}

const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
/// The status line and the headers of an answer.
const HEAD_LIMIT: usize = 32 << 10;
