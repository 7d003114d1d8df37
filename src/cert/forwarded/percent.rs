use super::ForwardedError;

/// Decodes `%XX` once, as in a path: `+` stays `+`.
///
/// Not as in a form, where `+` is a blank: nginx writes `%2B`, AWS a bare `+`, and base64 readers
/// that skip blanks would hide the loss.
pub(super) fn decode(text: &str) -> Result<String, ForwardedError> {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '%' => {
                let code = byte(rest.next(), rest.next());
                decoded.push(code.ok_or(ForwardedError::NotPercentEncoded)?);
            }
            plain => decoded.push(plain),
        }
    }
    Ok(decoded)
}

/// The ASCII character of two hexadecimal digits.
fn byte(high: Option<char>, low: Option<char>) -> Option<char> {
    let code = high?.to_digit(16)? * 16 + low?.to_digit(16)?;
    char::from_u32(code).filter(char::is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_stays_a_plus() {
        assert_eq!(decode("a+b%2Bc%2bd%20%0A").as_deref(), Ok("a+b+c+d \n"));
    }

    #[test]
    fn text_is_decoded_once() {
        assert_eq!(decode("%252B").as_deref(), Ok("%2B"));
    }

    #[test]
    fn broken_codes_and_codes_outside_ascii_are_refused() {
        for hostile in ["%", "%2", "%2G", "%%20", "%+2", "%-1", "%80", "%C3%A9"] {
            assert_eq!(decode(hostile), Err(ForwardedError::NotPercentEncoded), "{hostile}");
        }
    }
}
