use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509NameRef};

use super::super::Status;
use super::super::test_services::{
    at, compliance, edition, granted, leaf, listed, own_path, path, services, services_of, with,
    with_for_others, withdrawn,
};
use super::NotQualified::{
    Disqualified, NoService, NotARoot, NotListed, NotStated, OtherLaw, OtherType, Stale,
    Unreliable, WrongPurpose,
};
use super::Purpose::{Seals, WebSiteAuthentication as Web};
use super::*;
use crate::cert::Oid;
use crate::cert::test_pki::{DAY, ISSUING, NOW, ROOT, read};
use crate::crypto::test_keys;
use crate::eidas::QcError;
use crate::eidas::test_der::{ESEAL, WEB, oid, printable, qc_type, sequence};

const LONG_AGO: u64 = NOW - 900 * DAY;
const ISSUED: u64 = NOW - 100 * DAY;

/// A QWAC that claims to be qualified.
fn qwac() -> [Vec<u8>; 2] {
    [compliance(), qc_type(&[WEB])]
}

fn judge_at(
    now: u64,
    services: &TrustedServices,
    statements: &[Vec<u8>],
    purpose: Purpose,
) -> Result<Qualification, NotQualified> {
    let leaf = leaf(statements, ISSUED);
    services.qualify(&leaf, &own_path(&leaf), purpose, at(now), 0)
}

fn judge(listed: Vec<Service>, statements: &[Vec<u8>]) -> Result<Qualification, NotQualified> {
    judge_at(NOW, &services(listed), statements, Web)
}

/// Judges a QWAC by one service of this history.
fn history(periods: Vec<Period>) -> Result<Ground, NotQualified> {
    Ok(judge(vec![listed(&ISSUING.der(), periods)], &qwac())?.ground())
}

fn status(status: Status, moment: Moment) -> Result<Ground, NotQualified> {
    Err(NotQualified::Status("Service".into(), status, moment))
}

#[test]
fn a_qwac_of_a_granted_service_is_qualified_and_says_why() {
    let found = judge(vec![listed(&ISSUING.der(), [granted(LONG_AGO)])], &qwac()).unwrap();
    assert_eq!((found.purpose(), found.ground()), (Web, Ground::Compliance));
    assert_eq!(
        found.to_string(),
        "qualified for website authentication by its QcCompliance; \
         at issuance Service of Provider (PT, list 7), granted since 2023-12-14T12:00:00Z; \
         now Service of Provider (PT, list 7), granted since 2023-12-14T12:00:00Z"
    );
}

#[test]
fn the_service_is_known_by_name_and_key() {
    let leaf = leaf(&qwac(), ISSUED);
    let by = |known: &rustls_pki_types::CertificateDer<'_>| {
        let services = services(vec![listed(known, [granted(LONG_AGO)])]);
        services.qualify(&leaf, &own_path(&leaf), Web, at(NOW), 0).map(drop)
    };
    assert_eq!(by(&ISSUING.der()), Ok(()));
    // Another certificate of the same authority, by another signer.
    let spki = PKey::public_key_from_der(read(&ISSUING.der()).spki_der()).unwrap();
    let private = test_keys::p256();
    let certificate = |name: &X509NameRef| {
        ROOT.issues_by_openssl(&private, MessageDigest::sha256(), |builder| {
            builder.set_subject_name(name).unwrap();
            builder.set_pubkey(&spki).unwrap();
        })
    };
    let own = X509::from_der(&ISSUING.der()).unwrap();
    assert_eq!(by(&certificate(own.subject_name())), Ok(()));
    let root = X509::from_der(&ROOT.der()).unwrap();
    assert_eq!(by(&certificate(root.subject_name())), Err(NoService));
    // The name of one of a service's identities with the key of another is neither.
    let mixed = path(&leaf, &[certificate(root.subject_name())]);
    let mut both = listed(&ISSUING.der(), [granted(LONG_AGO)]);
    both.identities.extend(listed(&ROOT.der(), []).identities);
    let of_both = services(vec![both]).qualify(&leaf, &mixed, Web, at(NOW), 0);
    assert_eq!(of_both.map(drop), Err(NoService));
    let same_name = ROOT.authorizes("Issuing", |_| {});
    assert_eq!(by(&same_name.der()), Err(NoService));
    let services = services(vec![listed(&ISSUING.der(), [granted(LONG_AGO)])]);
    let nowhere = services.qualify(&leaf, &path(&leaf, &[]), Web, at(NOW), 0);
    assert_eq!(nowhere.map(drop), Err(NoService));
}

