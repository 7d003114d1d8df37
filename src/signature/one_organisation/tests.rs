//! Transport certificate, signing certificate, token and client: one of them differs.

use super::super::certificates::Signer;
use super::*;
use crate::cert::test_pki::{ISSUING, NOW, read};
use crate::gate::test_support::{at, judged, request};
use crate::token::test_tokens::access_token;

/// The subject of a certificate.
type Subject<'a> = &'a [(&'static str, &'a str)];

const IDENTIFIER: &str = "2.5.4.97";
const FCA: Subject<'_> = &[("O", "TPP"), (IDENTIFIER, "PSDGB-FCA-123456"), ("CN", "tpp.example")];
const OTHER: Subject<'_> = &[("O", "TPP"), (IDENTIFIER, "PSDGB-FCA-654321")];
const DIRECTORY: Subject<'_> = &[("O", "OpenBanking"), ("OU", "org-1"), ("CN", "software-1")];
const UNKNOWN: Subject<'_> = &[("O", "TPP"), (IDENTIFIER, "PSDGB-OB-Unknownorg-1")];

fn certificate(subject: Subject<'_>) -> Certificate {
    use openssl::x509::X509Name;
    let key = crate::crypto::test_keys::p256();
    let der = ISSUING.issues_by_openssl(&key, openssl::hash::MessageDigest::sha256(), |builder| {
        let mut name = X509Name::builder().unwrap();
        for (kind, text) in subject {
            name.append_entry_by_text(kind, text).unwrap();
        }
        builder.set_subject_name(&name.build()).unwrap();
    });
    read(&der)
}

/// A client that is registered under nothing but its certificate.
fn client() -> Client {
    Client::new("tpp", CertificateMatch::Thumbprint([0; 32]))
}

/// A client that the bank knows by both names.
fn known() -> Client {
    client().in_directory("org-1", "software-1").identified_by("PSDGB-FCA-123456")
}

enum Message<'a> {
    SignedBy(Subject<'a>),
    SignedByNobodyKnown,
    Unsigned,
}
use Message::{SignedBy, SignedByNobodyKnown, Unsigned};

fn one(
    rule: &RequireOneOrganisation,
    transport: Subject<'_>,
    client: Client,
    message: &Message<'_>,
) -> Result<String, Rejection> {
    let message = match message {
        SignedBy(subject) => {
            let trusted = TrustedCertificate::of(certificate(subject));
            SignedMessage::signed(Some(Signer { trusted, psp: None }))
        }
        SignedByNobodyKnown => SignedMessage::signed(None),
        Unsigned => SignedMessage::unsigned(),
    };
    let transport = TrustedCertificate::of(certificate(transport));
    let (token, client) = (access_token(|_| {}), RegisteredClient::assertion(Arc::new(client)));
    let needs = (&transport, &token, &client, &message);
    judged(rule.check(needs, &mut request(), &at(NOW))).map(|one| one.id().to_owned())
}

fn agreed(transport: Subject<'_>, client: Client, message: &Message<'_>) -> Option<String> {
    match one(&RequireOneOrganisation::by_name(), transport, client, message) {
        Ok(id) => Some(id),
        Err(why) => {
            assert_eq!(why.reason(), Reason::OrganisationMismatch);
            None
        }
    }
}

fn is_one(transport: Subject<'_>, client: Client, message: &Message<'_>) -> bool {
    agreed(transport, client, message).is_some()
}

#[test]
fn every_kind_of_certificate_names_the_organisation_that_the_client_is_registered_as() {
    for transport in [FCA, DIRECTORY, UNKNOWN] {
        for signing in [FCA, DIRECTORY, UNKNOWN] {
            assert!(is_one(transport, known(), &SignedBy(signing)), "{transport:?} {signing:?}");
        }
        assert!(is_one(transport, known(), &Unsigned));
    }
    assert_eq!(agreed(FCA, known(), &Unsigned).as_deref(), Some("PSDGB-FCA-123456"));
    assert_eq!(agreed(UNKNOWN, known(), &Unsigned).as_deref(), Some("org-1"));
}

