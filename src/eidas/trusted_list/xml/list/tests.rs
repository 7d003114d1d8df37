use super::super::test_list::{TestList, extension, instance, purpose, qualification, service};
use super::*;
use crate::cert::test_pki::ISSUING;
use crate::eidas::trusted_list::{Purpose, Status};

fn read(services: Vec<String>) -> Result<TrustedList, XmlError> {
    TrustedList::read(TestList::national("PT", services).xml().as_bytes())
}

/// The only period of a service with these extensions.
fn period(extensions: &[String]) -> crate::eidas::trusted_list::Period {
    let list = read(vec![service(&ISSUING.der(), extensions, &[])]).unwrap();
    list.services()[0].history()[0].clone()
}

#[test]
fn a_list_says_what_stands_there() {
    let history = [instance("withdrawn", "2018-01-01T00:00:00Z", &[])];
    let extensions =
        [purpose("ForWebSiteAuthentication"), purpose("ForeSeals"), purpose("RootCA-QC")];
    let list = read(vec![service(&ISSUING.der(), &extensions, &history)]).unwrap();
    assert_eq!((list.version(), list.sequence(), list.kind()), (5, 7, ListKind::National));
    assert_eq!((list.territory(), list.providers(), list.signatures()), ("PT", 1, 0));
    let [service] = list.services() else { panic!() };
    assert_eq!((service.provider(), service.name()), ("Provider", "Service"));
    assert!(service.issues_qualified_certificates());
    assert_eq!(service.certificates().collect::<Vec<_>>(), [&ISSUING.der()]);
    let [now, before] = service.history() else { panic!() };
    assert_eq!(*now.status(), Status::Granted);
    assert_eq!(now.purposes(), [Purpose::WebSiteAuthentication, Purpose::Seals]);
    assert!(now.root && now.unreliable().is_none());
    assert_eq!((before.status(), before.purposes()), (&Status::Withdrawn, &[][..]));
}

#[test]
fn versions_5_and_6_are_read_and_no_other() {
    for (version, is_read) in [("4", false), ("5", true), ("6", true), ("7", false), ("+5", false)]
    {
        let list = TestList { version, ..TestList::national("PT", Vec::new()) };
        assert_eq!(TrustedList::read(list.xml().as_bytes()).is_ok(), is_read, "{version}");
    }
}

#[test]
fn a_closed_list_has_no_next_update() {
    let closed = TestList { next_update: None, ..TestList::national("UK", Vec::new()) };
    assert_eq!(TrustedList::read(closed.xml().as_bytes()).unwrap().next_update(), None);
}

#[test]
fn a_head_that_is_broken_or_double_refuses_the_list() {
    let good = TestList::national("PT", Vec::new()).xml();
    for (from, to, error) in [
        ("<TSLSequenceNumber>7", "<TSLSequenceNumber>-7", XmlError::Value("TSLSequenceNumber")),
        ("</TSLType>", "</TSLType><TSLType>x</TSLType>", XmlError::Repeated("TSLType")),
        ("2026-06-01T11:00:00Z", "2026-06-01T11:00:00+01:00", XmlError::Value("ListIssueDateTime")),
        ("<SchemeTerritory>PT</SchemeTerritory>", "", XmlError::Missing("SchemeTerritory")),
        ("02231/v2#", "02231/v3#", XmlError::Missing("TrustServiceStatusList")),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        assert_eq!(TrustedList::read(bad.as_bytes()).unwrap_err(), error, "{from}");
    }
}

#[test]
fn a_critical_extension_that_is_not_known_leaves_nothing_to_rely_on() {
    let unknown = "<Other xmlns=\"u:o\"></Other>";
    let information = "<AdditionalServiceInformation><URI>u:x</URI></AdditionalServiceInformation>";
    for (critical, content, is_reliable) in [
        ("true", unknown.to_owned(), false),
        ("1", unknown.to_owned(), false),
        ("", unknown.to_owned(), false),
        ("false", unknown.to_owned(), true),
        ("0", unknown.to_owned(), true),
        ("true", String::new(), false),
        ("true", format!("{information}{unknown}"), false),
        ("true", information.to_owned(), true),
        ("true", "<ExpiredCertsRevocationInfo>x</ExpiredCertsRevocationInfo>".to_owned(), true),
        (
            "false",
            "<AdditionalServiceInformation></AdditionalServiceInformation>".to_owned(),
            false,
        ),
    ] {
        let period = period(&[extension(critical, &content)]);
        assert_eq!(period.unreliable().is_none(), is_reliable, "{critical} {content}");
    }
}

#[test]
fn criteria_that_are_not_known_leave_nothing_to_rely_on() {
    let list = |attribute: &str, content: &str| {
        format!("<q:CriteriaList{attribute}>{content}</q:CriteriaList>")
    };
    let all = |content: &str| list(" assert=\"all\"", content);
    let bit = |name: &str, value: &str| {
        format!("<q:KeyUsage><q:KeyUsageBit name=\"{name}\">{value}</q:KeyUsageBit></q:KeyUsage>")
    };
    let policies = |oid: &str| {
        format!(
            "<q:PolicySet><q:PolicyIdentifier><x:Identifier xmlns:x=\"{}\">{oid}</x:Identifier>\
             </q:PolicyIdentifier></q:PolicySet>",
            super::super::XADES
        )
    };
    let good = bit("digitalSignature", "true");
    for (criteria, is_reliable) in [
        (all(&good), true),
        (all(&policies("1.2.3")), true),
        (all(&policies("urn:oid:1.2.3")), true),
        (all(&(good.clone() + "<q:Description>x</q:Description>")), true),
        (all(&all(&good)), true),
        (list(" assert=\"none\"", &good), true),
        (list(" assert=\"atLeastOne\"", &good), true),
        (list(" assert=\"some\"", &good), false),
        (list("", &good), false),
        (all(""), false),
        (all("<q:KeyUsage></q:KeyUsage>"), false),
        (all("<q:PolicySet></q:PolicySet>"), false),
        (all(&policies("x")), false),
        (all(&bit("other", "true")), false),
        (all(&bit("crlSign", "maybe")), false),
        (all("<q:Other></q:Other>"), false),
        (all(&(good.clone() + "<q:Other></q:Other>")), false),
        (
            all(&format!(
                "<q:otherCriteriaList><o:Other xmlns:o=\"u:o\"></o:Other></q:otherCriteriaList>{good}"
            )),
            false,
        ),
        (all(&all("")), false),
        (String::new(), false),
    ] {
        let period = period(&[qualification(&["QCForWSA"], &criteria)]);
        assert_eq!(period.unreliable().is_none(), is_reliable, "{criteria}");
    }
    let unknown = period(&[qualification(&["QCForWSA", "QCForNobody"], &all(&good))]);
    assert!(unknown.unreliable().is_some());
}

#[test]
fn a_history_of_another_type_cannot_be_relied_on() {
    let other = instance("granted", "2018-01-01T00:00:00Z", &[]).replace("CA/QC", "CA/PKC");
    let list = read(vec![service(&ISSUING.der(), &[], &[other])]).unwrap();
    let history = list.services()[0].history();
    assert_eq!(history.iter().map(|p| p.unreliable().is_some()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_status_of_another_scheme_is_not_one_of_these() {
    let odd = service(&ISSUING.der(), &[], &[]).replace(
        "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted",
        "http://uri.example/Svcstatus/granted",
    );
    let list = read(vec![odd]).unwrap();
    assert!(matches!(list.services()[0].history()[0].status(), Status::Other(_)));
}
