//! Base64url without padding (RFC 7515 section 2): whole values, and bodies that arrive in pieces.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// How many bytes are encoded at once: whole groups of three, a buffer of one KiB.
const BLOCK: usize = 3 * 256;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes strictly: no padding, no foreign character, no stray bits in the last one.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Encodes bytes that arrive in pieces into the text of the whole.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// What did not fill a group of three yet.
    carry: Vec<u8>,
    text: String,
}

impl Encoder {
    pub(crate) fn update(&mut self, mut piece: &[u8], mut sink: impl FnMut(&[u8])) {
        while !self.carry.is_empty() {
            let Some((first, rest)) = piece.split_first() else { return };
            self.carry.push(*first);
            piece = rest;
            if self.carry.len() == 3 {
                self.finish(&mut sink);
            }
        }
        let (groups, rest) = piece.split_at(piece.len() - piece.len() % 3);
        for block in groups.chunks(BLOCK) {
            self.emit(block, &mut sink);
        }
        self.carry.extend_from_slice(rest);
    }

    pub(crate) fn finish(&mut self, sink: impl FnMut(&[u8])) {
        let carry = std::mem::take(&mut self.carry);
        self.emit(&carry, sink);
    }

    fn emit(&mut self, block: &[u8], mut sink: impl FnMut(&[u8])) {
        self.text.clear();
        URL_SAFE_NO_PAD.encode_string(block, &mut self.text);
        sink(self.text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_encode_as_the_whole() {
        let body: Vec<u8> = (0..2000_u32).map(|n| (n * 7 % 251) as u8).collect();
        for size in [1, 2, 3, 4, 5, 767, 768, 769, 1999, 2000] {
            let (mut encoder, mut text) = (Encoder::default(), Vec::new());
            for piece in body.chunks(size) {
                encoder.update(piece, |part| text.extend_from_slice(part));
                encoder.update(b"", |part| text.extend_from_slice(part));
            }
            encoder.finish(|part| text.extend_from_slice(part));
            assert_eq!(text, encode(&body).into_bytes(), "pieces of {size}");
        }
    }

    #[test]
    fn padding_stray_bits_and_foreign_characters_are_refused() {
        for text in ["AA==", "AB", "A", "+/", "A A", "AA\n", "\u{c4}A"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode("AA"), Some(vec![0]));
    }
}
