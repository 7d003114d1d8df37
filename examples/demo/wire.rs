//! The provider's end of the wire: one TCP connection per request, TLS 1.3.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::header::{HOST, HeaderValue};
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Anything;
use super::pki::Identity;
use super::plan::Message;

/// An answer.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// The OBIE error code of the body; without one, the error of the challenge; else a dash.
    pub fn code(&self) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        if let Some(code) = json["Errors"][0]["ErrorCode"].as_str() {
            return code.to_owned();
        }
        let challenge = self.header("www-authenticate").unwrap_or_default();
        let error = challenge.split_once("error=\"").and_then(|(_, rest)| rest.split_once('"'));
        error.map_or("-", |(error, _)| error).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn json(&self) -> Anything<serde_json::Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// A way to a bank.
#[derive(Clone)]
pub struct Wire {
    address: SocketAddr,
    /// None for plain HTTP, as behind a proxy.
    root: Option<CertificateDer<'static>>,
}

impl Wire {
    pub fn new(address: SocketAddr, root: Option<CertificateDer<'static>>) -> Self {
        Self { address, root }
    }

    /// Sends a message and waits for the answer.
    pub async fn send(&self, message: Message<'_>) -> Anything<Reply> {
        let stream = TcpStream::connect(self.address).await?;
        match self.tls(message.certificate)? {
            None => exchange(stream, self.address, message.request).await,
            Some(tls) => {
                let name = ServerName::IpAddress(self.address.ip().into());
                let stream = tls.connect(name, stream).await?;
                exchange(stream, self.address, message.request).await
            }
        }
    }

    fn tls(&self, certificate: Option<&Identity>) -> Anything<Option<TlsConnector>> {
        let Some(root) = &self.root else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        roots.add(root.clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots);
        let config = match certificate {
            None => config.with_no_client_auth(),
            Some(shown) => {
                let chain = vec![shown.certificate.clone(), shown.issuer.clone()];
                let key = PrivateKeyDer::Pkcs8(shown.key.serialize_der().into());
                config.with_client_auth_cert(chain, key)?
            }
        };
        Ok(Some(TlsConnector::from(Arc::new(config))))
    }
}

async fn exchange<S>(stream: S, host: SocketAddr, mut request: Request<Bytes>) -> Anything<Reply>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    request.headers_mut().insert(HOST, HeaderValue::from_str(&host.to_string())?);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answered = async move {
        let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body })
    };
    // The connection lives in this future: whoever drops it hangs up.
    tokio::select! {
        reply = answered => reply,
        // A connection that ends first has lost the answer.
        ended = connection => {
            ended?;
            Err("the bank closed the connection".into())
        }
    }
}
