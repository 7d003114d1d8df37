use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;

use super::ForwardedError;

/// The one certificate in strict base64: standard alphabet, padding, no bits left over.
pub(super) fn one_in_base64(text: &str) -> Result<CertificateDer<'static>, ForwardedError> {
    let bytes = STANDARD.decode(text).map_err(|_| ForwardedError::NotBase64)?;
    match split_first(&bytes) {
        Some((_, [])) => Ok(bytes.into()),
        _ => Err(ForwardedError::NotDer),
    }
}

/// Certificates one behind the other, in one strict base64 text.
pub(super) fn several_in_base64(
    text: &str,
) -> Result<Vec<CertificateDer<'static>>, ForwardedError> {
    let bytes = STANDARD.decode(text).map_err(|_| ForwardedError::NotBase64)?;
    let mut certificates = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (certificate, behind) = split_first(rest).ok_or(ForwardedError::NotDer)?;
        certificates.push(certificate.to_vec().into());
        rest = behind;
    }
    Ok(certificates)
}

/// Splits behind the DER sequence at the beginning, by its length in minimal form.
///
/// No certificate has fewer than 128 bytes, and one of more than 65535 is beyond the limits: the
/// lengths of one and of two bytes behind 0x81 and 0x82 are all there are.
fn split_first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, content) = match *bytes {
        [SEQUENCE, 0x81, length @ 0x80..=0xff, ..] => (3, usize::from(length)),
        [SEQUENCE, 0x82, high @ 1..=0xff, low, ..] => {
            (4, usize::from(u16::from_be_bytes([high, low])))
        }
        _ => return None,
    };
    bytes.split_at_checked(header + content)
}

const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(header: &[u8], content: usize) -> Vec<u8> {
        [header, &vec![0; content]].concat()
    }

    #[test]
    fn a_sequence_of_its_stated_length_is_taken() {
        for der in [
            sequence(&[0x30, 0x81, 0x80], 128),
            sequence(&[0x30, 0x81, 0xff], 255),
            sequence(&[0x30, 0x82, 1, 0], 256),
        ] {
            assert_eq!(split_first(&der), Some((&der[..], &[][..])));
        }
    }

    #[test]
    fn other_tags_and_lengths_are_refused() {
        for hostile in [
            sequence(&[], 0),
            sequence(&[0x30], 0),
            sequence(&[0x30, 0x80], 128),
            sequence(&[0x30, 0x7f], 127),
            sequence(&[0x30, 0x81, 0x7f], 127),
            sequence(&[0x30, 0x82, 0, 0xff], 255),
            sequence(&[0x30, 0x82, 1], 0),
            sequence(&[0x30, 0x83, 0, 1, 0], 256),
            sequence(&[0x31, 0x82, 1, 0], 256),
            sequence(&[0x30, 0x82, 1, 0], 255),
        ] {
            assert_eq!(split_first(&hostile), None);
        }
    }

    #[test]
    fn every_byte_behind_a_certificate_counts() {
        let two = [sequence(&[0x30, 0x82, 1, 0], 256), sequence(&[0x30, 0x81, 0x80], 128)];
        let text = STANDARD.encode(two.concat());
        assert_eq!(one_in_base64(&text), Err(ForwardedError::NotDer));
        assert_eq!(several_in_base64(&text), Ok(two.clone().map(Into::into).to_vec()));
        let trailing = STANDARD.encode([&two.concat()[..], &[0]].concat());
        assert_eq!(several_in_base64(&trailing), Err(ForwardedError::NotDer));
    }
}
