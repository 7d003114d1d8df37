//! The registered clients, as the file has them.

use std::path::Path;
use std::sync::Arc;

use tower_open_banking::cert::{CertificateMatch, Client, Clients, NameOrder, RegisteredName};
use tower_open_banking::client_auth::{
    AuthenticationMethod, GrantType, Registration, SenderConstraint,
};
use tower_open_banking::crypto::Algorithm;
use tower_open_banking::jose::KeySet;

use super::file::{Authentication, ClientEntry, Constraint};

/// Reads their key sets.
pub fn open(entries: &[ClientEntry], folder: &Path) -> Result<Clients, String> {
    let clients: Vec<_> = entries
        .iter()
        .map(|entry| {
            client(entry, folder).map_err(|error| format!("client {}: {error}", entry.client_id))
        })
        .collect::<Result<_, _>>()?;
    Clients::of(clients).map_err(|error| error.to_string())
}

fn client(entry: &ClientEntry, folder: &Path) -> Result<Client, String> {
    let algorithm = Algorithm::from_name(&entry.algorithm)
        .ok_or_else(|| format!("no algorithm {}", entry.algorithm))?;
    let file = folder.join(&entry.keys);
    let wrong = |error: String| format!("{}: {error}", file.display());
    let document = std::fs::read(&file).map_err(|error| wrong(error.to_string()))?;
    let keys = KeySet::parse(&document).map_err(|error| wrong(error.to_string()))?;
    let authentication = match entry.authentication {
        Authentication::PrivateKeyJwt => AuthenticationMethod::PrivateKeyJwt,
        Authentication::SelfSignedTlsClientAuth => AuthenticationMethod::SelfSignedTlsClientAuth,
        Authentication::TlsClientAuth => AuthenticationMethod::TlsClientAuth,
    };
    let constraint = match entry.constraint {
        Constraint::Certificate => SenderConstraint::Certificate,
        Constraint::Dpop => SenderConstraint::Dpop,
    };
    let registration = Registration::new(authentication, constraint)
        .grants([
            GrantType::AuthorizationCode,
            GrantType::ClientCredentials,
            GrantType::RefreshToken,
        ])
        .scopes(&entry.scopes)
        .redirect_uris(&entry.redirect_uris);
    let certificate = certificate(entry, &keys)?;
    Ok(Client::new(&entry.client_id, certificate)
        .signs_with(keys, [algorithm])
        .registered_as(registration))
}

fn certificate(entry: &ClientEntry, keys: &KeySet) -> Result<CertificateMatch, String> {
    match (entry.authentication, &entry.subject_dn) {
        (Authentication::SelfSignedTlsClientAuth, _) => {
            Ok(CertificateMatch::RegisteredCertificates(Arc::new(keys.clone())))
        }
        (_, None) => Ok(CertificateMatch::NoCertificate),
        (_, Some(subject)) => {
            let subject = RegisteredName::parse(subject, NameOrder::AsWritten)
                .map_err(|error| format!("subject_dn: {error}"))?;
            Ok(CertificateMatch::SubjectDn { subject, issuer: None })
        }
    }
}