#[test]
fn a_service_of_another_type_issues_no_qualified_certificates() {
    let kind = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC".to_owned();
    let service = Service { kind, ..listed(&ISSUING.der(), [granted(LONG_AGO)]) };
    assert_eq!(judge(vec![service], &qwac()).map(drop), Err(NoService));
}

#[test]
fn the_service_was_granted_at_issuance_and_is_now() {
    use Moment::{Issuance, Use};
    let good = Ok(Ground::Compliance);
    assert_eq!(history(vec![granted(LONG_AGO)]), good);
    assert_eq!(history(vec![granted(ISSUED)]), good);
    // Withdrawn between the two, and granted again.
    assert_eq!(history(vec![granted(NOW), withdrawn(ISSUED + 1), granted(LONG_AGO)]), good);
    assert_eq!(history(vec![granted(ISSUED + 1)]), Err(NotListed("Service".into(), Issuance)));
    assert_eq!(history(vec![withdrawn(NOW), granted(LONG_AGO)]), status(Status::Withdrawn, Use));
    assert_eq!(
        history(vec![granted(ISSUED + 1), withdrawn(LONG_AGO)]),
        status(Status::Withdrawn, Issuance)
    );
    // What the list announces for tomorrow is not yet.
    assert_eq!(history(vec![withdrawn(NOW + 1), granted(LONG_AGO)]), good);
    // Out of order, by the times; of two that begin together the first.
    assert_eq!(history(vec![granted(LONG_AGO), withdrawn(NOW)]), status(Status::Withdrawn, Use));
    assert_eq!(
        history(vec![withdrawn(ISSUED), granted(ISSUED)]),
        status(Status::Withdrawn, Issuance)
    );
    for other in ["recognisedatnationallevel", "setbynationallaw", "supervisionceased", "Granted"] {
        let other = Status::from(other.to_owned());
        let period = Period { status: other.clone(), ..granted(LONG_AGO) };
        assert_eq!(history(vec![period]), status(other, Issuance));
    }
}

#[test]
fn the_statuses_of_the_directive_count_before_july_2016() {
    const JULY_2016: u64 = 1_467_331_200;
    for (name, counts) in [
        ("undersupervision", true),
        ("supervisionincessation", true),
        ("accredited", true),
        ("supervisionrevoked", false),
        ("accreditationceased", false),
        ("withdrawn", false),
    ] {
        let old =
            Period { status: Status::from(name.to_owned()), ..granted(JULY_2016 - 900 * DAY) };
        let leaf = leaf(&qwac(), JULY_2016 - 1);
        let verdict = |periods: &[Period], now| {
            let lists = vec![edition("EU", 1, now), edition("PT", 1, now)];
            let services = services_of(lists, vec![listed(&ISSUING.der(), periods.to_vec())]);
            services.qualify(&leaf, &own_path(&leaf), Web, at(now), 0).is_ok()
        };
        assert_eq!(verdict(&[granted(JULY_2016), old.clone()], JULY_2016), counts, "{name}");
        assert_eq!(verdict(std::slice::from_ref(&old), JULY_2016 - 1), counts, "{name}");
        assert!(!verdict(&[old], JULY_2016), "{name}");
    }
}

