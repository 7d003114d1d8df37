//! A grant as a store keeps it: JSON, read as strictly as what a stranger sends.

use std::time::Duration;

use bytes::Bytes;
use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use super::Granted;
use crate::client_auth::CodeChallenge;
use crate::idempotency::StoreError;
use crate::jose::{Scope, Thumbprint};
use crate::reject::{Reason, Rejection};

/// A grant with what must be shown for it, and its end.
pub(super) struct Record {
    pub(super) granted: Granted,
    pub(super) redirect_uri: Option<String>,
    pub(super) challenge: Option<CodeChallenge>,
    pub(super) key: Option<Thumbprint>,
    pub(super) expires_at: UnixTime,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    client_id: String,
    scope: String,
    data: String,
    redirect_uri: Option<String>,
    challenge: Option<String>,
    key: Option<Thumbprint>,
    expires_at: u64,
}

impl Record {
    pub(super) fn of(granted: Granted, expires_at: UnixTime) -> Self {
        Self { granted, redirect_uri: None, challenge: None, key: None, expires_at }
    }

    pub(super) fn write(self) -> Result<Bytes, StoreError> {
        let written = Written {
            client_id: self.granted.client_id,
            scope: self.granted.scope.as_str().to_owned(),
            data: self.granted.data,
            redirect_uri: self.redirect_uri,
            challenge: self.challenge.map(|challenge| challenge.to_string()),
            key: self.key,
            expires_at: self.expires_at.as_secs(),
        };
        serde_json::to_vec(&written).map(Bytes::from).map_err(StoreError::unavailable)
    }

    /// A challenge that cannot be read must not read as none.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Rejection> {
        let damaged = || Rejection::new(Reason::ServiceUnavailable).detail("a damaged grant");
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| damaged().source(error))?;
        let challenge = written.challenge.as_deref().map(CodeChallenge::parse);
        let challenge = challenge.map(|read| read.ok_or_else(damaged)).transpose()?;
        Ok(Self {
            granted: Granted {
                client_id: written.client_id,
                scope: Scope::parse(&written.scope).ok_or_else(damaged)?,
                data: written.data,
            },
            redirect_uri: written.redirect_uri,
            challenge,
            key: written.key,
            expires_at: UnixTime::since_unix_epoch(Duration::from_secs(written.expires_at)),
        })
    }
}
