//! `application/x-www-form-urlencoded`, written.

use std::fmt::Write as _;

/// Adds a parameter. Every byte but letters, digits, `-`, `.`, `_` and `~` is percent-encoded, which
/// every reader of forms reads back.
pub(super) fn push(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    form.push_str(name);
    form.push('=');
    for &byte in value.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                form.push(char::from(byte));
            }
            _ => {
                let _ = write!(form, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_auth::Parameters;

    #[test]
    fn what_is_written_reads_back_and_adds_no_parameter() {
        let mut form = String::new();
        for (name, value) in [("a", "x&b=c"), ("b", "+ %/=é"), ("c", "A-z.0_~")] {
            push(&mut form, name, value);
        }
        assert_eq!(form, "a=x%26b%3Dc&b=%2B%20%25%2F%3D%C3%A9&c=A-z.0_~");
        let read = Parameters::parse(form.as_bytes()).unwrap();
        assert_eq!((read.get("a"), read.get("b")), (Some("x&b=c"), Some("+ %/=é")));
    }
}
