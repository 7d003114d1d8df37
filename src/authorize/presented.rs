//! An authorisation request as it came, before any of it is believed.

use std::fmt;
use std::sync::Arc;

use super::claims::RequestClaims;
use super::pushed::Unspent;
use crate::cert::Client;
use crate::client_auth::{GrantType, Parameters};
use crate::gate::{Audit, Evidence};
use crate::reject::{Reason, Rejection};

/// An authorisation request as it came: whose it says it is, and where its parameters are.
///
/// At the authorisation endpoint nothing of it is proven; at the PAR endpoint the client is.
pub struct PresentedRequest {
    pub(super) client: Arc<Client>,
    pub(super) carrier: Carrier,
}

/// Where the parameters of a request are.
pub(super) enum Carrier {
    /// In an object that came with the browser, and what OAuth wants beside it.
    ByValue { object: String, outside: Outside },
    /// In an object that an authenticated client pushes.
    PushedObject(String),
    /// In the parameters that an authenticated client pushes.
    PushedParameters(Box<RequestClaims>),
    /// In the store: verified when it was pushed.
    Kept { claims: Box<RequestClaims>, signed: bool, unspent: Unspent },
}

/// What stands beside an object, for servers that do not read it (OpenID Connect Core, 6.1).
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) response_type: Option<String>,
}

impl Outside {
    pub(super) fn of(parameters: &Parameters) -> Self {
        Self { response_type: parameters.get("response_type").map(str::to_owned) }
    }
}

/// A client that registered for the code flow.
pub(super) fn for_code_flow(client: &Client) -> Result<(), Rejection> {
    let registration = client.registration();
    match registration.is_some_and(|own| own.may_use(GrantType::AuthorizationCode)) {
        true => Ok(()),
        false => Err(Rejection::new(Reason::ClientUnauthorized).detail("no authorization_code")),
    }
}

impl PresentedRequest {
    /// The client that it names.
    pub fn client_id(&self) -> &str {
        self.client.client_id()
    }
}

impl Evidence for PresentedRequest {
    fn audit(&self, line: &mut Audit) {
        line.field("client_id", self.client_id().to_owned());
    }
}

impl fmt::Debug for PresentedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedRequest")
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
