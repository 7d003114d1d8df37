//! The evidence of client authentication.

use std::fmt;
use std::sync::Arc;

use crate::cert::{Certificate, Client};
use crate::gate::{Audit, Evidence};

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
