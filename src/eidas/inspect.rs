//! Everything that is wrong with a certificate, for people to read.
mod detail;
mod fitness;
mod organization;
mod psd2;
mod qualified;
mod validity;

use std::fmt;

use rustls_pki_types::UnixTime;

use super::{Kind, QcStatements};
use crate::cert::Certificate;

/// Lists everything found wrong or doubtful with a certificate at a time.
///
/// For reports: a bank's decision to let a request through is not made by this list. It does not
/// check signatures, the path to an issuer, revocation or trusted lists, and an empty list does
/// not make a certificate a qualified one.
#[must_use]
pub fn findings(certificate: &Certificate, at: UnixTime) -> Vec<Finding> {
    let mut report = Report::default();
    validity::inspect(certificate, at, &mut report);
    let organization = organization::inspect(certificate, &mut report);
    match QcStatements::from_certificate(certificate) {
        Ok(Some(statements)) => {
            qualified::inspect(certificate, &statements, &mut report);
            detail::inspect(&statements, &mut report);
            match statements.kind() {
                Ok(Kind::Qwac) => fitness::inspect_qwac(certificate, &statements, &mut report),
                Ok(Kind::QSeal) => fitness::inspect_seal(certificate, &mut report),
                _ => {}
            }
            psd2::inspect(&statements, organization.as_ref(), &mut report);
        }
        Ok(None) => report.error(
            "qc_statements_missing",
            "there is no qcStatements extension: not an eIDAS certificate",
        ),
        Err(error) => report.error("qc_statements_malformed", error),
    }
    report.findings
}

/// One thing wrong or doubtful with a certificate. Displays as a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    code: &'static str,
    severity: Severity,
    text: String,
}

impl Finding {
    /// A name that stays the same from version to version, such as `expired`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Severity {
    /// The standards forbid it, or the certificate cannot serve as what it claims to be.
    Error,
    /// Allowed or common, and worth a look.
    Warning,
}

/// The findings so far.
#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn error(&mut self, code: &'static str, text: impl ToString) {
        self.findings.push(Finding { code, severity: Severity::Error, text: text.to_string() });
    }

    fn warning(&mut self, code: &'static str, text: impl ToString) {
        self.findings.push(Finding { code, severity: Severity::Warning, text: text.to_string() });
    }
}

#[cfg(test)]
mod tests;
