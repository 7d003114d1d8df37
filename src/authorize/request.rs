//! The evidence of a permitted authorisation request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::claims::RequestClaims;
use super::pushed::Unspent;
use super::requested::RequestedClaim;
use super::response_type::{Delivery, ResponseType};
use crate::cert::Client;
use crate::client_auth::CodeChallenge;
use crate::gate::{Audit, Evidence};
use crate::jose::Thumbprint;

/// An authorisation request of a proven client, within its profile: what the user is asked about.
///
/// Everything comes from the verified object or from what the authenticated client pushed, never
/// from parameters beside it. Cloning is cheap: the session of the browser keeps one.
#[derive(Clone)]
pub struct AuthorizationRequest {
    pub(super) client: Arc<Client>,
    pub(super) claims: Arc<RequestClaims>,
    pub(super) redirect_uri: String,
    pub(super) delivery: Delivery,
    pub(super) signed: bool,
    pub(super) unspent: Option<Unspent>,
    pub(super) response_type: ResponseType,
    pub(super) code_challenge: Option<CodeChallenge>,
    pub(super) prompt: Vec<Prompt>,
    pub(super) dpop_jkt: Option<Thumbprint>,
    pub(super) intent_id: Option<String>,
}

/// What the user must be shown (OpenID Connect Core, 3.1.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Prompt {
    /// The consent page.
    Consent,
    /// The login page, also with a session.
    Login,
    /// Nothing: refuse where something is due.
    None,
    /// The choice of an account.
    SelectAccount,
}

impl Prompt {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "consent" => Self::Consent,
            "login" => Self::Login,
            "none" => Self::None,
            "select_account" => Self::SelectAccount,
            _ => return None,
        })
    }
}

impl AuthorizationRequest {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its id.
    pub fn client_id(&self) -> &str {
        self.client.client_id()
    }

    /// Where the answer goes; the token request must name it again.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// What it asks for.
    pub fn response_type(&self) -> ResponseType {
        self.response_type
    }

    /// The scopes, in order; each is the client's.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims.scopes()
    }

    /// `state`, for the client alone.
    pub fn state(&self) -> Option<&str> {
        self.claims.state.as_deref()
    }

    /// `nonce`, for the ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// What the code verifier of the token request must hash to.
    pub fn code_challenge(&self) -> Option<&CodeChallenge> {
        self.code_challenge.as_ref()
    }

    /// The DPoP key that the code is bound to (RFC 9449, 10).
    pub fn dpop_jkt(&self) -> Option<Thumbprint> {
        self.dpop_jkt
    }

    /// The consent to authorise (`openbanking_intent_id`).
    pub fn openbanking_intent_id(&self) -> Option<&str> {
        self.intent_id.as_deref()
    }

    /// How the user must be authenticated, by the ID token's `acr`.
    pub fn acr(&self) -> Option<&RequestedClaim> {
        self.claims.claims.as_ref()?.id_token.as_ref()?.acr.as_ref()
    }

    /// `acr_values`, in order of preference.
    pub fn acr_values(&self) -> impl Iterator<Item = &str> {
        let values = self.claims.acr_values.as_deref().unwrap_or_default();
        values.split(' ').filter(|value| !value.is_empty())
    }

    /// How long ago the user may have authenticated.
    pub fn max_age(&self) -> Option<Duration> {
        self.claims.max_age.map(Duration::from_secs)
    }

    /// What the user must be shown.
    pub fn prompt(&self) -> &[Prompt] {
        &self.prompt
    }

    /// `login_hint`.
    pub fn login_hint(&self) -> Option<&str> {
        self.claims.login_hint.as_deref()
    }

    /// `id_token_hint`, unverified.
    pub fn id_token_hint(&self) -> Option<&str> {
        self.claims.id_token_hint.as_deref()
    }

    /// `ui_locales`.
    pub fn ui_locales(&self) -> Option<&str> {
        self.claims.ui_locales.as_deref()
    }

    /// Whether the client signed it.
    pub fn is_signed(&self) -> bool {
        self.signed
    }
}

impl Evidence for AuthorizationRequest {
    fn audit(&self, line: &mut Audit) {
        line.field("response_type", self.response_type.as_str());
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id())
            .field("response_type", &self.response_type)
            .finish_non_exhaustive()
    }
}
