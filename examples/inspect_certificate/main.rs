//! Shows what an eIDAS certificate says, and everything that is wrong with it.
//!
//! ```text
//! cargo run --features fetch,trusted-list --example inspect_certificate -- \
//!     [--json] [--at RFC3339] [--anchors FILE]… [--trusted-list DIR --signers FILE]
//!     [--crl FILE]… [--ocsp [--responder HOST:PORT]…] FILE…
//! ```
//!
//! Each file is PEM, of which the first certificate counts and the others may stand in its path, or
//! DER. `--at` is the time at which the certificate is looked at, such as `2024-04-11T14:16:55Z`;
//! without it, now. With `--json` there is one object per file and line. A defective certificate
//! that can be read is no failure: the exit status is 1 when a file cannot be read, and 2 when the
//! arguments are wrong.
//!
//! Without anchors it proves nothing: it shows what the certificate says of itself. With them it
//! looks for a path, at the revocation lists given, and asks the responders that the certificates
//! name: those on the public internet at port 80, and those at `--responder`. A directory of trusted
//! lists (XML files, the list of lists among them, whose signers are given) brings anchors, and says
//! which service stands behind the certificate.
mod lists;
mod options;
mod verdict;

use std::{
    env, fmt,
    io::{self, Write},
    process::ExitCode,
};

use rustls_pki_types::UnixTime;
use serde_json::{Value, json};
use tower_open_banking::{
    cert::{Certificate, pem, time},
    eidas::{
        Finding, Kind, OrganizationId, Psd2Statement, PspRole, QcStatements, QcType, RolesEncoding,
        Severity, StatementsEncoding, findings,
    },
};

use self::options::Options;
use self::verdict::{Judge, Verdict};

