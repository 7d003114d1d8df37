//! The parameters of OAuth: `application/x-www-form-urlencoded`, each name once.

use std::fmt;

/// Why parameters were refused. A name appears only where it was read in full.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// A parameter twice (RFC 6749, section 3.1).
    #[error("the parameter {0:?} stands there twice")]
    Duplicate(String),
    /// A broken escape, or bytes that are no UTF-8.
    #[error("not application/x-www-form-urlencoded")]
    Malformed,
    /// More than [`Parameters::MOST`].
    #[error("too many parameters")]
    TooMany,
}

/// The parameters of a form or a query.
///
/// One without a value counts as absent (RFC 6749, section 3.1). Names are told apart by case.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The most that are read.
    pub const MOST: usize = 64;

    /// Reads a body or a query.
    ///
    /// # Errors
    ///
    /// [`ParametersError`]; also where the repeated parameter is one that nobody asked for, and
    /// where it stands there once without a value.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParametersError> {
        let mut read: Vec<(String, String)> = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if read.len() == Self::MOST {
                return Err(ParametersError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if read.iter().any(|(known, _)| *known == name) {
                return Err(ParametersError::Duplicate(name));
            }
            read.push((name, value));
        }
        read.retain(|(_, value)| !value.is_empty());
        Ok(Self(read))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// All of them, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    /// Parameters to send; the caller sees to it that no name repeats.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Display for Parameters {
    /// As they are sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("&")?;
            }
            encode(f, name)?;
            f.write_str("=")?;
            encode(f, value)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Parameters {
    /// The names alone: the values are assertions, codes and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                write!(f, "{}", char::from(byte))?;
            }
            _ => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}

fn decode(encoded: &[u8]) -> Result<String, ParametersError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                    return Err(ParametersError::Malformed);
                };
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after;
            }
            (b'%', _) => return Err(ParametersError::Malformed),
            (plain, _) => decoded.push(*plain),
        }
    }
    String::from_utf8(decoded).map_err(|_| ParametersError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_read_once_and_decoded() {
        let read =
            Parameters::parse(b"scope=openid+accounts&a%62=%C3%A9%2B&empty=&none&&").unwrap();
        assert_eq!(read.get("scope"), Some("openid accounts"));
        assert_eq!(read.get("ab"), Some("\u{e9}+"));
        assert_eq!((read.get("empty"), read.get("none"), read.get("Scope")), (None, None, None));
        assert_eq!(read.iter().count(), 2);
        assert_eq!(Parameters::parse(read.to_string().as_bytes()), Ok(read.clone()));
        assert!(!format!("{read:?}").contains("accounts"));
    }

    #[test]
    fn a_repeated_parameter_is_refused_however_it_is_written() {
        for twice in ["a=1&a=1", "a=1&%61=2", "a=&a=1", "x=1&a&b=2&a"] {
            let refused = Parameters::parse(twice.as_bytes());
            assert_eq!(refused, Err(ParametersError::Duplicate("a".to_owned())), "{twice}");
        }
    }

    #[test]
    fn broken_escapes_and_floods_are_refused() {
        for broken in ["a=%", "a=%4", "a=%zz", "%f=1", "a=%ff", "a=%C3", "a=%+1"] {
            let refused = Parameters::parse(broken.as_bytes());
            assert_eq!(refused, Err(ParametersError::Malformed), "{broken}");
        }
        let many = |count: usize| (0..count).map(|i| format!("p{i}=1&")).collect::<String>();
        assert!(Parameters::parse(many(64).as_bytes()).is_ok());
        assert_eq!(Parameters::parse(many(65).as_bytes()), Err(ParametersError::TooMany));
    }
}
