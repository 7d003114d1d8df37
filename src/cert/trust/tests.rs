use std::time::Duration;

use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::super::test_pki::{Authority, DAY, ISSUING, NOW, ROOT, date, read, with_key_usage};
use super::*;
use crate::crypto::test_keys;
use crate::gate::test_support::{at, judged, request};
use crate::reject::Reason;

mod generations;
mod limbo;
mod limits;
mod policies;
mod remembered;
mod revocation;
mod seals;

/// Trusts what leads to the root, without revocation.
fn rooted() -> TrustCertificate {
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    TrustCertificate::anchored_in(anchors, Revocation::danger_off())
}

fn verdict(
    rule: &TrustCertificate,
    leaf: &CertificateDer<'static>,
    chain: &[CertificateDer<'static>],
    now: u64,
) -> Result<(), Reason> {
    let client = ClientCertificate::new(Arc::new(read(leaf)), chain.into());
    let trusted = judged(rule.check(&client, &mut request(), &at(now)));
    let trusted = trusted.map_err(|rejection| rejection.reason())?;
    assert_eq!(trusted.certificate().der(), leaf);
    Ok(())
}

/// The verdict on a client of the issuing authority.
fn verdict_on(edit: impl FnOnce(&mut CertificateParams)) -> Result<(), Reason> {
    verdict(&rooted(), &ISSUING.issues(edit), &[ISSUING.der()], NOW)
}

/// The verdict on a good client of an authority below the root.
fn verdict_below(edit: impl FnOnce(&mut CertificateParams)) -> Result<(), Reason> {
    let authority = ROOT.authorizes("Other", edit);
    verdict(&rooted(), &authority.issues(|_| {}), &[authority.der()], NOW)
}

fn names_only(name: &str) -> NameConstraints {
    let permitted_subtrees = vec![GeneralSubtree::DnsName(name.to_owned())];
    NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() }
}

#[test]
fn a_client_of_an_authority_below_an_anchor_is_trusted() {
    assert_eq!(verdict_on(|_| {}), Ok(()));
    assert_eq!(verdict_below(|_| {}), Ok(()));
}

#[test]
fn a_client_of_an_anchor_is_trusted_without_a_chain() {
    let rule = TrustCertificate::anchored_in(
        Anchors::of([ROOT.der(), ISSUING.der()]).unwrap(),
        Revocation::danger_off(),
    );
    assert_eq!(verdict(&rule, &ISSUING.issues(|_| {}), &[], NOW), Ok(()));
}

#[test]
fn an_anchor_is_trusted_whatever_its_own_dates() {
    let past = ROOT.authorizes("Past", |parameters| {
        parameters.not_before = date(NOW - 2);
        parameters.not_after = date(NOW - 1);
    });
    let anchors = Anchors::of([past.der()]).unwrap();
    let rule = TrustCertificate::anchored_in(anchors, Revocation::danger_off());
    assert_eq!(verdict(&rule, &past.issues(|_| {}), &[], NOW), Ok(()));
}

#[test]
fn the_order_of_the_chain_does_not_matter_nor_does_what_is_mixed_in() {
    let leaf = ISSUING.issues(|_| {});
    let rogue = Authority::root("Issuing").der();
    let junk = CertificateDer::from(b"no certificate".to_vec());
    let chain = [junk, rogue, ISSUING.issues(|_| {}), ROOT.der(), ISSUING.der()];
    assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), Ok(()));
}

#[test]
fn what_does_not_lead_to_an_anchor_is_untrusted() {
    let leaf = ISSUING.issues(|_| {});
    let namesake = Authority::root("Root");
    let rogue = namesake.authorizes("Issuing", |_| {});
    let mut altered = leaf.to_vec();
    *altered.last_mut().unwrap() ^= 1;
    for (what, leaf, chain) in [
        ("the intermediate is missing", leaf.clone(), vec![]),
        ("only the root came along", leaf.clone(), vec![ROOT.der()]),
        ("the key is that of a namesake", rogue.issues(|_| {}), vec![ISSUING.der()]),
        ("a rogue root came along", rogue.issues(|_| {}), vec![rogue.der(), namesake.der()]),
        ("signed by a namesake of the anchor", namesake.issues(|_| {}), vec![]),
        ("the signature is altered", altered.into(), vec![ISSUING.der()]),
    ] {
        let refused = verdict(&rooted(), &leaf, &chain, NOW);
        assert_eq!(refused, Err(Reason::CertificateUntrusted), "{what}");
    }
}

