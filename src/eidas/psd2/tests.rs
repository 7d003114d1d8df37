use super::{
    super::test_der::{AI, PI, oid, printable, psd2, sequence, utf8},
    *,
};
use crate::eidas::{Kind, QcError, QcStatements};

fn parse(entries: &[&[(&str, &str)]], nca_name: &str, nca_id: &str) -> Psd2Statement {
    statement(&psd2(entries, nca_name, nca_id)).unwrap()
}

fn statement(der: &[u8]) -> Result<Psd2Statement, QcError> {
    let statements = QcStatements::from_der(&sequence(&[der.to_vec()])).unwrap();
    statements.psd2().map(Option::unwrap)
}

fn hex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn wrapped(content: &[u8]) -> Vec<u8> {
    sequence(&[content.to_vec()])
}

fn roles(statement: &Psd2Statement) -> Vec<PspRole> {
    statement.roles().iter().map(RoleOfPsp::role).collect()
}

#[test]
fn a_british_website_certificate_is_read() {
    let value = hex(
        "305b3013060604008e4601063009060704008e4601060330440606040081982702303a3013301106070400\
         81982701030c065053505f41490c1b46696e616e6369616c20436f6e6475637420417574686f726974790c\
         0647422d464341",
    );
    let statements = QcStatements::from_der(&value).unwrap();
    assert_eq!((statements.kind(), statements.compliance()), (Ok(Kind::Qwac), Ok(false)));
    let psd2 = statements.psd2().unwrap().unwrap();
    assert_eq!(roles(&psd2), [PspRole::AccountInformation]);
    assert_eq!((psd2.nca_name(), psd2.nca_id()), ("Financial Conduct Authority", "GB-FCA"));
    assert_eq!((psd2.roles_encoding(), psd2.role_defect()), (RolesEncoding::Standard, None));
}

#[test]
fn a_german_seal_certificate_is_read() {
    let value = hex(
        "3081863008060604008e4601013013060604008e4601063009060704008e460106023065060604008198270230\
         5b302630110607040081982701020c065053505f504930110607040081982701030c065053505f41490c274665\
         646572616c2046696e616e6369616c2053757065727669736f727920417574686f726974790c0844452d424146\
         494e",
    );
    let statements = QcStatements::from_der(&value).unwrap();
    assert_eq!((statements.kind(), statements.compliance()), (Ok(Kind::QSeal), Ok(true)));
    let psd2 = statements.psd2().unwrap().unwrap();
    assert_eq!(roles(&psd2), [PspRole::PaymentInitiation, PspRole::AccountInformation]);
    assert!(psd2.nca_agrees(&"PSDDE-BAFIN-123456".parse().unwrap()));
    for other in ["PSDDE-FMA-123456", "PSDAT-BAFIN-123456", "VATDE-123456"] {
        assert!(!psd2.nca_agrees(&other.parse().unwrap()), "{other}");
    }
}

#[test]
fn roles_in_a_single_entry_are_all_read_and_the_encoding_recorded() {
    let psd2 = parse(&[&[PI, AI]], "Authority", "GB-FCA");
    assert_eq!(roles(&psd2), [PspRole::PaymentInitiation, PspRole::AccountInformation]);
    assert_eq!(psd2.roles_encoding(), RolesEncoding::Concatenated);
}

#[test]
fn a_mixture_of_both_encodings_is_an_error() {
    for entries in [&[&[PI, AI][..], &[PI]], &[&[PI], &[PI, AI]], &[&[PI, AI], &[PI, AI]]] {
        assert!(statement(&psd2(entries, "Authority", "GB-FCA")).is_err(), "{entries:?}");
    }
}

#[test]
fn unknown_roles_are_kept() {
    let psd2 = parse(&[&[("0.4.0.19495.1.3.999", "PSP_AI")], &[PI]], "Authority", "GB-FCA");
    let unknown = PspRole::Unknown("0.4.0.19495.1.3.999".parse().unwrap());
    assert_eq!(roles(&psd2), [unknown, PspRole::PaymentInitiation]);
    assert_eq!(psd2.role_defect(), None);
}

