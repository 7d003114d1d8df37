//! `Directory`: who issues software statements, and which of them are good.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use super::signed::signed;
use super::statement::SoftwareStatement;
use crate::jose::{Accept, KeySource};
use crate::reject::{Reason, Rejection};

/// A directory that issues software statements.
#[derive(Clone)]
pub struct Directory {
    issuer: String,
    keys: Arc<dyn KeySource>,
}

impl Directory {
    /// The one of this `iss`, such as `OpenBanking Ltd`, signing with these keys. Its statements are
    /// good for 30 minutes.
    pub fn of(issuer: impl Into<String>, keys: impl KeySource) -> Self {
        Self { issuer: issuer.into(), keys: Arc::new(keys) }
    }

    /// Verifies a statement of this directory.
    pub(super) async fn verify(
        &self,
        text: &str,
        now: UnixTime,
    ) -> Result<SoftwareStatement, Rejection> {
        let (_, verified) =
            signed(text, &*self.keys, now, Accept::FAPI1, statement_invalid).await?;
        let statement = SoftwareStatement::parse(verified.payload())
            .map_err(|error| statement_invalid("claims").source(error))?;
        self.facts(&statement, now.as_secs())?;
        Ok(statement)
    }

    fn facts(&self, statement: &SoftwareStatement, now: u64) -> Result<(), Rejection> {
        let invalid = statement_invalid;
        if statement.issuer.as_deref() != Some(self.issuer.as_str()) {
            return Err(invalid("iss is missing or another"));
        }
        let issued_at = statement.issued_at.ok_or_else(|| invalid("iat is missing"))?.seconds();
        if issued_at > now.saturating_add(SKEW) {
            return Err(invalid("iat lies ahead"));
        }
        if issued_at.saturating_add(LONGEST) < now {
            return Err(invalid("too old"));
        }
        if statement.expires_at.is_some_and(|end| end.seconds() <= now) {
            return Err(invalid("expired"));
        }
        if statement.id.as_deref().is_none_or(str::is_empty) {
            return Err(invalid("jti is missing"));
        }
        if statement.software_id.is_empty() || statement.org_id.is_empty() {
            return Err(invalid("software_id or org_id is missing"));
        }
        match statement.org_status.as_deref() {
            Some("Active") => Ok(()),
            Some(_) => Err(unapproved("the organisation is not active")),
            None => Err(invalid("org_status is missing")),
        }
    }
}

pub(super) fn statement_invalid(why: &'static str) -> Rejection {
    Rejection::new(Reason::SoftwareStatementInvalid).detail(why)
}

pub(super) fn unapproved(why: &'static str) -> Rejection {
    Rejection::new(Reason::SoftwareStatementUnapproved).detail(why)
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

const SKEW: u64 = 10;

/// How old a statement may be, in seconds: the directory makes a new one whenever it is asked.
const LONGEST: u64 = 30 * 60;