fn main() -> ExitCode {
    let arguments = match Options::read(env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}; {USAGE}");
            return ExitCode::from(2);
        }
    };
    let judge = match Judge::of(&arguments) {
        Ok(judge) => judge,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    match run(&arguments, judge.as_ref()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints every file; says whether all could be read.
fn run(arguments: &Options, judge: Option<&Judge>) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let mut all_read = true;
    for file in &arguments.files {
        match (Inspection::of(file, arguments.at, judge), arguments.json) {
            (Ok(inspection), true) => writeln!(out, "{}", inspection.to_json(file))?,
            (Ok(inspection), false) => writeln!(out, "{file}\n{inspection}")?,
            (Err(error), json) => {
                all_read = false;
                match json {
                    true => writeln!(out, "{}", json!({ "file": file, "error": error }))?,
                    false => writeln!(out, "{file}\n  cannot be read: {error}\n")?,
                }
            }
        }
    }
    Ok(all_read)
}

/// What is shown of one certificate.
struct Inspection {
    certificate: Certificate,
    statements: Option<QcStatements>,
    psd2: Option<Psd2Statement>,
    findings: Vec<Finding>,
    verdict: Option<Verdict>,
}

impl Inspection {
    fn of(file: &str, at: UnixTime, judge: Option<&Judge>) -> Result<Self, String> {
        let input = std::fs::read(file).map_err(|error| error.to_string())?;
        let der = pem::first_certificate(&input).map_err(|error| error.to_string())?;
        let certificate = Certificate::from_der(&der).map_err(|error| error.to_string())?;
        // What cannot be read of the statements is among the findings.
        let statements = QcStatements::from_certificate(&certificate).ok().flatten();
        let psd2 = statements.as_ref().and_then(|statements| statements.psd2().ok().flatten());
        let findings = findings(&certificate, at);
        let mut inspection = Self { certificate, statements, psd2, findings, verdict: None };
        let kind = inspection.kind();
        inspection.verdict = judge.map(|judge| judge.judge(file, kind)).transpose()?;
        Ok(inspection)
    }

    /// The identifier's parts, if there is exactly one and it has a known form.
    fn organization(&self) -> Option<OrganizationId> {
        match self.certificate.organization_identifiers().as_slice() {
            [one] => OrganizationId::parse(one).ok(),
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        let kind = self.statements.as_ref().and_then(|statements| statements.kind().ok());
        kind.unwrap_or(Kind::Neither)
    }

    fn types(&self) -> Option<Vec<QcType>> {
        self.statements.as_ref()?.types().ok().flatten()
    }

    fn cc_legislation(&self) -> Option<Vec<String>> {
        self.statements.as_ref()?.cc_legislation().ok().flatten()
    }

    /// Whether a statement without content is made at all, be it in a defective way.
    fn claims(&self, id: &str) -> Option<bool> {
        Some(self.statements.as_ref()?.ids().any(|known| known.to_string() == id))
    }

    fn to_json(&self, file: &str) -> Value {
        let organization = self.organization();
        let organization = organization.as_ref();
        let identifier = match self.certificate.organization_identifiers().as_slice() {
            [] => Value::Null,
            [one] => json!(one),
            several => json!(several),
        };
        let psd2 = self.psd2.as_ref();
        let roles = psd2
            .map(|psd2| psd2.roles().iter().map(|entry| role(entry.role())).collect::<Vec<_>>());
        json!({
            "file": file,
            "organization_identifier": identifier,
            "scheme": organization.map(|id| id.scheme().as_str()),
            "country": organization.map(OrganizationId::country),
            "nca": organization.and_then(OrganizationId::nca).map(|nca| nca.authority()),
            "authorisation_number": organization.and_then(OrganizationId::authorisation_number),
            "qc_types": self.types().map(|types| texts(&types)),
            "qc_compliance": self.claims(QC_COMPLIANCE),
            "qc_sscd": self.claims(QC_SSCD),
            "cc_legislation": self.cc_legislation(),
            "roles": roles,
            "nca_name": psd2.map(Psd2Statement::nca_name),
            "nca_id": psd2.map(Psd2Statement::nca_id),
            "qc_statements_encoding": self.statements.as_ref().map(|it| match it.encoding() {
                StatementsEncoding::Standard => "standard",
                StatementsEncoding::UnwrappedSingleStatement => "unwrapped_single_statement",
            }),
            "roles_encoding": psd2.map(|psd2| match psd2.roles_encoding() {
                RolesEncoding::Concatenated => "concatenated",
                RolesEncoding::Standard => "standard",
            }),
            "kind": match self.kind() {
                Kind::QSeal => "qseal",
                Kind::Qwac => "qwac",
                _ => "none",
            },
            "not_before": time::to_rfc3339(self.certificate.not_before()),
            "not_after": time::to_rfc3339(self.certificate.not_after()),
            "findings": self.findings.iter().map(Finding::code).collect::<Vec<_>>(),
            "verdict": self.verdict.as_ref().map(Verdict::to_json),
        })
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = &self.certificate;
        let (from, to) = (certificate.not_before(), certificate.not_after());
        line(f, "subject", certificate.subject())?;
        line(f, "issuer", certificate.issuer())?;
        line(f, "valid", format_args!("{} to {}", time::to_rfc3339(from), time::to_rfc3339(to)))?;
        for identifier in certificate.organization_identifiers() {
            line(f, "organization", format_args!("{identifier:?}"))?;
        }
        if let Some(organization) = self.organization() {
            line(f, "  scheme", organization.scheme().as_str())?;
            line(f, "  country", organization.country())?;
            match (organization.nca(), organization.authorisation_number()) {
                (Some(nca), Some(number)) => {
                    line(f, "  authority", nca)?;
                    line(f, "  authorised as", format_args!("{number:?}"))?;
                }
                _ => line(f, "  reference", format_args!("{:?}", organization.reference()))?,
            }
        }
        line(
            f,
            "kind",
            match self.kind() {
                Kind::QSeal => "QSealC, for seals",
                Kind::Qwac => "QWAC, for website authentication",
                _ => "neither QWAC nor QSealC",
            },
        )?;
        self.write_claims(f)?;
        self.write_roles(f)?;
        if self.findings.is_empty() {
            line(f, "findings", "none")?;
        }
        for finding in &self.findings {
            let label = match finding.severity() {
                Severity::Warning => "warning",
                _ => "DEFECT",
            };
            line(f, label, format_args!("{finding} [{}]", finding.code()))?;
        }
        match &self.verdict {
            Some(verdict) => verdict.fmt(f),
            None => Ok(()),
        }
    }
}

impl Inspection {
    fn write_claims(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(statements) = &self.statements else { return Ok(()) };
        let claim = match (statements.compliance(), statements.cc_legislation()) {
            (Err(error), _) | (_, Err(error)) => error.to_string(),
            (Ok(false), _) => "not to be qualified".to_owned(),
            (Ok(true), Ok(None)) => "to be qualified in the EU (the issuer's word)".to_owned(),
            (Ok(true), Ok(Some(countries))) => {
                format!("to be qualified in: {} (the issuer's word)", countries.join(", "))
            }
        };
        line(f, "claims", claim)?;
        if let Some(types) = self.types() {
            line(f, "QcType", texts(&types).join(", "))?;
        }
        if self.claims(QC_SSCD) == Some(true) {
            line(f, "key", "claimed to be in a qualified device")?;
        }
        match statements.encoding() {
            StatementsEncoding::Standard => Ok(()),
            StatementsEncoding::UnwrappedSingleStatement => {
                line(f, "encoding", "one statement without the sequence around it")
            }
        }
    }

    fn write_roles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(psd2) = &self.psd2 else { return Ok(()) };
        for entry in psd2.roles() {
            match entry.name_agrees() {
                true => line(f, "role", role(entry.role()))?,
                false => {
                    let (role, name) = (role(entry.role()), entry.name());
                    line(f, "role", format_args!("{role}, but named {name:?}"))?;
                }
            }
        }
        line(f, "authority", format_args!("{:?} ({:?})", psd2.nca_id(), psd2.nca_name()))?;
        match psd2.roles_encoding() {
            RolesEncoding::Standard => Ok(()),
            RolesEncoding::Concatenated => line(f, "encoding", "all roles in a single entry"),
        }
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, text: impl fmt::Display) -> fmt::Result {
    writeln!(f, "  {label:<16}{text}")
}

fn texts(types: &[QcType]) -> Vec<String> {
    types.iter().map(ToString::to_string).collect()
}

fn role(role: PspRole) -> String {
    match role {
        PspRole::Unspecified => "unspecified".to_owned(),
        known => known.to_string(),
    }
}

const USAGE: &str = "usage: inspect_certificate [--json] [--at RFC3339] [--anchors FILE]… \
    [--trusted-list DIR --signers FILE] [--crl FILE]… [--ocsp [--responder HOST:PORT]…] FILE…";
const QC_COMPLIANCE: &str = "0.4.0.1862.1.1";
const QC_SSCD: &str = "0.4.0.1862.1.4";
