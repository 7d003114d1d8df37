//! Names out of text.
use der::{Decode, asn1::Any};

use super::{Attribute, NameError, attribute_type, value::Value};

/// Which element of the ASN.1 sequence a text form writes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Written {
    FirstElementFirst,
    LastElementFirst,
}

type Rdns = Vec<Vec<Attribute>>;

/// The relative names in the order of the text, and which order that is.
pub(super) fn parse(text: &str) -> Result<(Rdns, Written), NameError> {
    if text.len() > MAX_LENGTH {
        return Err(NameError::TooLong);
    }
    let text = text.trim_start_matches(' ');
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(elements) = text.strip_prefix('/') {
        return Ok((parse_slashes(elements)?, Written::FirstElementFirst));
    }
    let (first_type, _) = text.split_once('=').ok_or(NameError::Malformed)?;
    let written = match first_type.ends_with(' ') {
        true => Written::FirstElementFirst,
        false => Written::LastElementFirst,
    };
    Ok((parse_separated(text)?, written))
}

/// `/C=GB/O=Bank`: the form has no escapes, so whatever could be read in two ways is refused.
fn parse_slashes(elements: &str) -> Result<Rdns, NameError> {
    elements
        .split('/')
        .map(|element| {
            let (kind, value) = element.split_once('=').ok_or(NameError::Malformed)?;
            let several = value.split_once('+').is_some_and(|(_, rest)| rest.contains('='));
            if several || value.contains('\\') {
                return Err(NameError::Malformed);
            }
            Ok(vec![attribute(kind, text_value(value.as_bytes().to_vec())?)?])
        })
        .collect()
}

fn parse_separated(text: &str) -> Result<Rdns, NameError> {
    let mut rdns = vec![Vec::new()];
    let mut rest = text;
    loop {
        let (kind, value) = rest.split_once('=').ok_or(NameError::Malformed)?;
        let mut scanner = Scanner { rest: value.trim_start_matches(' ') };
        let attribute = attribute(kind, scanner.value()?)?;
        if let Some(rdn) = rdns.last_mut() {
            rdn.push(attribute);
        }
        match scanner.next() {
            None => return Ok(rdns),
            Some('+') => {}
            Some(',' | ';') => rdns.push(Vec::new()),
            Some(_) => return Err(NameError::Malformed),
        }
        rest = scanner.rest;
    }
}

fn attribute(kind: &str, value: Value) -> Result<Attribute, NameError> {
    let kind = kind.trim_matches(' ');
    let oid = attribute_type::parse(kind).ok_or_else(|| NameError::UnknownType(kind.to_owned()))?;
    Ok(Attribute { oid, value })
}

/// A value that can match something, or none at all: a registration with another is a mistake.
fn text_value(bytes: Vec<u8>) -> Result<Value, NameError> {
    let value = Value::Text(String::from_utf8(bytes).map_err(|_| NameError::Value)?);
    value.prepared().map(|_| value).ok_or(NameError::Value)
}

/// Reads one value, up to the separator behind it.
struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    fn value(&mut self) -> Result<Value, NameError> {
        match self.peek() {
            Some('#') => self.hex(),
            Some('"') => self.quoted(),
            _ => self.plain(),
        }
    }

    /// RFC 4514, 2.4: `#` and the hex digits of the encoded value.
    fn hex(&mut self) -> Result<Value, NameError> {
        let end = self.rest.find([',', ';', '+']).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let digits = digits.strip_prefix('#').ok_or(NameError::Malformed)?.trim_end_matches(' ');
        let der = decode_hex(digits).ok_or(NameError::Malformed)?;
        let value = Value::from_any(&Any::from_der(&der).map_err(|_| NameError::Malformed)?);
        value.prepared().map(|_| value).ok_or(NameError::Value)
    }

    /// RFC 1779: between quotes, separators stand for themselves.
    fn quoted(&mut self) -> Result<Value, NameError> {
        self.next();
        let mut bytes = Vec::new();
        loop {
            match self.next().ok_or(NameError::Malformed)? {
                '"' => break,
                '\\' => bytes.extend(self.escaped()?),
                character => push(&mut bytes, character),
            }
        }
        self.rest = self.rest.trim_start_matches(' ');
        text_value(bytes)
    }

    fn plain(&mut self) -> Result<Value, NameError> {
        let mut bytes = Vec::new();
        let mut kept = 0;
        while let Some(character) = self.peek().filter(|c| !matches!(c, ',' | ';' | '+')) {
            self.next();
            match character {
                '"' | '<' | '>' => return Err(NameError::Malformed),
                '\\' => bytes.extend(self.escaped()?),
                _ => push(&mut bytes, character),
            }
            if character != ' ' {
                kept = bytes.len();
            }
        }
        bytes.truncate(kept);
        text_value(bytes)
    }

    /// What follows a backslash: a special character, or the hex pair of one byte.
    fn escaped(&mut self) -> Result<Vec<u8>, NameError> {
        if let Some(byte) = self.rest.get(..2).and_then(decode_hex) {
            self.rest = self.rest.get(2..).unwrap_or_default();
            return Ok(byte);
        }
        match self.next() {
            Some(character) if SPECIAL.contains(character) => {
                Ok(character.to_string().into_bytes())
            }
            _ => Err(NameError::Malformed),
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(hex_digit(*high)? << 4 | hex_digit(*low)?)).collect()
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// RFC 4514, section 3: what may follow a backslash as itself.
const SPECIAL: &str = " \"#+,;<=>\\";

/// Certificates are refused above 10 KiB, so no name in use comes near this.
const MAX_LENGTH: usize = 8 * 1024;