#[test]
fn the_service_is_for_the_purpose_at_both_times() {
    let silent = |since| Period { purposes: vec![Seals], ..granted(since) };
    for (periods, moment) in [
        (vec![silent(NOW), granted(LONG_AGO)], Moment::Use),
        (vec![granted(ISSUED + 1), silent(LONG_AGO)], Moment::Issuance),
        (vec![Period { purposes: vec![], ..granted(LONG_AGO) }], Moment::Issuance),
    ] {
        assert_eq!(history(periods), Err(WrongPurpose("Service".into(), Web, moment)));
    }
    let seals = services(vec![listed(&ISSUING.der(), [silent(LONG_AGO)])]);
    let seal = [compliance(), qc_type(&[ESEAL])];
    assert_eq!(judge_at(NOW, &seals, &seal, Seals).unwrap().purpose(), Seals);
    assert!(judge_at(NOW, &seals, &seal, Web).is_err());
    let websites = services(vec![listed(&ISSUING.der(), [granted(LONG_AGO)])]);
    let wrong = judge_at(NOW, &websites, &seal, Web).map(drop);
    assert_eq!(wrong, Err(OtherType(Web, Moment::Issuance)));
}

#[test]
fn the_list_may_say_that_a_certificate_is_not_qualified() {
    let not = |period| with(&[Qualifier::NotQualified], period);
    assert_eq!(history(vec![not(granted(LONG_AGO))]), Err(Disqualified(Moment::Issuance)));
    assert_eq!(history(vec![not(granted(NOW)), granted(LONG_AGO)]), Err(Disqualified(Moment::Use)));
    let others = with_for_others(&[Qualifier::NotQualified], granted(LONG_AGO));
    assert_eq!(history(vec![others]), Ok(Ground::Compliance));
}

#[test]
fn the_list_may_say_that_a_certificate_is_qualified_though_it_does_not_claim_it() {
    let silent = [qc_type(&[WEB])];
    let ground = |periods: Vec<Period>| {
        judge(vec![listed(&ISSUING.der(), periods)], &silent).map(|found| found.ground())
    };
    let stated = |since| with(&[Qualifier::Statement], granted(since));
    assert_eq!(ground(vec![granted(LONG_AGO)]), Err(NotStated));
    assert_eq!(ground(vec![stated(LONG_AGO)]), Ok(Ground::Qualifier));
    assert_eq!(ground(vec![stated(NOW), granted(LONG_AGO)]), Err(NotStated));
    assert_eq!(ground(vec![granted(NOW), stated(LONG_AGO)]), Err(NotStated));
    let others = with_for_others(&[Qualifier::Statement], granted(LONG_AGO));
    assert_eq!(ground(vec![others]), Err(NotStated));
    // The type alone does not make it a qualified one.
    assert_eq!(ground(vec![with(&[Qualifier::ForWsa], granted(LONG_AGO))]), Err(NotStated));
}

#[test]
fn the_list_fixes_the_type_against_the_certificate() {
    let by = |qualifiers: &[Qualifier], statements: &[Vec<u8>]| {
        let period = with(qualifiers, granted(LONG_AGO));
        judge(vec![listed(&ISSUING.der(), [period])], statements).map(drop)
    };
    let other = Err(OtherType(Web, Moment::Issuance));
    assert_eq!(by(&[Qualifier::ForWsa], &qwac()), Ok(()));
    assert_eq!(by(&[Qualifier::ForESeal], &qwac()), other);
    assert_eq!(by(&[Qualifier::ForESig], &qwac()), other);
    assert_eq!(by(&[Qualifier::ForWsa], &[compliance(), qc_type(&[ESEAL])]), Ok(()));
    assert_eq!(by(&[Qualifier::ForWsa], &[compliance()]), Ok(()));
    assert_eq!(by(&[], &[compliance()]), other);
    assert_eq!(by(&[], &[compliance(), qc_type(&[WEB, ESEAL])]), other);
    assert_eq!(by(&[Qualifier::WithQscd], &qwac()), Ok(()));
}

#[test]
fn qualifiers_that_cannot_all_be_are_refused() {
    use Qualifier::{
        ForESeal, ForWsa, NoQscd, NoSscd, NotQualified as Not, Statement, WithQscd, WithSscd,
    };
    for qualifiers in [
        [Not, Statement],
        [ForWsa, ForESeal],
        [WithQscd, NoQscd],
        [WithSscd, NoQscd],
        [WithQscd, NoSscd],
    ] {
        for periods in [
            vec![with(&qualifiers, granted(LONG_AGO))],
            // In two elements of one list.
            vec![with(&qualifiers[1..], with(&qualifiers[..1], granted(LONG_AGO)))],
        ] {
            let verdict = history(periods);
            assert!(matches!(verdict, Err(NotQualified::Contradiction(..))), "{qualifiers:?}");
        }
    }
}

