use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DnType, SanType};

use super::super::NameOrder;
use super::super::test_pki::{Authority, ISSUING, ORGANIZATION_IDENTIFIER, ROOT, read};
use super::*;

const SUBJECT: &str = "CN=tpp.example,2.5.4.97=PSDGB-FCA-123456,O=TPP Ltd,C=GB";
const SUBJECT_REVERSED: &str = "C=GB,O=TPP Ltd,2.5.4.97=PSDGB-FCA-123456,CN=tpp.example";

/// A certificate with one alternative name of each kind, and one more.
fn certificate() -> Certificate {
    let text = |text: &str| Ia5String::try_from(text).unwrap();
    read(&ISSUING.issues(|parameters| {
        parameters.subject_alt_names = vec![
            SanType::DnsName(text("tpp.example")),
            SanType::DnsName(text("www.tpp.example")),
            SanType::Rfc822Name(text("Ops@tpp.example")),
            SanType::URI(text("https://tpp.example/a")),
            SanType::IpAddress("192.0.2.1".parse().unwrap()),
            SanType::IpAddress("2001:db8::1".parse().unwrap()),
        ];
    }))
}

fn with(edit: impl FnOnce(&mut CertificateParams)) -> Certificate {
    read(&ISSUING.issues(edit))
}

fn registered(text: &str, order: NameOrder) -> RegisteredName {
    RegisteredName::parse(text, order).unwrap()
}

fn subject(text: &str, order: NameOrder) -> CertificateMatch {
    CertificateMatch::SubjectDn { subject: registered(text, order), issuer: None }
}

fn pinned(issuer: &str) -> CertificateMatch {
    let subject = registered(SUBJECT, NameOrder::AsWritten);
    let issuer = Some(registered(issuer, NameOrder::AsWritten));
    CertificateMatch::SubjectDn { subject, issuer }
}

#[test]
fn an_organization_identifier_matches_character_by_character() {
    let certificate = certificate();
    for (wanted, expected) in [
        ("PSDGB-FCA-123456", true),
        ("PSDGB-FCA-12345", false),
        ("PSDGB-FCA-1234567", false),
        ("psdgb-fca-123456", false),
        ("PSDGB-FCA-123456 ", false),
        ("", false),
    ] {
        let registered = CertificateMatch::OrganizationIdentifier(wanted.to_owned());
        assert_eq!(registered.names(&certificate), expected, "{wanted:?}");
    }
}

#[test]
fn a_certificate_without_an_organization_identifier_is_nobodys() {
    let kind = || DnType::from_oid(&ORGANIZATION_IDENTIFIER);
    let without = with(|parameters| {
        parameters.distinguished_name.remove(kind());
    });
    let empty = with(|parameters| parameters.distinguished_name.push(kind(), ""));
    for wanted in ["PSDGB-FCA-123456", ""] {
        let registered = CertificateMatch::OrganizationIdentifier(wanted.to_owned());
        assert!(!registered.names(&without) && !registered.names(&empty), "{wanted:?}");
    }
}

#[test]
fn registered_keys_match_by_their_bytes() {
    let certificate = certificate();
    let own = certificate.spki_der().to_vec();
    let other = read(&ROOT.der()).spki_der().to_vec();
    let prefix = own[..own.len() - 1].to_vec();
    let longer = [&own[..], &[0]].concat();
    let matches = |keys: Vec<Vec<u8>>| CertificateMatch::RegisteredKeys(keys).names(&certificate);
    assert!(matches(vec![own.clone()]) && matches(vec![other.clone(), own]));
    for keys in [vec![], vec![vec![]], vec![other], vec![prefix], vec![longer]] {
        assert!(!matches(keys));
    }
}

