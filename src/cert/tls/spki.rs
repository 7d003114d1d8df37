use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber};

/// The `SubjectPublicKeyInfo` of a certificate, as it stands there (RFC 5280, section 4.1).
///
/// Looks at nothing else but the order of the fields before it: a certificate of which the rules
/// will refuse the rest still has a key.
pub(super) fn of(certificate: &[u8]) -> der::Result<&[u8]> {
    let mut certificate = SliceReader::new(sequence(AnyRef::from_der(certificate)?)?)?;
    let mut fields = SliceReader::new(sequence(certificate.decode()?)?)?;
    // Version 1 is the one without this field.
    if Tag::peek(&fields)? == VERSION {
        fields.tlv_bytes()?;
    }
    for expected in BEFORE_KEY {
        Tag::peek(&fields)?.assert_eq(expected)?;
        fields.tlv_bytes()?;
    }
    fields.tlv_bytes()
}

fn sequence(value: AnyRef<'_>) -> der::Result<&[u8]> {
    value.header().tag().assert_eq(Tag::Sequence)?;
    Ok(value.value())
}

const VERSION: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

/// Serial number, signature algorithm, issuer, validity, subject.
const BEFORE_KEY: [Tag; 5] =
    [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::Sequence, Tag::Sequence];

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, PublicKeyData};

    #[test]
    fn the_key_stands_behind_the_subject() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        assert_eq!(of(certificate.der()).unwrap(), key.subject_public_key_info());
    }

    #[test]
    fn what_has_no_key_in_that_place_is_refused() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        let trailing = [&certificate[..], &[0]].concat();
        for hostile in [&[][..], &[0x30, 0], &certificate[..certificate.len() - 1], &trailing] {
            assert!(of(hostile).is_err());
        }
    }
}
