//! The evidence of client authentication.

use std::fmt;
use std::sync::Arc;

use crate::cert::Client;
use crate::gate::{Audit, Evidence};

/// The client that calls the endpoint: registered, and proven to be it in the way it registered.
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The greppable door for the rule that authenticates, and for tests.
    pub(crate) fn assertion(client: Arc<Client>) -> Self {
        Self(client)
    }

    /// As it was registered.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// Its id.
    pub fn client_id(&self) -> &str {
        self.0.client_id()
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
