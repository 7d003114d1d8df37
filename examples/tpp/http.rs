//! The client's end of the wire: one connection per request, with its certificate.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Anything;

/// What the server answered.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// The value of a header that stands there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok();
        if values.next().is_some() { None } else { value }
    }

    pub fn json(&self) -> Anything<serde_json::Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Connects to the server of one root.
#[derive(Clone)]
pub struct Http(TlsConnector);

impl Http {
    /// Shows a certificate, if there is one; all of it PEM.
    pub fn new(root: &[u8], identity: Option<(&[u8], &[u8])>) -> Anything<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root)?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate)?];
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?
            }
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    pub async fn get(&self, url: &str, headers: &[(HeaderName, String)]) -> Anything<Reply> {
        self.send("GET", url, headers, Bytes::new()).await
    }

    /// Sends a form.
    pub async fn post(
        &self,
        url: &str,
        form: String,
        headers: &[(HeaderName, String)],
    ) -> Anything<Reply> {
        let mut all = vec![(CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned())];
        all.extend_from_slice(headers);
        self.send("POST", url, &all, form.into()).await
    }

    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> Anything<Reply> {
        let uri: Uri = url.parse()?;
        let host = uri.host().ok_or("no host")?.to_owned();
        let port = uri.port_u16().unwrap_or(443);
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, format!("{host}:{port}"))
            .header(ACCEPT, "*/*");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body))?;

        let stream = TcpStream::connect((host.as_str(), port)).await?;
        let stream = self.0.connect(ServerName::try_from(host)?, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        connection.abort();
        Ok(Reply { status: head.status, headers: head.headers, body })
    }
}
