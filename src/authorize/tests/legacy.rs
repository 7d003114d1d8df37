//! What the replaced product allowed, each by its own switch.

use super::super::test_requests::*;
use super::super::*;
use crate::cert::test_pki::NOW;
use crate::reject::Reason;

const TOKEN_ENDPOINT: &str = "https://as.bank.example/token";

async fn reason(endpoints: &Endpoints, object: &str, response_type: &str) -> Option<Reason> {
    let mut parameters = by_value(object);
    parameters[1].1 = response_type.to_owned();
    endpoints.asked(&query(parameters)).await.reason
}

#[tokio::test]
async fn a_named_audience_is_allowed_and_no_other() {
    let mut endpoints = Endpoints::of(RequestProfile::FAPI1);
    endpoints.verify = endpoints.verify.allow_audience(TOKEN_ENDPOINT);
    for (audience, expected) in [
        (TOKEN_ENDPOINT, None),
        (ISSUER, None),
        ("https://as.bank.example/other", Some(Reason::RequestObjectInvalid)),
    ] {
        let object = object(|claims| drop(claims.insert("aud".into(), audience.into())));
        assert_eq!(reason(&endpoints, &object, "code id_token").await, expected, "{audience}");
    }
}

#[tokio::test]
async fn an_object_without_nbf_ends_within_the_hour() {
    let mut endpoints = Endpoints::of(RequestProfile::FAPI1);
    endpoints.verify = endpoints.verify.allow_missing_not_before();
    let invalid = Some(Reason::RequestObjectInvalid);
    for (exp, nbf, expected) in [
        (NOW + 3600, None, None),
        (NOW + 3601, None, invalid),
        (NOW + 300, Some(NOW + 11), invalid),
        (NOW, None, invalid),
    ] {
        let object = object(|claims| {
            claims.insert("exp".into(), exp.into());
            claims.remove("nbf");
            claims.extend(nbf.map(|nbf: u64| ("nbf".to_owned(), nbf.into())));
        });
        assert_eq!(reason(&endpoints, &object, "code id_token").await, expected, "{exp}");
    }
}

#[tokio::test]
async fn other_response_types_are_allowed_one_by_one() {
    let plain = |endpoints: &Endpoints| endpoints.permit.clone().allow_plain_code();
    let token = |endpoints: &Endpoints| endpoints.permit.clone().danger_token_in_front_channel();
    let of = |response_type: &str| {
        object(|claims| drop(claims.insert("response_type".into(), response_type.into())))
    };
    let mut endpoints = Endpoints::of(RequestProfile::FAPI1);
    endpoints.permit = plain(&endpoints);
    assert_eq!(reason(&endpoints, &of("code"), "code").await, None);
    let three = "code id_token token";
    let unsupported = Some(Reason::ResponseTypeUnsupported);
    assert_eq!(reason(&endpoints, &of(three), three).await, unsupported);
    let mut endpoints = Endpoints::of(RequestProfile::FAPI1);
    endpoints.permit = token(&endpoints);
    assert_eq!(reason(&endpoints, &of(three), three).await, None);
    assert_eq!(reason(&endpoints, &of("code"), "code").await, Some(Reason::ParameterInvalid));
    let query = object(|claims| {
        claims.insert("response_type".into(), three.into());
        claims.insert("response_mode".into(), "query".into());
    });
    assert_eq!(reason(&endpoints, &query, three).await, Some(Reason::ParameterInvalid));
}
