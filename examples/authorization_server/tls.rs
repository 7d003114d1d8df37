//! TLS: the ciphers of FAPI, and certificates of clients where they have one.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CipherSuite, ServerConfig};
use tower_open_banking::cert::PossessionOnly;

use super::file::Tls;

/// Reads certificate and key.
///
/// FAPI 1.0 Advanced, 8.5: TLS 1.2 with the ciphers of BCP 195 that have forward secrecy and AES in
/// GCM alone.
pub fn open(files: &Tls, folder: &Path) -> Result<Arc<ServerConfig>, String> {
    let file = folder.join(&files.certificate);
    let chain = CertificateDer::pem_file_iter(&file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("tls.certificate: {}: {error}", file.display()))?;
    let file = folder.join(&files.key);
    let key = PrivateKeyDer::from_pem_file(&file)
        .map_err(|error| format!("tls.key: {}: {error}", file.display()))?;

    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| !matches!(suite.suite(), CHACHA_ECDSA | CHACHA_RSA));
    let provider = Arc::new(provider);
    let verifier = PossessionOnly::new(&provider);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("tls: {error}"))?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain, key)
        .map_err(|error| format!("tls: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

const CHACHA_ECDSA: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
const CHACHA_RSA: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256;
