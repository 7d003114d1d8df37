use der::{
    Encode,
    asn1::{Any, SetOfVec},
};
use x509_cert::{attr::AttributeTypeAndValue, name::RelativeDistinguishedName};

use super::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A name from DER: one attribute per element, in ASN.1 order.
fn encoded(elements: &[&[(&str, der::Tag, &[u8])]]) -> Name {
    let mut sequence = RdnSequence::default();
    for attributes in elements {
        let mut set = SetOfVec::new();
        for (oid, tag, value) in *attributes {
            set.insert(AttributeTypeAndValue {
                oid: oid.parse().unwrap(),
                value: Any::new(*tag, *value).unwrap(),
            })
            .unwrap();
        }
        sequence.push(RelativeDistinguishedName::from(set));
    }
    Name::from_der(&sequence.to_der().unwrap()).unwrap()
}

fn bank() -> Name {
    use der::Tag::{PrintableString, Utf8String};
    encoded(&[
        &[("2.5.4.6", PrintableString, b"GB")],
        &[("2.5.4.10", Utf8String, b"Bank, Sons + Co")],
        &[("2.5.4.97", Utf8String, b"PSDGB-FCA-123456")],
        &[("2.5.4.3", Utf8String, b"api.bank.example")],
    ])
}

#[test]
fn every_spelling_of_the_same_name_matches() {
    for text in [
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-123456,O=Bank\\, Sons \\+ Co,C=GB",
        "cn=API.bank.EXAMPLE,OID.2.5.4.97=psdgb-fca-123456,o=bank\\2c  sons \\2B co,c=gb",
        "2.5.4.3=api.bank.example,oid.2.5.4.97=PSDGB-FCA-123456,2.5.4.10=Bank\\, Sons \\+ Co,C=GB",
        "CN=api.bank.example,\
         2.5.4.97=#0c1050534447422d4643412d313233343536,O=\"Bank, Sons + Co\",C=GB",
        "CN=api.bank.example,\
         2.5.4.97=#131050534447422D4643412D313233343536,O=\"Bank, Sons + Co\",C=GB",
        "\
         CN=api.bank.example; ORGANIZATIONIDENTIFIER= PSDGB-FCA-123456 ;O=Bank\\, Sons \\+ Co ; C=GB",
        "C = GB, O = \"Bank, Sons + Co\",\
          organizationIdentifier = PSDGB-FCA-123456, CN = api.bank.example",
        "/C=GB/O=Bank, Sons + Co/organizationIdentifier=PSDGB-FCA-123456/CN=api.bank.example",
    ] {
        assert!(name(text).matches(&bank()), "{text}");
        assert!(bank().matches(&name(text)), "{text}");
        assert_eq!(name(text).canonical(), bank().canonical(), "{text}");
    }
}

#[test]
fn another_name_never_matches() {
    for text in [
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-123456,O=Bank\\, Sons \\+ Co",
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-12345,O=Bank\\, Sons \\+ Co,C=GB",
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-1234567,O=Bank\\, Sons \\+ Co,C=GB",
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-123456,OU=Bank\\, Sons \\+ Co,C=GB",
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-123456,O=BankSons \\+ Co,C=GB",
        "CN=evil,CN=api.bank.example,\
         organizationIdentifier=PSDGB-FCA-123456,O=Bank\\, Sons \\+ Co,C=GB",
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-123456+O=Bank\\, Sons \\+ Co,C=GB",
        "C=GB,O=Bank\\, Sons \\+ Co,organizationIdentifier=PSDGB-FCA-123456,CN=api.bank.example",
    ] {
        assert!(!name(text).matches(&bank()), "{text}");
    }
}

#[test]
fn a_comma_in_a_value_does_not_pose_as_two_attributes() {
    let one = encoded(&[&[("2.5.4.10", der::Tag::Utf8String, b"Bank,C=GB")]]);
    assert!(!name("O=Bank,C=GB").matches(&one));
    assert!(name("O=Bank\\,C\\=GB").matches(&one));
    assert!(name("O=Bank\\,C=GB").matches(&one));
}

#[test]
fn a_relative_name_is_a_set() {
    assert!(name("CN=a+OU=b,C=GB").matches(&name("OU=b+CN=a,C=GB")));
    assert!(!name("CN=a+OU=b,C=GB").matches(&name("CN=a,OU=b,C=GB")));
    assert!(!name("CN=a+CN=a").matches(&name("CN=a")));
}

#[test]
fn repeated_types_keep_their_order() {
    assert!(name("OU=a,OU=b,C=GB").matches(&name("OU=A,OU=B,C=GB")));
    assert!(!name("OU=a,OU=b,C=GB").matches(&name("OU=b,OU=a,C=GB")));
}