#[test]
fn a_dns_name_matches_whole_and_without_case() {
    let certificate = certificate();
    for (wanted, expected) in [
        ("tpp.example", true),
        ("TPP.Example", true),
        ("www.tpp.example", true),
        ("a.tpp.example", false),
        ("*.tpp.example", false),
        ("tpp.exampl", false),
        ("tpp.example.", false),
        ("", false),
    ] {
        let registered = CertificateMatch::SanDns(wanted.to_owned());
        assert_eq!(registered.names(&certificate), expected, "{wanted:?}");
    }
}

#[test]
fn a_wildcard_of_the_certificate_stands_for_itself_only() {
    let name = SanType::DnsName("*.tpp.example".try_into().unwrap());
    let certificate = with(|parameters| parameters.subject_alt_names = vec![name]);
    let matches = |wanted: &str| CertificateMatch::SanDns(wanted.to_owned()).names(&certificate);
    assert!(!matches("a.tpp.example") && matches("*.tpp.example"));
}

#[test]
fn an_email_matches_character_by_character() {
    let certificate = certificate();
    for (wanted, expected) in [
        ("Ops@tpp.example", true),
        ("ops@tpp.example", false),
        ("Ops@tpp.exampl", false),
        ("tpp.example", false),
        ("", false),
    ] {
        let registered = CertificateMatch::SanEmail(wanted.to_owned());
        assert_eq!(registered.names(&certificate), expected, "{wanted:?}");
    }
}

#[test]
fn a_uri_matches_character_by_character() {
    let certificate = certificate();
    for (wanted, expected) in [
        ("https://tpp.example/a", true),
        ("https://TPP.example/a", false),
        ("https://tpp.example/", false),
        ("https://tpp.example/a/", false),
        ("", false),
    ] {
        let registered = CertificateMatch::SanUri(wanted.to_owned());
        assert_eq!(registered.names(&certificate), expected, "{wanted:?}");
    }
}

#[test]
fn an_address_matches_by_its_bytes() {
    let certificate = certificate();
    for (wanted, expected) in [
        ("192.0.2.1", true),
        ("2001:db8::1", true),
        ("2001:0db8:0:0:0:0:0:1", true),
        ("192.0.2.2", false),
        ("::ffff:192.0.2.1", false),
        ("2001:db8::2", false),
    ] {
        let registered = CertificateMatch::SanIp(wanted.parse().unwrap());
        assert_eq!(registered.names(&certificate), expected, "{wanted}");
    }
}

#[test]
fn a_name_of_one_kind_is_none_of_another() {
    let certificate = certificate();
    for registered in [
        CertificateMatch::SanDns("https://tpp.example/a".to_owned()),
        CertificateMatch::SanEmail("www.tpp.example".to_owned()),
        CertificateMatch::SanUri("tpp.example".to_owned()),
        CertificateMatch::SanDns("192.0.2.1".to_owned()),
    ] {
        assert!(!registered.names(&certificate));
    }
    // The common name is no alternative name.
    let plain = with(|_| {});
    assert!(!CertificateMatch::SanDns("tpp.example".to_owned()).names(&plain));
    assert!(!CertificateMatch::SanIp("192.0.2.1".parse().unwrap()).names(&plain));
}

#[test]
fn a_subject_matches_by_its_attributes() {
    let certificate = certificate();
    for (text, expected) in [
        (SUBJECT, true),
        ("cn=TPP.EXAMPLE, organizationIdentifier=PSDGB-FCA-123456, o=tpp  ltd, c=gb", true),
        ("CN=tpp.example,2.5.4.97=PSDGB-FCA-12345,O=TPP Ltd,C=GB", false),
        ("CN=tpp.example,2.5.4.97=PSDGB-FCA-123456,O=TPP Ltd,C=IE", false),
        ("CN=tpp.example,2.5.4.97=PSDGB-FCA-123456,O=TPP Ltd", false),
        ("CN=tpp.example,2.5.4.97=PSDGB-FCA-123456,O=TPP Ltd,C=GB,DC=example", false),
        ("CN=tpp.example,2.5.4.97=PSDGB-FCA-123456,O=TPP,C=GB", false),
        ("CN=tpp.example,O=TPP Ltd,C=GB", false),
        ("CN=tpp.example", false),
    ] {
        let registered = subject(text, NameOrder::AsWritten);
        assert_eq!(registered.names(&certificate), expected, "{text}");
    }
}

