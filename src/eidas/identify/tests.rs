use std::error::Error as _;

use openssl::asn1::Asn1Type;

use super::super::test_der::{AI, ESEAL, PI, WEB, claim, oid, psd2, qc_type, sequence, utf8};
use super::super::test_psp::Psp;
use super::*;
use crate::cert::test_pki::NOW;
use crate::gate::test_support::{at, judged, request};

const AS: (&str, &str) = ("0.4.0.19495.1.1", "PSP_AS");
const UNSPECIFIED: (&str, &str) = ("0.4.0.19495.1.0", "Unspecified");
const CENTRAL_BANK: (&str, &str) = ("0.4.0.19495.1.5", "PSP_CB");
const ESIGN: &str = "0.4.0.1862.1.6.1";
const UNKNOWN: &str = "0.4.0.19495.1.99";

fn identify(rule: &IdentifyPsp, psp: &Psp) -> Result<PspIdentity, Rejection> {
    judged(rule.check(&psp.trusted(), &mut request(), &at(NOW)))
}

fn passes(rule: &IdentifyPsp, psp: &Psp) -> bool {
    match identify(rule, psp) {
        Ok(_) => true,
        Err(rejection) => {
            assert_eq!(rejection.reason(), Reason::CertificatePurposeWrong);
            false
        }
    }
}

fn good() -> Psp {
    Psp::with_roles(&[&[PI], &[AI]])
}

fn of_authority(nca_id: &str) -> Psp {
    Psp::stating(&[qc_type(&[WEB]), psd2(&[&[PI]], "Authority", nca_id)])
}

/// One defect, and the switch that admits it and nothing else.
struct Case {
    what: &'static str,
    psp: Psp,
    admitted_by: Option<fn(IdentifyPsp) -> IdentifyPsp>,
}

const SWITCHES: [fn(IdentifyPsp) -> IdentifyPsp; 6] = [
    IdentifyPsp::allow_seal,
    IdentifyPsp::allow_concatenated_roles,
    IdentifyPsp::allow_unwrapped_statement,
    IdentifyPsp::allow_role_name_mismatch,
    IdentifyPsp::allow_directory_ids,
    IdentifyPsp::allow_other_schemes,
];

fn cases() -> Vec<Case> {
    let never = |what, psp| Case { what, psp, admitted_by: None };
    let by = |what, psp, switch| Case { what, psp, admitted_by: Some(switch) };
    let roles = |entries: &[&[(&str, &str)]]| Psp::with_roles(entries);
    let web = qc_type(&[WEB]);
    let pi = psd2(&[&[PI]], "Authority", "GB-FCA");
    let text = |identifier| (identifier, Asn1Type::UTF8STRING);
    let raw = |statements: Vec<u8>| Psp { statements: Some(statements), ..good() };
    let without_info = sequence(&[oid("0.4.0.19495.2")]);
    let name_only = sequence(&[oid("0.4.0.19495.2"), sequence(&[utf8("x")])]);
    vec![
        never("no statements", Psp { statements: None, ..good() }),
        never("critical statements", Psp { critical: true, ..good() }),
        never("statements that cannot be read", raw(vec![5, 0])),
        never("followed by a byte", raw([sequence(&[web.clone(), pi.clone()]), vec![0]].concat())),
        never("an empty list", Psp::stating(&[])),
        never("no QcType", Psp::stating(std::slice::from_ref(&pi))),
        never("for signatures", Psp::stating(&[qc_type(&[ESIGN]), pi.clone()])),
        never("web and seal", Psp::stating(&[qc_type(&[WEB, ESEAL]), pi.clone()])),
        never("QcType twice", Psp::stating(&[web.clone(), web.clone(), pi.clone()])),
        never("PSD2 twice", Psp::stating(&[web.clone(), pi.clone(), pi.clone()])),
        never(
            "an unknown statement twice",
            Psp::stating(&[web.clone(), pi.clone(), claim("1.2.3"), claim("1.2.3")]),
        ),
        never("no PSD2 statement", Psp::stating(std::slice::from_ref(&web))),
        never("a PSD2 statement of nothing", Psp::stating(&[web.clone(), without_info])),
        never("a PSD2 statement of a name", Psp::stating(&[web.clone(), name_only])),
        never("no role", roles(&[])),
        never("unspecified beside others", roles(&[&[UNSPECIFIED], &[PI]])),
        never("no identifier", Psp { identifiers: vec![], ..good() }),
        never(
            "two identifiers",
            Psp { identifiers: vec![text("PSDGB-FCA-123456"), text("PSDGB-FCA-1")], ..good() },
        ),
        never(
            "the same identifier twice",
            Psp { identifiers: vec![text("PSDGB-FCA-123456"); 2], ..good() },
        ),
        never(
            "two identifiers, one of them no text",
            Psp {
                identifiers: vec![text("PSDGB-FCA-123456"), ("x", Asn1Type::BIT_STRING)],
                ..good()
            },
        ),
        never(
            "an identifier that is no text",
            Psp { identifiers: vec![("PSDGB-FCA-123456", Asn1Type::BIT_STRING)], ..good() },
        ),
        never("an underscore", good().named("PSDGB_FCA_123456")),
        never("no number", good().named("PSDGB-FCA-")),
        never("lower case", good().named("psdgb-fca-123456")),
        never("the authority of another country", good().named("PSDIE-FCA-123456")),
        never("another authority", good().named("PSDGB-CBI-123456")),
        never("another authority in the statement", of_authority("GB-PRA")),
        never("no authority in the statement", of_authority("NA")),
        never("a malformed authority", of_authority("GB_FCA")),
        by("a seal", Psp::stating(&[qc_type(&[ESEAL]), pi.clone()]), IdentifyPsp::allow_seal),
        by("all roles in one entry", roles(&[&[PI, AI]]), IdentifyPsp::allow_concatenated_roles),
        by("a statement on its own", raw(pi.clone()), IdentifyPsp::allow_unwrapped_statement),
        by(
            "the name of another role",
            roles(&[&[(PI.0, AI.1)]]),
            IdentifyPsp::allow_role_name_mismatch,
        ),
        by(
            "the directory's number",
            good().named("PSDGB-OB-Unknown0015800001"),
            IdentifyPsp::allow_directory_ids,
        ),
        by("a trade register", good().named("NTRGB-123456"), IdentifyPsp::allow_other_schemes),
        by("a tax number", good().named("VATGB-123456"), IdentifyPsp::allow_other_schemes),
    ]
}