#[test]
fn a_refusal_speaks_of_what_was_wrong_with_an_issuer_and_of_nobody_else() {
    let leaf = ISSUING.issues(|_| {});
    let past = ROOT.authorizes("Past", |authority| authority.not_after = date(NOW - 1));
    for (chain, expected) in [
        (vec![leaf.clone()], "certificate_untrusted: no anchor has the name of an issuer"),
        (vec![leaf.clone(), past.der()], "certificate_untrusted: an issuer outside its time"),
    ] {
        let client = ClientCertificate::new(Arc::new(read(&leaf)), chain.into());
        let refused = judged(rooted().check(&client, &mut request(), &at(NOW))).unwrap_err();
        assert_eq!(refused.why().to_string(), expected);
    }
}

#[test]
fn a_client_cannot_issue_certificates() {
    let client = ROOT.authorizes("TPP", |parameters| parameters.is_ca = IsCa::NoCa);
    let explicit = ROOT.authorizes("TPP", |parameters| parameters.is_ca = IsCa::ExplicitNoCa);
    for client in [client, explicit] {
        let forged = client.issues(|_| {});
        let refused = verdict(&rooted(), &forged, &[client.der()], NOW);
        assert_eq!(refused, Err(Reason::CertificateUntrusted));
    }
}

#[test]
fn an_issuer_whose_key_is_not_for_certificates_is_no_issuer() {
    let usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
    let refused = verdict_below(|parameters| parameters.key_usages = usages);
    assert_eq!(refused, Err(Reason::CertificateUntrusted));
    assert_eq!(verdict_below(|parameters| parameters.key_usages = vec![]), Ok(()));
}

#[test]
fn an_issuer_keeps_within_its_path_length_and_names() {
    let last = IsCa::Ca(BasicConstraints::Constrained(0));
    let last = ROOT.authorizes("Last", |parameters| parameters.is_ca = last);
    let beyond = last.authorizes("Beyond", |_| {});
    let refused = verdict(&rooted(), &beyond.issues(|_| {}), &[beyond.der(), last.der()], NOW);
    assert_eq!(refused, Err(Reason::CertificateUntrusted));
    assert_eq!(verdict(&rooted(), &last.issues(|_| {}), &[last.der()], NOW), Ok(()));

    let bound = ROOT.authorizes("Bound", |parameters| {
        parameters.name_constraints = Some(names_only("a.example"))
    });
    for (name, expected) in
        [("tpp.a.example", Ok(())), ("b.example", Err(Reason::CertificateUntrusted))]
    {
        let leaf = bound.issues(|parameters| {
            parameters.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        });
        assert_eq!(verdict(&rooted(), &leaf, &[bound.der()], NOW), expected, "{name}");
    }
}

#[test]
fn six_intermediates_are_followed_and_seven_are_not() {
    let mut authorities = vec![ROOT.authorizes("1", |_| {})];
    for (number, expected) in [(6, Ok(())), (7, Err(Reason::CertificateUntrusted))] {
        while authorities.len() < number {
            let name = (authorities.len() + 1).to_string();
            authorities.push(authorities.last().unwrap().authorizes(&name, |_| {}));
        }
        let leaf = authorities.last().unwrap().issues(|_| {});
        let chain: Vec<_> = authorities.iter().map(Authority::der).collect();
        assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), expected, "{number}");
    }
}

#[test]
fn an_unknown_critical_extension_is_untrusted() {
    for (criticality, expected) in [(false, Ok(())), (true, Err(Reason::CertificateUntrusted))] {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(criticality);
        let verdict = verdict_on(|parameters| parameters.custom_extensions = vec![extension]);
        assert_eq!(verdict, expected);
    }
}

