//! Where things stand in the DER of a certificate, without judging any of them.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber};

/// The fields of a certificate as they stand there (RFC 5280, 4.1): what is hashed and verified must
/// be these bytes, never an encoding made anew.
pub(crate) struct Fields<'a> {
    /// The signed part, its tag and length included.
    pub(crate) tbs: &'a [u8],
    /// The DER of the issuer's name.
    pub(crate) issuer: &'a [u8],
    /// The DER of the subject's name.
    pub(crate) subject: &'a [u8],
    /// The DER of the SubjectPublicKeyInfo.
    pub(crate) spki: &'a [u8],
    /// The DER of the outer AlgorithmIdentifier.
    pub(crate) algorithm: &'a [u8],
    /// The bytes of the signature.
    pub(crate) signature: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Finds them.
    pub(crate) fn of(certificate: &'a [u8]) -> der::Result<Self> {
        let mut outer = SliceReader::new(sequence(AnyRef::from_der(certificate)?)?)?;
        let tbs = outer.tlv_bytes()?;
        let algorithm = outer.tlv_bytes()?;
        let signature = BitStringRef::decode(&mut outer)?;
        let signature = signature.as_bytes().ok_or(Tag::BitString.value_error())?;
        outer.finish()?;
        let [issuer, subject, spki] = names_and_key(tbs)?;
        Ok(Self { tbs, issuer, subject, spki, algorithm, signature })
    }
}

/// The `SubjectPublicKeyInfo` of a certificate.
///
/// Looks at nothing else but the order of the fields before it: a certificate of which the rules
/// will refuse the rest still has a key.
#[cfg(feature = "rustls")]
pub(super) fn spki(certificate: &[u8]) -> der::Result<&[u8]> {
    let mut outer = SliceReader::new(sequence(AnyRef::from_der(certificate)?)?)?;
    names_and_key(outer.tlv_bytes()?).map(|[.., spki]| spki)
}

fn names_and_key(tbs: &[u8]) -> der::Result<[&[u8]; 3]> {
    let mut fields = SliceReader::new(sequence(AnyRef::from_der(tbs)?)?)?;
    // Version 1 is the one without this field.
    if Tag::peek(&fields)? == VERSION {
        fields.tlv_bytes()?;
    }
    let mut next = |expected: Tag| {
        Tag::peek(&fields)?.assert_eq(expected)?;
        fields.tlv_bytes()
    };
    let (_serial, _algorithm) = (next(Tag::Integer)?, next(Tag::Sequence)?);
    let (issuer, _validity) = (next(Tag::Sequence)?, next(Tag::Sequence)?);
    let (subject, spki) = (next(Tag::Sequence)?, next(Tag::Sequence)?);
    Ok([issuer, subject, spki])
}

fn sequence(value: AnyRef<'_>) -> der::Result<&[u8]> {
    value.header().tag().assert_eq(Tag::Sequence)?;
    Ok(value.value())
}

const VERSION: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, PublicKeyData};

    #[test]
    fn names_key_and_signature_are_where_the_standard_puts_them() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let fields = Fields::of(certificate.der()).unwrap();
        assert_eq!(fields.spki, key.subject_public_key_info());
        assert_eq!(fields.issuer, fields.subject);
        let verified = crate::crypto::verify_signed(
            fields.spki,
            fields.algorithm,
            fields.tbs,
            fields.signature,
        );
        assert!(verified.is_ok());
    }

    #[test]
    fn a_signature_that_is_not_of_whole_octets_is_refused() {
        let key = KeyPair::generate().unwrap();
        let mut der = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        let signature = Fields::of(&der).unwrap().signature.len();
        // The octet before the signature counts the bits of its last one that are not used.
        let unused = der.len() - signature - 1;
        der[unused] = 4;
        *der.last_mut().unwrap() &= 0xf0;
        assert!(Fields::of(&der).is_err());
    }

    #[test]
    #[cfg(feature = "rustls")]
    fn the_key_stands_behind_the_subject() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        assert_eq!(spki(certificate.der()).unwrap(), key.subject_public_key_info());
    }

    #[test]
    fn what_has_no_key_in_that_place_is_refused() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        let trailing = [&certificate[..], &[0]].concat();
        for hostile in [&[][..], &[0x30, 0], &certificate[..certificate.len() - 1], &trailing] {
            assert!(Fields::of(hostile).is_err());
            #[cfg(feature = "rustls")]
            assert!(spki(hostile).is_err());
        }
    }
}
