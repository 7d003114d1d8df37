use openssl::hash::MessageDigest;

use super::super::test_services::extend;
use super::*;
use crate::cert::test_pki::{ISSUING, read, with_key_usage};
use crate::crypto::test_keys;
use crate::eidas::test_der::{oid, sequence};

fn certificate() -> Certificate {
    let der = ISSUING.issues_by_openssl(&test_keys::p256(), MessageDigest::sha256(), |builder| {
        with_key_usage(builder);
        let policies = ["1.2.3", "1.2.4"].map(|policy| sequence(&[oid(policy)]));
        extend(builder, "2.5.29.32", &sequence(&policies));
        extend(builder, "2.5.29.37", &sequence(&[oid("1.3.6.1.5.5.7.3.2")]));
        let mut subject = openssl::x509::X509Name::builder().unwrap();
        subject.append_entry_by_text("O", "TPP Ltd").unwrap();
        builder.set_subject_name(&subject.build()).unwrap();
    });
    read(&der)
}

fn oids(oids: &[&str]) -> Vec<Oid> {
    oids.iter().map(|oid| oid.parse().unwrap()).collect()
}

/// A criterion that selects the certificate, or none.
fn criterion(selects: bool) -> Criterion {
    Criterion::Policies(oids(if selects { &["1.2.3"] } else { &["1.2.9"] }))
}

#[test]
fn each_criterion_selects_what_it_says() {
    use UsageBit::{DigitalSignature as Sign, KeyCertSign as Certify, NonRepudiation as Commit};
    let usage = |bits: &[(UsageBit, bool)]| Criterion::KeyUsage(bits.to_vec());
    let certificate = certificate();
    for (criterion, selects) in [
        (usage(&[(Sign, true)]), true),
        (usage(&[(Sign, true), (Commit, false), (Certify, false)]), true),
        (usage(&[(Sign, true), (Commit, true)]), false),
        (usage(&[(Sign, false)]), false),
        (Criterion::Policies(oids(&["1.2.3"])), true),
        (Criterion::Policies(oids(&["1.2.3", "1.2.4"])), true),
        // All of a set, even where one list of criteria is enough.
        (Criterion::Policies(oids(&["1.2.3", "1.2.9"])), false),
        (Criterion::ExtendedKeyUsage(oids(&["1.3.6.1.5.5.7.3.2"])), true),
        (Criterion::ExtendedKeyUsage(oids(&["1.3.6.1.5.5.7.3.1"])), false),
        (Criterion::SubjectAttributes(oids(&["2.5.4.10"])), true),
        (Criterion::SubjectAttributes(oids(&["2.5.4.10", "2.5.4.3"])), false),
    ] {
        assert_eq!(criterion.selects(&certificate), selects, "{criterion:?}");
    }
}

#[test]
fn criteria_go_together_as_asserted_and_nest() {
    let certificate = certificate();
    let (yes, no) = (|| criterion(true), || criterion(false));
    let list = |assert, criteria| CriteriaList { assert, criteria };
    for (assert, criteria, selects) in [
        (Assert::All, vec![yes(), yes()], true),
        (Assert::All, vec![yes(), no()], false),
        (Assert::AtLeastOne, vec![no(), yes()], true),
        (Assert::AtLeastOne, vec![no(), no()], false),
        (Assert::None, vec![no(), no()], true),
        (Assert::None, vec![no(), yes()], false),
        (Assert::All, vec![yes(), Criterion::List(list(Assert::None, vec![no()]))], true),
        (Assert::All, vec![yes(), Criterion::List(list(Assert::None, vec![yes()]))], false),
    ] {
        assert_eq!(list(assert, criteria).selects(&certificate), selects, "{assert:?}");
    }
}

#[test]
fn without_the_extensions_no_bit_is_set_and_no_policy_is_there() {
    let bare = ISSUING.issues_by_openssl(&test_keys::p256(), MessageDigest::sha256(), |_| {});
    let bare = read(&bare);
    let usage = |set| Criterion::KeyUsage(vec![(UsageBit::DigitalSignature, set)]);
    assert!(usage(false).selects(&bare) && !usage(true).selects(&bare));
    assert!(!criterion(true).selects(&bare));
}

#[test]
fn each_bit_is_its_own() {
    use openssl::x509::extension::KeyUsage as Build;
    type Edit = fn(&mut Build) -> &mut Build;
    let bits: [(UsageBit, Edit); 9] = [
        (UsageBit::CrlSign, Build::crl_sign),
        (UsageBit::DataEncipherment, Build::data_encipherment),
        (UsageBit::DecipherOnly, Build::decipher_only),
        (UsageBit::DigitalSignature, Build::digital_signature),
        (UsageBit::EncipherOnly, Build::encipher_only),
        (UsageBit::KeyAgreement, Build::key_agreement),
        (UsageBit::KeyCertSign, Build::key_cert_sign),
        (UsageBit::KeyEncipherment, Build::key_encipherment),
        (UsageBit::NonRepudiation, Build::non_repudiation),
    ];
    let key = test_keys::p256();
    for (set, edit) in bits {
        let der = ISSUING.issues_by_openssl(&key, MessageDigest::sha256(), |builder| {
            builder.append_extension(edit(&mut Build::new()).build().unwrap()).unwrap();
        });
        let usage = read(&der).key_usage().unwrap();
        for (bit, _) in bits {
            assert_eq!(bit.of(usage), bit == set, "{bit:?} of {set:?}");
        }
    }
}