#[test]
fn a_certificate_is_good_from_its_first_to_its_last_second() {
    for (from, to, expected) in [
        (NOW, NOW, Ok(())),
        (NOW + 1, NOW + 2, Err(Reason::CertificateNotYetValid)),
        (NOW - 2, NOW - 1, Err(Reason::CertificateExpired)),
        (NOW + 1, NOW - 1, Err(Reason::CertificateNotYetValid)),
    ] {
        let verdict = verdict_on(|parameters| {
            parameters.not_before = date(from);
            parameters.not_after = date(to);
        });
        assert_eq!(verdict, expected, "{from} {to}");
    }
}

#[test]
fn an_issuer_outside_its_time_is_untrusted() {
    for (from, to, expected) in [
        (NOW, NOW, Ok(())),
        (NOW + 1, NOW + 2, Err(Reason::CertificateUntrusted)),
        (NOW - 2, NOW - 1, Err(Reason::CertificateUntrusted)),
        (NOW + 1, NOW - 1, Err(Reason::CertificateUntrusted)),
    ] {
        let verdict = verdict_below(|parameters| {
            parameters.not_before = date(from);
            parameters.not_after = date(to);
        });
        assert_eq!(verdict, expected, "{from} {to}");
    }
}

#[test]
fn extended_key_usage_is_absent_or_names_a_side_of_tls() {
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, CodeSigning, EmailProtection, ServerAuth};
    let wrong = Err(Reason::CertificatePurposeWrong);
    for (usages, expected) in [
        (vec![], Ok(())),
        (vec![ClientAuth], Ok(())),
        (vec![ServerAuth], Ok(())),
        (vec![Any], Ok(())),
        (vec![EmailProtection, ServerAuth], Ok(())),
        (vec![EmailProtection], wrong),
        (vec![EmailProtection, CodeSigning], wrong),
    ] {
        let leaf = verdict_on(|parameters| parameters.extended_key_usages = usages.clone());
        assert_eq!(leaf, expected, "{usages:?}");
        let issuer = verdict_below(|parameters| parameters.extended_key_usages = usages.clone());
        assert_eq!(issuer, expected, "{usages:?} of the issuer");
    }
}

#[test]
fn an_extended_key_usage_without_a_purpose_is_for_none() {
    let refused = verdict_on(|parameters| {
        parameters.extended_key_usages.clear();
        let empty = CustomExtension::from_oid_content(&[2, 5, 29, 37], vec![0x30, 0]);
        parameters.custom_extensions = vec![empty];
    });
    assert_eq!(refused, Err(Reason::CertificatePurposeWrong));
}

#[test]
fn key_usage_is_absent_or_names_digital_signature() {
    use KeyUsagePurpose::{ContentCommitment, DigitalSignature, KeyAgreement};
    let wrong = Err(Reason::CertificatePurposeWrong);
    for (usages, expected) in [
        (vec![], Ok(())),
        (vec![DigitalSignature], Ok(())),
        (vec![ContentCommitment, DigitalSignature], Ok(())),
        (vec![ContentCommitment], wrong),
        (vec![KeyAgreement], wrong),
    ] {
        let verdict = verdict_on(|parameters| parameters.key_usages = usages.clone());
        assert_eq!(verdict, expected, "{usages:?}");
    }
}