#[test]
fn a_website_certificate_of_a_provider_identifies_it() {
    let identity = identify(&IdentifyPsp::from_certificate(), &good()).unwrap();
    assert_eq!(identity.organization_identifier(), "PSDGB-FCA-123456");
    assert_eq!(identity.authorisation_number(), Some("123456"));
    assert_eq!(identity.kind(), Kind::Qwac);
    assert_eq!(identity.roles(), [PspRole::PaymentInitiation, PspRole::AccountInformation]);
    let mut line = Audit::default();
    identity.audit(&mut line);
    assert_eq!(line.to_string(), "organization_identifier=PSDGB-FCA-123456");
}

#[test]
fn every_defect_refuses_and_its_own_switch_alone_admits_it() {
    for Case { what, psp, admitted_by } in cases() {
        assert!(!passes(&IdentifyPsp::from_certificate(), &psp), "{what}");
        for switch in SWITCHES {
            let own = admitted_by.is_some_and(|own| std::ptr::fn_addr_eq(own, switch));
            assert_eq!(passes(&switch(IdentifyPsp::from_certificate()), &psp), own, "{what}");
        }
    }
}

#[test]
fn a_refusal_says_in_the_log_what_is_wrong() {
    let refused = identify(&IdentifyPsp::from_certificate(), &good().named("NTRGB-1")).unwrap_err();
    let why = refused.why().to_string();
    assert!(why.contains("of the scheme NTR"), "{why}");
    assert!(refused.place_of_fault().is_none() && Defect::NoPsd2.source().is_none());
}

#[test]
fn certificates_of_the_uk_directory_are_admitted_by_its_preset() {
    let uk = IdentifyPsp::from_uk_directory();
    let directory = Psp::with_roles(&[&[PI, AI]]).named("PSDGB-OB-Unknown0015800001");
    let identity = identify(&uk, &directory).unwrap();
    assert_eq!(identity.organization_identifier(), "PSDGB-OB-Unknown0015800001");
    assert_eq!(identity.roles(), [PspRole::PaymentInitiation, PspRole::AccountInformation]);
    assert!(passes(&uk, &good()));
    for (what, psp) in [
        ("the directory of another country", good().named("PSDIE-OB-1")),
        ("another authority", good().named("PSDGB-OBX-1")),
        ("another scheme", good().named("NTRGB-1")),
        ("another authority beside the directory", of_authority("GB-PRA").named("PSDGB-OB-1")),
        ("a seal", Psp::stating(&[qc_type(&[ESEAL]), psd2(&[&[PI]], "A", "GB-FCA")])),
        ("a wrong name", Psp::with_roles(&[&[(PI.0, AI.1)]])),
    ] {
        assert!(!passes(&uk, &psp), "{what}");
    }
}

