//! Clients of rustls: with each certificate, over each version of HTTP.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::pki::{self, Authority, Qwac};

/// The certificate that a client shows.
#[derive(Clone, Copy, Debug)]
pub enum Shown {
    Good,
    Nothing,
    Revoked,
    Rogue,
    SelfSigned,
}

#[derive(Clone, Copy, Debug)]
pub enum Version {
    Http1,
    Http2,
}

pub struct Client {
    address: SocketAddr,
    root: CertificateDer<'static>,
    /// Remembers sessions, where they are to be resumed.
    remembers: Option<Arc<ClientConfig>>,
}

impl Client {
    pub fn new(address: SocketAddr, root: CertificateDer<'static>) -> Self {
        Self { address, root, remembers: None }
    }

    /// A client that resumes its sessions.
    pub fn with_memory(self, shown: Shown) -> Self {
        let remembers = Some(Arc::new(self.config(shown, Version::Http1)));
        Self { remembers, ..self }
    }

    pub async fn connects(&self, version: Version, shown: Shown) -> Connection {
        let config = self.remembers.clone();
        let config = config.unwrap_or_else(|| Arc::new(self.config(shown, version)));
        let name = "bank.example".try_into().unwrap();
        let stream = TlsConnector::from(config).connect(name, self.only_connects().await).await;
        let stream = stream.unwrap();
        let kind = stream.get_ref().1.handshake_kind();
        let sender = match version {
            Version::Http1 => {
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                Sender::Http1(sender)
            }
            Version::Http2 => {
                let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
                let (sender, connection) = shaken.unwrap();
                tokio::spawn(connection);
                Sender::Http2(sender)
            }
        };
        Connection { sender, kind }
    }

    /// A connection without a word.
    pub async fn only_connects(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn config(&self, shown: Shown, version: Version) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match shown.certificate() {
            None => config.with_no_client_auth(),
            Some(certificate) => {
                let key = PrivatePkcs8KeyDer::from(pki::transport_key()).into();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        config.alpn_protocols = vec![match version {
            Version::Http1 => b"http/1.1".to_vec(),
            Version::Http2 => b"h2".to_vec(),
        }];
        config
    }
}

/// Whether the server has not closed a connection on which it has said nothing.
pub fn is_open(stream: TcpStream) -> bool {
    match stream.into_std().unwrap().read(&mut [0]) {
        Ok(0) => false,
        Ok(_) => panic!("the server speaks first"),
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    }
}

impl Shown {
    pub fn certificate(self) -> Option<CertificateDer<'static>> {
        Some(match self {
            Self::Good => Qwac::default().der(),
            Self::Nothing => return None,
            Self::Revoked => Qwac { serial: pki::REVOKED, ..Qwac::default() }.der(),
            Self::Rogue => Qwac { issuer: Authority::Rogue, ..Qwac::default() }.der(),
            Self::SelfSigned => pki::self_signed(),
        })
    }
}

pub struct Connection {
    sender: Sender,
    kind: Option<HandshakeKind>,
}

enum Sender {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

impl Connection {
    pub fn is_resumed(&self) -> bool {
        self.kind == Some(HandshakeKind::Resumed)
    }

    pub async fn get(&mut self) -> (StatusCode, String) {
        self.send(Request::get("https://bank.example/")).await
    }

    pub async fn send(&mut self, request: http::request::Builder) -> (StatusCode, String) {
        let request = request.header("host", "bank.example").body(Empty::new()).unwrap();
        let response = match &mut self.sender {
            Sender::Http1(sender) => sender.send_request(request).await,
            Sender::Http2(sender) => sender.send_request(request).await,
        };
        let (head, body) = response.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }
}
