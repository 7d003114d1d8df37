//! The statements as a whole, and what they claim.
use super::{super::country::is_country, Report};
use crate::{
    cert::Certificate,
    eidas::{QcError, QcStatements, QcType, StatementsEncoding},
};

pub(super) fn inspect(certificate: &Certificate, statements: &QcStatements, report: &mut Report) {
    if certificate.qc_statements().is_some_and(|extension| extension.is_critical()) {
        report.error("qc_statements_critical", "the qcStatements extension is critical");
    }
    if statements.encoding() == StatementsEncoding::UnwrappedSingleStatement {
        report.error(
            "qc_statements_unwrapped",
            "the qcStatements extension holds one statement without the sequence around it",
        );
    }
    for id in statements.duplicates() {
        report.error("qc_statement_duplicate", QcError::Duplicate(id));
    }
    for id in statements.ids() {
        if !matches!(QcType::from_oid(id), QcType::Unknown(_)) {
            report.error(
                "qc_type_as_statement",
                format!("the type {id} stands as a statement instead of inside QcType"),
            );
        }
    }
    inspect_types(statements, report);
    inspect_claims(statements, report);
}

fn inspect_types(statements: &QcStatements, report: &mut Report) {
    let Some(types) = report.readable(statements.types()) else { return };
    match types.as_deref() {
        None => report.error("qc_type_missing", "there is no QcType: neither QWAC nor QSealC"),
        Some([]) => report.error("qc_type_empty", "QcType names no type"),
        Some([QcType::ESign]) => {
            report.error("qc_type_person", "QcType esign: the certificate of a natural person");
        }
        Some([_]) => {}
        Some(several) => report.error(
            "qc_type_multiple",
            format!("QcType names {} types where one is allowed", several.len()),
        ),
    }
    for unknown in types.iter().flatten().filter(|kind| matches!(kind, QcType::Unknown(_))) {
        report.error("qc_type_unknown", format!("QcType names the unknown type {unknown}"));
    }
}

fn inspect_claims(statements: &QcStatements, report: &mut Report) {
    if report.readable(statements.compliance()) == Some(false) {
        report.warning(
            "qc_compliance_missing",
            "there is no QcCompliance: the certificate does not claim to be qualified",
        );
    }
    report.readable(statements.sscd());
    let Some(Some(countries)) = report.readable(statements.cc_legislation()) else { return };
    report.warning(
        "qc_cc_legislation",
        format!("qualified not under the law of the EU but of: {}", countries.join(", ")),
    );
    for country in countries.iter().filter(|country| !is_country(country)) {
        report.error(
            "qc_cc_legislation_country",
            format!("QcCClegislation names {country:?}, which is no country"),
        );
    }
}

impl Report {
    /// The content of a statement; one that cannot be read is reported. Statements given twice
    /// are reported elsewhere, once.
    pub(super) fn readable<T>(&mut self, content: Result<T, QcError>) -> Option<T> {
        content
            .inspect_err(|error| {
                if !matches!(error, QcError::Duplicate(_)) {
                    self.error("qc_statement_malformed", error);
                }
            })
            .ok()
    }
}