#[test]
fn services_that_match_must_agree() {
    let two = |one: Period, other: Period| {
        let der = ISSUING.der();
        judge(vec![listed(&der, [one]), listed(&der, [other])], &qwac()).map(drop)
    };
    let good = || granted(LONG_AGO);
    assert_eq!(two(good(), good()), Ok(()));
    let contradiction = |moment, what| Err(NotQualified::Contradiction(moment, what));
    let disagree = contradiction(Moment::Issuance, "one service is qualified, another not");
    assert_eq!(two(good(), withdrawn(LONG_AGO)), disagree);
    assert_eq!(two(withdrawn(LONG_AGO), good()), disagree);
    // One for seals says nothing of websites, whatever it is.
    assert_eq!(two(Period { purposes: vec![Seals], ..withdrawn(LONG_AGO) }, good()), Ok(()));
    let not = with(&[Qualifier::NotQualified], good());
    assert_eq!(two(good(), not), Err(Disqualified(Moment::Issuance)));
    let types = |one, other| two(with(&[one], good()), with(&[other], good()));
    let several = contradiction(Moment::Issuance, "qualifiers of several types");
    assert_eq!(types(Qualifier::ForWsa, Qualifier::ForESeal), several);
    let unreliable = Period { purposes: vec![], unreliable: Some("x".into()), ..good() };
    assert!(matches!(two(good(), unreliable), Err(Unreliable(..))));
}

#[test]
fn a_period_that_cannot_be_relied_on_refuses() {
    let odd = |since| Period { unreliable: Some("x".into()), ..granted(since) };
    let refused = |moment| Err(Unreliable("Service".into(), moment, "x".into()));
    assert_eq!(history(vec![odd(LONG_AGO)]), refused(Moment::Issuance));
    assert_eq!(history(vec![odd(NOW), granted(LONG_AGO)]), refused(Moment::Use));
    // One that is past before the certificate matters to nobody.
    assert_eq!(history(vec![granted(ISSUED), odd(LONG_AGO)]), Ok(Ground::Compliance));
}

#[test]
fn an_authority_above_the_issuer_speaks_only_as_a_root_and_the_nearest_decides() {
    let root = |since| Period { root: true, ..granted(since) };
    let above = |periods: Vec<Period>| judge(vec![listed(&ROOT.der(), periods)], &qwac()).map(drop);
    let no_root = |moment| Err(NotARoot("Service".into(), moment));
    assert_eq!(above(vec![root(LONG_AGO)]), Ok(()));
    assert_eq!(above(vec![granted(LONG_AGO)]), no_root(Moment::Issuance));
    assert_eq!(above(vec![granted(NOW), root(LONG_AGO)]), no_root(Moment::Use));
    let both = |issuing: Period| {
        let services =
            vec![listed(&ROOT.der(), [root(LONG_AGO)]), listed(&ISSUING.der(), [issuing])];
        judge(services, &qwac()).map(|found| found.ground())
    };
    assert_eq!(both(granted(LONG_AGO)), Ok(Ground::Compliance));
    assert_eq!(both(withdrawn(LONG_AGO)), status(Status::Withdrawn, Moment::Issuance));
    assert_eq!(history(vec![root(LONG_AGO)]), Ok(Ground::Compliance));
}

#[test]
fn a_certificate_under_another_law_is_not_one_of_the_union() {
    let law = sequence(&[oid("0.4.0.1862.1.7"), sequence(&[printable("GB")])]);
    let [compliance, web] = qwac();
    let stated = with(&[Qualifier::Statement], granted(LONG_AGO));
    for period in [granted(LONG_AGO), stated] {
        let services = vec![listed(&ISSUING.der(), [period])];
        let verdict = judge(services, &[compliance.clone(), web.clone(), law.clone()]);
        assert_eq!(verdict.map(drop), Err(OtherLaw));
    }
}