#[test]
fn a_certificate_of_another_organisation_is_refused_on_either_side() {
    assert!(!is_one(OTHER, known(), &SignedBy(FCA)));
    assert!(!is_one(OTHER, known(), &Unsigned));
    assert!(!is_one(FCA, known(), &SignedBy(OTHER)));
    // Two certificates that agree with each other, and not with the client.
    assert!(!is_one(OTHER, known(), &SignedBy(OTHER)));
}

#[test]
fn a_token_of_another_client_is_refused() {
    let stranger = Client::new("other", CertificateMatch::Thumbprint([0; 32]));
    assert!(!is_one(FCA, stranger.identified_by("PSDGB-FCA-123456"), &SignedBy(FCA)));
}

#[test]
fn each_name_of_a_client_counts_and_a_client_without_one_is_refused() {
    let by_certificate = CertificateMatch::OrganizationIdentifier("PSDGB-FCA-123456".to_owned());
    assert!(is_one(FCA, Client::new("tpp", by_certificate), &SignedBy(FCA)));
    assert!(is_one(FCA, client().identified_by("PSDGB-FCA-123456"), &SignedBy(FCA)));
    assert!(is_one(FCA, client().in_directory("PSDGB-FCA-123456", "s"), &SignedBy(FCA)));
    assert!(is_one(UNKNOWN, client().in_directory("org-1", "s"), &SignedBy(DIRECTORY)));
    assert!(!is_one(FCA, client().in_directory("org-1", "s"), &SignedBy(FCA)));
    assert!(!is_one(FCA, client(), &SignedBy(FCA)));
    assert_eq!(by_its_own_name(OrganisationName::Directory("")), None);
}

#[test]
fn a_name_that_is_missing_or_stands_twice_is_refused() {
    for nameless in [
        &[("CN", "org-1")][..],
        &[("OU", "org-1"), ("OU", "org-1")],
        &[(IDENTIFIER, "PSDGB-FCA-123456"), (IDENTIFIER, "PSDGB-FCA-123456")],
        &[(IDENTIFIER, "PSDGB_FCA_123456")],
        &[(IDENTIFIER, "PSDGB-OB-Unknown")],
        // The identifier counts, and not what else stands there.
        &[(IDENTIFIER, "PSDGB-FCA-654321"), ("OU", "org-1")],
        &[(IDENTIFIER, "garbage"), ("OU", "org-1")],
        // Hardly anybody checks an OU.
        &[("OU", "PSDGB-FCA-123456")],
        &[(IDENTIFIER, "PSDGB-OB-UnknownPSDGB-FCA-123456")],
    ] {
        assert!(!is_one(nameless, known(), &SignedBy(FCA)), "{nameless:?}");
        assert!(!is_one(FCA, known(), &SignedBy(nameless)), "{nameless:?}");
    }
}

#[test]
fn a_signature_without_a_judged_certificate_is_refused() {
    assert!(!is_one(FCA, known(), &SignedByNobodyKnown));
}

#[test]
fn a_mapping_of_ones_own_joins_and_separates_organisations() {
    fn group(name: OrganisationName<'_>) -> Option<Cow<'_, str>> {
        match name {
            OrganisationName::Identifier(id) if id.reference() == "000000" => None,
            OrganisationName::Identifier(_) => Some("group".into()),
            OrganisationName::Directory(_) => Some("directory".into()),
        }
    }
    let rule = RequireOneOrganisation::mapped_by(group);
    let registered = || client().identified_by("PSDGB-FCA-123456");
    assert_eq!(one(&rule, OTHER, registered(), &SignedBy(FCA)).unwrap(), "group");
    assert!(one(&rule, DIRECTORY, registered(), &Unsigned).is_err());
    let unmapped: Subject<'_> = &[(IDENTIFIER, "PSDGB-FCA-000000")];
    assert!(one(&rule, unmapped, registered(), &Unsigned).is_err());
    assert!(one(&rule, FCA, client().identified_by("PSDGB-FCA-000000"), &Unsigned).is_err());
}

#[test]
fn the_agreed_organisation_is_in_the_audit_line() {
    let mut line = Audit::default();
    OneOrganisation { id: "org-1".to_owned() }.audit(&mut line);
    assert_eq!(line.to_string(), "organisation=org-1");
}