#[test]
fn a_subject_the_other_way_round_matches_where_that_is_allowed() {
    let certificate = certificate();
    for (text, order, expected) in [
        (SUBJECT, NameOrder::AllowReversed, true),
        (SUBJECT_REVERSED, NameOrder::AllowReversed, true),
        (SUBJECT_REVERSED, NameOrder::AsWritten, false),
        (
            "O=TPP Ltd,C=GB,2.5.4.97=PSDGB-FCA-123456,CN=tpp.example",
            NameOrder::AllowReversed,
            false,
        ),
    ] {
        assert_eq!(subject(text, order).names(&certificate), expected, "{text} {order:?}");
    }
}

#[test]
fn an_empty_subject_matches_nothing() {
    let empty = with(|parameters| parameters.distinguished_name = rcgen::DistinguishedName::new());
    assert!(!subject(SUBJECT, NameOrder::AllowReversed).names(&empty));
}

#[test]
fn a_pinned_issuer_has_to_be_the_one() {
    let certificate = certificate();
    for (issuer, expected) in [
        ("CN=Issuing,C=GB", true),
        ("CN=issuing,C=gb", true),
        ("CN=Issuing 2,C=GB", false),
        ("CN=Root,C=GB", false),
        ("C=GB,CN=Issuing", false),
    ] {
        assert_eq!(pinned(issuer).names(&certificate), expected, "{issuer}");
    }
    let elsewhere = read(&Authority::root("Elsewhere").issues(|_| {}));
    assert!(subject(SUBJECT, NameOrder::AsWritten).names(&elsewhere));
    assert!(!pinned("CN=Issuing,C=GB").names(&elsewhere));
}

#[test]
fn a_pinned_issuer_does_not_replace_the_subject() {
    let other = with(|parameters| parameters.distinguished_name.push(DnType::CommonName, "b"));
    assert!(!pinned("CN=Issuing,C=GB").names(&other));
}

#[test]
fn a_thumbprint_matches_one_certificate() {
    let certificate = certificate();
    let mut near = *certificate.thumbprint();
    assert!(CertificateMatch::Thumbprint(near).names(&certificate));
    near[31] ^= 1;
    assert!(!CertificateMatch::Thumbprint(near).names(&certificate));
    assert!(!CertificateMatch::Thumbprint(*certificate.thumbprint()).names(&with(|_| {})));
}

#[test]
fn two_clients_of_one_id_are_not_registered() {
    let client = |san: &str| Client::new("a", CertificateMatch::SanDns(san.to_owned()));
    let twice = Clients::of([client("one.example"), client("two.example")]);
    assert_eq!(twice.unwrap_err().to_string(), "the client \"a\" is registered twice");
}

#[test]
fn a_client_is_found_by_its_own_id() {
    let client = |id: &str| Client::new(id, CertificateMatch::SanDns(id.to_owned()));
    let clients = Clients::of([client("a").in_directory("org", "software"), client("b")]).unwrap();
    let found = |id: &str| match clients.find(id) {
        ClientLookup::Now(Ok(found)) => found,
        _ => panic!(),
    };
    let one = found("a").unwrap();
    assert_eq!(
        (one.client_id(), one.organisation_id(), one.software_id()),
        ("a", Some("org"), Some("software"))
    );
    assert!(one.signing_keys().is_none() && one.algorithms().is_empty());
    assert_eq!(found("b").unwrap().organisation_id(), None);
    for unknown in ["", "A", "a ", "c", "ab"] {
        assert!(found(unknown).is_none(), "{unknown:?}");
    }
}
