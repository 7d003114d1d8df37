//! Behind a proxy: who may hand over a certificate, told by the connection itself.

use axum::Router;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tower_open_banking::cert::{
    ForwardedHeader, IntroducingAcceptor, PresentCertificate, TrustedPeers, introduce,
};

use super::client::{Shown, Version};
use super::server::{Adapter, bind};
use super::{Hand, app};
use crate::support::pki::Qwac;

fn behind(peers: TrustedPeers) -> Router {
    app(&Hand::now(), PresentCertificate::from_header(ForwardedHeader::rfc9440(), peers))
}

fn forwarding() -> http::request::Builder {
    let value = format!(":{}:", BASE64_STANDARD.encode(Qwac::default().der()));
    Request::get("https://bank.example/").header("client-cert", value)
}

async fn forwarded(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> StatusCode {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = forwarding().header("host", "bank.example").body(Empty::<Bytes>::new()).unwrap();
    sender.send_request(request).await.unwrap().status()
}

#[tokio::test]
async fn a_unix_socket_is_believed_where_it_is_named_and_no_tcp_socket_beside_it() {
    let folder = std::env::temp_dir().join(format!("proxy-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    for (place, peers, over_unix, over_tcp) in [
        (["unix"], "unix", StatusCode::OK, StatusCode::BAD_REQUEST),
        (["127.0.0.1"], "tcp", StatusCode::BAD_REQUEST, StatusCode::OK),
        (["192.0.2.1"], "neither", StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST),
    ]
    .map(|(place, name, unix, tcp)| (name, TrustedPeers::parse(place).unwrap(), unix, tcp))
    {
        let path = folder.join(place);
        let unix = UnixListener::bind(&path).unwrap();
        tokio::spawn(axum::serve(unix, introduce(behind(peers.clone()))).into_future());
        assert_eq!(forwarded(UnixStream::connect(&path).await.unwrap()).await, over_unix);

        let tcp = bind().await;
        let address = tcp.local_addr().unwrap();
        tokio::spawn(axum::serve(tcp, introduce(behind(peers.clone()))).into_future());
        assert_eq!(forwarded(TcpStream::connect(address).await.unwrap()).await, over_tcp);

        let tcp = bind().await.into_std().unwrap();
        let address = tcp.local_addr().unwrap();
        let server = axum_server::from_tcp(tcp).unwrap().map(IntroducingAcceptor::around);
        tokio::spawn(server.serve(behind(peers).into_make_service()));
        assert_eq!(forwarded(TcpStream::connect(address).await.unwrap()).await, over_tcp);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_proxy_with_a_pinned_certificate_is_believed_and_nobody_with_another() {
    let pin = openssl::sha::sha256(&Shown::SelfSigned.certificate().unwrap());
    let peers = TrustedPeers::parse(["127.0.0.1"]).unwrap().and_pinned([pin]).unwrap();
    for adapter in [Adapter::AxumServe, Adapter::AxumServer, Adapter::Hyper] {
        let proxy = adapter.start(behind(peers.clone())).await;
        for (shown, status) in [
            (Shown::SelfSigned, StatusCode::OK),
            (Shown::Good, StatusCode::BAD_REQUEST),
            (Shown::Nothing, StatusCode::BAD_REQUEST),
        ] {
            let mut connection = proxy.connects(Version::Http1, shown).await;
            assert_eq!(connection.send(forwarding()).await.0, status, "{adapter:?} {shown:?}");
        }
    }
}
