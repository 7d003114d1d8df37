//! Critical extensions.

use super::*;

const NOT_KNOWN: &str = "1.2.3.4";

fn refused() -> Result<Status, OcspError> {
    Err(OcspError::CriticalExtension(NOT_KNOWN.parse().unwrap()))
}

#[test]
fn an_unknown_critical_extension_of_the_response_refuses_it() {
    let with = |critical| {
        let extensions = vec![extension(NOT_KNOWN, critical, b"not DER")];
        verdict(&TestResponse { extensions, ..good() })
    };
    assert_eq!(with(false), PASSES);
    assert_eq!(with(true), refused());
}

#[test]
fn an_unknown_critical_extension_of_the_single_response_refuses_it() {
    let with = |id, critical| {
        let extension = extension(id, critical, b"not DER");
        verdict(&good().saying(|single| single.extensions = vec![extension]))
    };
    assert_eq!(with(NOT_KNOWN, false), PASSES);
    assert_eq!(with(NOT_KNOWN, true), refused());
    // The issuer of the entry would make it speak of another certificate.
    let issuer: Oid = "2.5.29.29".parse().unwrap();
    assert_eq!(with("2.5.29.29", true), Err(OcspError::CriticalExtension(issuer)));
}

#[test]
fn it_is_refused_behind_a_known_one_too() {
    let extensions = [("1.3.6.1.4.1.11129.2.4.5", true), (NOT_KNOWN, false), (NOT_KNOWN, true)];
    let extensions = extensions.map(|(id, critical)| extension(id, critical, &[]));
    let response = good().saying(|single| single.extensions = extensions.to_vec());
    assert_eq!(verdict(&response), refused());
}

#[test]
fn known_extensions_may_be_critical() {
    for id in [
        "1.3.6.1.5.5.7.48.1.3",
        "1.3.6.1.5.5.7.48.1.6",
        "2.5.29.21",
        "2.5.29.24",
        "1.3.6.1.4.1.11129.2.4.5",
    ] {
        let known = extension(id, true, &[5, 0]);
        assert_eq!(verdict(&good().saying(|single| single.extensions = vec![known])), PASSES);
    }
    for id in [NONCE, "1.3.6.1.5.5.7.48.1.9"] {
        let extensions = vec![extension(id, true, &[5, 0])];
        assert_eq!(verdict(&TestResponse { extensions, ..good() }), PASSES);
    }
}

#[test]
fn what_single_responses_may_carry_is_not_known_of_a_whole_one() {
    let extensions = vec![extension("1.3.6.1.5.5.7.48.1.6", true, &[])];
    let oid: Oid = "1.3.6.1.5.5.7.48.1.6".parse().unwrap();
    let response = TestResponse { extensions, ..good() };
    assert_eq!(verdict(&response), Err(OcspError::CriticalExtension(oid)));
}
