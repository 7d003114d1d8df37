//! Statements that decide nothing, but are defective in practice.
use der::{
    Sequence,
    asn1::{Any, AnyRef, Ia5StringRef, PrintableStringRef},
};

use super::Report;
use crate::{
    cert::Oid,
    eidas::{QcError, QcStatements},
};

pub(super) fn inspect(statements: &QcStatements, report: &mut Report) {
    inspect_limit(statements, report);
    inspect_retention(statements, report);
    inspect_disclosure(statements, report);
}

/// `MonetaryValue` of EN 319 412-5, 4.3.2.
#[derive(Sequence)]
struct MonetaryValue<'a> {
    currency: AnyRef<'a>,
    amount: i64,
    exponent: i64,
}

impl MonetaryValue<'_> {
    fn is_meaningful(&self) -> bool {
        let letters = self.currency.decode_as::<PrintableStringRef<'_>>().is_ok_and(|code| {
            code.as_bytes().len() == 3 && code.as_bytes().iter().all(u8::is_ascii_uppercase)
        });
        let number = self.currency.decode_as::<u16>().is_ok_and(|code| (1..=999).contains(&code));
        (letters || number) && self.amount >= 0 && self.exponent >= 0
    }
}

fn inspect_limit(statements: &QcStatements, report: &mut Report) {
    let Some(Some(info)) = report.readable(statements.info(QC_LIMIT_VALUE)) else { return };
    if !info.decode_as::<MonetaryValue<'_>>().is_ok_and(|limit| limit.is_meaningful()) {
        report.error("qc_statement_malformed", QcError::Statement(QC_LIMIT_VALUE));
    }
}

fn inspect_retention(statements: &QcStatements, report: &mut Report) {
    let Some(Some(info)) = report.readable(statements.info(QC_RETENTION_PERIOD)) else { return };
    if !info.decode_as::<i64>().is_ok_and(|years| years >= 0) {
        report.error("qc_statement_malformed", QcError::Statement(QC_RETENTION_PERIOD));
    }
}

/// `PdsLocation` of EN 319 412-5, 4.3.4.
#[derive(Sequence)]
struct PdsLocation<'a> {
    url: Ia5StringRef<'a>,
    language: PrintableStringRef<'a>,
}

fn inspect_disclosure(statements: &QcStatements, report: &mut Report) {
    let Some(Some(info)) = report.readable(statements.info(QC_PDS)) else { return };
    let Some(locations) = disclosure_locations(info) else {
        return report.error("qc_statement_malformed", QcError::Statement(QC_PDS));
    };
    let mut languages = Vec::new();
    for location in locations {
        let (url, language) = (location.url.as_str(), location.language.as_str());
        if !url.starts_with("https://") {
            report.error("qc_pds_not_https", format!("the disclosure statement is at {url:?}"));
        }
        if language.len() != 2 || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            report.warning(
                "qc_pds_language",
                format!(
                    "the disclosure statement's language {language:?} is not two small letters"
                ),
            );
        }
        let language = language.to_ascii_lowercase();
        if languages.contains(&language) {
            report.error(
                "qc_pds_language_repeated",
                format!("two disclosure statements in the language {language:?}"),
            );
        }
        languages.push(language);
    }
}

fn disclosure_locations(info: &Any) -> Option<Vec<PdsLocation<'_>>> {
    info.decode_as::<Vec<PdsLocation<'_>>>().ok().filter(|locations| !locations.is_empty())
}

const QC_LIMIT_VALUE: Oid = Oid::literal("0.4.0.1862.1.2");
const QC_PDS: Oid = Oid::literal("0.4.0.1862.1.5");
const QC_RETENTION_PERIOD: Oid = Oid::literal("0.4.0.1862.1.3");