#[test]
fn escapes_are_bytes_of_utf8() {
    assert!(name("O=Soci\\C3\\A9t\\c3\\a9").matches(&name("O=SOCIÉTÉ")));
    assert!(name("O=\\#1\\ ").matches(&name("O=\"#1\"")));
    assert!(name("O=a\\=b").matches(&name("O=a=b")));
    assert!(!name("O=\\\\41").matches(&name("O=A")));
}

#[test]
fn unreadable_text_is_refused() {
    for text in [
        "",
        " ",
        "GB",
        "=GB",
        "C=",
        "C=GB,",
        ",C=GB",
        "C=GB,,O=a",
        "C=GB+",
        "nosuch=a",
        "C=\"GB",
        "C=\"GB\"x",
        "C=GB\\",
        "C=\\GB",
        "C=\\00",
        "O=a\\C3",
        "C=#",
        "C=#0",
        "C=#0c",
        "C=#0c02474",
        "C=#0c024742ff",
        "C=#040141",
        "C=##0c024742",
        "C=#0c0100",
        "C=\"\"",
        "C=\\ ",
        "O=<a>",
        "O=a\"b",
        "/",
        "//C=GB",
        "/C",
        "/C=GB/",
        "/C=GB/O=A/B",
        "/C=GB/O=a\\b",
        "/C=GB/O=a+CN=b",
        "2.5.4=a,",
        "OID.=a",
        "OID.CN=a",
        "9.9=a",
    ] {
        assert!(Name::parse(text).is_err(), "{text}");
    }
    let long = format!("O={}", "a".repeat(9000));
    assert_eq!(Name::parse(&long).unwrap_err(), NameError::TooLong);
}

#[test]
fn what_fails_to_parse_matches_nothing_not_even_itself() {
    use der::Tag;
    for broken in [
        Name::from_der(&[0x30, 0]).unwrap(),
        encoded(&[&[("2.5.4.3", Tag::Utf8String, b"bank\0.evil")]]),
        encoded(&[&[("2.5.4.3", Tag::Utf8String, b"\xff")]]),
        encoded(&[&[("2.5.4.3", Tag::OctetString, b"bank")]]),
        encoded(&[&[("2.5.4.3", Tag::Utf8String, b"")]]),
        encoded(&[&[]]),
    ] {
        assert_eq!(broken.canonical(), None, "{broken:?}");
        assert!(!broken.matches(&broken), "{broken:?}");
    }
    assert_eq!(Name::from_der(&[0x30, 0, 0]).unwrap_err(), NameError::Malformed);
    assert_eq!(Name::from_der(b"").unwrap_err(), NameError::Malformed);
}

#[test]
fn a_registration_may_allow_the_reversed_order() {
    let reversed = "C=GB,O=Bank\\, Sons \\+ Co,organizationIdentifier=PSDGB-FCA-123456,\
                    CN=api.bank.example";
    let strict = RegisteredName::parse(reversed, NameOrder::default()).unwrap();
    assert!(!strict.matches(&bank()));
    assert_eq!(strict.keys().len(), 1);
    let lenient = RegisteredName::parse(reversed, NameOrder::AllowReversed).unwrap();
    assert!(lenient.matches(&bank()));
    assert!(lenient.keys().contains(bank().canonical().unwrap()));
    // Reversed as a whole, not in any order.
    assert!(!lenient.matches(&name(
        "O=Bank\\, Sons \\+ Co,C=GB,organizationIdentifier=PSDGB-FCA-123456,CN=api.bank.example"
    )));
    assert_eq!(RegisteredName::parse("CN=a", NameOrder::AllowReversed).unwrap().keys().len(), 1);
}

#[test]
fn displays_as_rfc_4514_and_reads_itself_back() {
    assert_eq!(
        bank().to_string(),
        "CN=api.bank.example,organizationIdentifier=PSDGB-FCA-123456,O=Bank\\, Sons \\+ Co,C=GB"
    );
    for text in ["O=\\#a\\\"\\\\\\<\\>\\;", "1.2.3.4=#0c0161", "CN=a\\0ab", "CN=a+OU=b,C=GB", "O=É"]
    {
        assert_eq!(name(text).to_string(), text);
        assert!(name(&name(text).to_string()).matches(&name(text)));
    }
    let opaque = encoded(&[&[("2.5.4.45", der::Tag::BitString, &[0, 1])]]);
    assert_eq!(opaque.to_string(), "2.5.4.45=#03020001");
}
