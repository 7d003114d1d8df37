//! The adapters for servers that terminate TLS with rustls.

#[cfg(feature = "axum-serve")]
mod axum_serve;
#[cfg(feature = "axum-server")]
mod axum_server;
#[cfg(feature = "tokio-rustls")]
mod introduce;
#[cfg(feature = "tokio-rustls")]
mod listener;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved,
    ServerConnection, SignatureScheme,
};
use webpki::RawPublicKeyEntity;

#[cfg(feature = "axum-serve")]
pub use self::axum_serve::introduce;
#[cfg(feature = "axum-server")]
pub use self::axum_server::IntroducingAcceptor;
#[cfg(feature = "tokio-rustls")]
pub use self::{introduce::Introduce, listener::TlsListener};
use super::PeerCertificates;

/// Proves that a client holds the key of the certificate it presents, and nothing else.
///
/// Verifies the signature of the handshake (`CertificateVerify`: RFC 8446, section 4.4.3; RFC
/// 5246, section 7.4.8) with the public key of the certificate. A client asked for a certificate
/// may present none, and is told of no preferred issuers.
///
/// **Does not check the certificate**: not who issued it, its dates, its purposes, its extensions.
/// That is for the rules of each request, which answer with a status and a reason where a
/// handshake could only break off. A server that uses this verifier without such rules lets
/// everybody in. Nor is the key proved anew when a session is resumed: the connection carries the
/// certificate of the first handshake, and the rules judge it again.
///
/// The verifier of rustls would refuse, before the rules could answer, certificates without the
/// purpose clientAuth, with an unknown critical extension, and of X.509 version 1.
///
/// ```
/// use std::sync::Arc;
/// use rustls::crypto::CryptoProvider;
/// use rustls::pki_types::{CertificateDer, PrivateKeyDer};
/// use tower_open_banking::cert::PossessionOnly;
///
/// fn tls(
///     provider: Arc<CryptoProvider>,
///     chain: Vec<CertificateDer<'static>>,
///     key: PrivateKeyDer<'static>,
/// ) -> Result<rustls::ServerConfig, rustls::Error> {
///     let verifier = Arc::new(PossessionOnly::new(&provider));
///     rustls::ServerConfig::builder_with_provider(provider)
///         .with_safe_default_protocol_versions()?
///         .with_client_cert_verifier(verifier)
///         .with_single_cert(chain, key)
/// }
/// ```
///
/// The rules then want [`PeerCertificates`] in the extensions of every request. Sessions are resumed
/// unless the `session_storage` of the `ServerConfig` keeps none.
#[derive(Clone, Debug)]
pub struct PossessionOnly {
    algorithms: WebPkiSupportedAlgorithms,
}

impl PossessionOnly {
    /// Verifies with the algorithms of the server's own provider.
    pub fn new(provider: &CryptoProvider) -> Self {
        Self { algorithms: provider.signature_verification_algorithms }
    }
}

impl ClientCertVerifier for PossessionOnly {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let info = public_key(certificate)?;
        let key = RawPublicKeyEntity::try_from(&info).map_err(|_| BAD_ENCODING)?;
        let (_, algorithms) = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == signed.scheme)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        // In TLS 1.2 a scheme names the hash but not the curve: one algorithm for each curve.
        let verifies = |algorithm: &&'static _| {
            key.verify_signature(*algorithm, message, signed.signature()).is_ok()
        };
        match algorithms.iter().any(verifies) {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => Err(CertificateError::BadSignature.into()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // Not `verify_tls13_signature`: that parses the whole certificate and judges it.
        let info = public_key(certificate)?;
        verify_tls13_signature_with_raw_key(message, &info, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl From<&ServerConnection> for PeerCertificates {
    /// The certificates of a connection whose handshake is complete; before that, none.
    fn from(connection: &ServerConnection) -> Self {
        Self::new(connection.peer_certificates().unwrap_or_default().iter().cloned())
    }
}

fn public_key<'a>(
    certificate: &'a CertificateDer<'_>,
) -> Result<SubjectPublicKeyInfoDer<'a>, Error> {
    super::fields::spki(certificate).map(Into::into).map_err(|_| BAD_ENCODING)
}

const BAD_ENCODING: Error = Error::InvalidCertificate(CertificateError::BadEncoding);

#[cfg(test)]
mod tests;
