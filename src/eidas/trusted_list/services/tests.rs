use super::super::test_services::{at, edition, granted, listed, services, services_of, with};
use super::super::{Period, Qualifier, Status};
use super::*;
use crate::cert::test_pki::{DAY, ISSUING, NOW, ROOT};

fn sample() -> TrustedServices {
    let odd = Period { unreliable: Some("x".into()), root: true, ..granted(NOW - 9 * DAY) };
    let now = with(&[Qualifier::NotQualified, Qualifier::WithQscd], granted(NOW - DAY));
    services(vec![listed(&ISSUING.der(), [now, odd])])
}

#[test]
fn services_survive_their_file() {
    let json = sample().to_json();
    let read = TrustedServices::from_json(&json).unwrap();
    assert_eq!(read.to_json(), json);
    assert_eq!(format!("{:?}", read.services()), format!("{:?}", sample().services()));
    assert_eq!(read.imported_at(), at(NOW - 3600));
}

#[test]
fn a_file_of_another_format_or_with_odd_members_is_refused() {
    let json = String::from_utf8(sample().to_json()).unwrap();
    for (from, to) in [
        ("\"format\":1", "\"format\":2"),
        ("\"format\":1,", ""),
        ("\"format\":1", "\"format\":1,\"more\":1"),
        ("\"status\":", "\"statu\":"),
        ("\"since\":", "\"more\":1,\"since\":"),
        ("NotQualified", "AlmostQualified"),
        ("ForWebSiteAuthentication", "ForEverything"),
        ("2026-06-01T11:00:00Z", "2026-06-01"),
        ("\"identities\":[\"", "\"identities\":[\"AAAA"),
    ] {
        let odd = json.replacen(from, to, 1);
        assert_ne!(odd, json, "{from}");
        assert!(TrustedServices::from_json(odd.as_bytes()).is_err(), "{from}");
    }
    assert!(TrustedServices::from_json(b"").is_err());
}

#[test]
fn each_service_is_of_one_list_and_there_is_one() {
    let of = |territories: &[&str], services: Vec<Service>| {
        let lists = territories.iter().map(|name| edition(name, 7, NOW + DAY)).collect();
        TrustedServices::new(at(NOW), lists, services).map(drop)
    };
    let one = || vec![listed(&ISSUING.der(), [granted(NOW)])];
    assert!(of(&["EU", "PT"], one()).is_ok());
    assert!(matches!(of(&["EU", "PT", "PT"], one()), Err(ServicesError::NotOneEdition(_))));
    assert!(matches!(of(&["EU"], one()), Err(ServicesError::NotOneEdition(_))));
    assert!(matches!(of(&["EU", "PT"], vec![]), Err(ServicesError::NoService)));
}

#[test]
fn authorities_are_those_that_are_qualified_now_for_websites_or_seals() {
    let of = |service: Service| {
        let lists = vec![edition("EU", 7, NOW + DAY), edition("PT", 7, NOW + DAY)];
        services_of(lists, vec![service]).authorities(at(NOW))
    };
    let one = |period: Period| of(listed(&ISSUING.der(), [period]));
    let good = || granted(NOW - DAY);
    assert_eq!(one(good()), [ISSUING.der()]);
    assert_eq!(one(Period { purposes: vec![Purpose::Seals], ..good() }), [ISSUING.der()]);
    assert!(one(Period { purposes: vec![Purpose::Signatures], ..good() }).is_empty());
    assert!(one(Period { status: Status::Withdrawn, ..good() }).is_empty());
    assert!(one(Period { unreliable: Some("x".into()), ..good() }).is_empty());
    assert!(one(granted(NOW + 1)).is_empty());
    let kind = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC".to_owned();
    assert!(of(Service { kind, ..listed(&ISSUING.der(), [good()]) }).is_empty());
}

#[test]
fn an_authority_of_several_services_is_one_anchor() {
    let both = [ISSUING.der(), ISSUING.der(), ROOT.der()];
    let services = services(both.iter().map(|der| listed(der, [granted(NOW - DAY)])).collect());
    assert_eq!(services.authorities(at(NOW)), [ISSUING.der(), ROOT.der()]);
    assert!(services.anchors(at(NOW)).is_ok());
    assert!(services.anchors(at(NOW - 2 * DAY)).is_err());
}