#[test]
fn statements_that_cannot_be_read_refuse() {
    let services = || vec![listed(&ISSUING.der(), [granted(LONG_AGO)])];
    let twice = [compliance(), compliance(), qc_type(&[WEB])];
    let id: Oid = "0.4.0.1862.1.1".parse().unwrap();
    let duplicate = Err(NotQualified::Statements(QcError::Duplicate(id)));
    assert_eq!(judge(services(), &twice).map(drop), duplicate);
    assert_eq!(judge(services(), &[]).map(drop), Err(OtherType(Web, Moment::Issuance)));
}

#[test]
fn a_list_past_its_end_tells_nothing_but_in_grace() {
    let ended = vec![edition("EU", 7, NOW + DAY), edition("PT", 7, NOW - DAY)];
    let services = services_of(ended, vec![listed(&ISSUING.der(), [granted(LONG_AGO)])]);
    let leaf = leaf(&qwac(), ISSUED);
    let verdict = |grace| services.qualify(&leaf, &own_path(&leaf), Web, at(NOW), grace).map(drop);
    assert_eq!(verdict(0), Err(Stale("PT".into())));
    assert_eq!(verdict(DAY - 1), Err(Stale("PT".into())));
    assert_eq!(verdict(DAY), Ok(()));
}

#[test]
fn a_finding_holds_until_the_list_ends_or_announces_a_change() {
    let until = |periods: Vec<Period>| {
        let services = services(vec![listed(&ISSUING.der(), periods)]);
        judge_at(NOW, &services, &qwac(), Web).unwrap().until()
    };
    assert_eq!(until(vec![granted(LONG_AGO)]), at(NOW + 60 * DAY));
    assert_eq!(until(vec![withdrawn(NOW + 10), granted(LONG_AGO)]), at(NOW + 9));
}

/// With the lists of 2019, which hold no certificate of a client: as if each of their authorities
/// had issued one.
#[cfg(feature = "trusted-list")]
#[test]
fn the_authorities_of_2019_issue_what_their_lists_say() {
    use std::io::Write as _;

    use super::super::TrustedList;
    use crate::cert::Link;

    let Some(root) = std::env::var_os("OPEN_BANKING_TESTDATA") else {
        let _ = std::io::stderr().write_all(b"OPEN_BANKING_TESTDATA is not set: left out\n");
        return;
    };
    const OCTOBER: u64 = 1_569_888_000; // 2019-10-01
    let seal = [compliance(), qc_type(&[ESEAL])];
    let (mut websites, mut seals, mut authorities) = (Vec::new(), Vec::new(), 0);
    for territory in ["CY", "FI", "IE", "PT"] {
        let file = std::path::Path::new(&root).join(format!("trusted-lists/{territory}.xml"));
        let list = TrustedList::read(&std::fs::read(file).unwrap()).unwrap();
        let mut listed = list.services().to_vec();
        listed.retain(Service::issues_qualified_certificates);
        let lists = [edition("EU", 1, OCTOBER), edition(territory, 1, OCTOBER)];
        let services = services_of(lists.to_vec(), listed.clone());
        let judge = |service: &Service, statements: &[Vec<u8>], purpose| {
            let certificate = leaf(statements, OCTOBER - 60 * DAY);
            let issuer = std::sync::Arc::new(service.identities[0].issuer.clone());
            let path = Path::assertion(vec![Link { certificate: certificate.clone(), issuer }]);
            services.qualify(&certificate, &path, purpose, at(OCTOBER), 0).is_ok()
        };
        for service in &listed {
            authorities += 1;
            let name = || service.name().to_owned();
            websites.extend(judge(service, &qwac(), Web).then(name));
            seals.extend(judge(service, &seal, Seals).then(name));
        }
    }
    assert_eq!(authorities, 43);
    let both = "Global Trusted Sign Certification Authority 01";
    assert_eq!(websites, ["MULTICERT SSL Certification Authority 001", both]);
    let named = [
        "JCC CA for EU Qualified e-Seals",
        // One authority, listed as two services: one for signatures and one for seals.
        "TrustPro QCP-n",
        "TrustPro QCP-l",
        "MULTICERT Trust Services Certification Authority 002",
        "DigitalSign Qualified CA - G3",
        both,
    ];
    assert_eq!(seals, named);
}
