//! The evidence of client authentication.

use std::fmt;
use std::sync::Arc;

use super::{Registration, SenderConstraint};
use crate::cert::{Certificate, Client};
use crate::gate::{Audit, Evidence};
use crate::jose::{Confirmation, Thumbprint};
use crate::reject::{Reason, Rejection};

/// The client that calls the endpoint: registered, and proven to be it in the way it registered.
pub struct AuthenticatedClient {
    client: Arc<Client>,
    certificate: Option<Arc<Certificate>>,
}

impl AuthenticatedClient {
    /// The greppable door for the rule that authenticates, and for tests.
    pub(crate) fn assertion(client: Arc<Client>) -> Self {
        Self { client, certificate: None }
    }

    /// The same client over a connection that showed this certificate of it.
    pub(crate) fn showing(self, certificate: Option<Arc<Certificate>>) -> Self {
        Self { certificate, ..self }
    }

    /// As it was registered.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its id.
    pub fn client_id(&self) -> &str {
        self.client.client_id()
    }

    /// The `cnf` of an access token for this client: the thumbprint of its certificate, or that of the
    /// DPoP key that it proved. Which of the two is a matter of its registration, so that no client
    /// can choose the weaker one of the day.
    ///
    /// Refresh tokens have none: a confidential client's are bound by its authentication, and a
    /// renewed certificate or key must not end them (RFC 8705, 7.1; RFC 9449, 5).
    ///
    /// # Errors
    ///
    /// [`Reason::CertificateMissing`] or [`Reason::DpopProofInvalid`] where there is nothing to bind
    /// to: this crate makes no token that whoever finds it can use.
    pub fn confirmation(&self, key: Option<&Thumbprint>) -> Result<Confirmation, Rejection> {
        let mut confirmation = Confirmation::default();
        match self.client.registration().map(Registration::constraint) {
            Some(SenderConstraint::Certificate) => {
                let certificate = self.certificate().ok_or(Reason::CertificateMissing);
                let certificate = certificate.map_err(Rejection::new)?;
                confirmation.certificate = Some(Thumbprint::of_certificate(certificate.der()));
            }
            Some(SenderConstraint::Dpop) => {
                let key = key.copied().ok_or(Reason::DpopProofInvalid);
                confirmation.key =
                    Some(key.map_err(|reason| Rejection::new(reason).detail("none"))?);
            }
            None => return Err(Rejection::new(Reason::ClientUnauthorized).detail("not registered")),
        }
        Ok(confirmation)
    }

    /// The certificate of its connection, where it authenticates by it or has its tokens bound to
    /// it: the client's own, and trusted or registered. That of a client whose tokens are bound by
    /// DPoP and that authenticates by assertions is nobody's business.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_deref()
    }
}

impl Evidence for AuthenticatedClient {
    fn audit(&self, line: &mut Audit) {
        line.field("client_id", self.client_id().to_owned());
    }
}

impl fmt::Debug for AuthenticatedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatedClient({:?})", self.client_id())
    }
}
