use rustls_pki_types::CertificateDer;

use super::{ForwardedError, der};

/// What separates the lines of a PEM text.
#[derive(Clone, Copy)]
pub(super) enum Breaks {
    /// Carriage return and line feed.
    Lines,
    /// Also blanks and tabs, which proxies put in the place of line feeds.
    Folds,
}

/// The certificates of a PEM text that holds nothing else.
pub(super) fn certificates(
    text: &str,
    breaks: Breaks,
) -> Result<Vec<CertificateDer<'static>>, ForwardedError> {
    let is_break = |character: char| match breaks {
        Breaks::Lines => matches!(character, '\r' | '\n'),
        Breaks::Folds => matches!(character, '\r' | '\n' | ' ' | '\t'),
    };
    let mut certificates = Vec::new();
    let mut rest = text.trim_matches(is_break);
    while !rest.is_empty() {
        let behind_begin = rest.strip_prefix(BEGIN).ok_or(ForwardedError::NotPem)?;
        let (lines, behind_end) = behind_begin.split_once(END).ok_or(ForwardedError::NotPem)?;
        // Between the markers only: they hold a blank themselves.
        let base64: String = lines.split(is_break).collect();
        certificates.push(der::one_in_base64(&base64)?);
        rest = behind_end.trim_start_matches(is_break);
    }
    Ok(certificates)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
