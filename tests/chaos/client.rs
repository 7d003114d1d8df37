//! The provider's end: a connection with mutual TLS that is kept as long as it holds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header::HOST};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Anything;
use super::world::World;

/// A request, as it is sent each time.
#[derive(Clone)]
pub struct Letter {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

/// A line to one bank.
pub struct Line {
    address: SocketAddr,
    tls: TlsConnector,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    pub fn new(address: SocketAddr, tls: TlsConnector) -> Self {
        Self { address, tls, open: None }
    }

    /// Sends a letter once. No answer if the connection breaks; a bank that is down is waited for.
    pub async fn send(&mut self, letter: &Letter) -> Anything<Option<Answer>> {
        let sender = match self.open.take().filter(|open| !open.is_closed()) {
            Some(open) => open,
            None => self.connect().await?,
        };
        Ok(match exchange(sender, self.address, letter).await {
            Some((sender, answer)) => {
                self.open = Some(sender);
                Some(answer)
            }
            None => None,
        })
    }

    async fn connect(&self) -> Anything<SendRequest<Full<Bytes>>> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match self.try_connect().await {
                Ok(open) => return Ok(open),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn try_connect(&self) -> Anything<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::IpAddress(self.address.ip().into());
        let stream = self.tls.connect(name, stream).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

async fn exchange(
    mut sender: SendRequest<Full<Bytes>>,
    host: SocketAddr,
    letter: &Letter,
) -> Option<(SendRequest<Full<Bytes>>, Answer)> {
    sender.ready().await.ok()?;
    let mut request = Request::post(&letter.path).body(Full::new(letter.body.clone())).ok()?;
    *request.headers_mut() = letter.headers.clone();
    request.headers_mut().insert(HOST, HeaderValue::from_str(&host.to_string()).ok()?);
    let (head, body) = sender.send_request(request).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some((sender, Answer { status: head.status, body }))
}

/// Mutual TLS with the first provider's certificate.
pub fn tls(world: &World) -> Anything<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(world.root.certificate.der().clone())?;
    let shown = &world.ec.qwac;
    let chain = vec![shown.certificate.clone(), shown.issuer.clone()];
    let key = PrivateKeyDer::Pkcs8(shown.key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    Ok(TlsConnector::from(Arc::new(config)))
}
