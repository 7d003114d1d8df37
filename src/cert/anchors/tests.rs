use rcgen::{CertificateParams, CustomExtension, IsCa, KeyUsagePurpose};

use super::*;
use crate::cert::test_pki::{Authority, ISSUING, ROOT, read};

fn of_other_form(edit: impl FnOnce(&mut CertificateParams)) -> Result<Anchors, TrustError> {
    Anchors::of([ROOT.der(), ROOT.authorizes("Other", edit).der()])
}

fn extension(oid: &[u64], critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, vec![0x30, 0]);
    extension.set_criticality(critical);
    extension
}

/// The DER of the anchors that may have signed this.
fn candidates(anchors: &Anchors, child: &CertificateDer<'static>) -> Vec<CertificateDer<'static>> {
    let (set, child) = (anchors.current(), read(child));
    set.candidates(&[&child, &child]).iter().map(|anchor| anchor.der().clone()).collect()
}

/// A client with an identifier of its issuer's key.
fn identified(issuer: &Authority) -> CertificateDer<'static> {
    issuer.issues(|client| client.use_authority_key_identifier_extension = true)
}

#[test]
fn an_anchor_is_the_certificate_of_an_authority() {
    let usages = |usage| move |other: &mut CertificateParams| other.key_usages = vec![usage];
    assert!(of_other_form(|_| {}).is_ok());
    assert!(of_other_form(usages(KeyUsagePurpose::KeyCertSign)).is_ok());
    assert!(of_other_form(|other| other.key_usages.clear()).is_ok());
    let refused = [
        of_other_form(|other| other.is_ca = IsCa::NoCa),
        of_other_form(|other| other.is_ca = IsCa::ExplicitNoCa),
        of_other_form(usages(KeyUsagePurpose::CrlSign)),
        of_other_form(|other| other.distinguished_name = rcgen::DistinguishedName::new()),
        of_other_form(|other| other.custom_extensions = vec![extension(&[1, 2, 3], true)]),
        // Name constraints without a name.
        of_other_form(|other| other.custom_extensions = vec![extension(&[2, 5, 29, 30], true)]),
        Anchors::of([ROOT.der(), ISSUING.issues(|_| {})]),
        Anchors::of([ROOT.der(), CertificateDer::from(vec![0x30, 0])]),
    ];
    for (number, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Err(TrustError::Anchor { index: 1, .. })), "{number}");
    }
}

#[test]
fn an_anchor_may_have_extensions_that_need_not_be_known_and_critical_policies() {
    let policies = [[2, 5, 29, 33], [2, 5, 29, 36], [2, 5, 29, 54]];
    let critical = policies.map(|oid| extension(&oid, true));
    let extensions = [critical.to_vec(), vec![extension(&[1, 2, 3], false)]].concat();
    assert!(of_other_form(|other| other.custom_extensions = extensions).is_ok());
}

#[test]
fn no_anchor_is_a_mistake_and_replaces_nothing() {
    assert!(matches!(Anchors::of([]), Err(TrustError::NoAnchor)));
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let before = anchors.generation();
    assert!(matches!(anchors.replace([]), Err(TrustError::NoAnchor)));
    assert!(anchors.replace([ISSUING.der(), ISSUING.issues(|_| {})]).is_err());
    assert_eq!(anchors.generation(), before);
    assert_eq!(candidates(&anchors, &ISSUING.der()), [ROOT.der()]);
}

#[test]
fn what_is_replaced_is_replaced_for_every_clone_and_counted() {
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let (clone, before) = (anchors.clone(), anchors.generation());
    anchors.replace([ISSUING.der(), ISSUING.der()]).unwrap();
    assert_eq!(clone.generation(), before + 1);
    assert_eq!(clone.current().generation(), before + 1);
    assert_eq!(candidates(&clone, &ISSUING.der()), []);
    assert_eq!(candidates(&clone, &ISSUING.issues(|_| {})), [ISSUING.der()]);
    assert_eq!(format!("{clone:?}"), "Anchors(1)");
}

#[test]
fn of_many_keys_of_one_name_the_one_identified_is_tried_alone() {
    let generations: Vec<_> = (0..5).map(|_| Authority::root("Root")).collect();
    let others = [Authority::root("Other"), Authority::root("Another")];
    let all = generations.iter().chain(&others).map(Authority::der);
    let anchors = Anchors::of(all).unwrap();
    assert_eq!(candidates(&anchors, &identified(&generations[3])), [generations[3].der()]);
    assert_eq!(candidates(&anchors, &identified(&ISSUING)), []);
    let all: Vec<_> = generations.iter().map(Authority::der).collect();
    assert_eq!(candidates(&anchors, &generations[3].issues(|_| {})), all, "not identified");
    assert_eq!(candidates(&anchors, &identified(&ROOT)), all, "the identifier fits none");
}

#[test]
fn an_anchor_without_an_identifier_stays_a_candidate_after_the_one_that_fits() {
    let (bare, fitting) = (Authority::without_key_identifier("Root"), Authority::root("Root"));
    let wrong = Authority::root("Root");
    let anchors = Anchors::of([bare.der(), wrong.der(), fitting.der()]).unwrap();
    assert_eq!(candidates(&anchors, &identified(&fitting)), [fitting.der(), bare.der()]);
    assert_eq!(candidates(&anchors, &identified(&ROOT)), [bare.der()], "as none fits");
    let all = [bare.der(), wrong.der(), fitting.der()];
    assert_eq!(candidates(&anchors, &ROOT.issues(|_| {})), all, "not identified");
}
