use std::time::Duration;

use super::super::super::test_der::{ESEAL, PI, WEB, psd2, qc_type, sequence};
use super::super::super::trusted_list::{
    Period, Service, TrustedServices,
    test_services::{
        compliance, edition, for_seals, granted, listed, own_path, services, services_of, withdrawn,
    },
};
use super::super::*;
use super::*;
use crate::cert::test_pki::{DAY, ISSUING, NOW};
use crate::eidas::test_psp::Psp;
use crate::gate::test_support::{at as context_at, judged, request};

fn psp(kind: &str) -> Psp {
    Psp::stating(&[compliance(), qc_type(&[kind]), psd2(&[&[PI]], "Authority", "GB-FCA")])
}

/// A trusted certificate with its path, as `TrustCertificate` leaves it.
fn trusted(psp: &Psp) -> TrustedCertificate {
    let certificate = psp.trusted().shared();
    let path = Arc::new(own_path(&certificate));
    TrustedCertificate::through(certificate, path)
}

fn qualified(period: Period) -> TrustedServices {
    services(vec![listed(&ISSUING.der(), [period])])
}

fn handle(services: TrustedServices) -> QualifiedServices {
    QualifiedServices::new(services, Duration::from_secs(DAY))
}

fn identify(
    rule: &IdentifyPsp,
    trusted: &TrustedCertificate,
    now: u64,
) -> Result<PspIdentity, Reason> {
    judged(rule.check(trusted, &mut request(), &context_at(now))).map_err(|found| found.reason())
}

fn passes(rule: &IdentifyPsp, trusted: &TrustedCertificate, now: u64) -> Result<(), Reason> {
    identify(rule, trusted, now).map(drop)
}

#[test]
fn the_identity_names_the_service_behind_the_certificate() {
    let rule = IdentifyPsp::eu_qualified(handle(qualified(granted(NOW - 9 * DAY))));
    let identity = identify(&rule, &trusted(&psp(WEB)), NOW).unwrap();
    let qualification = identity.qualification().unwrap();
    assert_eq!(qualification.at_use().territory(), "PT");
    let mut line = Audit::default();
    identity.audit(&mut line);
    let by = "Service of Provider (PT, list 7), granted since 2026-05-23T12:00:00Z";
    assert_eq!(line.get("qualified_by"), Some(by));
    let unasked = identify(&IdentifyPsp::from_certificate(), &trusted(&psp(WEB)), NOW).unwrap();
    assert!(unasked.qualification().is_none());
}

#[test]
fn what_no_service_stands_behind_is_not_qualified() {
    let not = Err(Reason::CertificateNotQualified);
    let good = || qualified(granted(NOW - 9 * DAY));
    let rule = |services| IdentifyPsp::eu_qualified(handle(services));
    assert_eq!(passes(&rule(good()), &trusted(&psp(WEB)), NOW), Ok(()));
    let gone = withdrawn(NOW - 9 * DAY);
    assert_eq!(passes(&rule(qualified(gone)), &trusted(&psp(WEB)), NOW), not);
    // Trust that was only asserted has no path.
    assert_eq!(passes(&rule(good()), &psp(WEB).trusted(), NOW), not);
    let silent = Psp::stating(&[qc_type(&[WEB]), psd2(&[&[PI]], "Authority", "GB-FCA")]);
    assert_eq!(passes(&rule(good()), &trusted(&silent), NOW), not);
}

#[test]
fn everything_else_is_demanded_as_ever() {
    let rule = IdentifyPsp::eu_qualified(handle(qualified(granted(NOW - 9 * DAY))));
    let wrong = Err(Reason::CertificatePurposeWrong);
    for psp in [
        psp(WEB).named("NTRGB-123456"),
        psp(WEB).named("PSDGB-OB-Unknown0015800001041"),
        psp(ESEAL),
        Psp { critical: true, ..psp(WEB) },
        Psp { statements: Some(sequence(&[compliance(), qc_type(&[WEB])])), ..psp(WEB) },
    ] {
        assert_eq!(passes(&rule, &trusted(&psp), NOW), wrong);
    }
}

