//! The evidence of a verified access token.

use std::fmt;
use std::time::Duration;

use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::super::bearer;
use super::{Shown, TokenSchemes, invalid};
use crate::gate::{Audit, Evidence};
use crate::jose::{Claims, Confirmation, NumericDate, Scope, decode_base64url};
use crate::reject::{Rejection, Scheme};

/// A token that this bank's authorization server issued, in its time.
pub struct AccessToken {
    pub(super) client_id: String,
    pub(super) subject: Option<String>,
    pub(super) scope: Option<Scope>,
    pub(super) confirmation: Option<Confirmation>,
    pub(super) intent_id: Option<String>,
    pub(super) expires_at: UnixTime,
    pub(super) dpop_hash: Option<[u8; 32]>,
}

impl AccessToken {
    /// The client that it was issued to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whom it speaks for.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether it holds a scope.
    pub fn has_scope(&self, name: &str) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.contains(name))
    }

    /// The consent that it was given for (`openbanking_intent_id`).
    pub fn openbanking_intent_id(&self) -> Option<&str> {
        self.intent_id.as_deref()
    }

    /// When it ends.
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// The greppable door for a drill without the check: what the token says, unverified.
    pub(crate) fn unverified(request: &Parts) -> Result<Self, Rejection> {
        let (scheme, token) = bearer::token(request, TokenSchemes::BearerOrDpop)?;
        let payload = token.split('.').nth(1).and_then(decode_base64url);
        let claims = payload.and_then(|json| Claims::parse(&json).ok());
        let claims = claims.ok_or_else(|| invalid().detail("not a JWT"))?;
        let expires_at = claims.expires_at.map(NumericDate::seconds);
        Ok(Self {
            client_id: claims.client_id.unwrap_or_default(),
            subject: claims.subject,
            scope: claims.scope,
            confirmation: claims.confirmation,
            intent_id: claims.intent_id,
            expires_at: UnixTime::since_unix_epoch(Duration::from_secs(
                expires_at.unwrap_or_default(),
            )),
            dpop_hash: Shown::new(scheme, token).dpop_hash,
        })
    }

    /// The scheme under which it was shown.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.dpop_hash.is_some() { Scheme::Dpop } else { Scheme::Bearer }
    }

    /// Whether it names a certificate, which then must be compared.
    pub(crate) fn names_certificate(&self) -> bool {
        self.confirmation.is_some_and(|confirmation| confirmation.certificate.is_some())
    }

    /// What the proof beside it must repeat, where it was shown under the scheme `DPoP`.
    pub(in super::super) fn dpop_hash(&self) -> Option<&[u8; 32]> {
        self.dpop_hash.as_ref()
    }

    pub(in super::super) fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }
}

impl Evidence for AccessToken {
    fn audit(&self, line: &mut Audit) {
        line.field("client_id", self.client_id.clone());
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