#[test]
fn an_authority_is_no_client() {
    let authority = ISSUING.issues(|parameters| {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let refused = verdict(&rooted(), &authority, &[ISSUING.der()], NOW);
    assert_eq!(refused, Err(Reason::CertificatePurposeWrong));
}

#[test]
fn weak_keys_and_signatures_are_refused_by_name() {
    let (sha1, sha256) = (MessageDigest::sha1(), MessageDigest::sha256());
    let p256 = test_keys::p256();
    for (key, digest, expected) in [
        (&p256, sha256, Ok(())),
        (test_keys::rsa_2048(), sha256, Ok(())),
        (&p256, sha1, Err(Reason::CertificateWeak)),
        (&test_keys::rsa(1024), sha256, Err(Reason::CertificateWeak)),
        (&test_keys::rsa(2040), sha256, Err(Reason::CertificateWeak)),
        (&test_keys::ec(Nid::X9_62_PRIME192V1), sha256, Err(Reason::CertificateWeak)),
        (&test_keys::ec(Nid::SECP224R1), sha256, Err(Reason::CertificateWeak)),
    ] {
        let leaf = ISSUING.issues_by_openssl(key, digest, with_key_usage);
        let verdict = verdict(&rooted(), &leaf, &[ISSUING.der()], NOW);
        assert_eq!(verdict, expected, "{:?}", read(&leaf));
    }
}

#[test]
fn a_certificate_of_version_1_is_untrusted() {
    let version_1 = |builder: &mut openssl::x509::X509Builder| builder.set_version(0).unwrap();
    let leaf = ISSUING.issues_by_openssl(&test_keys::p256(), MessageDigest::sha256(), version_1);
    let refused = verdict(&rooted(), &leaf, &[ISSUING.der()], NOW);
    assert_eq!(refused, Err(Reason::CertificateUntrusted));
}

#[test]
fn a_negative_serial_number_is_untrusted() {
    for (serial, expected) in
        [("7F", Ok(())), ("FF", Ok(())), ("-1", Err(Reason::CertificateUntrusted))]
    {
        let number = BigNum::from_hex_str(serial).unwrap().to_asn1_integer().unwrap();
        let leaf = ISSUING.issues_by_openssl(&test_keys::p256(), MessageDigest::sha256(), |leaf| {
            leaf.set_serial_number(&number).unwrap();
        });
        assert_eq!(verdict(&rooted(), &leaf, &[ISSUING.der()], NOW), expected, "{serial}");
    }
}

#[test]
fn constraints_on_names_that_name_nobody_or_begin_with_a_dot_are_untrusted() {
    let bound = |constraints: Option<NameConstraints>, extension: Option<CustomExtension>| {
        verdict_below(|authority| {
            authority.name_constraints = constraints;
            authority.custom_extensions.extend(extension);
        })
    };
    assert_eq!(bound(Some(names_only("a.example")), None), Ok(()));
    let untrusted = Err(Reason::CertificateUntrusted);
    assert_eq!(bound(Some(names_only(".a.example")), None), untrusted);
    let host = [0x30, 3, 0x82, 1, b'a'];
    let with_empty = [&[0x30, 9, 0xa0, 5][..], &host, &[0xa1, 0]].concat();
    for value in [vec![0x30, 0], vec![0x30, 4, 0xa0, 0, 0xa1, 0], with_empty, vec![5, 0]] {
        let extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], value);
        assert_eq!(bound(None, Some(extension)), untrusted);
    }
}

#[test]
fn a_key_for_pss_alone_signs_a_path() {
    let fixture = |der: &'static [u8]| CertificateDer::from(der);
    let root = fixture(include_bytes!("../../../tests/fixtures/rsassa_pss/root.der"));
    let leaf = fixture(include_bytes!("../../../tests/fixtures/rsassa_pss/leaf.der"));
    let anchors = Anchors::of([root]).unwrap();
    let rule = TrustCertificate::anchored_in(anchors, Revocation::danger_off());
    assert_eq!(verdict(&rule, &leaf, &[], NOW + 1000 * DAY), Ok(()));
}

#[test]
fn what_is_trusted_is_the_certificate_that_was_presented() {
    let leaf = ISSUING.issues(|_| {});
    let client = ClientCertificate::new(Arc::new(read(&leaf)), [ISSUING.der()].into());
    let trusted = judged(rooted().check(&client, &mut request(), &at(NOW))).unwrap();
    assert!(Arc::ptr_eq(&trusted.shared(), &client.shared()));
    assert_eq!(
        trusted.certificate().not_after(),
        UnixTime::since_unix_epoch(Duration::from_secs(NOW + 100 * DAY))
    );
}