#[test]
fn defects_of_the_roles_are_told() {
    let unspecified = ("0.4.0.19495.1.0", "Unspecified");
    for (entries, defect) in [
        (&[][..], Some(RoleDefect::Empty)),
        (&[&[("0.4.0.19495.1.3", "PSP_AS")][..]][..], Some(RoleDefect::NameMismatch)),
        (&[&[("0.4.0.19495.1.3", "psp_ai")]], Some(RoleDefect::NameMismatch)),
        (&[&[("0.4.0.19495.1.0", "Unknown")]], Some(RoleDefect::NameMismatch)),
        (&[&[unspecified], &[PI]], Some(RoleDefect::UnspecifiedBesideOthers)),
        (&[&[unspecified]], None),
        (&[&[PI], &[AI]], None),
    ] {
        let psd2 = parse(entries, "Authority", "GB-FCA");
        assert_eq!(psd2.role_defect(), defect, "{entries:?}");
    }
}

#[test]
fn only_international_bodies_have_no_authority() {
    let (bank, body) = (("0.4.0.19495.1.5", "PSP_CB"), ("0.4.0.19495.1.6", "PSP_PA"));
    assert!(parse(&[&[bank]], "NA", "NA").is_without_nca());
    assert!(parse(&[&[bank], &[body]], "NA", "NA").is_without_nca());
    assert!(!parse(&[&[bank], &[PI]], "NA", "NA").is_without_nca());
    assert!(!parse(&[&[bank]], "Authority", "NA").is_without_nca());
    assert!(!parse(&[&[bank]], "NA", "GB-FCA").is_without_nca());
    assert!(!parse(&[], "NA", "NA").is_without_nca());
    assert_eq!(parse(&[&[PI]], "NA", "NA").nca(), None);
}

#[test]
fn what_the_definition_does_not_allow_is_an_error() {
    let wrap = |parts: &[Vec<u8>]| sequence(&[oid("0.4.0.19495.2"), sequence(parts)]);
    let pair = [oid(PI.0), utf8(PI.1)].concat();
    let entry = wrapped(&pair);
    let roles = wrapped(&entry);
    let (name, id) = (utf8("Authority"), utf8("GB-FCA"));
    assert!(statement(&wrap(&[roles.clone(), name.clone(), id.clone()])).is_ok());
    for parts in [
        vec![],
        vec![roles.clone()],
        vec![roles.clone(), name.clone()],
        vec![roles.clone(), name.clone(), id.clone(), id.clone()],
        vec![roles.clone(), printable("Authority"), id.clone()],
        vec![roles.clone(), utf8(""), id.clone()],
        vec![roles.clone(), name.clone(), utf8("")],
        vec![roles.clone(), utf8(&"é".repeat(257)), id.clone()],
        vec![name.clone(), roles.clone(), id.clone()],
        vec![sequence(&[sequence(&[])]), name.clone(), id.clone()],
        vec![sequence(&[sequence(&[oid(PI.0)])]), name.clone(), id.clone()],
        vec![sequence(&[sequence(&[utf8(PI.1), oid(PI.0)])]), name.clone(), id.clone()],
        vec![sequence(&[sequence(&[pair.clone(), oid(AI.0)])]), name.clone(), id.clone()],
        vec![
            sequence(&[sequence(&[pair.clone(), pair.clone(), vec![5, 0]])]),
            name.clone(),
            id.clone(),
        ],
        vec![entry.clone(), name.clone(), id.clone()],
        vec![sequence(&vec![entry; 65]), name.clone(), id.clone()],
    ] {
        let der = wrap(&parts);
        let expected = QcError::Statement("0.4.0.19495.2".parse().unwrap());
        assert_eq!(statement(&der).unwrap_err(), expected, "{der:x?}");
    }
}
