//! Names as RFC 4514 text.
use std::fmt::{self, Write};

use der::{Encode, asn1::Utf8StringRef};

use super::{Attribute, Name, attribute_type, value::Value};

/// Writes RFC 4514: the last relative name first, short names where there is one.
///
/// Control characters are written as hex pairs, so that a name cannot break a line of a log.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.rdns.iter().rev().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            for (index, attribute) in rdn.iter().enumerate() {
                if index > 0 {
                    f.write_char('+')?;
                }
                write_attribute(attribute, f)?;
            }
        }
        Ok(())
    }
}

fn write_attribute(attribute: &Attribute, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (attribute_type::short_name(attribute.oid), &attribute.value) {
        (Some(name), Value::Text(text)) => {
            write!(f, "{name}=")?;
            write_escaped(text, f)
        }
        (Some(name), Value::Opaque(der)) => {
            write!(f, "{name}=")?;
            write_hex(der, f)
        }
        // RFC 4514, 2.4: a dotted type goes with the encoded value.
        (None, Value::Text(text)) => {
            write!(f, "{}=", attribute.oid)?;
            let der = Utf8StringRef::new(text).and_then(|text| text.to_der());
            write_hex(&der.map_err(|_| fmt::Error)?, f)
        }
        (None, Value::Opaque(der)) => {
            write!(f, "{}=", attribute.oid)?;
            write_hex(der, f)
        }
    }
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('#')?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn write_escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (index, character) in text.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
            ' ' if index == 0 || index == last => f.write_str("\\ ")?,
            '#' if index == 0 => f.write_str("\\#")?,
            _ if character.is_control() => {
                let mut utf8 = [0; 4];
                for byte in character.encode_utf8(&mut utf8).bytes() {
                    write!(f, "\\{byte:02x}")?;
                }
            }
            _ => f.write_char(character)?,
        }
    }
    Ok(())
}
