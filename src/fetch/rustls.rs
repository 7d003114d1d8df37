//! TLS by rustls.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Secure, Stream};
use crate::gate::BoxFuture;

/// The configuration says whom to trust and, for a server that asks, with which certificate to show
/// oneself (`with_client_auth_cert`).
impl Secure for Arc<ClientConfig> {
    fn secure(
        &self,
        host: &str,
        connection: TcpStream,
    ) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let (name, connector) =
            (ServerName::try_from(literal.to_owned()), TlsConnector::from(self.clone()));
        Box::pin(async move {
            let stream = connector.connect(name.map_err(io::Error::other)?, connection).await?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}
