use super::{
    super::test_der::{ESEAL, WEB, claim, oid, printable, qc_type, sequence},
    *,
};

fn parse(statements: &[Vec<u8>]) -> QcStatements {
    QcStatements::from_der(&sequence(statements)).unwrap()
}

#[test]
fn statements_keep_their_order_and_unknown_ones_mean_nothing() {
    let statements =
        parse(&[claim("1.2.3"), qc_type(&[WEB]), claim("0.4.0.1862.1.4"), claim("0.4.0.1862.1.1")]);
    let ids: Vec<_> = statements.ids().map(|id| id.to_string()).collect();
    assert_eq!(ids, ["1.2.3", "0.4.0.1862.1.6", "0.4.0.1862.1.4", "0.4.0.1862.1.1"]);
    assert_eq!(statements.encoding(), StatementsEncoding::Standard);
    assert_eq!(statements.compliance(), Ok(true));
    assert_eq!(statements.sscd(), Ok(true));
    assert_eq!(statements.types(), Ok(Some(vec![QcType::Web])));
    assert_eq!(statements.kind(), Ok(Kind::Qwac));
    assert_eq!(statements.cc_legislation(), Ok(None));
    assert!(statements.psd2().unwrap().is_none());
}

#[test]
fn no_statement_makes_no_claim() {
    let statements = parse(&[]);
    assert_eq!(statements.compliance(), Ok(false));
    assert_eq!(statements.types(), Ok(None));
    assert_eq!(statements.kind(), Ok(Kind::Neither));
}

#[test]
fn a_single_statement_without_its_sequence_is_read_and_recorded() {
    let statements = QcStatements::from_der(&qc_type(&[ESEAL])).unwrap();
    assert_eq!(statements.encoding(), StatementsEncoding::UnwrappedSingleStatement);
    assert_eq!(statements.kind(), Ok(Kind::QSeal));
}

#[test]
fn a_statement_given_twice_is_an_error_and_not_the_first_or_last() {
    let statements = parse(&[qc_type(&[WEB]), qc_type(&[ESEAL]), claim("1.2"), claim("1.2")]);
    let qc_type: Oid = "0.4.0.1862.1.6".parse().unwrap();
    assert_eq!(statements.types(), Err(QcError::Duplicate(qc_type)));
    assert_eq!(statements.kind(), Err(QcError::Duplicate(qc_type)));
    assert_eq!(statements.duplicates(), [qc_type, "1.2".parse().unwrap()]);
}

#[test]
fn a_broken_statement_is_an_error_and_never_absent() {
    let null = vec![5, 0];
    for id in ["0.4.0.1862.1.1", "0.4.0.1862.1.4"] {
        let statements = parse(&[sequence(&[oid(id), null.clone()])]);
        let results = [statements.compliance(), statements.sscd()];
        assert!(results.contains(&Err(QcError::Statement(id.parse().unwrap()))), "{id}");
    }
    for info in [vec![], null.clone(), sequence(&[vec![5, 0]]), sequence(&[printable("GB"), null])]
    {
        for id in ["0.4.0.1862.1.6", "0.4.0.1862.1.7", "0.4.0.19495.2"] {
            let error = QcError::Statement(id.parse().unwrap());
            let statements = parse(&[sequence(&[oid(id), info.clone()])]);
            let errors = [
                statements.types().err(),
                statements.cc_legislation().err(),
                statements.psd2().err(),
            ];
            assert_eq!(errors.iter().flatten().collect::<Vec<_>>(), [&error], "{id} {info:x?}");
        }
    }
}

#[test]
fn the_law_of_another_country_is_named() {
    let list = sequence(&[printable("GB"), printable("CH")]);
    let statements = parse(&[sequence(&[oid("0.4.0.1862.1.7"), list])]);
    assert_eq!(statements.cc_legislation(), Ok(Some(vec!["GB".into(), "CH".into()])));
}

#[test]
fn qualified_in_the_eu_is_compliance_without_another_law() {
    let compliance = || claim("0.4.0.1862.1.1");
    let law = |content| sequence(&[oid("0.4.0.1862.1.7"), content]);
    assert_eq!(parse(&[compliance()]).claims_eu_qualified(), Ok(true));
    assert_eq!(parse(&[]).claims_eu_qualified(), Ok(false));
    let other = parse(&[compliance(), law(sequence(&[printable("GB")]))]);
    assert_eq!(other.claims_eu_qualified(), Ok(false));
    assert_eq!(parse(&[compliance(), law(sequence(&[]))]).claims_eu_qualified(), Ok(false));
    assert!(parse(&[compliance(), law(vec![5, 0])]).claims_eu_qualified().is_err());
}

#[test]
fn an_extension_in_no_known_encoding_is_malformed() {
    let good = sequence(&[claim("0.4.0.1862.1.1")]);
    let trailing = [good.clone(), vec![0]].concat();
    let too_much_info = sequence(&[sequence(&[oid("1.2"), vec![5, 0], vec![5, 0]])]);
    let unwrapped_with_more = sequence(&[oid("1.2"), vec![5, 0], claim("1.2")]);
    let mixed = sequence(&[claim("1.2"), oid("1.2")]);
    let too_many = sequence(&vec![claim("1.2"); 65]);
    let indefinite = vec![0x30, 0x80, 0, 0];
    for value in [
        vec![],
        vec![0x30],
        vec![0x05, 0x00],
        vec![0x30, 0x02, 0x30, 0x01],
        good[..good.len() - 1].to_vec(),
        sequence(&[sequence(&[])]),
        sequence(&[vec![0x06, 0x01, 0x80]]),
        trailing,
        too_much_info,
        unwrapped_with_more,
        mixed,
        too_many,
        indefinite,
    ] {
        assert_eq!(QcStatements::from_der(&value).unwrap_err(), QcError::Malformed, "{value:x?}");
    }
}
