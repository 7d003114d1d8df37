//! Lists and pairs whose parts may be quoted strings: a delimiter inside quotes is no delimiter.

/// Splits at each `delimiter` outside quotes; `None` if a quote is left open.
///
/// Inside quotes a backslash takes the meaning from the character after it (RFC 9110, 5.6.4).
pub(crate) fn split(text: &str, delimiter: char) -> Option<Vec<&str>> {
    let mut state = State::Bare;
    let parts = text
        .split(|character| {
            let ends_part = state == State::Bare && character == delimiter;
            state = state.after(character);
            ends_part
        })
        .collect();
    (state == State::Bare).then_some(parts)
}

/// The content of a text that is one quoted string and nothing else.
pub(crate) fn unquote(text: &str) -> Option<String> {
    let mut content = String::with_capacity(text.len());
    let mut rest = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => return None,
            '\\' => content.push(rest.next()?),
            plain => content.push(plain),
        }
    }
    Some(content)
}

/// Whether the text is a token (RFC 9110, 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(in_token)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Bare,
    Escaped,
    Quoted,
}

impl State {
    fn after(self, character: char) -> Self {
        match (self, character) {
            (Self::Bare, '"') => Self::Quoted,
            (Self::Bare, _) | (Self::Quoted, '"') => Self::Bare,
            (Self::Quoted, '\\') => Self::Escaped,
            (Self::Quoted | Self::Escaped, _) => Self::Quoted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_inside_quotes_does_not_split() {
        assert_eq!(split(r#"a="x,y",b"#, ','), Some(vec![r#"a="x,y""#, "b"]));
        assert_eq!(split(r#"a="x\",y",b"#, ','), Some(vec![r#"a="x\",y""#, "b"]));
        assert_eq!(split(r#"a="x\\",b"#, ','), Some(vec![r#"a="x\\""#, "b"]));
        assert_eq!(split("", ','), Some(vec![""]));
        assert_eq!(split(",", ','), Some(vec!["", ""]));
    }

    #[test]
    fn an_open_quote_is_refused() {
        for hostile in [r#"""#, r#"a="x,y"#, r#"a="x\","#, r#"a="x\"#] {
            assert_eq!(split(hostile, ','), None, "{hostile}");
        }
    }

    #[test]
    fn only_one_whole_quoted_string_is_unquoted() {
        assert_eq!(unquote(r#""a\"b\\c""#).as_deref(), Some(r#"a"b\c"#));
        assert_eq!(unquote(r#""""#).as_deref(), Some(""));
        for hostile in ["", "a", r#"""#, r#""a"b""#, r#""a"" "#, r#""a\""#] {
            assert_eq!(unquote(hostile), None, "{hostile}");
        }
    }
}
