//! TLS that admits everybody who proves possession of the key, and leaves judgement to the gate.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tower_open_banking::cert::PossessionOnly;

use super::file::TlsFiles;

/// Reads the bank's certificate and key.
pub fn open(files: &TlsFiles, folder: &Path) -> Result<Arc<ServerConfig>, String> {
    let certificate = folder.join(&files.certificate);
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("tls.certificate: {}: {error}", certificate.display()))?;
    let key_file = folder.join(&files.key);
    let key = PrivateKeyDer::from_pem_file(&key_file)
        .map_err(|error| format!("tls.key: {}: {error}", key_file.display()))?;

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = PossessionOnly::new(&provider);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("tls: {error}"))?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain, key)
        .map_err(|error| format!("tls: {error}"))?;
    config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The name of HTTP/2 in the handshake.
pub const HTTP_2: &[u8] = b"h2";