#[test]
fn an_unknown_role_is_kept_and_grants_nothing() {
    let psp = Psp::with_roles(&[&[(UNKNOWN, "PSP_PI")]]);
    let identity = identify(&IdentifyPsp::from_certificate(), &psp).unwrap();
    assert_eq!(identity.roles(), [PspRole::from_oid(UNKNOWN.parse().unwrap())]);
    for role in [PspRole::PaymentInitiation, PspRole::AccountInformation, PspRole::Unspecified] {
        assert!(!identity.has_role(role), "{role}");
    }
}

#[test]
fn account_servicing_is_its_own_role_and_no_other() {
    let identity = identify(&IdentifyPsp::from_certificate(), &Psp::with_roles(&[&[AS]])).unwrap();
    assert!(identity.has_role(PspRole::AccountServicing));
    for role in
        [PspRole::PaymentInitiation, PspRole::AccountInformation, PspRole::CardBasedInstruments]
    {
        assert!(!identity.has_role(role), "{role}");
    }
}

#[test]
fn unspecified_alone_is_identified_and_holds_nothing() {
    let psp = Psp::with_roles(&[&[UNSPECIFIED]]);
    let identity = identify(&IdentifyPsp::from_certificate(), &psp).unwrap();
    assert!(!identity.has_role(PspRole::PaymentInitiation));
}

#[test]
fn an_international_bank_needs_no_authority_and_others_do() {
    let stating = |role, name, id| Psp::stating(&[qc_type(&[WEB]), psd2(&[&[role]], name, id)]);
    let rule = IdentifyPsp::from_certificate();
    assert!(passes(&rule, &stating(CENTRAL_BANK, "NA", "NA")));
    assert!(!passes(&rule, &stating(CENTRAL_BANK, "Authority", "NA")));
    assert!(!passes(&rule, &stating(PI, "NA", "NA")));
}

#[test]
fn another_scheme_has_no_authorisation_number() {
    let rule = IdentifyPsp::from_certificate().allow_other_schemes();
    let identity = identify(&rule, &good().named("NTRGB-123456")).unwrap();
    assert_eq!(identity.organization_identifier(), "NTRGB-123456");
    assert_eq!(identity.authorisation_number(), None);
    assert!(!passes(&rule, &good().named("PSDGB-PRA-123456")));
}

#[test]
fn a_statement_on_its_own_leaves_the_kind_open() {
    let psp = Psp { statements: Some(psd2(&[&[PI]], "A", "GB-FCA")), ..good() };
    let rule = IdentifyPsp::from_certificate().allow_unwrapped_statement();
    assert_eq!(identify(&rule, &psp).unwrap().kind(), Kind::Neither);
    let seal = Psp { statements: Some(qc_type(&[ESEAL])), ..good() };
    assert!(!passes(&rule, &seal));
}

#[test]
fn what_a_lenient_rule_found_is_not_remembered_by_a_strict_one() {
    let seal = Psp::stating(&[qc_type(&[ESEAL]), psd2(&[&[PI]], "A", "GB-FCA")]).trusted();
    let (strict, mut parts) = (IdentifyPsp::from_certificate(), request());
    let lenient = strict.clone().allow_seal();
    let check = |rule: &IdentifyPsp, parts: &mut Parts| judged(rule.check(&seal, parts, &at(NOW)));
    let first = check(&lenient, &mut parts).unwrap();
    assert_eq!(first.kind(), Kind::QSeal);
    assert!(check(&strict, &mut parts).is_err());
    let second = check(&lenient.clone(), &mut parts).unwrap();
    assert!(Arc::ptr_eq(&first.identity, &second.identity));
}

#[test]
fn the_drill_refuses_nothing() {
    let drill = IdentifyPsp::unjudged();
    for Case { what, psp, .. } in cases() {
        assert!(passes(&drill, &psp), "{what}");
    }
}
