//! `Client-Cert` and `Client-Cert-Chain`: structured fields of byte sequences (RFC 9651).

use rustls_pki_types::CertificateDer;

use super::{ForwardedError, der};

/// The certificate of an item `:base64:`. Parameters behind it mean nothing and are passed over.
pub(super) fn item(text: &str) -> Result<CertificateDer<'static>, ForwardedError> {
    match member(text.trim_matches(' '))? {
        (certificate, "") => Ok(certificate),
        (_, more) if more.trim_start().starts_with(',') => Err(ForwardedError::SeveralCertificates),
        _ => Err(ForwardedError::NotStructured),
    }
}

/// The certificates of one line of a list `:base64:, :base64:`; an empty line has none.
pub(super) fn list(line: &str) -> Result<Vec<CertificateDer<'static>>, ForwardedError> {
    let mut certificates = Vec::new();
    let mut rest = line.trim_matches(' ');
    while !rest.is_empty() {
        let (certificate, behind) = member(rest)?;
        certificates.push(certificate);
        rest = match behind.trim_start_matches(OPTIONAL_SPACE) {
            "" => return Ok(certificates),
            more => more.strip_prefix(',').ok_or(ForwardedError::NotStructured)?,
        };
        rest = rest.trim_start_matches(OPTIONAL_SPACE);
        if rest.is_empty() {
            return Err(ForwardedError::NotStructured);
        }
    }
    Ok(certificates)
}

/// A byte sequence with its parameters, and what stands behind it.
fn member(text: &str) -> Result<(CertificateDer<'static>, &str), ForwardedError> {
    let (base64, behind) = text
        .strip_prefix(':')
        .and_then(|text| text.split_once(':'))
        .ok_or(ForwardedError::NotStructured)?;
    let behind = skip_parameters(behind).ok_or(ForwardedError::NotStructured)?;
    Ok((der::one_in_base64(base64)?, behind))
}

/// Passes over `;key` and `;key=value`. A string may hold a comma, so it is read as a string.
fn skip_parameters(mut rest: &str) -> Option<&str> {
    while let Some(parameter) = rest.strip_prefix(';') {
        let key = parameter.trim_start_matches(' ');
        let behind = key.trim_start_matches(is_in_key);
        if behind.len() == key.len() || key.starts_with(|first: char| !begins_key(first)) {
            return None;
        }
        rest = match behind.strip_prefix('=') {
            None => behind,
            Some(value) => skip_value(value)?,
        };
    }
    Some(rest)
}

/// Passes over a string, or over the characters that the other bare items are made of.
fn skip_value(value: &str) -> Option<&str> {
    let Some(string) = value.strip_prefix('"') else {
        let behind = value.trim_start_matches(is_in_bare_item);
        return (behind.len() < value.len()).then_some(behind);
    };
    let mut characters = string.chars();
    loop {
        match characters.next()? {
            '"' => return Some(characters.as_str()),
            '\\' => match characters.next()? {
                '"' | '\\' => {}
                _ => return None,
            },
            _ => {}
        }
    }
}

fn begins_key(character: char) -> bool {
    matches!(character, 'a'..='z' | '*')
}

fn is_in_key(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '_' | '-' | '.' | '*')
}

fn is_in_bare_item(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/?@=".contains(character)
}

const OPTIONAL_SPACE: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::super::samples::{RFC9440_INTERMEDIATE, RFC9440_LEAF, RFC9440_ROOT, der};
    use super::*;

    fn leaf() -> String {
        format!(":{RFC9440_LEAF}:")
    }

    #[test]
    fn the_vector_of_rfc_9440_appendix_a_is_read() {
        assert_eq!(item(&leaf()), Ok(der(RFC9440_LEAF)));
        let chain = format!(":{RFC9440_INTERMEDIATE}:, :{RFC9440_ROOT}:");
        assert_eq!(list(&chain), Ok(vec![der(RFC9440_INTERMEDIATE), der(RFC9440_ROOT)]));
    }

    #[test]
    fn parameters_mean_nothing() {
        for parameters in
            [";a", ";a=1", "; a=\"x,:y:\\\"\"", ";a=:AA==:;*b=?1", ";a=tok/en:x", ";a=-1.5 "]
        {
            assert_eq!(item(&format!("{}{parameters}", leaf())), Ok(der(RFC9440_LEAF)));
        }
        let chain = format!(":{RFC9440_INTERMEDIATE}:;a=\",\" ,\t:{RFC9440_ROOT}:;b");
        assert_eq!(list(&chain).map(|chain| chain.len()), Ok(2));
    }

    #[test]
    fn an_item_that_differs_in_one_thing_is_refused() {
        use ForwardedError::{NotBase64, NotDer, NotStructured, SeveralCertificates};
        let base64 = RFC9440_LEAF;
        let stripped = base64.trim_end_matches('=');
        let (front, _) = base64.split_at(base64.len() - 4);
        for (hostile, why) in [
            (base64.to_owned(), NotStructured),
            (format!(":{base64}"), NotStructured),
            (format!("{base64}:"), NotStructured),
            (format!("\":{base64}:\""), NotStructured),
            (format!(":{base64}:x"), NotStructured),
            (format!(":{base64}:;"), NotStructured),
            (format!(":{base64}:;A=1"), NotStructured),
            (format!(":{base64}:;1=1"), NotStructured),
            (format!(":{base64}:;a="), NotStructured),
            (format!(":{base64}:;a=\"x"), NotStructured),
            (format!(":{base64}:;a=\"\\x\""), NotStructured),
            (format!(":{base64}: ;a"), NotStructured),
            (format!(":{base64}:, :{base64}:"), SeveralCertificates),
            (format!(":{base64}:,"), SeveralCertificates),
            (format!(": {base64}:"), NotBase64),
            (format!(":{stripped}:"), NotBase64),
            (format!(":{stripped}==:"), NotBase64),
            (format!(":{}:", base64.replace('+', "-")), NotBase64),
            (format!(":{}:", base64.replace('+', " ")), NotBase64),
            (format!(":{}:", base64.replace("hk=", "hl=")), NotBase64),
            (format!(":{front}:"), NotDer),
            ("::".to_owned(), NotDer),
        ] {
            assert_eq!(item(&hostile), Err(why), "{hostile}");
        }
    }

    #[test]
    fn a_list_that_differs_in_one_thing_is_refused() {
        let one = leaf();
        for hostile in [
            format!("{one},"),
            format!(",{one}"),
            format!("{one},,{one}"),
            format!("{one} {one}"),
            format!("({one} {one})"),
        ] {
            assert_eq!(list(&hostile), Err(ForwardedError::NotStructured), "{hostile}");
        }
        assert_eq!(list(""), Ok(Vec::new()));
    }
}