#[test]
fn a_seal_is_qualified_for_seals() {
    let seals = || for_seals(NOW - 9 * DAY);
    let rule = |period| IdentifyPsp::eu_qualified(handle(qualified(period))).allow_seal();
    assert_eq!(passes(&rule(seals()), &trusted(&psp(ESEAL)), NOW), Ok(()));
    let not = Err(Reason::CertificateNotQualified);
    assert_eq!(passes(&rule(seals()), &trusted(&psp(WEB)), NOW), not);
    assert_eq!(passes(&rule(granted(NOW - 9 * DAY)), &trusted(&psp(ESEAL)), NOW), not);
    // A relaxation of the encoding does not make it any other kind.
    let unwrapped = Psp { statements: Some(psd2(&[&[PI]], "Authority", "GB-FCA")), ..psp(WEB) };
    let rule = rule(granted(NOW - 9 * DAY)).allow_unwrapped_statement();
    assert_eq!(passes(&rule, &trusted(&unwrapped), NOW), not);
}

#[test]
fn a_withdrawal_holds_from_the_next_request_on() {
    let services = handle(qualified(granted(NOW - 9 * DAY)));
    let rule = IdentifyPsp::eu_qualified(services.clone());
    let trusted = trusted(&psp(WEB));
    assert_eq!(passes(&rule, &trusted, NOW), Ok(()));
    services.replace(qualified(withdrawn(NOW - DAY / 2))).unwrap();
    assert_eq!(passes(&rule, &trusted, NOW), Err(Reason::CertificateNotQualified));
}

#[test]
fn a_finding_is_remembered_for_its_services_its_path_and_its_time() {
    let ends = withdrawn(NOW + 100);
    let service: Service = listed(&ISSUING.der(), [ends, granted(NOW - 9 * DAY)]);
    let rule = IdentifyPsp::eu_qualified(handle(services(vec![service])));
    let (one, psp) = (trusted(&psp(WEB)), psp(WEB));
    let first = identify(&rule, &one, NOW).unwrap().qualification.unwrap();
    let again = identify(&rule, &one, NOW + 99).unwrap().qualification.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!(passes(&rule, &one, NOW + 100), Err(Reason::CertificateNotQualified));
    // The same certificate by another path, and at a time before.
    let other = TrustedCertificate::through(one.shared(), Arc::new(own_path(&one.shared())));
    let other = identify(&rule, &other, NOW).unwrap().qualification.unwrap();
    assert!(!Arc::ptr_eq(&first, &other));
    let without = TrustedCertificate::through(one.shared(), psp.trusted().path().clone());
    assert_eq!(passes(&rule, &without, NOW), Err(Reason::CertificateNotQualified));
    let last = identify(&rule, &one, NOW).unwrap().qualification.unwrap();
    let before = identify(&rule, &one, NOW - 1).unwrap().qualification.unwrap();
    assert!(!Arc::ptr_eq(&last, &before));
}

#[test]
fn lists_that_are_too_old_are_the_banks_fault() {
    let fault = Err(Reason::ServiceUnavailable);
    let rule = IdentifyPsp::eu_qualified(handle(qualified(granted(NOW - 9 * DAY))));
    let trusted = trusted(&psp(WEB));
    assert_eq!(passes(&rule, &trusted, NOW), Ok(()));
    assert_eq!(passes(&rule, &trusted, NOW + DAY), fault);
    let ended = vec![edition("EU", 7, NOW + DAY), edition("PT", 7, NOW - 1)];
    let ended = services_of(ended, vec![listed(&ISSUING.der(), [granted(NOW - 9 * DAY)])]);
    assert_eq!(passes(&IdentifyPsp::eu_qualified(handle(ended.clone())), &trusted, NOW), fault);
    let grace = handle(ended).allow_stale(Duration::from_secs(1));
    assert_eq!(passes(&IdentifyPsp::eu_qualified(grace), &trusted, NOW), Ok(()));
}
