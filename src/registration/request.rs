//! The evidence of a registration request.

use std::fmt;

use super::metadata::ClientMetadata;
use super::policy::Allowed;
use super::statement::SoftwareStatement;
use crate::cert::{CertificateMatch, Client};
use crate::client_auth::{AuthenticationMethod, Registration, SenderConstraint};
use crate::gate::{Audit, Evidence};
use crate::jose::KeySource;

/// A registration request that is proven and allowed: the software's own, by a software statement of
/// the directory.
pub struct RegistrationRequest {
    pub(super) statement: SoftwareStatement,
    pub(super) metadata: ClientMetadata,
    pub(super) allowed: Allowed,
}

impl RegistrationRequest {
    /// What the directory says of the software.
    pub fn statement(&self) -> &SoftwareStatement {
        &self.statement
    }

    /// What the client wants to be.
    pub fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }

    /// How it will authenticate.
    pub fn authentication(&self) -> AuthenticationMethod {
        self.allowed.method
    }

    /// Its scopes: those that it asked for, or all that the roles of its software have.
    pub fn scopes(&self) -> &[String] {
        &self.allowed.scopes
    }

    /// What it registers, with tokens bound to its certificate.
    pub fn registration(&self) -> Registration {
        Registration::new(self.allowed.method, SenderConstraint::Certificate)
            .grants(self.allowed.grants.iter().copied())
            .scopes(self.allowed.scopes.iter().cloned())
            .redirect_uris(self.metadata.redirect_uris.iter().cloned())
    }

    /// The client under the id that the bank gives it, signing with these keys of its software.
    ///
    /// With `tls_client_auth` its certificate is known by the subject that it registered; otherwise by
    /// `certificate`, for which the organisation's identifier or its registered keys serve.
    pub fn client(
        &self,
        client_id: impl Into<String>,
        keys: impl KeySource,
        certificate: CertificateMatch,
    ) -> Client {
        let certificate = match &self.allowed.subject {
            Some(subject) => CertificateMatch::SubjectDn { subject: subject.clone(), issuer: None },
            None => certificate,
        };
        Client::new(client_id, certificate)
            .in_directory(self.statement.org_id(), self.statement.software_id())
            .signs_with(keys, self.allowed.algorithms.as_slice())
            .registered_as(self.registration())
    }
}

impl Evidence for RegistrationRequest {
    fn audit(&self, line: &mut Audit) {
        line.field("software_id", self.statement.software_id.clone());
        line.field("org_id", self.statement.org_id.clone());
    }
}

impl fmt::Debug for RegistrationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationRequest")
            .field("statement", &self.statement)
            .finish_non_exhaustive()
    }
}
