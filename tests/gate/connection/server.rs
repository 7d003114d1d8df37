//! One router under each server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_open_banking::cert::{
    Introduce, IntroducingAcceptor, PossessionOnly, TlsListener, introduce,
};

use super::client::Client;

#[derive(Clone, Copy, Debug)]
pub enum Adapter {
    AxumServe,
    AxumServer,
    Hyper,
}

impl Adapter {
    /// Serves the router until the test ends.
    pub async fn start(self, app: Router) -> Client {
        let (tls, client) = tls();
        let socket = bind().await;
        let address = socket.local_addr().unwrap();
        match self {
            Self::AxumServe => {
                let server = axum::serve(TlsListener::new(socket, tls), introduce(app));
                tokio::spawn(server.into_future());
            }
            Self::AxumServer => {
                let socket = socket.into_std().unwrap();
                let server = from_tcp_rustls(socket, RustlsConfig::from_config(tls)).unwrap();
                let server = server.map(IntroducingAcceptor::around);
                tokio::spawn(server.serve(app.into_make_service()));
            }
            Self::Hyper => {
                tokio::spawn(hyper(TlsListener::new(socket, tls), app));
            }
        }
        client(address)
    }
}

/// A listener with a place for one handshake, which is soon free again.
pub async fn narrow(app: Router) -> Client {
    let ((tls, client), socket) = (tls(), bind().await);
    let address = socket.local_addr().unwrap();
    let listener =
        TlsListener::new(socket, tls).most_handshakes(0).handshake_time(Duration::from_millis(300));
    tokio::spawn(axum::serve(listener, introduce(app)).into_future());
    client(address)
}

/// A server whose author did not introduce the peer.
pub async fn forgotten(app: Router) -> Client {
    let ((tls, client), socket) = (tls(), bind().await);
    let address = socket.local_addr().unwrap();
    tokio::spawn(axum::serve(TlsListener::new(socket, tls), app).into_future());
    client(address)
}

pub async fn bind() -> TcpListener {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap()
}

async fn hyper(mut listener: TlsListener, app: Router) {
    loop {
        let (stream, _) = listener.accept().await;
        let service = stream
            .introduce(app.clone())
            .map_request(|request: Request<Incoming>| request.map(Body::new));
        tokio::spawn(async move {
            Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                .await
        });
    }
}

/// A server's side of the handshake, and who trusts its certificate.
fn tls() -> (Arc<ServerConfig>, impl FnOnce(SocketAddr) -> Client) {
    let provider = Arc::new(default_provider());
    let own = rcgen::generate_simple_self_signed(["bank.example".to_owned()]).unwrap();
    let certificate = own.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
    let verifier = Arc::new(PossessionOnly::new(&provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (Arc::new(config), move |address| Client::new(address, certificate))
}
